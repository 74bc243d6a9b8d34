//! `cloze index`: vector indexes of texts.
//!
//! - `change`: adding texts and vectors, deleting records;
//! - `npy`: vectors from NumPy files;
//! - `search`, `shell`: queries and their results;
//! - `show`: settings, verification and export of an index.
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
