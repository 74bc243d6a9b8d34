//! Flags that are for another flag, beside flags that exclude that one.
//!
//! Clap waives what a flag requires where a given flag conflicts with it: `--draws`, which requires
//! `--shots`, would be taken and do nothing beside `--search`, which excludes `--shots`. So a flag excludes
//! all that excludes what it requires.
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory as _};

use crate::cli::Cli;

/// Words that flags take as values.
const VALUES: [&str; 12] = [
    "1",
    "0.5",
    "2,3",
    "a",
    "a=b",
    "a=0.5",
    "mean",
    "cosine",
    "sentence",
    "words:200",
    "iob2",
    "zscore",
];

/// Commands that have no others below them, with their full names.
fn leaves(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
    let mut any = false;
    for subcommand in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        any = true;
        leaves(subcommand, &format!("{name} {}", subcommand.get_name()), found);
    }
    if !any {
        found.push((name.to_owned(), command.clone()));
    }
}

/// Error of parsing these words, if there is one.
fn failure(command: &Command, words: &[String]) -> Option<clap::Error> {
    let words = ["cloze".to_owned()].into_iter().chain(words.iter().cloned());
    command.clone().try_get_matches_from(words).err()
}

fn is_missing(error: &clap::Error) -> bool {
    error.kind() == ErrorKind::MissingRequiredArgument
}

/// Flags that an error says are missing, as its text names them.
fn missing(error: Option<&clap::Error>) -> Vec<String> {
    match error.filter(|error| is_missing(error)).and_then(|e| e.get(ContextKind::InvalidArg)) {
        Some(ContextValue::Strings(names)) => names.clone(),
        Some(ContextValue::String(name)) => vec![name.clone()],
        _ => vec![],
    }
}

/// A flag as it is typed, with a value if it takes one.
fn typed(command: &Command, arg: &Arg) -> Option<Vec<String>> {
    let flag = arg.get_long().map(|long| format!("--{long}"));
    if !arg.get_action().takes_values() {
        return flag.map(|flag| vec![flag]);
    }
    let possible: Vec<String> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let values = possible.into_iter().chain(VALUES.map(str::to_owned));
    let words = values.map(|value| match &flag {
        Some(flag) => vec![format!("{flag}={value}")],
        None => vec![value],
    });
    let is_value = |words: &Vec<String>| {
        !failure(command, words).is_some_and(|error| {
            matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue)
        })
    };
    words.into_iter().find(is_value)
}

/// Words with which a command may be called: one of each choice that it always requires.
fn bases(args: &[(&Arg, Vec<String>)], always: &[String]) -> Vec<Vec<String>> {
    let mut bases = vec![vec![]];
    for choice in always {
        let options = args.iter().filter(|(arg, _)| choice.contains(&arg.to_string()));
        let with = |(_, words): &(&Arg, Vec<String>)| {
            bases.iter().map(|base| [&base[..], words].concat()).collect::<Vec<_>>()
        };
        bases = options.flat_map(with).collect();
    }
    bases
}

#[test]
fn no_flag_is_taken_without_what_it_is_for() {
    let mut commands = vec![];
    let mut cli = Cli::command();
    cli.build();
    leaves(&cli, "cloze", &mut commands);
    let (mut waived, mut without_value, mut requirements) = (vec![], vec![], 0);
    for (name, command) in &commands {
        let always = missing(failure(command, &[]).as_ref());
        let args: Vec<(&Arg, Vec<String>)> = command
            .get_arguments()
            .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"))
            .filter_map(|arg| {
                let words = typed(command, arg);
                if words.is_none() {
                    without_value.push(format!("{name}: {arg}"));
                }
                Some((arg, words?))
            })
            .collect();
        let bases = bases(&args, &always);
        for (arg, words) in &args {
            let required: Vec<String> = missing(failure(command, words).as_ref())
                .into_iter()
                .filter(|name| !always.contains(name))
                .collect();
            requirements += required.len();
            for required in required {
                for (other, more) in &args {
                    if required.contains(&other.to_string()) || other.get_id() == arg.get_id() {
                        continue;
                    }
                    let both = [&words[..], more].concat();
                    let is_taken = |base: &Vec<String>| {
                        failure(command, &[&base[..], &both].concat()).is_none()
                    };
                    if bases.iter().any(is_taken) {
                        waived.push(format!("{name}: {arg} without {required} beside {other}"));
                    }
                }
            }
        }
    }
    assert!(without_value.is_empty(), "no value for {without_value:#?}");
    assert!(requirements > 20, "{requirements} flags require others");
    assert!(waived.is_empty(), "{} are waived:\n{}", waived.len(), waived.join("\n"));
}
