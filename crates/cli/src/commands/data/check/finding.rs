//! What may be wrong, of several kinds.
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// What kind of thing it is; the gravest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Contradiction,
    Leak,
    FoldedLeak,
    IllegalTags,
    EmptyText,
    LabelError,
    Duplicate,
    FoldedDuplicate,
    LongText,
    NumericLabels,
    LabelSpelling,
    RareLabel,
}

impl Kind {
    /// What it is, said for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Contradiction => "one text, several labels",
            Self::Leak => "the same text in the other data",
            Self::FoldedLeak => "the same text in the other data, but for case and spaces",
            Self::IllegalTags => "tags that may not follow each other",
            Self::EmptyText => "no text",
            Self::LabelError => "labels that are likely wrong",
            Self::Duplicate => "the same text and label again",
            Self::FoldedDuplicate => "the same text and label again, but for case and spaces",
            Self::LongText => "texts longer than the model takes at once",
            Self::NumericLabels => "labels that look like measurements",
            Self::LabelSpelling => "labels that differ in case and spaces alone",
            Self::RareLabel => "labels with fewer than 10 examples",
        }
    }
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    /// The file's rank in the order of reading.
    #[serde(skip)]
    pub(crate) rank: usize,
    pub(crate) line: u64,
    #[serde(serialize_with = "as_text")]
    pub(crate) path: Arc<str>,
}

fn as_text<S: Serializer>(path: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(path)
}

/// A place, and the label there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Occurrence {
    #[serde(flatten)]
    pub(crate) place: Place,
    pub(crate) label: Option<String>,
}

/// One thing that may be wrong.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    #[serde(skip)]
    pub(crate) kind: Kind,
    /// How bad it is beside others of its kind: larger is worse.
    pub(crate) weight: f64,
    /// Where; never empty.
    pub(crate) occurrences: Vec<Occurrence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The label it likely has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suggested: Option<String>,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// All findings of a kind, the worst first.
#[derive(Serialize)]
pub(crate) struct OfKind {
    pub(crate) kind: Kind,
    pub(crate) total: usize,
    pub(crate) findings: Vec<Finding>,
}

/// The findings by kind, the gravest kind first; within a kind the worst, then in order of place.
pub(crate) fn sorted(mut findings: Vec<Finding>) -> Vec<OfKind> {
    findings.sort_by(|a, b| {
        let worse = b.weight.total_cmp(&a.weight);
        a.kind.cmp(&b.kind).then(worse).then_with(|| a.occurrences.cmp(&b.occurrences))
    });
    let mut kinds: Vec<OfKind> = vec![];
    for finding in findings {
        match kinds.last_mut() {
            Some(last) if last.kind == finding.kind => last.findings.push(finding),
            _ => kinds.push(OfKind { kind: finding.kind, total: 0, findings: vec![finding] }),
        }
    }
    for kind in &mut kinds {
        kind.total = kind.findings.len();
    }
    kinds
}
