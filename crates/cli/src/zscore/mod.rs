//! `cloze zscore`.
use crate::args::{CommonArgs, ZscoreCommand};
use crate::messages::Messages;

pub(crate) fn run(
    common: &CommonArgs,
    args: &ZscoreCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    let _ = (common, args, messages);
    anyhow::bail!("not there yet")
}
