//! The `cloze` command: flags in, a job done, results on stdout, everything else on stderr.
//!
//! - `args`: what was typed;
//! - `tag`: the job of tagging, from paths to entities;
//! - `output`: the forms entities are written in, and where to;
//! - `texts`: texts of files, a chunk at a time, for the commands that make vectors of them;
//! - `embed`: vectors, and the forms they are written in;
//! - `index`: what is like a query, of many texts;
//! - `answers`, `rerank`: what was found, read again and ordered anew;
//! - `similarity`, `eval`: how alike texts are, and how well that agrees with people;
//! - `duplicates`, `cluster`: texts that are nearly the same, and texts put together;
//! - `gather`: texts with their vectors, all in memory;
//! - `examples`, `rows`: labelled texts, and what an encoder makes of them, kept on disk;
//! - `train`: heads fitted on them;
//! - `tune`: encoders trained on them, and on tagged sentences;
//! - `judge`: how good labels are;
//! - `page`, `plot`: what pages and plots of reports share;
//! - `classify`: labels of texts and pairs;
//! - `fill_mask`: words for masks;
//! - `score`, `next_sentence`, `bias`: what a masked language model, or a head beside it, makes of texts;
//! - `shares`: how often one text of a pair is likelier;
//! - `senses`: which sense a word has where it stands;
//! - `score_tags`: how good the tags of a file are;
//! - `zscore`, `anisotropy`: corrections, and what they are for;
//! - `data_check`: what may be wrong with labelled data;
//! - `pairs`: pairs of texts of a file, a chunk at a time;
//! - `out`, `progress`: where results go, and how far they are;
//! - `model`, `setup`: housekeeping;
//! - `messages`: what goes to stderr, and the exit status that remembers it.
//!
//! Exit status: 0 done; 1 some input failed, the rest was done; 2 nothing could be done, wrong usage
//! included; 130 interrupted.
mod anisotropy;
mod answers;
mod args;
mod bias;
mod card;
mod classify;
mod cluster;
mod data_check;
mod duplicates;
mod embed;
mod eval;
mod examples;
mod fill_mask;
mod gather;
mod index;
mod judge;
mod messages;
mod model;
mod next_sentence;
mod out;
mod output;
mod page;
mod pairs;
mod plot;
mod progress;
mod rerank;
mod rows;
mod score;
mod score_tags;
mod senses;
mod setup;
mod shares;
mod similarity;
mod tag;
mod texts;
mod train;
mod tune;
mod zscore;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use crate::args::{Cli, Command, DataCommand};
use crate::messages::Messages;

fn main() -> ExitCode {
    // Bad usage ends here, with status 2.
    let cli = Cli::parse();
    interrupt_cleanly();
    let messages = Messages::new(cli.common.quiet);
    cli.common.color.write_global();
    let result = match cli.command {
        Command::Tag(args) => tag::run(&cli.common, *args, &messages),
        Command::Embed(args) => embed::run(&cli.common, &args, &messages),
        Command::Similarity(args) => similarity::run(&cli.common, &args, &messages),
        Command::Index { command } => index::run(&cli.common, command, &messages),
        Command::Duplicates(args) => duplicates::run(&cli.common, &args, &messages),
        Command::Cluster(args) => cluster::run(&cli.common, &args, &messages),
        Command::Rerank(args) => rerank::run(&cli.common, &args, &messages),
        Command::Zscore { command } => zscore::run(&cli.common, &command, &messages),
        Command::Anisotropy(args) => anisotropy::run(&cli.common, &args, &messages),
        Command::FillMask(args) => fill_mask::run(&cli.common, &args, &messages),
        Command::Classify(args) => classify::run(&cli.common, &args, &messages),
        Command::Pair(args) => classify::run_pairs(&cli.common, &args, &messages),
        Command::Score(args) => score::run(&cli.common, &args, &messages),
        Command::NextSentence(args) => next_sentence::run(&cli.common, &args, &messages),
        Command::Bias(args) => bias::run(&cli.common, &args, &messages),
        Command::Train { command } => train::run(&cli.common, &command, &messages),
        Command::Senses { command } => senses::run(&cli.common, &command, &messages),
        Command::Eval { command } => eval::run(&cli.common, &command, &messages),
        Command::Data { command: DataCommand::Check(args) } => {
            data_check::run(&cli.common, &args, &messages)
        }
        Command::ScoreTags(args) => score_tags::run(&cli.common, &args, &messages),
        Command::Model { command } => model::run(&cli.common, command, &messages),
        Command::Setup { json } => setup::run(&cli.common, json, &messages),
        Command::Completions { shell } => {
            let written = std::io::stdout().write_all(&args::completions(shell));
            written.context("standard output")
        }
    };
    match result {
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            messages.fatal(&error);
            ExitCode::from(2)
        }
        Ok(()) => messages.exit_code(),
    }
}

/// Ctrl-C: what is half written goes, and the status is the one shells use for it.
fn interrupt_cleanly() {
    let handler = || {
        // A training saves its state first; whoever asks twice does not want to wait for that.
        if tune::watch::stop() {
            return;
        }
        cloze_store::atomic::discard_pending();
        // Not the standard library's `exit`, which runs the destructors of ONNX Runtime while other
        // threads are still in it: one interrupt in fifteen was a segmentation fault.
        signal_hook::low_level::exit(messages::INTERRUPTED.into());
    };
    // Without a handler an interrupt still ends the process; only temporary files would stay.
    let _ = ctrlc::set_handler(handler);
}

/// Whether the reader of our output went away, which is its right: `cloze tag … | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
