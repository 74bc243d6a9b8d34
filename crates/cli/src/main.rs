//! The `cloze` command: results on stdout, everything else on stderr.
//!
//! - `cli`: the commands, and the flags that all of them take;
//! - `flags`: groups of flags that several commands share;
//! - `commands`: one folder per command, with its arguments;
//! - `input`: readers of texts, pairs and examples, in chunks;
//! - `terminal`: messages, progress, and destinations of results.
//!
//! Exit status: 0 done; 1 some input failed, the rest was done; 2 nothing could be done, wrong usage
//! included; 130 interrupted by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
mod cli;
mod commands;
mod flags;
mod input;
mod terminal;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use cloze_encoder::{Runtime, RuntimeParams};

use crate::cli::{Cli, Command};
use crate::commands::data::args::DataCommand;
use crate::flags::ending::with_format;
use crate::terminal::messages::Messages;
use crate::terminal::out::stdout;

/// Environment variable that keeps ONNX Runtime from reporting on the process to its maker.
const NO_REPORTS: &str = "ORT_DISABLE_TELEMETRY";

fn main() -> ExitCode {
    keep_caught_panics_quiet();
    // ONNX Runtime takes any other value, an empty one too, for leave to report.
    if std::env::var_os(NO_REPORTS).is_some_and(|value| value == "1") {
        return run().into();
    }
    // Set here, where there are no other threads yet, and not set back: by then there would be some.
    temp_env::with_var(NO_REPORTS, Some("1"), || std::process::exit(run().into()))
}

/// Keeps the messages of panics off stderr that become errors: of the tokenizers library on a damaged file.
fn keep_caught_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !cloze_encoder::panics_are_caught() {
            usual(panic);
        }
    }));
}

/// Runs the command; returns the exit status.
fn run() -> u8 {
    match commands::completions::answer() {
        Ok(false) => {}
        Ok(true) => return 0,
        Err(error) => error.exit(),
    }
    // Bad usage ends here, with status 2.
    let args: Vec<OsString> = std::env::args_os().collect();
    let mut cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) if error.kind() == ErrorKind::DisplayVersion => return version(&error),
        Err(error) => error.exit(),
    };
    terminal::signals::handle();
    let messages = Messages::new(cli.common.quiet);
    match with_format(Cli::command(), &args) {
        // Where a flag excludes formats, its output has its own.
        Ok(Some(formatted)) => cli = Cli::try_parse_from(formatted).unwrap_or(cli),
        Ok(None) => {}
        Err(error) => {
            messages.fatal(&error);
            return 2;
        }
    }
    cli.common.color.write_global();
    let result = match cli.command {
        Command::Tag(args) => commands::tag::run(&cli.common, *args, &messages),
        Command::Redact(args) => commands::redact::run(&cli.common, *args, &messages),
        Command::Restore(args) => commands::restore::run(&args, &messages),
        Command::Embed(args) => commands::embed::run(&cli.common, &args, &messages),
        Command::Similarity(args) => commands::similarity::run(&cli.common, &args, &messages),
        Command::Index { command } => commands::index::run(&cli.common, command, &messages),
        Command::Duplicates(args) => commands::duplicates::run(&cli.common, &args, &messages),
        Command::Cluster(args) => commands::cluster::run(&cli.common, &args, &messages),
        Command::Rerank(args) => commands::rerank::run(&cli.common, &args, &messages),
        Command::Zscore { command } => commands::zscore::run(&cli.common, &command, &messages),
        Command::Anisotropy(args) => commands::anisotropy::run(&cli.common, &args, &messages),
        Command::Generate(args) => commands::generate::run(&cli.common, &args, &messages),
        Command::FillMask(args) => commands::fill_mask::run(&cli.common, &args, &messages),
        Command::Classify(args) => commands::classify::run(&cli.common, &args, &messages),
        Command::Pair(args) => commands::pair::run(&cli.common, &args, &messages),
        Command::Score(args) => commands::score::run(&cli.common, &args, &messages),
        Command::NextSentence(args) => commands::next_sentence::run(&cli.common, &args, &messages),
        Command::Bias(args) => commands::bias::run(&cli.common, &args, &messages),
        Command::Train { command } => commands::train::run(&cli.common, &command, &messages),
        Command::Senses { command } => commands::senses::run(&cli.common, &command, &messages),
        Command::Eval { command } => commands::eval::run(&cli.common, &command, &messages),
        Command::Data { command: DataCommand::Check(args) } => {
            commands::data::check::run(&cli.common, &args, &messages)
        }
        Command::ScoreTags(args) => commands::score_tags::run(&cli.common, &args, &messages),
        Command::Model { command } => commands::model::run(&cli.common, command, &messages),
        Command::Setup { format } => commands::setup::run(&cli.common, format.is_json(), &messages),
        Command::Man { output } => commands::man::run(output.as_deref()),
        Command::Completions { shell } => {
            let script = commands::completions::script(shell);
            script.and_then(|script| Ok(stdout().write_all(&script)?))
        }
    };
    // Whatever the run ended with, no bar stays on the terminal.
    messages.bar.finish_and_clear();
    match result {
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) => {
            messages.fatal(&error);
            2
        }
        Ok(()) => messages.status(),
    }
}

/// Prints the versions of the program and of the ONNX Runtime that it finds; nothing is downloaded.
fn version(program: &clap::Error) -> u8 {
    let runtime = Runtime::load(&RuntimeParams::default(), &mut |_| {});
    let runtime = match &runtime {
        Ok(runtime) => {
            format!("ONNX Runtime: {} ({})", runtime.path().display(), runtime.build_info())
        }
        Err(_) => "ONNX Runtime: not found; `cloze setup` fetches it".to_owned(),
    };
    let written = writeln!(stdout(), "{program}{runtime}");
    u8::from(written.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe))
}

/// Returns whether the reader of the output went away, which is its right: `cloze tag … | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
