//! `cloze similarity`.
use crate::args::{CommonArgs, SimilarityArgs};
use crate::messages::Messages;

pub(crate) fn run(
    common: &CommonArgs,
    args: &SimilarityArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let _ = (common, args, messages);
    anyhow::bail!("not there yet")
}
