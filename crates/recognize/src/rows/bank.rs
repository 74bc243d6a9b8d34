//! Accounts and banks.
use super::NO_ONES;
use super::documents::{ID, begins_with_word, digits_of};
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::{iban, others};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "iban",
        label: "BANK_ACCOUNT",
        group: Group::Bank,
        source: "ISO 13616-1; SWIFT IBAN registry, release 101",
        start: Start::Code,
        pattern: r"[A-Za-z]{2} ?[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,31}",
        edges: Edges::Code,
        measure: Some(iban_length),
        check: Check::Text(|text| Finding::validated(iban::is_valid(text), Strength::Sure)),
        context: &["iban", "account", "konto", "compte", "cuenta", "conto", "rekening"],
        valid: &[
            "IBAN {DE89 3704 0044 0532 0130 00} BIC",
            "{GB29NWBK60161331926819}, {gb29nwbk60161331926819}.",
            "{NL91ABNA0417164300} and {FR14-2004-1010-0505-0001-3M02-606}",
            "Konto: {DE89370400440532013000}",
        ],
        invalid: &["DE88370400440532013000", "XDE89370400440532013000", "DE89370400440532013000X"],
        ..Row::EMPTY
    },
    Row {
        name: "bic",
        label: "ROUTING_NUMBER",
        group: Group::Bank,
        source: "ISO 9362",
        start: Start::Code,
        pattern: r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?",
        edges: Edges::Code,
        check: Check::Text(|text| Finding::plausible(others::bic(text), Strength::Weak)),
        context: &[
            "bic",
            "swift",
            "swift code",
            "bic code",
            "bic/swift",
            "swift-bic",
            "iban",
            "bank code",
        ],
        valid: &[
            "BIC: {DEUTDEFF500}",
            "SWIFT {NWBKGB2L}.",
            "name,bic\nAnn,{DEUTDEFF}",
            "IBAN DE89 3704 0044 0532 0130 00, {COBADEFF}",
        ],
        invalid: &["DEUTDEFF", "BIC: DEUTZZFF", "THE BUSINESS"],
        ..Row::EMPTY
    },
    Row {
        name: "sort_code",
        label: "ROUTING_NUMBER",
        group: Group::Bank,
        region: "uk",
        source: "Pay.UK, sort codes: three pairs of digits",
        start: Start::Number,
        pattern: r"[0-9]{2}-[0-9]{2}-[0-9]{2}|[0-9]{2} [0-9]{2} [0-9]{2}|[0-9]{6}",
        edges: Edges::Number,
        check: Check::Text(|_| Finding::plausible(true, Strength::Weak)),
        context: &["sort code", "sortcode", "s/c", "bank code"],
        valid: &["sort code {00-55-50}", "Sort-Code: {005550}, account"],
        invalid: &["on 12-05-80", "sort code 00-55-50-1"],
        ..Row::EMPTY
    },
    Row {
        name: "sort_code_account",
        label: "BANK_ACCOUNT",
        group: Group::Bank,
        region: "uk",
        source: "Pay.UK, sort codes and account numbers of eight digits",
        start: Start::Number,
        pattern: r"[0-9]{2}-[0-9]{2}-[0-9]{2}[ /]{1,3}[0-9]{8}",
        edges: Edges::Number,
        check: Check::Text(|_| Finding::plausible(true, Strength::Fair)),
        context: &["sort code", "bank", "account", "pay", "bacs"],
        against: NO_ONES,
        valid: &["pay {00-55-50 00555012} today", "{00-55-50 / 00555012}"],
        invalid: &["00-55-50 0055501"],
        ..Row::EMPTY
    },
    Row {
        name: "routing_number",
        label: "ROUTING_NUMBER",
        group: Group::Bank,
        source: "numbers of banks behind a word for one, of any country; no check digit is asked for",
        start: Start::Number,
        pattern: r"[0-9]{2,9}(?:[ -][0-9]{2,6}){0,3}",
        edges: Edges::Number,
        check: Check::Text(|text| {
            Finding::plausible((5..=9).contains(&digits_of(text)), Strength::Weak)
        }),
        context: &[
            "routing number",
            "routing no",
            "routing",
            "aba",
            "rtn",
            "transit number",
            "bsb",
            "blz",
            "bankleitzahl",
            "ifsc",
            "clearing number",
            "institution number",
            "code banque",
        ],
        close: true,
        valid: &["ABA routing no. {000000417}", "BSB: {000-555}", "BLZ {500 100 00}"],
        invalid: &["routing table 12", "routing number: see 2024-01-02T10:00"],
        ..Row::EMPTY
    },
    Row {
        name: "account_number",
        label: "BANK_ACCOUNT",
        group: Group::Bank,
        source: "numbers of accounts behind a word for one, of any country; no check digit is asked for",
        start: Start::Either,
        pattern: ID,
        edges: Edges::Number,
        check: Check::Text(|text| {
            let some = (5..=30).contains(&digits_of(text));
            Finding::plausible(some && !begins_with_word(text), Strength::Weak)
        }),
        context: &[
            "account number",
            "account no",
            "acct no",
            "acct number",
            "acct",
            "account",
            "a/c",
            "account #",
            "acc no",
            "iban",
            "kontonummer",
            "konto",
            "konto nr",
            "kontonr",
            "numéro de compte",
            "compte",
            "rib",
            "número de cuenta",
            "cuenta",
            "numero di conto",
            "conto",
            "rekeningnummer",
            "rekening",
            "número da conta",
            "conta",
            "numer konta",
            "bank account",
        ],
        close: true,
        against: &[
            "account executive",
            "account manager",
            "per account",
            "order",
            "invoice",
            "rechnung",
            "ticket",
        ],
        valid: &[
            "account no. {0005550134677}",
            "Account number: {000-5550-118}",
            "account IBAN {NL00 TEST 0555 0123 45}.",
            "IBAN: {DE00 5001 0000 0123 4555 01}",
            "Kontonummer {5320130}",
        ],
        invalid: &["account 42", "your account, 20 of 30", "the account was opened in 2019"],
        ..Row::EMPTY
    },
];

/// Length of the IBAN that `text` begins with, by its country.
fn iban_length(text: &str) -> usize {
    let compact: String = text.chars().filter(|&c| c != ' ' && c != '-').take(2).collect();
    let Some(mut left) = iban::length(&compact) else { return 0 };
    for (i, c) in text.char_indices() {
        left -= usize::from(c != ' ' && c != '-');
        if left == 0 {
            return i + c.len_utf8();
        }
    }
    0
}
