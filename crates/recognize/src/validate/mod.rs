//! Validators: whether a number is one that its issuer could have given out.
//!
//! Each is a pure function of the text, takes the separators that people write, and is listed in
//! [`Validator`] by name.
mod calendar;
mod checksum;
pub(crate) mod iban;
pub(crate) mod italy;
pub(crate) mod national;
pub(crate) mod others;

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

pub(crate) use calendar::is_day;
pub(crate) use others::is_country;

use crate::error::RecognizeError;

/// A check of numbers of one kind, by name.
#[derive(Clone, Copy)]
pub struct Validator {
    name: &'static str,
    check: fn(&str) -> bool,
}

/// Every validator, sorted by name.
const VALIDATORS: &[Validator] = &[
    Validator { name: "aadhaar", check: national::aadhaar },
    Validator { name: "aba", check: national::aba },
    Validator { name: "abn", check: national::abn },
    Validator { name: "bic", check: others::bic },
    Validator { name: "bitcoin", check: others::bitcoin },
    Validator { name: "bsn", check: national::bsn },
    Validator { name: "card", check: others::card },
    Validator { name: "codice-fiscale", check: italy::codice_fiscale },
    Validator { name: "dni", check: national::dni },
    Validator { name: "ein", check: national::ein },
    Validator { name: "ethereum", check: others::ethereum },
    Validator { name: "iban", check: iban::is_valid },
    Validator { name: "ipv4", check: others::ipv4 },
    Validator { name: "ipv6", check: others::ipv6 },
    Validator { name: "itin", check: national::itin },
    Validator { name: "luhn", check: others::luhn_number },
    Validator { name: "medicare", check: national::medicare },
    Validator { name: "nhs", check: national::nhs },
    Validator { name: "nie", check: national::nie },
    Validator { name: "nino", check: national::nino },
    Validator { name: "nir", check: national::nir },
    Validator { name: "pan", check: national::pan },
    Validator { name: "pesel", check: national::pesel },
    Validator { name: "sin", check: national::sin },
    Validator { name: "sozialversicherung", check: national::sozialversicherung },
    Validator { name: "ssn", check: national::ssn },
    Validator { name: "steuer-id", check: national::steuer_id },
    Validator { name: "tfn", check: national::tfn },
    Validator { name: "utr", check: national::utr },
    Validator { name: "vin", check: others::vin },
];

impl Validator {
    /// Names of all validators, sorted.
    pub fn names() -> impl Iterator<Item = &'static str> {
        VALIDATORS.iter().map(|validator| validator.name)
    }

    /// Name of this one.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Whether `text`, a number with or without its usual separators, passes.
    ///
    /// ```
    /// let luhn: cloze_recognize::Validator = "luhn".parse()?;
    /// assert!(luhn.is_valid("4111 1111 1111 1111"));
    /// assert!(!luhn.is_valid("4111 1111 1111 1112"));
    /// # Ok::<(), cloze_recognize::RecognizeError>(())
    /// ```
    #[must_use]
    pub fn is_valid(self, text: &str) -> bool {
        (self.check)(text)
    }
}

impl FromStr for Validator {
    type Err = RecognizeError;

    fn from_str(name: &str) -> Result<Self, RecognizeError> {
        VALIDATORS
            .iter()
            .find(|validator| validator.name == name)
            .copied()
            .ok_or_else(|| RecognizeError::unknown("validator", name, Self::names()))
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validator({})", self.name)
    }
}

impl PartialEq for Validator {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// `text` without the characters of `separators`.
pub(crate) fn compact(text: &str, separators: &str) -> String {
    text.chars().filter(|&c| !separators.contains(c)).collect()
}

/// Decimal digits of `text`, as numbers, without `separators`; `None` if there is another character
/// or their count is not within `lengths`.
pub(crate) fn digits(
    text: &str,
    separators: &str,
    lengths: RangeInclusive<usize>,
) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|&c| !separators.contains(c))
        .map(|c| c.to_digit(10).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    digits.filter(|digits| lengths.contains(&digits.len()))
}
