//! Numbers given by India and Australia.
use super::NO_ONES;
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::national;

/// Groups with spaces in between are how these numbers are printed.
fn by_form(valid: bool, text: &str) -> Option<Finding> {
    let strength = if text.contains(' ') { Strength::Fair } else { Strength::Weak };
    Finding::validated(valid, strength)
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "in_pan",
        label: "TAX_ID",
        group: Group::Government,
        region: "in",
        source: "Income Tax Department of India, Structure of PAN",
        start: Start::Code,
        pattern: r"[A-Za-z]{5}[0-9]{4}[A-Za-z]",
        edges: Edges::Code,
        check: Check::Text(|text| {
            let capitals = !text.bytes().any(|byte| byte.is_ascii_lowercase());
            let strength = if capitals { Strength::Strong } else { Strength::Weak };
            Finding::plausible(national::pan(text), strength)
        }),
        context: &["pan", "pan card", "pan number", "permanent account number"],
        against: NO_ONES,
        valid: &["PAN {ACUPA7085R}", "{AAPPV8261K}", "pan card no: {acupa7085r}"],
        invalid: &["234123412347", "ABMXA3211G", "ACUPA0000R", "ACUPA7085RX", "acupa7085r"],
        ..Row::EMPTY
    },
    Row {
        name: "in_aadhaar",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "in",
        source: "UIDAI, Aadhaar numbering scheme: Verhoeff's check digit",
        start: Start::Number,
        pattern: r"[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}",
        edges: Edges::Number,
        check: Check::Text(|text| by_form(national::aadhaar(text), text)),
        context: &["aadhaar", "aadhar", "uid", "uidai", "आधार"],
        against: NO_ONES,
        valid: &["Aadhaar {2341 2341 2346}", "{2341 2341 2346}", "aadhar no. {234123412346}"],
        invalid: &[
            "234123412346",
            "Aadhaar 2341 2341 2347",
            "Aadhaar 1234 1234 1234",
            "2222 2222 2222",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "au_tfn",
        label: "TAX_ID",
        group: Group::Government,
        region: "au",
        source: "Australian Taxation Office, tax file numbers: modulo 11",
        start: Start::Number,
        pattern: r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{2,3}|[0-9]{8,9}",
        edges: Edges::Number,
        check: Check::Text(|text| Finding::validated(national::tfn(text), Strength::Weak)),
        context: &["tfn", "tax file number", "tax file no"],
        valid: &["TFN {123 456 782}", "Tax File Number: {123456782}"],
        invalid: &["123 456 782", "TFN 123 456 783"],
        ..Row::EMPTY
    },
    Row {
        name: "au_abn",
        label: "TAX_ID",
        group: Group::Government,
        region: "au",
        source: "Australian Business Register, Format of the ABN: modulo 89",
        start: Start::Number,
        pattern: r"[0-9]{2} [0-9]{3} [0-9]{3} [0-9]{3}|[0-9]{11}",
        edges: Edges::Number,
        check: Check::Text(|text| by_form(national::abn(text), text)),
        context: &["abn", "australian business number"],
        against: NO_ONES,
        valid: &["ABN {83 914 571 673}", "{51 824 753 556}", "ABN: {51824753556}"],
        invalid: &["51824753556", "ABN 51 824 753 557"],
        ..Row::EMPTY
    },
    Row {
        name: "au_medicare",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "au",
        source: "Services Australia; METeOR 270101: weights 1, 3, 7, 9",
        start: Start::Number,
        pattern: r"[2-6][0-9]{3} ?[0-9]{5} ?[0-9](?:[ /-]?[1-9])?",
        edges: Edges::Number,
        check: Check::Text(|text| by_form(national::medicare(text), text)),
        context: &["medicare", "medicare number", "medicare no", "medicare card"],
        against: NO_ONES,
        valid: &["Medicare {2123 45670 1}", "Medicare: {2123456701}", "{2123 45670 1/2}"],
        invalid: &["2123456701", "Medicare 2123 45671 1", "Medicare 7123 45670 1"],
        ..Row::EMPTY
    },
];
