//! `cloze eval`: how good results are, on labelled data.
mod sts;

use crate::args::{CommonArgs, EvalCommand};
use crate::messages::Messages;

pub(crate) fn run(
    common: &CommonArgs,
    args: &EvalCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match args {
        EvalCommand::Sts(args) => sts::run(common, args, messages),
    }
}
