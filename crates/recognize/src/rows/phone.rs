//! Phone numbers.
use phonenumber::country::Id;

use super::NO_ONES;
use super::documents::digits_of;
use super::phone_words::{CONTEXT, NAMED};
use super::plan::{is_international, is_national};
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

/// Regions whose national numbers are found, each with its prefix within the country (none where it
/// is dialled without), and the least and greatest number of digits behind it.
const PLANS: [(&str, Id, &str, usize, usize); 21] = [
    ("us", Id::US, "", 10, 10),
    ("ca", Id::CA, "", 10, 10),
    ("uk", Id::GB, "0", 9, 10),
    ("ie", Id::IE, "0", 7, 10),
    ("de", Id::DE, "0", 5, 13),
    ("fr", Id::FR, "0", 9, 9),
    ("es", Id::ES, "", 9, 9),
    ("it", Id::IT, "", 6, 11),
    ("nl", Id::NL, "0", 9, 9),
    ("at", Id::AT, "0", 5, 13),
    ("ch", Id::CH, "0", 9, 9),
    ("au", Id::AU, "0", 9, 9),
    ("nz", Id::NZ, "0", 8, 10),
    ("in", Id::IN, "0", 10, 10),
    ("be", Id::BE, "0", 8, 9),
    ("pt", Id::PT, "", 9, 9),
    ("pl", Id::PL, "", 9, 9),
    ("se", Id::SE, "0", 7, 10),
    ("no", Id::NO, "", 8, 8),
    ("dk", Id::DK, "", 8, 8),
    ("br", Id::BR, "", 10, 11),
];

/// The region of phone numbers that `name` stands for.
pub(crate) fn region(name: &str) -> Option<Id> {
    PLANS.iter().find(|plan| plan.0 == name).map(|plan| plan.1)
}

/// Names of the regions of phone numbers.
pub(crate) fn regions() -> impl Iterator<Item = &'static str> {
    PLANS.iter().map(|plan| plan.0)
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "phone",
        label: "PHONE",
        group: Group::Contact,
        source: "ITU-T E.164; the numbering plans of libphonenumber",
        start: Start::Signed,
        pattern: r"(?:\+ ?|\(\+|\()?[0-9](?:[ .\-/()]{0,3}[0-9]){5,16}(?:[,;]? ?(?i:x|ext\.?|extension|durchwahl|#) ?[0-9]{1,6})?",
        edges: Edges::Phone,
        check: Check::Phone(phone),
        context: CONTEXT,
        behind: true,
        against: NO_ONES,
        valid: &[
            "Call {+1 (212) 555-0123}, {(212) 555-0142} or {212-555-0187}.",
            "{+44 20 7946 0958}; {020 7946 0958}; {+44 (0)20 7946 0958}",
            "{+353 1 800 0000}, {+49 30 23125 046}, {030 23125 046}",
            "tel {+33 1 99 00 12 34} {06 39 98 12 34}",
            "{+34 912 345 678}, móvil {612 345 678}",
            "{+39 06 6982 1234} {+31 20 123 4567} {020-1234567}",
            "{+43 1 234567890} {+41 44 668 18 00}",
            "{+61 2 5550 1234}, {(02) 5550 1234}, {0491 570 156}",
            "{+64 21 123 4567} and {+91 98765 43210}",
            "{212.555.0123}; {0044 20 7946 0958}",
            "{212-555-0187 ext. 12}",
            "电话{+86 139 1234 5678}。",
        ],
        invalid: &[
            "12.03.1980",
            "2024-01-02",
            "1,234,567,890",
            "ISBN 0-306-40615-2",
            "$212-555-0123",
            "550e8400-e29b-41d4-a716-446655440000",
            "10.0.0.1",
            "192.168.100.200",
            "order 2125550123",
            "12:34:56.789012",
            "01.02.2003",
            "978-3-16-148410-0",
            "1.234.567.890",
            "2019-2024",
            "123-45-6789",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "phone_in_context",
        label: "PHONE",
        group: Group::Contact,
        source: "digits behind a word for a phone, of no known numbering plan",
        start: Start::Signed,
        pattern: r"(?:\+ ?|\(\+|\()?[0-9](?:[ .\-/()]{0,3}[0-9]){5,16}(?:[,;]? ?(?i:x|ext\.?|extension|#) ?[0-9]{1,6})?",
        edges: Edges::Phone,
        check: Check::Text(|text| {
            let digits = digits_of(text);
            let plain = (6..=16).contains(&digits) && !super::dates::is_date(text);
            Finding::plausible(plain && balanced(text), Strength::Weak)
        }),
        context: NAMED,
        close: true,
        behind: true,
        against: NO_ONES,
        valid: &[
            "Phone:\n{60-56-85-91}",
            "Contact phone: {01632 960183}",
            "tel. {(37) 788-063}",
            "{781 1704} office",
        ],
        invalid: &[
            "60-56-85-91",
            "contact lens 12 345 678",
            "signal 12 345 678",
            "phone bill of 12.03.1980",
            "call 12345",
        ],
        ..Row::EMPTY
    },
];

fn balanced(text: &str) -> bool {
    text.matches('(').count() == text.matches(')').count()
}

/// A number of a numbering plan: international for sure, national by the plans of `regions`. Those
/// that other numbers look like are asked for in context only, since plans are slow to look up.
fn phone(text: &str, regions: &[Id], in_context: bool) -> Option<Finding> {
    let number = text.split(['x', 'X', 'e', 'E', 'd', 'D', '#', ',', ';']).next()?.trim();
    if !balanced(number) || super::dates::is_date(number) {
        return None;
    }
    let plain = number.replace("(0)", "");
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    if !(6..=15).contains(&digits.len()) {
        return None;
    }
    let groups = number.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    let groups: Vec<usize> = groups.map(str::len).collect();
    if number.starts_with(['+']) || number.starts_with("(+") {
        if is_international(&digits) {
            return Finding::validated(true, Strength::Sure);
        }
        // What follows may be another number.
        let ends = groups.iter().scan(0, |end, group| {
            *end += group;
            Some(*end)
        });
        if ends.take(groups.len() - 1).any(|end| end > 7 && is_international(&digits[..end])) {
            return None;
        }
        // A sign of dialling abroad, but no number of the plan: mistyped, invented or too new.
        return Finding::plausible(digits.len() >= 8 && !digits.starts_with('0'), Strength::Strong);
    }
    if let Some(abroad) = digits.strip_prefix("00")
        && !abroad.starts_with('0')
        && !number.starts_with("00-")
        && is_international(abroad)
    {
        return Finding::validated(true, Strength::Strong);
    }
    if !as_a_phone(number, &groups) {
        return None;
    }
    let row = PLANS.iter().find(|&&(name, id, prefix, least, most)| {
        let Some(rest) = digits.strip_prefix(prefix) else { return false };
        let rest = if id == Id::US || id == Id::CA {
            rest.strip_prefix('1').unwrap_or(rest)
        } else {
            rest
        };
        regions.contains(&id)
            && (least..=most).contains(&rest.len())
            && fits(id, number, &digits, &groups)
            && (in_context || strength(name, number, &groups) > Strength::Weak)
            && is_national(id, rest)
    });
    row.and_then(|(name, ..)| Finding::plausible(true, strength(name, number, &groups)))
}

/// Evidence that the form of a national number of the region `name` gives.
fn strength(name: &str, number: &str, groups: &[usize]) -> Strength {
    match (groups.len(), name) {
        (1, _) => Strength::Weak,
        (_, "us" | "ca" | "uk" | "fr" | "au" | "ie" | "nl") => Strength::Strong,
        // Countries whose numbers begin with any digit look like other numbers in groups.
        _ if number.starts_with(['0', '(']) => Strength::Fair,
        _ => Strength::Weak,
    }
}

/// Whether groups of digits are written as phones are: not one digit after another, not a decimal
/// point in thousands, not a book's number.
fn as_a_phone(number: &str, groups: &[usize]) -> bool {
    let single = groups.iter().skip(1).any(|&group| group == 1);
    let thousands =
        number.contains('.') && groups.len() > 1 && groups[1..].iter().all(|&group| group == 3);
    let lonely = groups[0] == 1 && groups.len() > 1 && !number.starts_with(['1', '0']);
    let points = groups[0] <= 3 && number.matches('.').count() == groups.len() - 1;
    let book = groups[0] == 1 && number.starts_with("0-");
    !(single || lonely || book || thousands && points)
}

/// Whether a number is in the groups of its country, where these are fixed.
fn fits(region: Id, number: &str, digits: &str, groups: &[usize]) -> bool {
    match region {
        Id::US | Id::CA => match groups {
            [10] | [3, 3, 4] => true,
            [1, 3, 3, 4] => digits.starts_with('1'),
            [11] => digits.starts_with('1') && number.starts_with('1'),
            _ => false,
        },
        Id::FR => groups.len() == 1 || *groups == [2, 2, 2, 2, 2],
        Id::ES | Id::PL | Id::PT => matches!(groups, [9] | [3, 3, 3] | [3, 2, 2, 2] | [2, 3, 2, 2]),
        Id::NO | Id::DK => matches!(groups, [8] | [2, 2, 2, 2] | [3, 2, 3]),
        Id::IT => digits.starts_with(['0', '3']) && digits.len() >= 8,
        Id::BR => number.starts_with('('),
        Id::IN => matches!(groups, [10 | 11] | [5 | 6, 5] | [1, 10] | [3, 8] | [4, 7] | [4, 3, 4]),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_decide_which_national_numbers_are_found() {
        for (text, region, expected) in [
            ("(212) 555-0142", Id::US, true),
            ("(212) 555-0142", Id::GB, false),
            ("020 7946 0958", Id::GB, true),
            ("020 7946 0958", Id::US, false),
            ("06 39 98 12 34", Id::FR, true),
            ("06 39 98 12 34", Id::US, false),
        ] {
            assert_eq!(phone(text, &[region], true).is_some(), expected, "{text} {region:?}");
        }
        // An international number is one in every region.
        assert!(phone("+44 20 7946 0958", &[], false).is_some_and(|finding| finding.validated));
        // One of no plan is still written as a phone number.
        assert!(phone("+41 (0)96 471 07 95", &[], false).is_some_and(|finding| !finding.validated));
    }

    #[test]
    fn odd_texts_are_none() {
        for text in
            ["", "+", "((((((", "0000000000", "+0000000000", "999999999999999", "(212 555-0142"]
        {
            assert_eq!(phone(text, &[Id::US, Id::DE], true), None, "{text}");
        }
    }
}
