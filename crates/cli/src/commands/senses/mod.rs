//! `cloze senses`: word sense disambiguation.
//!
//! - `data`: texts whose words have their sense beside them, and the vectors of these words;
//! - `fit`, `predict`, `eval`: senses trained, predicted and evaluated;
//! - `occurrences`: the places of a word in texts whose senses nobody has said;
//! - `induce`, `compare`: these put together, and on a map.
pub(crate) mod args;
mod compare;
mod data;
mod eval;
mod fit;
mod induce;
mod occurrences;
mod predict;

use crate::cli::CommonFlags;
use crate::commands::senses::args::SensesCommand;
use crate::terminal::messages::Messages;

pub(crate) fn run(
    common: &CommonFlags,
    command: &SensesCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match command {
        SensesCommand::Fit(args) => fit::run(common, args, messages),
        SensesCommand::Tell(args) => predict::run(common, args, messages),
        SensesCommand::Induce(args) => induce::run(common, args, messages),
        SensesCommand::Eval(args) => eval::run(common, args, messages),
        SensesCommand::Compare(args) => compare::run(common, args, messages),
    }
}
