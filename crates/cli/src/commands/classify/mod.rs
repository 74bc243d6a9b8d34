//! `cloze classify`: labels of texts.
pub(crate) mod args;
mod form;

use std::time::Instant;

use anyhow::bail;
use cloze::InputClassifier;
use cloze_report::predictions::PredictedLabels;
use cloze_report::text::visible;

use crate::cli::CommonFlags;
use crate::commands::classify::args::ClassifyArgs;
use crate::flags::read::ReadFlags;
use crate::input::kept::cells_of;
use crate::input::texts;
use crate::terminal::messages::{Messages, plural};
use form::Form;

/// Labels the texts of files.
pub(crate) fn run(
    common: &CommonFlags,
    args: &ClassifyArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    let classifier = match args.classifier.open_texts(common, messages) {
        Err(error) => match error.downcast_ref() {
            Some(cloze::Error::TakesPairs { model }) => {
                bail!("{model} takes pairs of texts, not single texts\nhint: use cloze pair")
            }
            _ => return Err(error),
        },
        Ok(classifier) => classifier,
    };
    let mut form = open(classifier.inputs(), &args.out)?;
    let started = Instant::now();
    let read = ReadFlags { cells: args.out.is_table(), ..args.read.clone() };
    let texts = texts::for_each_text(&args.texts, &read, messages, |chunk| {
        let texts: Vec<&str> = chunk.iter().map(|text| text.text.as_str()).collect();
        for (text, prediction) in chunk.iter().zip(classifier.classify_batch(&texts)?) {
            match prediction {
                Ok(prediction) => {
                    if text.text.trim().is_empty() {
                        note_no_text(&text.path, text.line, messages);
                    }
                    let predicted = PredictedLabels {
                        path: &text.path,
                        line: text.line,
                        id: Some(&text.id),
                        labels: &prediction.labels,
                        probabilities: &prediction.probabilities,
                    };
                    form.write(&predicted, || cells_of(text), messages)?;
                }
                Err(error) => messages.failure(&text.not_encoded(error)),
            }
        }
        Ok(form.flush()?)
    })?;
    form.finish()?;
    note(classifier.inputs(), texts, "text", started, messages);
    Ok(())
}

/// Warns of a text with nothing in it, which gets no label.
pub(crate) fn note_no_text(path: &str, line: u64, messages: &Messages) {
    messages.note(&visible(&format!("warning: {path}:{line}: no text, so no label")));
}

pub(super) fn open<'c>(
    classifier: &'c InputClassifier,
    args: &crate::flags::labels::LabelOutFlags,
) -> anyhow::Result<Form<'c>> {
    Form::open(args, classifier.classifier().head())
}

pub(super) fn note(
    classifier: &InputClassifier,
    n: u64,
    what: &str,
    started: Instant,
    messages: &Messages,
) {
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = n as f64 / seconds.max(1e-9);
    messages.note(&format!("{} in {seconds:.1} s, {rate:.0} {what}s/s", plural(n, what)));
    let truncated = classifier.counts().truncated;
    if truncated > 0 {
        messages
            .note(&format!("{} longer than the model's limit, truncated", plural(truncated, what)));
    }
}
