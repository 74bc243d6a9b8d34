//! Settings of reading labelled texts.
use std::io::Read;

use super::layout::Fields;
use super::{
    Holds, ID_FIELD, LABEL_FIELDS, Labelled, LabelledSource, PAIR_FIELDS, Reading, TEXT_FIELDS,
};
use crate::fields::Names;
use crate::params::Opened;
use crate::source::{SourceParams, setting_error};
use crate::{CorpusError, Encoding, Format, Quotes, Source};

/// Settings of [`Labelled`]; [`check`](Self::check) makes them usable.
///
/// By name the fields are, unless others are asked for, the first there is of
/// - [`TEXT_FIELDS`], and of [`PAIR_FIELDS`] where pairs are wanted;
/// - [`LABEL_FIELDS`];
/// - [`ID_FIELD`].
///
/// Tables may come without a header: then the text is column 1, the second text of pairs column 2,
/// and the label the last column. The first row is taken for a header if it names the texts and the
/// label, or if a field is asked for by name; [`LabelledParams::header`] says so instead. Blank lines
/// are passed over.
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
    header: Option<bool>,
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
            header: None,
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

    /// The field of the text; a name asked for means that tables have a header. Default `None`, the
    /// first there is of [`TEXT_FIELDS`] that is not asked for as something else.
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
    /// are wanted. Default `None`, the first there is of [`PAIR_FIELDS`].
    #[must_use]
    pub fn pair_field(self, pair_field: Option<String>) -> Self {
        Self { pair_field, ..self }
    }

    /// The field of the label, as [`text_field`](Self::text_field). Default `None`, the first there
    /// is of [`LABEL_FIELDS`].
    #[must_use]
    pub fn label_field(self, label_field: Option<String>) -> Self {
        Self { label_field, ..self }
    }

    /// The field that names the example, as [`text_field`](Self::text_field). Default `None`,
    /// [`ID_FIELD`] where there is one.
    #[must_use]
    pub fn id_field(self, id_field: Option<String>) -> Self {
        Self { id_field, ..self }
    }

    /// The field by whose values examples belong together: their author, their document. It may be
    /// another's, too. A name asked for means that tables have a header. Default `None`, no field.
    #[must_use]
    pub fn group_field(self, group_field: Option<String>) -> Self {
        Self { group_field, ..self }
    }

    /// Whether the first row of a table is a header; `None` tells by what is in it. Default `None`.
    #[must_use]
    pub fn header(self, header: Option<bool>) -> Self {
        Self { header, ..self }
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

    /// Meaning of quotes in tables. Default [`Quotes::Auto`].
    #[must_use]
    pub fn quotes(self, quotes: Quotes) -> Self {
        Self { source: SourceParams { quotes, ..self.source }, ..self }
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
    /// [`CorpusError::Setting`] for a limit of 0; for an empty separator; for a field name that is
    /// empty, asked for twice, or asked for where there is to be no header.
    pub fn check(self) -> Result<ValidLabelledParams, CorpusError> {
        self.source.check()?;
        if self.label_separator.as_deref() == Some("") {
            return setting_error("label_separator", "at least one character", "\"\"");
        }
        let asked = [
            ("text_field", self.text_field.as_deref()),
            ("pair_field", self.pair_field.as_deref()),
            ("label_field", self.label_field.as_deref()),
            ("id_field", self.id_field.as_deref()),
        ];
        for (i, (setting, name)) in asked.iter().enumerate() {
            match name {
                Some("") => return setting_error(setting, "a field name", "\"\""),
                Some(name) if self.header == Some(false) => {
                    return setting_error(setting, "none without a header", name);
                }
                Some(name) if asked[..i].iter().any(|(_, other)| *other == Some(*name)) => {
                    return setting_error(setting, "a field of its own", name);
                }
                _ => {}
            }
        }
        match self.group_field.as_deref() {
            Some("") => return setting_error("group_field", "a field name", "\"\""),
            Some(name) if self.header == Some(false) => {
                return setting_error("group_field", "none without a header", name);
            }
            _ => {}
        }
        let taken: Vec<&str> = asked.iter().filter_map(|(_, name)| *name).collect();
        let names = |asked: &Option<String>, known: &[&str]| {
            Names::new(asked.as_deref(), known).without(&taken)
        };
        let pairs = self.pairs || self.pair_field.is_some();
        let fields = Fields {
            text: names(&self.text_field, &TEXT_FIELDS),
            second: pairs.then(|| names(&self.pair_field, &PAIR_FIELDS)),
            label: names(&self.label_field, &LABEL_FIELDS),
            id: names(&self.id_field, &[ID_FIELD]),
        };
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
        self.params.group_field.as_deref().map(|name| Names::new(Some(name), &[]))
    }

    pub(super) fn source(&self) -> SourceParams {
        self.params.source
    }

    pub(super) fn header(&self) -> Option<bool> {
        self.params.header
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
