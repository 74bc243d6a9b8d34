//! Errors of an input.
use std::io;
use std::path::PathBuf;

use crate::{FieldRole, Format, NotReadReason, UnpackError};

/// Largest number of fields that an error names: a foreign file may have millions.
pub(crate) const MAX_NAMES: usize = 20;

/// Largest part of an unexpected value that an error shows, in characters.
const MAX_SHOWN: usize = 40;

/// Why an input, or a record of it, cannot be read or written back. Lines and columns count from 1,
/// bytes from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// A setting is out of its bounds.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// The setter's name.
        setting: &'static str,
        /// Values allowed.
        expected: &'static str,
        /// Value that was set.
        found: String,
    },
    /// No encoding has this label.
    #[error("{label:?}: expected an encoding such as \"utf-8\", \"utf-16\" or \"windows-1252\"")]
    UnknownEncoding {
        /// The label.
        label: String,
    },
    /// A path that does not exist, and is not a pattern either.
    #[error("{path}: no such file or folder")]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// A pattern that cannot be parsed.
    #[error("{pattern}: expected a file, a folder or a pattern")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Fault.
        source: glob::PatternError,
    },
    /// A pattern that no file fits.
    #[error("{pattern}: no file matches")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A folder, or the folders that fit a pattern, without a file to read.
    #[error(
        "{path}: no file to read in it ({hidden} hidden and {binary} binary skipped{})",
        if *special > 0 { format!(", {special} special") } else { String::new() }
    )]
    NoFiles {
        /// The folder.
        path: PathBuf,
        /// Number of hidden files and folders in it.
        hidden: u64,
        /// Number of binary files in it.
        binary: u64,
        /// Number of pipes, sockets and devices in it.
        special: u64,
    },
    /// An input that cannot be opened or read. Its text names it.
    #[error(transparent)]
    Read(io::Error), // from `fs_err` or named by us
    /// A file, or a part of it, that is not text and not a document that can be read.
    #[error("{path}{}: not read: {reason}", part.as_ref().map(|p| format!(": {p}")).unwrap_or_default())]
    NotRead {
        /// The file.
        path: PathBuf,
        /// The part; `None` if it is the whole file.
        part: Option<String>,
        /// Why it is not read.
        reason: NotReadReason,
    },
    /// A document that cannot be rewritten, because of a part of it.
    #[error("{path}{}: not rewritten: {reason}", part.as_ref().map(|p| format!(": {p}")).unwrap_or_default())]
    NotRewritten {
        /// The file.
        path: PathBuf,
        /// The part; `None` if it is the whole document.
        part: Option<String>,
        /// Why it cannot be rewritten.
        reason: NotReadReason,
    },
    /// A packed file that cannot be unpacked.
    #[error(transparent)]
    Unpack(UnpackError),
    /// A file with the byte order mark of UTF-32.
    #[error("{path}: expected UTF-8, UTF-16 or another encoding of the web, found UTF-32")]
    Utf32 {
        /// The input.
        path: PathBuf,
    },
    /// Bytes that mean nothing in the encoding.
    #[error("{path}: byte {byte_offset}: expected {encoding}, found invalid bytes")]
    Encoding {
        /// The input.
        path: PathBuf,
        /// The encoding it was read in.
        encoding: &'static str,
        /// The first bad byte of the file.
        byte_offset: u64,
    },
    /// A record that would take more memory than allowed.
    #[error("{path}:{line}: expected at most {max} bytes, found more")]
    TooLong {
        /// The input.
        path: PathBuf,
        /// The record's first line.
        line: u64,
        /// The limit.
        max: usize,
        /// Whether nothing can be read after it.
        fatal: bool,
    },
    /// A header or an object with more columns or fields than any has.
    #[error("{path}:{line}: expected at most {max} columns or fields, found more")]
    ManyFields {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The limit.
        max: usize,
        /// Whether nothing can be read after it.
        fatal: bool,
    },
    /// A line that is not a JSON object, or has a key twice.
    #[error("{path}:{line}: expected a JSON object")]
    Json {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// Error of the parser; its "line 1" is this line.
        source: serde_json::Error,
    },
    /// A JSON object without the text field, or a table without its column.
    #[error("{path}:{line}: expected a field {field:?}, found {}", quoted(.found))]
    MissingField {
        /// The input.
        path: PathBuf,
        /// The line of the object, or of the header row.
        line: u64,
        /// The field asked for.
        field: String,
        /// The fields there are, the first twenty of them.
        found: Vec<String>,
        /// Whether nothing can be read after it: so in a table.
        fatal: bool,
    },
    /// A header row, or a JSON object, without a known name for a column that is needed.
    #[error("{path}:{line}: no {} known for the {role}; found {}", column(*.fatal), quoted(.found))]
    UnknownField {
        /// The input.
        path: PathBuf,
        /// The line of the object, or of the first row.
        line: u64,
        /// Part that the column would play.
        role: FieldRole,
        /// The names there are, the first twenty of them.
        found: Vec<String>,
        /// Whether nothing can be read after it: so in a table.
        fatal: bool,
    },
    /// Several columns of a table, or fields of a JSON object, whose names are known for one part.
    #[error("{path}:{line}: expected one {} for the {role}, found {}", column(*.fatal), quoted(.candidates))]
    AmbiguousField {
        /// The input.
        path: PathBuf,
        /// The line of the object, or of the header row.
        line: u64,
        /// Part that the column plays.
        role: FieldRole,
        /// The names that are known for it.
        candidates: Vec<String>,
        /// Whether nothing can be read after it: so in a table.
        fatal: bool,
    },
    /// A header row that names the text or id field twice.
    #[error("{path}:{line}: expected one column {field:?}, found more")]
    DuplicateField {
        /// The input.
        path: PathBuf,
        /// The line of the header row.
        line: u64,
        /// The field.
        field: String,
    },
    /// A JSON field that is not a string.
    #[error("{path}:{line}: field {field:?}: expected {expected}, found {found}")]
    FieldType {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The field.
        field: String,
        /// The types it may have.
        expected: &'static str,
        /// The type it has.
        found: &'static str,
    },
    /// A score that is not a finite number.
    #[error("{path}:{line}: {place}: expected a number, found {found:?}")]
    NotNumber {
        /// The input.
        path: PathBuf,
        /// The line, or the row's first one.
        line: u64,
        /// Position in the line: `field "score"`, `column 3`.
        place: String,
        /// Value found; of more than forty characters the beginning.
        found: String,
    },
    /// A grade that is not a whole number of 32 bits.
    #[error("{path}:{line}: {place}: expected a whole number of at most 32 bits, found {found:?}")]
    NotWhole {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// Position in the line: `field "score"`, `column 4`.
        place: String,
        /// Value found; of more than forty characters the beginning.
        found: String,
    },
    /// A first row of judgements that has too few columns, or too many.
    #[error(
        "{path}:{line}: expected 3 or 4 columns (query, perhaps 0, document, grade), found {found}"
    )]
    JudgementColumns {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// Number found.
        found: usize,
    },
    /// A row of judgements with tabs, and with spaces between them: either may divide it.
    #[error("{path}:{line}: expected columns separated by tabs or by spaces, found both")]
    MixedColumns {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// The name of a query or of a document that is empty.
    #[error("{path}:{line}: {place}: expected an id, found nothing")]
    EmptyId {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// Position in the line: `field "query"`, `column 1`.
        place: String,
    },
    /// A document that has two grades for one query.
    #[error(
        "{path}:{line}: query {:?}, document {:?}: expected grade {expected} as before, found {found}",
        beginning(.query), beginning(.document)
    )]
    JudgedTwice {
        /// The input.
        path: PathBuf,
        /// The line of the second.
        line: u64,
        /// The query.
        query: String,
        /// The document.
        document: String,
        /// The first grade.
        expected: i32,
        /// The second.
        found: i32,
    },
    /// A format that has no judgements.
    #[error("{path}: expected judgements as lines, csv, tsv or jsonl, found {found}")]
    NoJudgements {
        /// The input.
        path: PathBuf,
        /// The format: the one asked for, or the one of the file's ending.
        found: Format,
    },
    /// A file that is no set of marked texts.
    #[error(
        "{path}: expected texts with marked items (JSON lines with \"text\" and \"entities\", Presidio's JSON \
         or i2b2's XML), found another form"
    )]
    NoMarks {
        /// The input.
        path: PathBuf,
    },
    /// A marked item outside its text, or of no character.
    #[error(
        "{path}:{line}: {label}: expected offsets within {length} {unit}, found {start} to {end}"
    )]
    MarkedSpan {
        /// The input.
        path: PathBuf,
        /// The line of the record.
        line: u64,
        /// Label of the item.
        label: String,
        /// First offset.
        start: usize,
        /// Offset behind the last.
        end: usize,
        /// Length of the text.
        length: usize,
        /// Unit of all three: `characters` or `bytes`.
        unit: &'static str,
    },
    /// A marked item whose offsets are those of another text.
    #[error("{path}:{line}: {label}: expected {expected:?} at its offsets, found {found:?}")]
    MarkedText {
        /// The input.
        path: PathBuf,
        /// The line of the record.
        line: u64,
        /// Label of the item.
        label: String,
        /// Text of the item as the file says; of more than forty characters the beginning.
        expected: String,
        /// Text at its offsets, likewise.
        found: String,
    },
    /// XML that cannot be parsed.
    #[error("{path}:{line}: expected XML")]
    Xml {
        /// The input.
        path: PathBuf,
        /// The line of the element or the like.
        line: u64,
        /// Error of the parser.
        source: Box<quick_xml::Error>,
    },
    /// XML that ends too early.
    #[error("{path}:{line}: expected {expected}, found the end of the file")]
    XmlEnds {
        /// The input.
        path: PathBuf,
        /// The last line.
        line: u64,
        /// Element or text expected.
        expected: &'static str,
    },
    /// An element that the format does not have.
    #[error("{path}:{line}: expected <{expected}>, found <{found}>")]
    XmlElement {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The element that may be there.
        expected: &'static str,
        /// The one that is.
        found: String,
    },
    /// An element without an attribute that it has to have.
    #[error("{path}:{line}: expected an attribute {attribute:?}, found none")]
    MissingAttribute {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The attribute.
        attribute: &'static str,
    },
    /// An attribute with another value than there are.
    #[error("{path}:{line}: attribute {attribute:?}: expected {expected}, found {found:?}")]
    XmlAttribute {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The attribute.
        attribute: &'static str,
        /// Values allowed.
        expected: &'static str,
        /// Value found; of more than forty characters the beginning.
        found: String,
    },
    /// A sense, its lemma or its word that is empty.
    #[error("{path}:{line}: {place}: expected a {what}, found nothing")]
    EmptySense {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// Position in the line: `field "sense"`, `attribute "lemma"`.
        place: String,
        /// Thing that is missing.
        what: &'static str,
    },
    /// A word of a text that is not in it.
    #[error(
        "{path}:{line}: expected a start before an end, in code points of a text of {length}, found \
         {start} and {end}"
    )]
    WordSpan {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// Start of the word.
        start: usize,
        /// End of the word.
        end: usize,
        /// Length of the text in code points.
        length: usize,
    },
    /// A file with an ending that no senses have.
    #[error("{path}: expected senses as xml or jsonl, found another ending")]
    NoSenses {
        /// The input.
        path: PathBuf,
    },
    /// A format that has no pairs.
    #[error("{path}: expected pairs as csv, tsv or jsonl, found {found}")]
    NoPairs {
        /// The input.
        path: PathBuf,
        /// The format: the one asked for, or the one of the file's ending.
        found: Format,
    },
    /// A format, or a file of one class, that has no texts with labels, or no pairs of them.
    #[error("{path}: expected {expected} as csv, tsv or jsonl, found {found}")]
    NoLabels {
        /// The input.
        path: PathBuf,
        /// Contents expected.
        expected: &'static str,
        /// The format: the one asked for, or the one of the file's ending.
        found: &'static str,
    },
    /// A label that is empty.
    #[error("{path}:{line}: {place}: expected a label, found nothing")]
    EmptyLabel {
        /// The input.
        path: PathBuf,
        /// The line, or the row's first one.
        line: u64,
        /// Position in the line: `field "label"`, `column 3`.
        place: String,
    },
    /// A folder that has neither one file nor one folder per class.
    #[error("{path}: expected one file, or one folder of files, per class, found {found}")]
    NoClasses {
        /// The folder.
        path: PathBuf,
        /// Contents found.
        found: &'static str,
    },
    /// Two files of a folder that would be one class.
    #[error(
        "{first}, {second}: expected one file for the class {label:?}, found two; LABEL=FILE says \
         which is which"
    )]
    SameClass {
        /// The class, the files' stem.
        label: String,
        /// The first file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A row with another number of columns than the header, or without a token or a tag column.
    #[error("{path}:{line}: expected {expected} columns, found {found}")]
    Columns {
        /// The input.
        path: PathBuf,
        /// The row's first line.
        line: u64,
        /// Number there should be (in a table) or has to be (in CoNLL).
        expected: usize,
        /// Number found.
        found: usize,
    },
    /// A row of a CoNLL-U file that does not begin with a word's id.
    #[error("{path}:{line}: expected a word's id in column 1, as CoNLL-U has it, found {found:?}")]
    NoWordId {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// Contents of column 1, or their beginning.
        found: String,
    },
    /// A CoNLL row whose token is empty.
    #[error("{path}:{line}: expected a token in column {column}, found nothing")]
    EmptyToken {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The token column.
        column: usize,
    },
    /// A CoNLL row whose tag is empty.
    #[error("{path}:{line}: expected a tag in column {column}, found nothing")]
    EmptyTag {
        /// The input.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The tag column.
        column: usize,
    },
    /// A quoted field that the file ends in.
    #[error("{path}:{line}: expected a closing quote, found the end of the file")]
    Unclosed {
        /// The input.
        path: PathBuf,
        /// The row's first line.
        line: u64,
    },
    /// A record whose source has no one place for its text.
    #[error("{format} records cannot be written back with another text")]
    NotRewritable {
        /// The format.
        format: Format,
    },
    /// A text that has a delimiter or a line end, or is nothing, for a field that cannot be quoted.
    #[error(
        "the new text cannot stand in a field without quotes: expected no {delimiter:?}, no line end, and no empty text as the only field of a row"
    )]
    NotAField {
        /// Delimiter of the table.
        delimiter: char,
    },
    /// A character that the encoding lacks.
    #[error("expected characters of {encoding}, found {character:?}")]
    Unmappable {
        /// The encoding.
        encoding: &'static str,
        /// The first such character.
        character: char,
    },
}

impl CorpusError {
    /// Whether it is the last thing a [`Reader`](crate::Reader) gives. After any other error the
    /// reader goes on with the next record.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Json { .. }
            | Self::FieldType { .. }
            | Self::NotNumber { .. }
            | Self::NotWhole { .. }
            | Self::JudgementColumns { .. }
            | Self::MixedColumns { .. }
            | Self::EmptyId { .. }
            | Self::MissingAttribute { .. }
            | Self::XmlAttribute { .. }
            | Self::EmptySense { .. }
            | Self::WordSpan { .. }
            | Self::Columns { .. }
            | Self::EmptyLabel { .. }
            | Self::NoWordId { .. }
            | Self::EmptyToken { .. }
            | Self::EmptyTag { .. } => false,
            Self::NotRead { part, .. } => part.is_none(),
            Self::TooLong { fatal, .. }
            | Self::ManyFields { fatal, .. }
            | Self::MissingField { fatal, .. }
            | Self::UnknownField { fatal, .. }
            | Self::AmbiguousField { fatal, .. } => *fatal,
            _ => true,
        }
    }
}

/// `text`, or of more than forty characters the beginning.
pub(crate) fn beginning(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Word for a field of a table, or of an object, in which nothing is fatal.
fn column(fatal: bool) -> &'static str {
    if fatal { "column" } else { "field" }
}

fn quoted(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("{:?}", beginning(name))).collect::<Vec<_>>().join(", ")
}
