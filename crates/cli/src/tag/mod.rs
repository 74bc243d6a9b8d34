//! `cloze tag`: from paths to entities.
mod job;
pub(crate) mod model;
mod pipeline;

use crate::args::{CommonArgs, TagArgs};
use crate::messages::Messages;

/// Checks what was typed against the model, then tags.
pub(crate) fn run(common: &CommonArgs, args: TagArgs, messages: &Messages) -> anyhow::Result<()> {
    let job = job::Job::new(common, args, messages)?;
    pipeline::run(job, messages)
}
