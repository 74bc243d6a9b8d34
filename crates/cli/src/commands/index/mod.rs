//! `cloze index`: what is like this, of many texts.
//!
//! - `change`: texts and vectors into an index, and out of it;
//! - `npy`: vectors that were made elsewhere;
//! - `search`, `shell`: queries, and what is found;
//! - `show`: what an index is, whether it is sound, and what is in it.
pub(crate) mod args;
mod change;
mod npy;
mod search;
mod shell;
mod show;

pub(crate) use search::shorten;

use crate::cli::CommonFlags;
use crate::commands::index::args::IndexCommand;
use crate::terminal::messages::Messages;

pub(crate) fn run(
    common: &CommonFlags,
    command: IndexCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match command {
        IndexCommand::Build(args) => change::build(common, *args, messages),
        IndexCommand::Add(args) => change::add(common, *args, messages),
        IndexCommand::Delete(args) => change::delete(&args, messages),
        IndexCommand::Compact(args) => change::compact(&args, messages),
        IndexCommand::Search(args) => search::run(common, &args, messages),
        IndexCommand::Shell(args) => shell::run(common, &args, messages),
        IndexCommand::Info(args) => show::info(&args),
        IndexCommand::Verify(args) => show::verify(&args, messages),
        IndexCommand::Export(args) => show::export(&args),
    }
}
