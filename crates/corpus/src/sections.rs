//! Groups of the sentences of CoNLL files: documents, or values of comments.
use std::path::Path;

use crate::names::folded;

/// Name that means documents, however they are marked.
pub(crate) const DOCUMENT: &str = "document";

/// Follows the comments of a file, for the group of the sentences after them.
pub(crate) struct Sections {
    /// Name of the comment, as names are compared.
    name: String,
    current: Option<String>,
}

impl Sections {
    /// Groups by the comments `# NAME = VALUE`, or by documents.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: folded(name), current: None }
    }

    /// Group of a sentence that begins here.
    pub(crate) fn current(&self) -> Option<String> {
        self.current.clone()
    }

    /// Takes a row that is no word of a sentence.
    pub(crate) fn read(&mut self, row: &str, path: &Path, line: u64) {
        let by_document = self.name == DOCUMENT;
        // Documents without a name are told apart by their place.
        let place = || format!("{}:{line}", path.display());
        if let Some(id) = document_start(row) {
            self.current = match id {
                // A new document may be another author's, whose name follows, if there is one.
                _ if !by_document => None,
                "" => Some(place()),
                id => Some(id.to_owned()),
            };
        }
        if let Some((key, value)) = row.trim_start_matches('#').split_once('=')
            && row.starts_with('#')
            && folded(key) == self.name
        {
            let value = value.trim();
            self.current = Some(value.to_owned()).filter(|value| !value.is_empty());
        }
    }
}

/// Id of a document that begins, perhaps empty: `-DOCSTART-`, CoNLL-U's `# newdoc` and `# newdoc id = x`,
/// CoNLL-2012's `#begin document (x); part 000`.
fn document_start(row: &str) -> Option<&str> {
    if row.starts_with("-DOCSTART-") {
        return Some("");
    }
    let comment = row.strip_prefix('#')?.trim_start();
    if let Some(id) = comment.strip_prefix("begin document") {
        // All parts of a document belong together.
        let id = id.trim().strip_prefix('(').unwrap_or(id);
        return Some(id.split([')', ';']).next().unwrap_or_default().trim());
    }
    let rest = comment.strip_prefix("newdoc")?;
    let is_word = rest.is_empty() || rest.starts_with(char::is_whitespace);
    is_word.then(|| rest.split_once('=').map_or("", |(_, id)| id).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(name: &str, rows: &[&str]) -> Vec<Option<String>> {
        let mut sections = Sections::new(name);
        let read = |(row, line): (&&str, u64)| {
            sections.read(row, Path::new("a"), line);
            sections.current()
        };
        rows.iter().zip(1..).map(read).collect()
    }

    #[test]
    fn documents_and_authors_begin_where_comments_say_so() {
        let rows = [
            "",
            "-DOCSTART- -X- O",
            "# author = Lena",
            "# newdoc",
            "# newdoc id = b 7",
            "#begin document (nw/x); part 001",
            "# newdocument = 3",
            "# Document = c",
            "# author =",
            "author = Bo",
        ];
        let some = |text: &str| Some(text.to_owned());
        let documents = [
            None,
            some("a:2"),
            some("a:2"),
            some("a:4"),
            some("b 7"),
            some("nw/x"),
            some("nw/x"),
            some("c"),
            some("c"),
            some("c"),
        ];
        assert_eq!(groups("document", &rows), documents);
        let mut authors = vec![None; 10];
        authors[2] = some("Lena");
        assert_eq!(groups("Author", &rows), authors);
    }
}
