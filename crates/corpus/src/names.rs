//! Choice of columns and fields by their names in a header or an object.
//!
//! Names are compared without case, spaces, `_` and `-`: `Gold Label` is `gold_label`. Known names come
//! in ranks: of several ranks the first counts, and two names of one rank are an error, since nobody
//! chose between them. Sources: the files of GLUE and of other public data sets.
use std::fmt;

use crate::CorpusError;
use crate::dialect::Dialect;
use crate::error::MAX_NAMES;
use crate::field_path::is_within;
use crate::fields::At;
use crate::known::{
    DOCUMENT_FIELDS, FIRST_FIELDS, GRADE_FIELDS, ID_FIELDS, LABEL_FIELDS, OPTIONAL_SCORE_FIELDS,
    PAIR_FIELDS, QUERY_FIELDS, Ranks, SCORE_FIELDS, TEXT_FIELDS,
};

/// Name that means every column.
pub(crate) const EVERY: &str = "*";

/// Part that a column plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldRole {
    /// The text.
    Text,
    /// The second of two labelled texts.
    Pair,
    /// The first of two texts.
    First,
    /// The second of two texts.
    Second,
    /// The label.
    Label,
    /// The score of two texts.
    Score,
    /// The id.
    Id,
    /// The value by which examples belong together.
    Group,
    /// The query's id in judgements.
    Query,
    /// The document's id in judgements.
    Document,
    /// The grade in judgements.
    Grade,
}

impl FieldRole {
    /// Setting that names the column, such as `text_field`; `None` if there is none.
    #[must_use]
    pub fn setting(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("text_field"),
            Self::Pair => Some("pair_field"),
            Self::First => Some("first_field"),
            Self::Second => Some("second_field"),
            Self::Label => Some("label_field"),
            Self::Score => Some("score_field"),
            Self::Id => Some("id_field"),
            Self::Group => Some("group_field"),
            Self::Query | Self::Document | Self::Grade => None,
        }
    }
}

impl fmt::Display for FieldRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::First => "first text",
            Self::Pair | Self::Second => "second text",
            Self::Label => "label",
            Self::Score => "score",
            Self::Id => "id",
            Self::Group => "group",
            Self::Query => "query",
            Self::Document => "document",
            Self::Grade => "grade",
        })
    }
}

/// A name as names are compared.
pub(crate) fn folded(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'));
    kept.flat_map(char::to_lowercase).collect()
}

/// The names of a header or an object, as written and as compared.
pub(crate) struct Header {
    pub(crate) names: Vec<String>,
    folded: Vec<String>,
}

impl Header {
    pub(crate) fn new(names: Vec<String>) -> Self {
        let folded = names.iter().map(|name| self::folded(name)).collect();
        Self { names, folded }
    }

    /// Columns without names: `1`, `2` and so on.
    pub(crate) fn numbered(columns: usize) -> Self {
        Self::new((1..=columns).map(|column| column.to_string()).collect())
    }

    /// Columns with one of these names, but for those that are `taken`.
    fn known(&self, known: &[&str], taken: &[usize]) -> Vec<usize> {
        let known: Vec<String> = known.iter().map(|known| folded(known)).collect();
        let columns = self.folded.iter().enumerate();
        let columns = columns.filter(|(i, name)| known.contains(name) && !taken.contains(i));
        columns.map(|(i, _)| i).collect()
    }

    fn shown(&self, columns: &[usize]) -> Vec<String> {
        columns.iter().take(MAX_NAMES).map(|&i| self.names[i].clone()).collect()
    }
}

/// Reason why names do not choose a column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NameError {
    /// No column has the name that was asked for.
    Missing(String),
    /// Several columns have the name that was asked for.
    Twice(String),
    /// No column has a known name.
    Unknown(FieldRole),
    /// Several columns have known names.
    Several(FieldRole, Vec<String>),
}

impl NameError {
    /// The error at a header row (`fatal`) or an object with the names `found`.
    pub(crate) fn at(
        self,
        At { path, line }: At<'_>,
        found: &[String],
        fatal: bool,
    ) -> CorpusError {
        let path = path.to_owned();
        let found = || found.iter().take(MAX_NAMES).cloned().collect();
        match self {
            Self::Missing(field) => {
                CorpusError::MissingField { path, line, field, found: found(), fatal }
            }
            Self::Twice(field) => CorpusError::DuplicateField { path, line, field },
            Self::Unknown(role) => {
                CorpusError::UnknownField { path, line, role, found: found(), fatal }
            }
            Self::Several(role, candidates) => {
                CorpusError::AmbiguousField { path, line, role, candidates, fatal }
            }
        }
    }
}

/// Names that a column goes by: those asked for, or else known ones.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) role: FieldRole,
    /// Names asked for; of a text several are joined.
    asked: Vec<String>,
    /// Names that `*` leaves out.
    kept: Vec<String>,
    known: Ranks,
}

impl Names {
    pub(crate) fn text(role: FieldRole, asked: Option<&str>) -> Self {
        let asked = asked.map(parse_list).unwrap_or_default();
        Self { role, asked, kept: vec![], known: TEXT_FIELDS }
    }

    fn single(role: FieldRole, asked: Option<&str>, known: Ranks) -> Self {
        Self { role, asked: asked.map(str::to_owned).into_iter().collect(), kept: vec![], known }
    }

    pub(crate) fn label(asked: Option<&str>) -> Self {
        Self::single(FieldRole::Label, asked, LABEL_FIELDS)
    }

    pub(crate) fn score(asked: Option<&str>, required: bool) -> Self {
        let known = if required { SCORE_FIELDS } else { OPTIONAL_SCORE_FIELDS };
        Self::single(FieldRole::Score, asked, known)
    }

    pub(crate) fn id(asked: Option<&str>) -> Self {
        Self::single(FieldRole::Id, asked, ID_FIELDS)
    }

    pub(crate) fn group(asked: &str) -> Self {
        Self::single(FieldRole::Group, Some(asked), &[])
    }

    pub(crate) fn judgement(role: FieldRole) -> Self {
        let known = match role {
            FieldRole::Query => QUERY_FIELDS,
            FieldRole::Document => DOCUMENT_FIELDS,
            _ => GRADE_FIELDS,
        };
        Self::single(role, None, known)
    }

    /// Whether a name was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    pub(crate) fn asked(&self) -> &[String] {
        &self.asked
    }

    /// Whether every column was asked for.
    pub(crate) fn is_every(&self) -> bool {
        self.asked.iter().any(|name| name == EVERY)
    }

    /// These names, with some that `*` leaves out.
    pub(crate) fn keeping(self, kept: Vec<String>) -> Self {
        Self { kept, ..self }
    }

    /// Whether `*` leaves this field of an object out, or the field that it is in.
    pub(crate) fn keeps(&self, name: &str) -> bool {
        self.kept.iter().any(|kept| is_within(name, kept))
    }

    /// Names that fields of each are a text of their own for, or are kept from that.
    pub(crate) fn of_each(&self) -> impl Iterator<Item = &String> {
        self.asked.iter().filter(|name| *name != EVERY).chain(&self.kept)
    }

    /// Whether several columns are one text.
    pub(crate) fn joins(&self) -> bool {
        self.asked.len() > 1 || self.is_every()
    }

    /// Whether a name is known.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let name = folded(name);
        self.known.concat().iter().any(|known| folded(known) == name)
    }

    /// Columns that were asked for; every one but those that are `taken` for `*`.
    pub(crate) fn asked_columns(
        &self,
        header: &Header,
        taken: &[usize],
    ) -> Result<Vec<usize>, NameError> {
        if self.is_every() {
            let kept = self.kept.iter().map(|name| asked_column(header, name));
            let kept = kept.collect::<Result<Vec<_>, _>>()?;
            let taken = |column: &usize| taken.contains(column) || kept.contains(column);
            return Ok((0..header.names.len()).filter(|column| !taken(column)).collect());
        }
        self.asked.iter().map(|name| asked_column(header, name)).collect()
    }

    /// Columns of a text: those asked for, or the one with a known name; `None` if there is none.
    pub(crate) fn columns(
        &self,
        header: &Header,
        taken: &[usize],
    ) -> Result<Option<Vec<usize>>, NameError> {
        if self.is_asked() {
            return self.asked_columns(header, taken).map(Some);
        }
        Ok(self.known_column(header, taken)?.map(|column| vec![column]))
    }

    /// The one column; `None` if no column has a known name.
    pub(crate) fn column(
        &self,
        header: &Header,
        taken: &[usize],
    ) -> Result<Option<usize>, NameError> {
        match self.asked.first() {
            Some(name) => asked_column(header, name).map(Some),
            None => self.known_column(header, taken),
        }
    }

    /// As [`column`](Self::column), but an error if there is none.
    pub(crate) fn need(&self, header: &Header, taken: &[usize]) -> Result<usize, NameError> {
        self.column(header, taken)?.ok_or(NameError::Unknown(self.role))
    }

    fn known_column(&self, header: &Header, taken: &[usize]) -> Result<Option<usize>, NameError> {
        for rank in self.known {
            match header.known(rank, taken)[..] {
                [] => {}
                [column] => return Ok(Some(column)),
                ref several => return Err(NameError::Several(self.role, header.shown(several))),
            }
        }
        Ok(None)
    }
}

fn asked_column(header: &Header, name: &str) -> Result<usize, NameError> {
    let mut same = (0..header.names.len()).filter(|&i| header.names[i] == name);
    match (same.next(), same.next()) {
        (Some(_), Some(_)) => Err(NameError::Twice(name.to_owned())),
        (Some(column), None) => Ok(column),
        (None, _) => Err(NameError::Missing(name.to_owned())),
    }
}

/// Names between commas. One that has a comma stands in quotes, as in CSV.
pub(crate) fn parse_list(list: &str) -> Vec<String> {
    let dialect = Dialect::CSV;
    let names = dialect.fields(list).map(|range| dialect.value(&list[range]).trim().to_owned());
    names.collect()
}

/// Columns of two texts, of which those not asked for go by [`PAIR_FIELDS`].
pub(crate) fn pair_columns(
    first: &Names,
    second: &Names,
    header: &Header,
    taken: &[usize],
) -> Result<(Vec<usize>, Vec<usize>), NameError> {
    let asked =
        |names: &Names| names.is_asked().then(|| names.asked_columns(header, taken)).transpose();
    match (asked(first)?, asked(second)?) {
        (Some(first), Some(second)) => Ok((first, second)),
        (Some(first), None) => {
            let partner = partner(header, &first, true, taken, second.role)?;
            Ok((first, vec![partner]))
        }
        (None, Some(second)) => {
            let partner = partner(header, &second, false, taken, first.role)?;
            Ok((vec![partner], second))
        }
        (None, None) => {
            let (first, second) = known_pair(header, taken, first.role, second.role)?;
            Ok((vec![first], vec![second]))
        }
    }
}

/// Column of the other text beside the columns `own`, the first ones if `own_first`: that of a known pair
/// with them, or else the only one with a name of its side or of a text.
fn partner(
    header: &Header,
    own: &[usize],
    own_first: bool,
    taken: &[usize],
    role: FieldRole,
) -> Result<usize, NameError> {
    let taken = [own, taken].concat();
    let sides = PAIR_FIELDS.iter().map(|&(a, b)| if own_first { (a, b) } else { (b, a) });
    let is_own = |name: &str| own.iter().any(|&i| header.folded[i] == folded(name));
    let beside: Vec<&str> =
        sides.clone().filter(|(own, _)| is_own(own)).map(|(_, other)| other).collect();
    let others: Vec<&str> = sides.map(|(_, other)| other).collect();
    for known in [beside, others, TEXT_FIELDS.concat()] {
        match header.known(&known, &taken)[..] {
            [] => {}
            [column] => return Ok(column),
            ref several => return Err(NameError::Several(role, header.shown(several))),
        }
    }
    Err(NameError::Unknown(role))
}

/// Columns of the only known pair of names.
fn known_pair(
    header: &Header,
    taken: &[usize],
    first: FieldRole,
    second: FieldRole,
) -> Result<(usize, usize), NameError> {
    let mut pairs = vec![];
    for (a, b) in PAIR_FIELDS {
        let (firsts, seconds) = (header.known(&[a], taken), header.known(&[b], taken));
        pairs.extend(firsts.iter().flat_map(|&i| seconds.iter().map(move |&j| (i, j))));
    }
    match pairs[..] {
        [pair] => return Ok(pair),
        [] => {}
        _ => {
            let mut columns: Vec<usize> = pairs.iter().flat_map(|&(i, j)| [i, j]).collect();
            columns.sort_unstable();
            columns.dedup();
            return Err(NameError::Several(first, header.shown(&columns)));
        }
    }
    let sides: (Vec<&str>, Vec<&str>) = PAIR_FIELDS.iter().copied().unzip();
    let firsts = [header.known(&sides.0, taken), header.known(FIRST_FIELDS, taken)];
    let firsts = firsts.into_iter().find(|columns| !columns.is_empty()).unwrap_or_default();
    let mut seconds = header.known(&sides.1, taken);
    // A name may be of either side: `sentence` alone is a first text.
    seconds.retain(|column| !firsts.contains(column));
    match (&firsts[..], &seconds[..]) {
        ([i], [j]) => Ok((*i, *j)),
        ([], _) => Err(NameError::Unknown(first)),
        (_, []) => Err(NameError::Unknown(second)),
        ([_], several) => Err(NameError::Several(second, header.shown(several))),
        (several, _) => Err(NameError::Several(first, header.shown(several))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> Header {
        Header::new(names.split(',').map(str::to_owned).collect())
    }

    fn texts(names: &str) -> Result<Option<Vec<usize>>, NameError> {
        Names::text(FieldRole::Text, None).columns(&header(names), &[])
    }

    #[test]
    fn names_are_compared_without_case_and_spaces() {
        assert_eq!(folded("\u{feff} Gold Label "), "goldlabel");
        assert_eq!(
            (folded("GOLD-LABEL"), folded("gold_label")),
            ("goldlabel".into(), "goldlabel".into())
        );
        assert_eq!(folded("Größe"), "größe");
    }

    #[test]
    fn the_first_rank_counts_and_one_rank_is_no_choice() {
        assert_eq!(texts("title,Body,TEXT"), Ok(Some(vec![2])));
        assert_eq!(texts("title,Body,x"), Ok(Some(vec![1])));
        assert_eq!(texts("Title,x"), Ok(Some(vec![0])));
        assert_eq!(texts("a,b"), Ok(None));
        let several = ["Body", "Message"].map(str::to_owned).to_vec();
        assert_eq!(texts("Body,x,Message"), Err(NameError::Several(FieldRole::Text, several)));
        let twice = ["text", "Text"].map(str::to_owned).to_vec();
        assert_eq!(texts("text,Text"), Err(NameError::Several(FieldRole::Text, twice)));
    }

    #[test]
    fn lists_of_names_are_rows_of_csv() {
        assert_eq!(parse_list("a, b"), ["a", "b"]);
        assert_eq!(parse_list("\"City, State\",Notes"), ["City, State", "Notes"]);
        assert_eq!(parse_list("*"), ["*"]);
    }

    #[test]
    fn pairs_go_by_names_that_belong_together() {
        let first = Names::text(FieldRole::First, None);
        let second = Names::text(FieldRole::Second, None);
        let found = |names: &str| pair_columns(&first, &second, &header(names), &[]);
        for (names, expected) in [
            ("index,promptID,pairID,genre,sentence1,sentence2,gold_label", (4, 5)),
            ("index,question,sentence,label", (1, 2)),
            ("id,qid1,qid2,question1,question2,is_duplicate", (3, 4)),
            ("Quality,#1 ID,#2 ID,#1 String,#2 String", (3, 4)),
            ("hypothesis,premise", (1, 0)),
            ("id,question,answer", (1, 2)),
            ("text,hypothesis", (0, 1)),
            ("pair_ID,sentence_A,sentence_B,entailment_label,relatedness_score", (1, 2)),
        ] {
            assert_eq!(found(names), Ok((vec![expected.0], vec![expected.1])), "{names}");
        }
        assert_eq!(found("a,sentence2"), Err(NameError::Unknown(FieldRole::First)));
        assert_eq!(found("sentence1,b"), Err(NameError::Unknown(FieldRole::Second)));
        let several = ["question", "sentence", "answer"].map(str::to_owned).to_vec();
        assert_eq!(
            found("question,sentence,answer"),
            Err(NameError::Several(FieldRole::First, several))
        );
        let asked = Names::text(FieldRole::First, Some("claim text"));
        let beside = pair_columns(&asked, &second, &header("claim text,evidence,n"), &[]);
        assert_eq!(beside, Ok((vec![0], vec![1])));
    }
}
