//! Examples as they are trained on: labels counted, doubts named.
use std::collections::HashMap;

use anyhow::{Context as _, bail};
use cloze::Input;
use cloze_train::{Labels, TrainError};

use crate::input::examples::{Example, Examples};
use crate::terminal::messages::{Messages, plural};

/// More different numbers than this are a quantity, and no labels.
const MOST_NUMBERS: usize = 50;

/// The labels of these examples, of which one or any number is given to each.
pub(crate) fn labels(
    examples: &[Example],
    multi_label: bool,
    files: &str,
) -> anyhow::Result<Labels> {
    let found = if multi_label {
        let sets: Vec<Vec<&str>> = examples.iter().map(|e| names(e)).collect();
        Labels::multi(&sets)
    } else {
        let single: Vec<&str> =
            examples.iter().map(|e| e.labels.first().map_or("", String::as_str)).collect();
        Labels::single(&single)
    };
    match found {
        Err(TrainError::FewClasses { expected, .. }) => {
            let only = examples.iter().flat_map(|e| &e.labels).next();
            let only = only.map(|l| format!(", {l:?}")).unwrap_or_default();
            bail!("{files}: expected at least {expected} different labels, found one{only}")
        }
        other => {
            let labels = other.with_context(|| files.to_owned())?;
            let numbers = labels.names().iter().filter(|l| l.parse::<f64>().is_ok()).count();
            if numbers == labels.names().len() && numbers > MOST_NUMBERS {
                bail!(
                    "{files}: expected labels, found {numbers} different numbers, such as {}, which \
                     look like a quantity\nhint: --label-field names the column of the labels",
                    labels.names()[0]
                );
            }
            Ok(labels)
        }
    }
}

fn names(example: &Example) -> Vec<&str> {
    example.labels.iter().map(String::as_str).collect()
}

/// Says what may spoil the result: texts that are there twice, empty ones, rare labels.
pub(crate) fn warn(data: &Examples, labels: &Labels, messages: &Messages) {
    let empty = data.all.iter().filter(|e| e.text.trim().is_empty()).count();
    // The labels of each distinct text, as often as it is there.
    let mut by_text: HashMap<Input<'_>, Vec<&[String]>> = HashMap::new();
    for example in &data.all {
        by_text.entry(example.input()).or_default().push(&example.labels);
    }
    let repeated: usize = by_text.values().map(|labels| labels.len() - 1).sum();
    let differ = |labels: &&Vec<&[String]>| labels.iter().any(|l| *l != labels[0]);
    let contradicting = by_text.values().filter(differ).count();
    let rare: Vec<String> = labels
        .names()
        .iter()
        .zip(labels.counts())
        .filter(|(_, n)| *n < 10)
        .map(|(label, n)| format!("{label} ({n})"))
        .collect();
    let warn = |n: usize, what: &str, means: &str| {
        if n > 0 {
            messages.note(&format!("warning: {} {means}", plural(n as u64, what)));
        }
    };
    warn(empty, "text", "with nothing in it");
    warn(repeated, "example", "whose text is there before: `cloze data check` lists them");
    warn(contradicting, "text", "with different labels: `cloze data check` lists them");
    if !rare.is_empty() {
        messages.note(&format!("warning: labels with fewer than 10 examples: {}", rare.join(", ")));
    }
}
