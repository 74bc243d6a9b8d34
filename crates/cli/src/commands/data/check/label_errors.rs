//! Likely label errors, by the vectors of an encoder.
use cloze::corpus::quality::Finding;
use cloze::data_check::{CheckedData, LabelErrorFindings, label_errors};
use cloze::train::{EncodedExamples, FitContext, FitEvent, encode_examples};
use cloze::{Layers, PairRows, RowParams};
use cloze_checkpoint::ModelFolder;

use crate::cli::CommonFlags;
use crate::flags::work::WorkFlags;
use crate::input::examples::Example;
use crate::terminal::messages::Messages;
use crate::terminal::training;

pub(super) fn find(
    common: &CommonFlags,
    model: ModelFolder,
    work: &WorkFlags,
    data: &CheckedData,
    messages: &Messages,
) -> anyhow::Result<Vec<Finding>> {
    let labelled = data.kept_examples();
    let pairs = labelled.iter().any(|(_, example)| example.second.is_some());
    let params = RowParams {
        pooling: cloze::modules::poolings(&model)?,
        layers: Layers::default(),
        prompt: String::new(),
        truncate: false,
        pairs: pairs.then_some(PairRows::Separate),
    };
    let runtime = common.load_runtime(messages)?;
    let encoder = params
        .builder(model)
        .threads(work.threads)
        .batch_tokens(work.batch_tokens)
        .runtime(runtime)
        .open()?;
    let examples = labelled.iter().map(|(origin, example)| {
        let cloze_corpus::Example { line, id, text, second, labels } = example.clone();
        Example { path: origin.path.clone(), line, id, text, second, labels }
    });
    let examples: Vec<Example> = examples.collect();
    let observer = |event: &FitEvent<'_>| training::show(event, messages);
    let context = FitContext::new().observer(&observer);
    let EncodedExamples { rows: matrix, kept, .. } =
        encode_examples(&encoder, &params, &examples, None, &context)?;
    let kept: Vec<_> = kept.into_iter().map(|example| &labelled[example]).collect();
    let LabelErrorFindings { findings, warnings } = label_errors(&matrix, &kept, work.threads)?;
    for warning in warnings {
        messages.note(&warning.to_string());
    }
    Ok(findings)
}
