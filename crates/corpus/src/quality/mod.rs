//! Labelled data looked through for what may be wrong with it: contradictions, leaks between splits,
//! duplicates, rare and misspelt labels, illegal tags.
mod counts;
mod finding;
mod tags;
mod texts;

pub use counts::{LabelCount, LabelCounts};
pub use finding::{Finding, FindingKind, FindingsOfKind, LabelledLine, SourceLine, sorted};
pub use tags::TagSequences;
pub use texts::{CheckedText, RepeatedTexts, folded};
