//! `cloze pair`: labels of pairs of texts.
pub(crate) mod args;

use std::time::Instant;

use anyhow::bail;
use cloze::Input;

use super::classify::form::Place;
use super::classify::{classify_each, note, open};
use crate::cli::CommonFlags;
use crate::input::pairs;
use crate::input::texts::NotEncoded;
use crate::terminal::messages::Messages;
use args::PairClassifyArgs;

/// Labels the pairs of a file.
pub(crate) fn run(
    common: &CommonFlags,
    args: &PairClassifyArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    if !args.classifier.labels.is_empty() {
        bail!("--labels is for single texts: cloze classify");
    }
    let params = args.pairs.params(false)?;
    let classifier = args.classifier.open(common, messages)?;
    if classifier.takes_pairs() == Some(false) {
        bail!("{} takes single texts: cloze classify is for those", classifier.name());
    }
    let mut form = open(&classifier, &args.out)?;
    let started = Instant::now();
    let pairs = pairs::for_each_chunk(&args.file, &params, messages, |chunk| {
        let inputs: Vec<Input<'_>> =
            chunk.iter().map(|pair| Input::pair(&pair.first, &pair.second)).collect();
        for (pair, found) in chunk.iter().zip(classify_each(&classifier, &inputs)?) {
            match found {
                Ok(found) => {
                    let (path, id) = (args.file.as_str(), pair.id.as_deref());
                    form.write(Place { path, line: pair.line, id }, &found)?;
                }
                Err(source) => {
                    let (path, line) = (args.file.clone(), pair.line);
                    messages.failure(&NotEncoded { path, line, source });
                }
            }
        }
        Ok(form.flush()?)
    })?;
    form.finish()?;
    note(&classifier, pairs, "pair", started, messages);
    Ok(())
}
