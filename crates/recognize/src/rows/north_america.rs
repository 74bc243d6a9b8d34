//! Numbers given by the United States and Canada.
use super::NO_ONES;
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::national;

/// Nine digits with the hyphens of their kind are unusual, others are not.
fn by_form(valid: bool, text: &str, validated: bool) -> Option<Finding> {
    let strength = match text.bytes().filter(|byte| !byte.is_ascii_digit()).count() {
        0 => Strength::Weak,
        _ if text.contains('-') => Strength::Strong,
        _ => Strength::Fair,
    };
    valid.then_some(Finding { strength, validated })
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "us_ssn",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "us",
        source: "Social Security Administration, Social Security Number Randomization (2011)",
        start: Start::Number,
        pattern: r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3} [0-9]{2} [0-9]{4}|[0-9]{9}",
        edges: Edges::Number,
        check: Check::Text(|text| by_form(national::ssn(text), text, false)),
        context: &[
            "ssn",
            "social security",
            "social security number",
            "social security no",
            "ss#",
            "ssn#",
            "social",
        ],
        against: NO_ONES,
        valid: &[
            "on file: {536-90-4399}",
            "SSN {536904399}",
            "social security number: {536 90 4399}",
        ],
        invalid: &[
            "000-12-3456",
            "666-12-3456",
            "536-00-4399",
            "536904399",
            "order 536-90-4399",
            "536-90-4399-1",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "us_itin",
        label: "TAX_ID",
        group: Group::Government,
        region: "us",
        source: "Internal Revenue Manual 3.21.263: 9xx, groups 70 to 99 but 89 and 93",
        start: Start::Number,
        pattern: r"9[0-9]{2}-[0-9]{2}-[0-9]{4}|9[0-9]{2} [0-9]{2} [0-9]{4}|9[0-9]{8}",
        edges: Edges::Number,
        check: Check::Text(|text| by_form(national::itin(text), text, false)),
        context: &[
            "itin",
            "individual taxpayer",
            "individual taxpayer identification number",
            "taxpayer",
        ],
        against: NO_ONES,
        valid: &["ITIN {912-90-3456}", "{912-90-3456}", "ITIN: {912903456}"],
        invalid: &["912-89-3456", "912-93-3456", "812-90-3456", "912903456"],
        ..Row::EMPTY
    },
    Row {
        name: "us_ein",
        label: "TAX_ID",
        group: Group::Government,
        region: "us",
        source: "IRS, How EINs are assigned and valid EIN prefixes",
        start: Start::Number,
        pattern: r"[0-9]{2}-[0-9]{7}|[0-9]{9}",
        edges: Edges::Number,
        check: Check::Text(|text| {
            Finding::plausible(
                national::ein(text),
                if text.contains('-') { Strength::Fair } else { Strength::Weak },
            )
        }),
        context: &[
            "ein",
            "fein",
            "employer identification",
            "employer identification number",
            "federal tax id",
            "tax id",
        ],
        against: NO_ONES,
        valid: &["EIN: {91-1144442}", "{04-2103594}", "Tax ID {042103594}"],
        invalid: &["07-1144442", "042103594", "order 04-2103594", "04-2103594-1"],
        ..Row::EMPTY
    },
    Row {
        name: "us_aba",
        label: "ROUTING_NUMBER",
        group: Group::Bank,
        region: "us",
        source: "ABA, Routing Number Policy: weights 3, 7, 1",
        start: Start::Number,
        pattern: r"[0-9]{9}|[0-9]{4}-[0-9]{4}-[0-9]",
        edges: Edges::Number,
        check: Check::Text(|text| Finding::validated(national::aba(text), Strength::Weak)),
        context: &[
            "aba",
            "routing",
            "routing number",
            "routing no",
            "rtn",
            "aba routing",
            "transit",
            "ach",
            "wire",
        ],
        valid: &["ABA routing number {111000025}", "Routing: {1110-0002-5}"],
        invalid: &["111000025", "routing 112000025", "routing 11100002"],
        ..Row::EMPTY
    },
    Row {
        name: "ca_sin",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "ca",
        source: "Employment and Social Development Canada; Luhn's check digit",
        start: Start::Number,
        pattern: r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}|[0-9]{9}",
        edges: Edges::Number,
        check: Check::Text(|text| Finding::validated(national::sin(text), Strength::Weak)),
        context: &[
            "sin",
            "social insurance",
            "social insurance number",
            "nas",
            "numéro d'assurance sociale",
        ],
        valid: &["SIN {123-456-782}", "NAS : {123 456 782}"],
        invalid: &["123-456-782", "SIN 123-456-783", "SIN 823-456-785"],
        ..Row::EMPTY
    },
];
