//! Labels that are likely wrong: confident learning on an encoder's vectors.
use std::collections::BTreeMap;

use cloze::heads::classify::{Combine, FeatureParams};
use cloze::{Layers, Matrix, Method, PairRows, RowParams};
use cloze_checkpoint::ModelFolder;
use cloze_train::{Folds, HeadParams, Labels, cross_validate, label_errors};

use super::finding::{Finding, Kind, Occurrence, Place};
use crate::cli::CommonFlags;
use crate::flags::work::WorkFlags;
use crate::input::examples::Example;
use crate::rows::{Rows, rows};
use crate::terminal::messages::Messages;

/// Each part of the examples is judged by what was learned from the others.
const FOLDS: usize = 5;
/// Vectors are wider than examples are many: with the usual 1 they are learned by heart, and
/// probabilities are near 0 and 1. Of 200 texts with 14 labels changed, 0.01 finds 10 of these among 23
/// findings, 1 the same 10 among 41, 0.001 8 among 19.
const C: f64 = 0.01;
/// What chooses the parts.
const SEED: u64 = 0;

/// A finding for every example whose label a logistic regression that has not seen it is sure to be
/// another (Northcutt et al. 2021). Its weight is by how much the suggested label is likelier.
///
/// Labels with one example cannot be judged, and labels with few make fewer parts; both are said.
pub(super) fn find(
    common: &CommonFlags,
    model: ModelFolder,
    work: &WorkFlags,
    (examples, places): (&[Example], &[Place]),
    messages: &Messages,
) -> anyhow::Result<Vec<Finding>> {
    let pairs = examples.iter().any(|example| example.second.is_some());
    let params = RowParams {
        pooling: cloze::modules::poolings(&model)?,
        layers: Layers::default(),
        prompt: String::new(),
        truncate: false,
        pairs: pairs.then_some(PairRows::Separate),
    };
    let runtime = common.load_runtime(messages)?;
    let encoder = params.open(&runtime, model, |encoder| {
        encoder.threads(work.threads).batch_tokens(work.batch_tokens)
    })?;
    let Rows { matrix: rows, kept, .. } = rows(&encoder, &params, examples, None, messages)?;
    let given = |place: usize| examples[kept[place]].labels.first().map_or("", String::as_str);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in 0..kept.len() {
        *counts.entry(given(row)).or_default() += 1;
    }
    for (label, _) in counts.iter().filter(|(_, n)| **n == 1) {
        messages.note(&format!("label {label} has only 1 example, so it is not judged for errors"));
    }
    counts.retain(|_, n| *n > 1);
    let Some((rarest, &fewest)) =
        counts.iter().min_by_key(|(_, n)| **n).filter(|_| counts.len() > 1)
    else {
        messages.note("no label errors without two labels that have two examples each");
        return Ok(vec![]);
    };
    if fewest < FOLDS {
        messages.note(&format!(
            "label {rarest} has only {fewest} examples, so label errors are judged in {fewest} parts \
             in place of {FOLDS}"
        ));
    }
    let judged: Vec<usize> = (0..kept.len()).filter(|&r| counts.contains_key(given(r))).collect();
    let mut known = Matrix::with_capacity(judged.len(), rows.cols());
    for row in judged.iter().filter_map(|&row| rows.row(row)) {
        let pushed = known.push_rows(row);
        debug_assert!(pushed, "a row of the same matrix");
    }
    let labels = Labels::single(&judged.iter().map(|&row| given(row)).collect::<Vec<_>>())?;
    let combine = if pairs { Combine::Pair } else { Combine::Single };
    let features =
        FeatureParams::new().combine(combine).correction(Some(Method::ZScore)).check()?;
    let head = HeadParams::new().c(C);
    let head = work.threads.into_iter().fold(head, HeadParams::threads).check()?;
    let folds = Folds::stratified(&labels, fewest.min(FOLDS), SEED)?;
    let found = cross_validate(&known, &labels, features, &head, &folds)?;
    let finding = |error: &cloze_train::LabelError| {
        let at = kept[judged[error.example]];
        let (given, suggested) = (&labels.names()[error.given], &labels.names()[error.suggested]);
        let text = match &examples[at].second {
            Some(second) => format!("{} | {second}", examples[at].text),
            None => examples[at].text.clone(),
        };
        Finding {
            kind: Kind::LabelError,
            weight: error.margin,
            occurrences: vec![Occurrence { place: places[at].clone(), label: Some(given.clone()) }],
            text: Some(text),
            suggested: Some(suggested.clone()),
            note: Some(format!("rather {suggested}, likelier by {:.2}", error.margin)),
        }
    };
    Ok(label_errors(&found.probabilities, &labels)?.iter().map(finding).collect())
}
