//! Messages to the user beside the results, and the exit status that follows from them.
use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use indicatif::ProgressBar;

use cloze_corpus::{GuessedEncoding, SkippedRows, UsedFields, Walk};
pub(crate) use cloze_report::text::plural;
use cloze_report::text::visible;

use crate::flags::settings::in_flags;
use crate::terminal::hints::hint;
use crate::terminal::signals;

/// Most lines about columns: objects may all have other fields.
const MOST_COLUMN_LINES: usize = 20;

/// Output of every message. A reported failure also sets the exit status, so that the two cannot drift
/// apart.
pub(crate) struct Messages {
    quiet: bool,
    failed: AtomicBool,
    interrupted: AtomicBool,
    /// Whether some path has something to read, or a text is given.
    any_input: AtomicBool,
    /// Whether no path has.
    no_source: AtomicBool,
    /// The last hint shown: errors of many records with one cause need it once.
    hint: Mutex<Option<String>>,
    /// Lines shown that say which columns are used.
    columns: Mutex<BTreeSet<String>>,
    /// Progress bar on the terminal, if any, which messages must not write into.
    pub(crate) bar: ProgressBar,
}

impl Messages {
    pub(crate) fn new(quiet: bool) -> Self {
        let (failed, interrupted, any_input, no_source, hint, columns) = Default::default();
        let bar = ProgressBar::hidden();
        Self { quiet, failed, interrupted, any_input, no_source, hint, columns, bar }
    }

    pub(crate) fn quiet(&self) -> bool {
        self.quiet
    }

    /// Reports an input that could not be used. The run goes on, and ends with status 1.
    pub(crate) fn failure(&self, error: &(dyn std::error::Error + 'static)) {
        self.failed.store(true, Ordering::Relaxed);
        self.line("error", AnsiColor::Red, &self.with_hint(error));
    }

    /// Reports the paths that are not there. The run ends with status 2 if there is no other input: then
    /// nothing could be done.
    pub(crate) fn not_there(&self, walk: &Walk) {
        for error in &walk.errors {
            self.failure(error);
        }
        if !walk.sources.is_empty() {
            self.has_input();
        } else if !walk.errors.is_empty() {
            self.no_source.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that there is something to work on.
    pub(crate) fn has_input(&self) {
        self.any_input.store(true, Ordering::Relaxed);
    }

    /// Marks the run as a failure, though no input failed: the results give the reason.
    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Marks the run as interrupted; its progress is saved.
    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Reports the error that ends the run.
    pub(crate) fn fatal(&self, error: &anyhow::Error) {
        self.line("error", AnsiColor::Red, &self.with_hint(error.as_ref()));
    }

    /// Reports a note, unless `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.always(text);
        }
    }

    /// Reports the columns or fields that are read, once for all files that have the same.
    pub(crate) fn columns(&self, used: &UsedFields) {
        let line = used.to_string();
        let mut shown = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        if used.is_notable() && shown.len() < MOST_COLUMN_LINES && shown.insert(line.clone()) {
            self.note(&visible(&line));
        }
    }

    /// Reports the encoding of a file, where it was guessed.
    pub(crate) fn guessed(&self, guessed: Option<&GuessedEncoding>) {
        if let Some(guessed) = guessed {
            self.note(&visible(&guessed.to_string()));
        }
    }

    /// Reports the rows of a CoNLL-U file that were left out.
    pub(crate) fn skipped_rows(&self, path: &dyn std::fmt::Display, rows: SkippedRows) {
        if !rows.is_none() {
            self.note(&visible(&format!("{path}: {rows}")));
        }
    }

    /// Reports a note, with `--quiet`, too.
    pub(crate) fn always(&self, text: &str) {
        self.bar.suspend(|| {
            // Nobody is there to be told that stderr is closed.
            let _ = writeln!(anstream::stderr(), "{text}");
        });
    }

    /// Reports the folder that a model was found in, to whoever watches: a name may mean several.
    pub(crate) fn model(&self, name: &str, folder: &Path) {
        if std::io::stderr().is_terminal() {
            self.note(&visible(&format!("model {name}: {}", folder.display())));
        }
    }

    /// Text of an error with its causes and a hint, unless that was the last one shown.
    fn with_hint(&self, error: &(dyn std::error::Error + 'static)) -> String {
        let text = with_causes(error);
        let Some(hint) = hint(error).filter(|_| !text.contains("\nhint: ")) else { return text };
        let mut last = self.hint.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() == Some(&hint) {
            return text;
        }
        let text = format!("{text}\nhint: {hint}");
        *last = Some(hint);
        text
    }

    fn line(&self, kind: &str, color: AnsiColor, text: &str) {
        let style: Style = color.on_default().bold();
        // A file's name may have control characters, too.
        let text = visible(text);
        self.bar.suspend(|| {
            let _ = writeln!(anstream::stderr(), "{style}{kind}{style:#}: {text}");
        });
    }

    /// Returns the exit status.
    pub(crate) fn status(&self) -> u8 {
        if self.interrupted.load(Ordering::Relaxed) {
            return signals::status();
        }
        let set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        match set(&self.failed) {
            true if set(&self.no_source) && !set(&self.any_input) => 2,
            failed => u8::from(failed),
        }
    }
}

/// Formats an error with its causes, each once: `a: b: c`.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = in_flags(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = in_flags(error);
        // Transparent errors repeat their source.
        if !text.ends_with(&said) {
            // A hint stays at the end, behind the causes.
            let (head, hint) = match text.split_once("\nhint: ") {
                Some((head, hint)) => (head.to_owned(), format!("\nhint: {hint}")),
                None => (text, String::new()),
            };
            text = format!("{head}: {said}{hint}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_come_before_hints_and_once() {
        let inner = anyhow::anyhow!("inner");
        let outer = inner.context("outer\nhint: try");
        assert_eq!(with_causes(outer.as_ref()), "outer: inner\nhint: try");
        let same = anyhow::anyhow!("same").context("all the same");
        assert_eq!(with_causes(same.as_ref()), "all the same");
    }
}
