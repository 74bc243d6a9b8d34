//! Messages on files, and parts of them, that are left out.
use cloze_corpus::{Format, Reader, SkipReason, Walk};

use crate::terminal::messages::{Messages, plural};

/// Reports each file of a folder that is left out; with `--quiet` their numbers.
pub(crate) fn report(walk: &Walk, messages: &Messages) {
    if messages.quiet() {
        let counts = counts(walk);
        if !counts.is_empty() {
            messages.always(&format!("{} skipped", counts.join(", ")));
        }
        return;
    }
    for skipped in &walk.skipped {
        messages.note(&cloze_report::text::visible(&skipped.to_string()));
    }
}

/// Returns the number of files left out for each reason: `2 hidden files`.
pub(crate) fn counts(walk: &Walk) -> Vec<String> {
    [SkipReason::Hidden, SkipReason::Binary, SkipReason::Special]
        .into_iter()
        .filter_map(|reason| {
            let count = walk.count(reason);
            (count > 0).then(|| plural(count, &format!("{reason} file")))
        })
        .collect()
}

/// Notes on inputs that were read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReaderNotes {
    /// Whether inputs are written back: then scripts and comments of pages are named, which stay.
    pub(crate) redacts: bool,
}

impl ReaderNotes {
    /// Returns the notes on an input that was read to its end.
    pub(crate) fn of(self, path: &str, reader: &Reader) -> Vec<String> {
        let mut notes = vec![];
        let format = reader.format();
        notes.extend(reader.guessed_encoding().map(|guessed| guessed.to_string()));
        let stays = self.redacts && format == Format::Html;
        let left_out: Vec<String> = reader
            .left_out()
            .iter()
            .filter(|(kind, _)| stays || !PAGE_PARTS.contains(kind))
            .map(|(kind, count)| plural(*count, kind))
            .collect();
        let rows = reader.skipped_rows();
        if !rows.is_none() {
            notes.push(format!("{path}: {rows}"));
        }
        if !left_out.is_empty() {
            let done = match format {
                _ if stays => "left as they are",
                Format::Eml if self.redacts => "left out",
                _ => "not read",
            };
            notes.push(format!("{path}: {} {done}", left_out.join(", ")));
        }
        notes.iter().map(|note| cloze_report::text::visible(note)).collect()
    }
}

/// Parts that most pages have, and none shows.
const PAGE_PARTS: [&str; 4] = ["script", "style sheet", "frame", "comment"];
