//! `cloze classify`: labels of texts.
pub(crate) mod args;
mod form;

use std::time::Instant;

use anyhow::bail;
use cloze::InputClassifier;
use cloze_report::predictions::PredictedLabels;

use crate::cli::CommonFlags;
use crate::commands::classify::args::ClassifyArgs;
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
    let texts = texts::for_each_text(&args.texts, &args.read, messages, |chunk| {
        let texts: Vec<&str> = chunk.iter().map(|text| text.text.as_str()).collect();
        for (text, prediction) in chunk.iter().zip(classifier.classify_batch(&texts)?) {
            match prediction {
                Ok(prediction) => {
                    form.write(&PredictedLabels {
                        path: &text.path,
                        line: text.line,
                        id: Some(&text.id),
                        labels: &prediction.labels,
                        probabilities: &prediction.probabilities,
                    })?;
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
