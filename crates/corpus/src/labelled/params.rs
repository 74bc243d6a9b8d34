//! Settings of reading labelled texts.
use std::io::Read;

use super::layout::Fields;
use super::{Holds, Labelled, LabelledSource, Reading};
use crate::names::{FieldRole, Names};
use crate::params::{Opened, check_names};
use crate::source::{SourceParams, TableParams, setting_error};
use crate::{CorpusError, Encoding, Format, Source};

/// Settings of [`Labelled`]; [`check`](Self::check) makes them usable.
///
/// By name the fields are, unless others are asked for, those with known names
/// - of [`TEXT_FIELDS`](crate::TEXT_FIELDS), or of [`PAIR_FIELDS`](crate::PAIR_FIELDS) where pairs are wanted;
/// - of [`LABEL_FIELDS`](crate::LABEL_FIELDS);
/// - [`ID_FIELD`](crate::ID_FIELD).
///
/// Names are compared without case, spaces, `_` and `-`. None, or two of one rank, are an error.
///
/// The first row of a table is a header unless [`LabelledParams::table`] says otherwise: then columns are
/// called `1`, `2` and so on, the text is column 1, the second text of pairs column 2, and the label the
/// last column. Blank lines are passed over.
///
/// A file a class has no fields: [`labelled_sources`](crate::labelled_sources) finds such files, whose every line is a
/// text, and folders whose every file is one.
///
/// ```
/// use cloze_corpus::{Format, LabelledParams};
///
/// let file = "text\tlabel\n\"Spam King\" is fined\tSci/Tech\nHe kept goal\t\n";
/// let params = LabelledParams::default().check()?;
/// let mut examples = params.from_reader("news.tsv", Format::Tsv, file.as_bytes())?;
/// let example = examples.next().expect("a first row")?;
/// assert_eq!((example.line, &*example.text), (2, "\"Spam King\" is fined"));
/// assert_eq!(example.labels, ["Sci/Tech"]);
/// let error = examples.next().expect("a second row").unwrap_err();
/// assert_eq!(error.to_string(), "news.tsv:3: field \"label\": expected a label, found nothing");
/// # Ok::<(), cloze_corpus::CorpusError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LabelledParams {
    source: SourceParams,
    text_field: Option<String>,
    pairs: bool,
    pair_field: Option<String>,
    label_field: Option<String>,
    id_field: Option<String>,
    group_field: Option<String>,
    label_separator: Option<String>,
    labelled: bool,
}

impl Default for LabelledParams {
    fn default() -> Self {
        Self {
            source: SourceParams::default(),
            text_field: None,
            pairs: false,
            pair_field: None,
            label_field: None,
            id_field: None,
            group_field: None,
            label_separator: None,
            labelled: true,
        }
    }
}

impl LabelledParams {
    /// The format: CSV, TSV or JSONL; `None` goes by the file's ending. A file a class has none.
    /// Default `None`.
    #[must_use]
    pub fn format(self, format: Option<Format>) -> Self {
        Self { source: SourceParams { format, ..self.source }, ..self }
    }

    /// The encoding. Default UTF-8.
    #[must_use]
    pub fn encoding(self, encoding: Encoding) -> Self {
        Self { source: SourceParams { encoding, ..self.source }, ..self }
    }

    /// The field of the text. Names between commas are joined by line breaks, a name with a comma stands in
    /// quotes, `*` is every column that is nothing else, and `a.b` a field of an object in an object. Default
    /// `None`, the known name.
    #[must_use]
    pub fn text_field(self, text_field: Option<String>) -> Self {
        Self { text_field, ..self }
    }

    /// Whether a second text is wanted, which then has to be there. Default `false`.
    #[must_use]
    pub fn pairs(self, pairs: bool) -> Self {
        Self { pairs, ..self }
    }

    /// The field of the second text, as [`text_field`](Self::text_field); a name means that pairs
    /// are wanted. Default `None`, the one that belongs to the first text.
    #[must_use]
    pub fn pair_field(self, pair_field: Option<String>) -> Self {
        Self { pair_field, ..self }
    }

    /// The field of the label, one name. Default `None`, the known name.
    #[must_use]
    pub fn label_field(self, label_field: Option<String>) -> Self {
        Self { label_field, ..self }
    }

    /// The field that names the example, which then must be there. Default `None`,
    /// [`ID_FIELD`](crate::ID_FIELD) where there is one.
    #[must_use]
    pub fn id_field(self, id_field: Option<String>) -> Self {
        Self { id_field, ..self }
    }

    /// The field by whose values examples belong together: their author, their document. It may be
    /// another's, too. Default `None`, no field.
    #[must_use]
    pub fn group_field(self, group_field: Option<String>) -> Self {
        Self { group_field, ..self }
    }

    /// Layout of tables. Default that of [`TableParams`].
    #[must_use]
    pub fn table(self, table: TableParams) -> Self {
        Self { source: SourceParams { table, ..self.source }, ..self }
    }

    /// Separator of the labels of a text that may have none or several (multi-label), blanks
    /// around it not counted; a JSON array of strings needs none, but is refused without this
    /// setting. Default `None`, exactly one label per text.
    #[must_use]
    pub fn label_separator(self, label_separator: Option<String>) -> Self {
        Self { label_separator, ..self }
    }

    /// Whether a text without a label is an error; `false` is for texts to be classified, whose
    /// label field may be missing or empty. Default `true`.
    #[must_use]
    pub fn labelled(self, labelled: bool) -> Self {
        Self { labelled, ..self }
    }

    /// The most that a row, a line or a text may have, in bytes of UTF-8 without the line end. It
    /// bounds the memory of a reader. Default `64 MiB`.
    #[must_use]
    pub fn max_text_bytes(self, max_text_bytes: usize) -> Self {
        Self { source: SourceParams { max_text_bytes, ..self.source }, ..self }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for a limit of 0, an empty separator or a delimiter that cannot be one; for a
    /// field name that is empty or asked for twice; and without a header for one that is not a number.
    pub fn check(self) -> Result<ValidLabelledParams, CorpusError> {
        self.source.check()?;
        if self.label_separator.as_deref() == Some("") {
            return setting_error("label_separator", "at least one character", "\"\"");
        }
        if self.group_field.as_deref() == Some("") {
            return setting_error("group_field", "a field name", "\"\"");
        }
        let pairs = self.pairs || self.pair_field.is_some();
        let pair_field = self.pair_field.as_deref();
        let fields = Fields {
            text: Names::text(FieldRole::Text, self.text_field.as_deref()),
            second: pairs.then(|| Names::text(FieldRole::Pair, pair_field)),
            label: Names::label(self.label_field.as_deref()),
            id: Names::id(self.id_field.as_deref()),
        };
        let Fields { text, second, label, id } = &fields;
        let names: Vec<&Names> = [text].into_iter().chain(second).chain([label, id]).collect();
        check_names(&names, self.source.table.header)?;
        Ok(ValidLabelledParams { params: self, fields })
    }
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidLabelledParams {
    params: LabelledParams,
    fields: Fields,
}

impl ValidLabelledParams {
    /// The examples of `source`.
    ///
    /// # Errors
    /// [`CorpusError::Read`] if it cannot be opened; [`CorpusError::NoLabels`] if its ending, or the
    /// format asked for, is none of the three. Standard input has no ending: its format must be
    /// asked for.
    pub fn open(&self, source: &Source) -> Result<Labelled, CorpusError> {
        let source = LabelledSource { source: source.clone(), holds: Holds::Examples };
        Ok(Labelled::of(self.clone(), Reading::open(&source, self)?))
    }

    /// The examples of all `sources`, in order. Each is opened when its turn comes: a file that
    /// cannot be opened is an error among the examples, as [`open`](Self::open) has it.
    #[must_use]
    pub fn open_all(&self, sources: Vec<LabelledSource>) -> Labelled {
        Labelled::waiting(self.clone(), sources)
    }

    /// The examples of `raw`, which errors call `name`. The `format` setting does not matter here.
    ///
    /// # Errors
    /// [`CorpusError::NoLabels`] for a format that has none.
    pub fn from_reader(
        &self,
        name: &str,
        format: Format,
        raw: impl Read + Send + 'static,
    ) -> Result<Labelled, CorpusError> {
        let opened = Opened::named(name, format, raw);
        Ok(Labelled::of(self.clone(), Reading::fields(opened, self)?))
    }

    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Names of the group's field.
    pub(super) fn group(&self) -> Option<Names> {
        self.params.group_field.as_deref().map(Names::group)
    }

    pub(super) fn source(&self) -> SourceParams {
        self.params.source
    }

    pub(super) fn header(&self) -> bool {
        self.params.source.table.header
    }

    pub(super) fn labelled(&self) -> bool {
        self.params.labelled
    }

    pub(super) fn label_separator(&self) -> Option<&str> {
        self.params.label_separator.as_deref()
    }

    pub(super) fn pairs(&self) -> bool {
        self.fields.second.is_some()
    }

    /// Contents expected of a file, for errors.
    pub(super) fn wanted(&self) -> &'static str {
        if self.pairs() { "pairs of texts with labels" } else { "texts with labels" }
    }
}
