//! `cloze anisotropy`.
use crate::args::{AnisotropyArgs, CommonArgs};
use crate::messages::Messages;

pub(crate) fn run(
    common: &CommonArgs,
    args: &AnisotropyArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let _ = (common, args, messages);
    anyhow::bail!("not there yet")
}
