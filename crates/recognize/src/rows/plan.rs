//! Numbering plans: whether digits are a phone number of a country.
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{LazyLock, OnceLock};

use phonenumber::country::Id;
use phonenumber::metadata::{DATABASE, Metadata};
use regex::Regex;

/// Ranges that numbering plans keep free for films and examples, without the prefix of the country,
/// and the number of their digits.
/// Source: Ofcom, Telephone numbers for drama use; ARCEP, decision 2018-0881; ACMA, Phone numbers
/// for use in fiction; Bundesnetzagentur, Rufnummern für Medienproduktionen; Commission for Communications Regulation (Ireland), 15/136.
const FICTION: [(Id, &str, RangeInclusive<usize>, &[&str]); 5] = [
    (
        Id::GB,
        "44",
        9..=10,
        &[
            "1632960", "113496", "114496", "115496", "116496", "117496", "118496", "121496",
            "131496", "141496", "151496", "161496", "1914980", "2079460", "2890180", "2896496",
            "2920180", "7700900", "8081570", "9098790", "3069990",
        ],
    ),
    (Id::FR, "33", 9..=9, &["19900", "26191", "35301", "46571", "53649", "63998"]),
    (
        Id::AU,
        "61",
        9..=9,
        &["25550", "27010", "35550", "37010", "75550", "77010", "85550", "87010", "491570"],
    ),
    (
        Id::DE,
        "49",
        8..=11,
        &["3023125", "6990009", "4066969", "2214710", "8999998", "1729925904", "1529999", "171392"],
    ),
    (Id::IE, "353", 9..=9, &["2091"]),
];

/// Patterns of the numbers of each country, compiled when first asked for. The library's own check
/// compiles them again and again once more than a hundred are in use.
static PATTERNS: LazyLock<HashMap<String, OnceLock<Option<Regex>>>> =
    LazyLock::new(|| DATABASE.iter().map(|plan| (plan.id().to_owned(), OnceLock::new())).collect());

/// Whether `digits`, a country's code and a number, are one of that country.
pub(super) fn is_international(digits: &str) -> bool {
    let of_films = FICTION.iter().any(|(_, code, lengths, ranges)| {
        digits.strip_prefix(code).is_some_and(|rest| is_of(rest, lengths, ranges))
    });
    of_films
        || (1..=3).any(|length| {
            let Some((code, rest)) = digits.split_at_checked(length) else { return false };
            let plans = code.parse::<u16>().ok().and_then(|code| DATABASE.by_code(&code));
            plans.is_some_and(|plans| plans.into_iter().any(|plan| fits(plan, rest)))
        })
}

/// Whether `digits`, without the prefix within the country, are a number of `region`.
pub(super) fn is_national(region: Id, digits: &str) -> bool {
    let of_films = FICTION
        .iter()
        .any(|(id, _, lengths, ranges)| *id == region && is_of(digits, lengths, ranges));
    of_films || DATABASE.by_id(region.as_ref()).is_some_and(|plan| fits(plan, digits))
}

fn is_of(digits: &str, lengths: &RangeInclusive<usize>, ranges: &[&str]) -> bool {
    lengths.contains(&digits.len()) && ranges.iter().any(|range| digits.starts_with(range))
}

/// Whether `digits` are a number of some kind of the plan: fixed, mobile, free, and so on.
fn fits(plan: &Metadata, digits: &str) -> bool {
    let pattern = PATTERNS
        .get(plan.id())
        .and_then(|pattern| pattern.get_or_init(|| Regex::new(&pattern_of(plan)).ok()).as_ref());
    pattern.is_some_and(|pattern| pattern.is_match(digits))
}

fn pattern_of(plan: &Metadata) -> String {
    let kinds = plan.descriptors();
    let kinds = [
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.toll_free(),
        kinds.premium_rate(),
        kinds.shared_cost(),
        kinds.personal_number(),
        kinds.voip(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
    ];
    let kinds =
        kinds.into_iter().flatten().map(|kind| format!("(?:{})", kind.national_number().as_str()));
    format!("^(?x:{})$", kinds.collect::<Vec<_>>().join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_compiles() {
        let plans: Vec<_> = DATABASE.iter().collect();
        assert!(plans.len() > 200);
        for plan in plans {
            assert!(Regex::new(&pattern_of(plan)).is_ok(), "{}", plan.id());
        }
    }

    #[test]
    fn numbers_of_many_countries() {
        for (digits, expected) in [
            ("12125550123", true),
            ("442079460958", true),
            ("33639981234", true),
            ("41446681800", true),
            ("390669821234", true),
            ("8613912345678", true),
            ("80012345678", true),
            ("41964710795", false),
            ("11125550123", false),
            ("999123456789", false),
            ("1", false),
            ("", false),
        ] {
            assert_eq!(is_international(digits), expected, "{digits}");
        }
        assert!(is_national(Id::US, "2125550123") && !is_national(Id::US, "1125550123"));
    }
}
