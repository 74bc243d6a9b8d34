//! Findings of several kinds, sorted by how grave they are.
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Kind of a finding; the gravest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// One text with several labels.
    Contradiction,
    /// A text that is in the other data, too.
    Leak,
    /// A text that is in the other data except for case and spaces.
    FoldedLeak,
    /// A text that is nearly the same as one in the other data, lies inside it, or has it inside.
    NearLeak,
    /// A tag that is neither `O` nor a label behind the letter of a scheme.
    NotATag,
    /// Tags that may not follow each other in their scheme.
    IllegalTags,
    /// An example without a text.
    EmptyText,
    /// A label that is likely wrong.
    LabelError,
    /// A number or address that a recogniser validates, unmarked or labelled otherwise.
    MissedMention,
    /// An example whose text and label occurred before.
    Duplicate,
    /// An example whose text and label occurred before, except for case and spaces.
    FoldedDuplicate,
    /// A text longer than the model's limit.
    LongText,
    /// Labels that look like measurements.
    NumericLabels,
    /// Labels that differ only in case, spaces and Unicode form.
    LabelSpelling,
    /// A label with fewer than 10 examples.
    RareLabel,
}

impl FindingKind {
    /// Title in reports for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Contradiction => "one text, several labels",
            Self::Leak => "the same text in the other data",
            Self::FoldedLeak => "the same text in the other data, except for case and spaces",
            Self::NearLeak => "nearly the same text in the other data",
            Self::NotATag => "tags that are not O or a label after a letter such as B-",
            Self::IllegalTags => "invalid tag sequences",
            Self::EmptyText => "no text",
            Self::LabelError => "likely label errors",
            Self::MissedMention => {
                "mentions that a recogniser validates, unmarked or labelled otherwise"
            }
            Self::Duplicate => "duplicates",
            Self::FoldedDuplicate => "duplicates except for case and spaces",
            Self::LongText => "texts longer than the model's limit",
            Self::NumericLabels => "labels that look like measurements",
            Self::LabelSpelling => "labels that differ only in case, spaces and Unicode form",
            Self::RareLabel => "labels with fewer than 10 examples",
        }
    }
}

/// Line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceLine {
    /// Rank of the file in the order of reading.
    #[serde(skip)]
    pub rank: usize,
    /// Line, counted from 1.
    pub line: u64,
    /// Path of the file.
    #[serde(serialize_with = "as_text")]
    pub path: Arc<str>,
}

fn as_text<S: Serializer>(path: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(path)
}

/// Line of a file with its label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LabelledLine {
    /// File and line.
    #[serde(flatten)]
    pub place: SourceLine,
    /// Label; several are joined by ` + `, and the tags of a sentence by spaces.
    pub label: Option<String>,
}

/// One thing that may be wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Kind.
    #[serde(skip)]
    pub kind: FindingKind,
    /// Gravity beside others of its kind: larger is worse.
    pub weight: f64,
    /// Lines it is about; never empty.
    pub occurrences: Vec<LabelledLine>,
    /// Text, both of a pair with ` | ` between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Label that is likely right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested: Option<String>,
    /// Further detail for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Findings of one kind, the worst first.
#[derive(Clone, Debug, Serialize)]
pub struct FindingsOfKind {
    /// Kind.
    pub kind: FindingKind,
    /// Number of findings.
    pub total: usize,
    /// Findings by falling weight, then by place.
    pub findings: Vec<Finding>,
}

/// Groups findings by kind, the gravest kind first; within a kind the worst, then in order of place.
#[must_use]
pub fn sorted(mut findings: Vec<Finding>) -> Vec<FindingsOfKind> {
    findings.sort_by(|a, b| {
        let worse = b.weight.total_cmp(&a.weight);
        a.kind.cmp(&b.kind).then(worse).then_with(|| a.occurrences.cmp(&b.occurrences))
    });
    let mut kinds: Vec<FindingsOfKind> = vec![];
    for finding in findings {
        match kinds.last_mut() {
            Some(last) if last.kind == finding.kind => last.findings.push(finding),
            _ => {
                kinds.push(FindingsOfKind {
                    kind: finding.kind,
                    total: 0,
                    findings: vec![finding],
                });
            }
        }
    }
    for kind in &mut kinds {
        kind.total = kind.findings.len();
    }
    kinds
}
