//! Labelled data looked through for what may be wrong with it: contradictions, leaks between splits,
//! duplicates and near-duplicates, rare and misspelt labels, illegal tags.
mod counts;
mod finding;
mod groups;
mod near;
mod tags;
mod texts;

pub use counts::{LabelCount, LabelCounts};
pub use finding::{Finding, FindingKind, FindingsOfKind, LabelledLine, SourceLine, sorted};
pub use groups::{GroupedText, groups};
pub use near::{Likeness, NearDuplicate, near_duplicates};
pub use tags::TagSequences;
pub use texts::{CheckedText, RepeatedTexts, folded};
