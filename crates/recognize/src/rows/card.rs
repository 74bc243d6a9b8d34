//! Payment cards.
use super::NO_ONES;
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::others;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "card",
        label: "CREDIT_CARD",
        group: Group::Bank,
        source: "ISO/IEC 7812-1: issuers' first digits, Luhn's check digit in annex B",
        start: Start::Number,
        pattern: r"[0-9](?:[ -]?[0-9]){11,18}",
        edges: Edges::Card,
        check: Check::Text(card),
        context: CONTEXT,
        against: NO_ONES,
        valid: &[
            "Card: {4111 1111 1111 1111}.",
            "{5555-5555-5555-4444}, {378282246310005}",
            "Amex {3782 822463 10005}; {6011111111111117}",
            "{4111 1111 1111 1111} 123 12/30",
            "卡号{４１１１１１１１１１１１１１１１}。",
        ],
        invalid: &[
            "4111 1111 1111 1112",
            "order 4111111111111111",
            "41111111111111111111111",
            "4111-1111-1111-1111-1",
            "411 111111111111 1",
            "€4111111111111111",
            "4111111111111111.25",
            "ISBN 978-3-16-148410-0",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "card_in_context",
        label: "CREDIT_CARD",
        group: Group::Bank,
        source: "ISO/IEC 7812-1: Luhn's check digit alone, beside a word for a card",
        start: Start::Number,
        pattern: r"[0-9](?:[ -]?[0-9]){11,18}",
        edges: Edges::Card,
        check: Check::Text(|text| Finding::validated(others::luhn_number(text), Strength::Weak)),
        context: CONTEXT,
        against: NO_ONES,
        valid: &["card number {7000 0000 0000 0005}"],
        invalid: &["7000 0000 0000 0005", "card number 7000 0000 0000 0006"],
        ..Row::EMPTY
    },
    Row {
        name: "card_code",
        label: "CREDIT_CARD",
        group: Group::Bank,
        source: "ISO/IEC 7813: three or four digits beside a word for a card's security code",
        start: Start::Number,
        pattern: "[0-9]{3,4}",
        edges: Edges::Number,
        check: Check::Text(|_| Finding::plausible(true, Strength::Weak)),
        context: &[
            "cvv",
            "cvv2",
            "cvc",
            "cvc2",
            "cvv code",
            "cvc code",
            "csc",
            "security code",
            "card code",
            "verification code of the card",
            "prüfnummer",
            "prüfziffer",
            "kartenprüfnummer",
            "sicherheitscode",
            "code de sécurité",
            "cryptogramme",
            "cryptogramme visuel",
            "código de seguridad",
            "codice di sicurezza",
            "beveiligingscode",
            "código de segurança",
            "kod cvv",
        ],
        close: true,
        valid: &[
            "CVV {123}",
            "security code: {0123}",
            "\"cvc\": \"{123}\"",
            "Kartenprüfnummer {123}",
        ],
        invalid: &["123", "CVV 12345", "the security code of page 5, 123"],
        ..Row::EMPTY
    },
];

const CONTEXT: &[&str] = &[
    "card",
    "credit card",
    "debit card",
    "card number",
    "card no",
    "cc",
    "visa",
    "mastercard",
    "amex",
    "american express",
    "discover",
    "maestro",
    "pan",
    "kreditkarte",
    "kartennummer",
    "karte",
    "carte",
    "carte bancaire",
    "carte bleue",
    "numéro de carte",
    "tarjeta",
    "número de tarjeta",
    "carta di credito",
    "carta",
    "creditcard",
    "kaart",
    "kaartnummer",
    "cartão",
    "karta",
    "卡号",
    "信用卡",
    "カード",
];

/// A card in one piece, or in the groups that are printed: fours, or 4-6-5 and 4-6-4.
fn card(text: &str) -> Option<Finding> {
    let groups: Vec<usize> = text.split([' ', '-']).map(str::len).collect();
    let fours = |groups: &[usize]| match groups {
        [first @ .., last] => first.iter().all(|&group| group == 4) && (1..=4).contains(last),
        [] => false,
    };
    let printed = groups.len() == 1 || matches!(groups[..], [4, 6, 5 | 4]) || fours(&groups);
    let digits = groups.iter().sum::<usize>();
    let strength = if digits == 16 || digits == 15 { Strength::Strong } else { Strength::Fair };
    Finding::validated(printed && others::card(text), strength)
}
