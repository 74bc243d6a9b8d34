//! `cloze completions`: a script for the shell, which asks this program for the words that can follow.
use std::ffi::OsStr;

use anyhow::Context as _;
use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _,
};
use clap_complete::env::{CompleteEnv, Shells};
use cloze_checkpoint::list_folders;

use crate::cli::Cli;

/// Environment variable that the script names its shell in.
const SHELL_VARIABLE: &str = "CLOZE_COMPLETE";

/// Script of a shell.
pub(crate) fn script(shell: clap_complete::Shell) -> anyhow::Result<Vec<u8>> {
    let shells = Shells::builtins();
    let completer = shells.completer(&shell.to_string());
    let completer = completer.with_context(|| format!("{shell}: no completion script"))?;
    let mut script = vec![];
    completer.write_registration(SHELL_VARIABLE, "cloze", "cloze", "cloze", &mut script)?;
    Ok(script)
}

/// Answers the script of a shell; whether it was one that asked.
pub(crate) fn answer() -> Result<bool, clap::Error> {
    let folder = std::env::current_dir().ok();
    let completion = CompleteEnv::with_factory(|| completable(Cli::command()));
    completion.var(SHELL_VARIABLE).try_complete(std::env::args_os(), folder.as_deref())
}

/// The command with completions of values.
fn completable(command: Command) -> Command {
    command.mut_args(complete_values).mut_subcommands(completable)
}

/// Completes the values of an argument as their name in the help says: models, folders or files.
fn complete_values(arg: Arg) -> Arg {
    let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    match name.as_deref() {
        Some("NAME|DIR" | "MODEL") => arg.add(ArgValueCompleter::new(models)),
        Some("DIR") => arg.value_hint(ValueHint::DirPath),
        Some(name) if name.contains("FILE") || name.contains("PATH") || name.contains("DIR ") => {
            arg.value_hint(ValueHint::AnyPath)
        }
        _ => arg,
    }
}

/// Names of models as `cloze model list` has them, and folders.
fn models(word: &OsStr) -> Vec<CompletionCandidate> {
    let folders = list_folders();
    let names = folders.iter().filter_map(|folder| folder.file_name());
    let started = word.as_encoded_bytes();
    let names = names.filter(|name| name.as_encoded_bytes().starts_with(started));
    let names = names.map(CompletionCandidate::new);
    names.chain(PathCompleter::dir().complete(word)).collect()
}
