//! Labelled examples of files, with progress and messages.
use cloze::train::{FitContext, FitEvent, read_labelled_chunks};
use cloze_corpus::LabelledParams;
use cloze_report::DataFile;

use crate::terminal::messages::Messages;
use crate::terminal::training::show;

pub(crate) use cloze::train::LabelledText as Example;

/// Reads every example of `paths`, in chunks that are given to `work`. Unreadable rows and empty texts
/// are reported and the others are read; no example at all is an error.
pub(crate) fn for_each_chunk(
    paths: &[String],
    params: LabelledParams,
    messages: &Messages,
    work: impl FnMut(Vec<Example>) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<DataFile>> {
    let observer = |event: &FitEvent<'_>| show(event, messages);
    let context = FitContext::new().observer(&observer);
    read_labelled_chunks(paths, params, &context, work)
}
