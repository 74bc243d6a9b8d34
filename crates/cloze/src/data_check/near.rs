//! Near-duplicates across the two sides of a split.
use std::fmt;

use cloze_corpus::quality::{Likeness, NearDuplicate, near_duplicates};
use cloze_report::text::{one_line, plural};
use serde::Serialize;

/// Number of near-duplicates that are named.
const NAMED: usize = 3;
/// Most characters of a text in a name.
const SHOWN: usize = 40;

/// Text whose near-duplicates are looked for.
#[derive(Clone, Debug)]
pub struct SplitText {
    /// Text; both of a pair with ` | ` between them.
    pub text: String,
    /// Name in messages: `tickets.csv:3`.
    pub name: String,
}

impl SplitText {
    /// Of a text or a pair, named by `place`, or by its beginning where there is none.
    #[must_use]
    pub fn new(text: &str, second: Option<&str>, place: Option<(&str, u64)>) -> Self {
        let text = second.map_or_else(|| text.to_owned(), |second| format!("{text} | {second}"));
        let name = if let Some((path, line)) = place {
            format!("{path}:{line}")
        } else {
            let shown: String = one_line(&text).chars().take(SHOWN).collect();
            format!("{shown:?}")
        };
        Self { text, name }
    }
}

/// Examples of an evaluation that are nearly the same as training examples. Its text is a line without
/// an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearDuplicateSummary {
    /// Name of an example of the evaluation: `test example`.
    #[serde(skip)]
    pub unit: &'static str,
    /// Number of examples of the evaluation.
    pub examples: usize,
    /// Number that have the text of a training example, but for normal form, case and white space.
    pub equal: usize,
    /// Number whose text is nearly that of a training example.
    pub near: usize,
    /// Number whose text lies inside that of a training example, or has it inside.
    pub inside: usize,
    /// Names of the first ones, each with that of a training example: the equal ones first.
    pub first: Vec<[String; 2]>,
    /// Whether the texts are too many to be compared; then nothing is known.
    pub too_many: bool,
}

impl NearDuplicateSummary {
    /// Compares texts of different parts, of which `parts` has the number for each. Those that
    /// `evaluated` names belong to the evaluation.
    #[must_use]
    pub fn of_parts(
        unit: &'static str,
        texts: &[SplitText],
        parts: &[usize],
        evaluated: impl Fn(usize) -> bool,
    ) -> Self {
        let compared: Vec<&str> = texts.iter().map(|text| &*text.text).collect();
        let examples = (0..texts.len()).filter(|&text| evaluated(text)).count();
        let none =
            Self { unit, examples, equal: 0, near: 0, inside: 0, first: vec![], too_many: false };
        let Some(mut found) = near_duplicates(&compared, |text| parts[text], evaluated) else {
            return Self { too_many: true, ..none };
        };
        found.sort_by_key(|found| found.likeness);
        let count = |likeness| found.iter().filter(|found| found.likeness == likeness).count();
        let name = |NearDuplicate { text, like, .. }: &NearDuplicate| {
            [*text, *like].map(|index| texts[index].name.clone())
        };
        Self {
            equal: count(Likeness::Equal),
            near: count(Likeness::Near),
            inside: count(Likeness::Inside),
            first: found.iter().take(NAMED).map(name).collect(),
            ..none
        }
    }

    /// Compares the texts of an evaluation with those of the training data.
    #[must_use]
    pub fn of_test(unit: &'static str, training: &[SplitText], test: &[SplitText]) -> Self {
        let texts = [training, test].concat();
        let parts: Vec<usize> =
            (0..texts.len()).map(|i| usize::from(i >= training.len())).collect();
        Self::of_parts(unit, &texts, &parts, |i| i >= training.len())
    }

    /// Number of examples with a near-duplicate.
    #[must_use]
    pub fn total(&self) -> usize {
        self.equal + self.near + self.inside
    }

    /// Whether this is to be told: there are near-duplicates, or they could not be counted.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.too_many || self.total() > 0
    }
}

impl fmt::Display for NearDuplicateSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unit, examples, equal, near, inside, first, too_many } = self;
        if *too_many {
            return write!(
                f,
                "the texts are too many to compare the {unit}s with the training examples: \
                 near-duplicates are not counted"
            );
        }
        let (all, examples) = (self.total(), plural(*examples as u64, unit));
        if all == 0 {
            return write!(
                f,
                "none of {examples} has a near-duplicate among the training examples"
            );
        }
        let mut kinds = vec![];
        for (count, kind) in
            [(equal, "equal"), (near, "nearly equal"), (inside, "inside one another")]
        {
            if *count > 0 {
                kinds.push(format!("{count} {kind}"));
            }
        }
        let named: Vec<String> = first.iter().map(|[a, b]| format!("{a} ~ {b}")).collect();
        let others = all - first.len();
        let others = if others > 0 { format!(", and {others} more") } else { String::new() };
        write!(
            f,
            "{all} of {examples} have a near-duplicate among the training examples ({}), so their figures are too \
             good: {}{others}",
            kinds.join(", "),
            named.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_duplicates_are_counted_and_named() {
        let text = |(line, text): (u64, &str)| SplitText::new(text, None, Some(("a.csv", line)));
        let training = [
            (1, "Where is my parcel?"),
            (2, "I was charged twice for it, and nobody has answered"),
        ];
        let training = training.map(text);
        let tested = [
            (10, "where is my parcel? "),
            (11, "Where is my parcel now?"),
            (12, "was charged twice"),
            (13, "The weather is fine"),
            (14, "I was charged twice for it, and no one has answered"),
        ];
        let found = NearDuplicateSummary::of_test("test example", &training, &tested.map(text));
        assert_eq!(
            found.to_string(),
            "4 of 5 test examples have a near-duplicate among the training examples (1 equal, 2 nearly \
             equal, 1 inside one another), so their figures are too good: a.csv:10 ~ a.csv:1, a.csv:11 ~ \
             a.csv:1, a.csv:14 ~ a.csv:2, and 1 more"
        );
        let other = [SplitText::new("The weather", Some("is fine"), None)];
        assert_eq!(other[0].name, "\"The weather | is fine\"");
        let none = NearDuplicateSummary::of_test("test example", &training, &other);
        assert!(!none.is_warning());
        let expected = "none of 1 test example has a near-duplicate among the training examples";
        assert_eq!(none.to_string(), expected);
        assert!(!NearDuplicateSummary::of_test("test example", &[], &[]).is_warning());
    }
}
