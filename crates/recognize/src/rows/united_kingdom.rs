//! Numbers given by the United Kingdom.
use super::NO_ONES;
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::national;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "uk_nino",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "uk",
        source: "HMRC, National Insurance Manual NIM39110; QQ is the prefix of examples",
        start: Start::Code,
        pattern: r"[A-Za-z]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-Da-d]",
        edges: Edges::Code,
        check: Check::Text(nino),
        context: &[
            "nino",
            "ni",
            "ni number",
            "ni no",
            "national insurance",
            "national insurance number",
            "n.i.",
        ],
        valid: &[
            "NI number {QQ 12 34 56 C}",
            "{AB123456C}.",
            "{AB 12 34 56 C}",
            "nino: {ab123456c}",
        ],
        invalid: &[
            "BG123456C",
            "AB123456E",
            "DA123456C",
            "AB123456CD",
            "QQ 12 34 56 C",
            "ab123456c",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "uk_nhs",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "uk",
        source: "NHS data dictionary, NHS NUMBER: modulo 11",
        start: Start::Number,
        pattern: r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}|[0-9]{10}",
        edges: Edges::Number,
        check: Check::Text(|text| {
            let strength = if text.contains(' ') { Strength::Fair } else { Strength::Weak };
            Finding::validated(national::nhs(text), strength)
        }),
        context: &["nhs", "nhs number", "nhs no", "patient", "h&c number", "chi"],
        against: &[
            "phone",
            "tel",
            "telephone",
            "mobile",
            "call",
            "fax",
            "order",
            "invoice",
            "ticket",
        ],
        valid: &[
            "NHS number: {943 476 5870}",
            "NHS no {9434765870}",
            "{999 000 0018}",
            "nhs {943-476-5870}",
        ],
        invalid: &["9434765870", "NHS 943 476 5871", "call 943 476 5870"],
        ..Row::EMPTY
    },
    Row {
        name: "uk_utr",
        label: "TAX_ID",
        group: Group::Government,
        region: "uk",
        source: "OECD, Tax identification numbers, United Kingdom",
        start: Start::Number,
        pattern: r"[0-9]{5} [0-9]{5}|[0-9]{10}K?",
        edges: Edges::Number,
        check: Check::Text(|text| Finding::validated(national::utr(text), Strength::Weak)),
        context: &[
            "utr",
            "unique taxpayer reference",
            "tax reference",
            "self assessment",
            "unique tax reference",
        ],
        against: NO_ONES,
        valid: &["UTR {1955839661}", "Unique Taxpayer Reference: {19558 39661}"],
        invalid: &["1955839661", "UTR 2955839661"],
        ..Row::EMPTY
    },
];

fn nino(text: &str) -> Option<Finding> {
    let example = text.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("qq"));
    let valid = national::nino(text) || example && national::nino(&format!("AB{}", &text[2..]));
    let capitals = !text.bytes().any(|byte| byte.is_ascii_lowercase());
    let strength = if capitals && !example { Strength::Strong } else { Strength::Weak };
    Finding::plausible(valid, strength)
}
