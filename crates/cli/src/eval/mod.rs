//! `cloze eval`.
use crate::args::{CommonArgs, EvalCommand};
use crate::messages::Messages;

pub(crate) fn run(
    common: &CommonArgs,
    args: &EvalCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    let _ = (common, args, messages);
    anyhow::bail!("not there yet")
}
