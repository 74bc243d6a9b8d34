//! `cloze tag`: entities in texts.
pub(crate) mod args;
mod job;
pub(crate) mod output;
mod pipeline;

use crate::cli::CommonFlags;
use crate::commands::tag::args::TagArgs;
use crate::terminal::messages::Messages;

/// Checks the flags against the model, then tags.
pub(crate) fn run(common: &CommonFlags, args: TagArgs, messages: &Messages) -> anyhow::Result<()> {
    let job = job::Job::new(common, args, messages)?;
    pipeline::run(job, messages)
}
