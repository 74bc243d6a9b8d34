//! `cloze eval`: evaluation on labelled data.
//!
//! - `sts`: similarities of texts;
//! - `labels`: labels of texts and pairs;
//! - `tags`: entities in sentences;
//! - `language`: masked words and next sentences in running text;
//! - `minimal_pairs`: the likelier sentence of each pair;
//! - `redact`: personal data hidden and missed;
//! - `search`: retrieved documents of queries;
//! - `choices`: multiple-choice questions;
//! - `generation`: generated texts beside references.
pub(crate) mod args;
mod choices;
mod generation;
mod labels;
mod language;
mod minimal_pairs;
mod redact;
mod search;
mod sts;
mod tags;

use crate::cli::CommonFlags;
use crate::commands::eval::args::EvalCommand;
use crate::terminal::messages::Messages;

pub(crate) fn run(
    common: &CommonFlags,
    args: &EvalCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match args {
        EvalCommand::Sts(args) => sts::run(common, args, messages),
        EvalCommand::Classify(args) => labels::run(common, args, false, messages),
        EvalCommand::Pair(args) => labels::run(common, args, true, messages),
        EvalCommand::Tag(args) => tags::run(common, args, messages),
        EvalCommand::Redact(args) => redact::run(common, args, messages),
        EvalCommand::Mlm(args) => language::masked(common, args, messages),
        EvalCommand::Nsp(args) => language::next(common, args, messages),
        EvalCommand::MinimalPairs(args) => minimal_pairs::run(common, args, messages),
        EvalCommand::Search(args) => search::run(common, args, messages),
        EvalCommand::Choices(args) => choices::run(common, args, messages),
        EvalCommand::Generate(args) => generation::run(common, args, messages),
    }
}
