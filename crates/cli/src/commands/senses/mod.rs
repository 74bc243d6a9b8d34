//! `cloze senses`: word sense disambiguation.
//!
//! - `data`: texts with annotated senses, and the vectors of their words;
//! - `fit`, `predict`, `eval`: senses trained, predicted and evaluated;
//! - `occurrences`: occurrences of a word in texts without annotated senses;
//! - `induce`, `compare`: these occurrences clustered, and on a map.
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
