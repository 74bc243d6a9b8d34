//! Flags of the short help (`-h`), which fits on a screen; `--help` shows all of them.
use clap::Arg;

/// Gives a flag a help line of its own in the short help; `--help` keeps the longer text.
pub(crate) fn brief(text: &'static str, arg: Arg) -> Arg {
    match arg.get_long_help().or(arg.get_help()).cloned() {
        Some(long) => arg.long_help(long).help(text),
        None => arg.help(text),
    }
}

/// Hides a flag in the short help unless its id is among `shown`.
pub(crate) fn only(shown: &[&str], arg: Arg) -> Arg {
    let hidden = !arg.is_positional() && !shown.contains(&arg.get_id().as_str());
    arg.hide_short_help(hidden)
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _, Parser as _};

    use crate::cli::Cli;

    /// Lines of the short help that fit on a screen.
    const SCREEN: usize = 40;

    /// Calls `check` for each command without subcommands, with its words.
    fn for_each_leaf(
        command: Command,
        words: &[String],
        check: &mut dyn FnMut(&[String], Command),
    ) {
        if !command.has_subcommands() {
            return check(words, command);
        }
        for subcommand in command.get_subcommands() {
            let words = [words, &[subcommand.get_name().to_owned()]].concat();
            for_each_leaf(subcommand.clone(), &words, check);
        }
    }

    /// The commands under `Examples:` in the help of a command.
    fn examples(command: &Command) -> Vec<String> {
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = after.lines().skip_while(|line| *line != "Examples:").skip(1);
        lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    /// Words of a command line, of which some stand in quotes.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (vec![], String::new(), None);
        for letter in line.chars() {
            match (quote, letter) {
                (Some(open), _) if open == letter => quote = None,
                (None, '\'' | '"') => quote = Some(letter),
                (None, ' ') => words.push(std::mem::take(&mut word)),
                _ => word.push(letter),
            }
        }
        words.push(word);
        words
    }

    #[test]
    fn examples_parse_and_are_of_their_command() {
        for_each_leaf(Cli::command(), &[], &mut |path, command| {
            for example in examples(&command) {
                // Without the shell's redirection.
                let words = words(example.split(" > ").next().unwrap_or_default());
                let start = [&["cloze".to_owned()], path].concat();
                assert!(words.starts_with(&start), "{start:?}: {example}");
                if let Err(error) = Cli::try_parse_from(&words) {
                    panic!("{example}\n{error}");
                }
            }
        });
    }

    #[test]
    fn short_help_fits_on_a_screen() {
        let mut long = vec![];
        for_each_leaf(Cli::command(), &[], &mut |path, command| {
            if examples(&command).is_empty() {
                return;
            }
            let words = [&["cloze".to_owned()], path, &["-h".to_owned()]].concat();
            let Err(help) = Cli::try_parse_from(words) else { panic!("{path:?}: no help") };
            let lines = help.to_string().lines().count();
            if lines > SCREEN {
                long.push(format!("{}: {lines} lines", path.join(" ")));
            }
        });
        assert!(long.is_empty(), "{}", long.join("\n"));
    }
}
