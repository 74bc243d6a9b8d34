//! Numbers that python-stdnum accepts and refuses: `data/make_checksums.py` makes them.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::collections::BTreeMap;
use std::path::Path;

use cloze_recognize::{RecognizerParams, Recognizers, Validator};

#[derive(serde::Deserialize)]
struct Numbers {
    valid: Vec<String>,
    invalid: Vec<String>,
}

fn numbers() -> BTreeMap<String, Numbers> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/checksums.json");
    serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn validators_agree_with_python_stdnum() {
    let numbers = numbers();
    assert_eq!(numbers.len(), 21);
    for (kind, numbers) in numbers {
        let validator: Validator = kind.parse().unwrap();
        assert_eq!((numbers.valid.len(), numbers.invalid.len()), (500, 500), "{kind}");
        for number in &numbers.valid {
            assert!(validator.is_valid(number), "{kind} {number}");
        }
        for number in &numbers.invalid {
            assert!(!validator.is_valid(number), "{kind} {number}");
        }
    }
}

/// The recogniser of each kind and a word of its context.
const RECOGNIZERS: [(&str, &str, &str); 20] = [
    ("aadhaar", "in_aadhaar", "Aadhaar"),
    ("aba", "us_aba", "routing number"),
    ("abn", "au_abn", "ABN"),
    ("bitcoin", "bitcoin", "to"),
    ("bsn", "nl_bsn", "BSN"),
    ("card", "card", "card"),
    ("codice-fiscale", "it_codice_fiscale", "C.F."),
    ("dni", "es_dni", "DNI"),
    ("iban", "iban", "IBAN"),
    ("medicare", "au_medicare", "Medicare"),
    ("nhs", "uk_nhs", "NHS number"),
    ("nie", "es_nie", "NIE"),
    ("nir", "fr_nir", "NIR"),
    ("pesel", "pl_pesel", "PESEL"),
    ("sin", "ca_sin", "SIN"),
    ("sozialversicherung", "de_sozialversicherung", "SV-Nummer"),
    ("steuer-id", "de_steuer_id", "Steuer-ID"),
    ("tfn", "au_tfn", "TFN"),
    ("utr", "uk_utr", "UTR"),
    ("vin", "vin", "VIN"),
];

/// Each number whole in its sentence, and no near-miss confirmed; only vehicles, whose check digit
/// Europe does not use, are found by context without it.
#[test]
fn recognisers_find_valid_numbers_whole_and_confirm_no_near_miss() {
    let numbers = numbers();
    let mut wrong = vec![];
    for (kind, name, word) in RECOGNIZERS {
        let recognizers =
            Recognizers::new(RecognizerParams::new().recognizers([name]).check().unwrap());
        for (number, valid) in numbers[kind]
            .valid
            .iter()
            .map(|number| (number, true))
            .chain(numbers[kind].invalid.iter().map(|number| (number, false)))
        {
            let text = format!("It is on file ({word}: {number}), they said.");
            let matches = recognizers.find(&text);
            let whole = matches.len() == 1
                && matches[0].span.of(&text) == Some(number)
                && matches[0].validated;
            let confirmed = matches.iter().any(|found| found.validated);
            let only_by_context = kind == "vin" && !confirmed;
            if if valid { !whole } else { !matches.is_empty() && !only_by_context } {
                wrong.push(format!("{kind} {number} {valid}: {matches:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

/// Spaces and hyphens where they are printed change nothing.
#[test]
fn separators_are_part_of_the_match() {
    let numbers = numbers();
    let groups: [(&str, &str, &[usize], &str); 6] = [
        ("iban", "iban", &[4, 4, 4, 4, 4, 4, 4, 4, 4], " "),
        ("aadhaar", "in_aadhaar", &[4, 4, 4], " "),
        ("nhs", "uk_nhs", &[3, 3, 4], " "),
        ("steuer-id", "de_steuer_id", &[2, 3, 3, 3], " "),
        ("nir", "fr_nir", &[1, 2, 2, 2, 3, 3, 2], " "),
        ("abn", "au_abn", &[2, 3, 3, 3], " "),
    ];
    for (kind, name, groups, separator) in groups {
        let recognizers =
            Recognizers::new(RecognizerParams::new().recognizers([name]).check().unwrap());
        for number in &numbers[kind].valid {
            let (mut rest, mut parts) = (number.as_str(), vec![]);
            for &group in groups {
                let (part, after) = rest.split_at(group.min(rest.len()));
                rest = after;
                parts.extend((!part.is_empty()).then_some(part));
            }
            let printed = parts.join(separator);
            let text = format!("Number: {printed}.");
            let matches = recognizers.find(&text);
            assert_eq!(matches.len(), 1, "{kind} {text} {matches:?}");
            assert_eq!(matches[0].span.of(&text), Some(printed.as_str()), "{kind}");
            assert!(matches[0].validated);
        }
    }
}
