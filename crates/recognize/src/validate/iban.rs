//! IBANs: length and characters by country, and the check digits.
//! Source: ISO 13616-1; the SWIFT IBAN registry, release 101.
use super::checksum::mod_97;

/// Account numbers by country: counts of digits (`n`), capitals (`a`), and either (`c`), in order.
const COUNTRIES: &[(&str, &str)] = &[
    ("AD", "8n 12c"),
    ("AE", "19n"),
    ("AL", "8n 16c"),
    ("AT", "16n"),
    ("AZ", "4a 20c"),
    ("BA", "16n"),
    ("BE", "12n"),
    ("BG", "4a 6n 8c"),
    ("BH", "4a 14c"),
    ("BI", "23n"),
    ("BR", "23n 1a 1c"),
    ("BY", "4c 4n 16c"),
    ("CH", "5n 12c"),
    ("CR", "18n"),
    ("CY", "8n 16c"),
    ("CZ", "20n"),
    ("DE", "18n"),
    ("DJ", "23n"),
    ("DK", "14n"),
    ("DO", "4c 20n"),
    ("EE", "16n"),
    ("EG", "25n"),
    ("ES", "20n"),
    ("FI", "14n"),
    ("FK", "2a 12n"),
    ("FO", "14n"),
    ("FR", "10n 11c 2n"),
    ("GB", "4a 14n"),
    ("GE", "2a 16n"),
    ("GI", "4a 15c"),
    ("GL", "14n"),
    ("GR", "7n 16c"),
    ("GT", "24c"),
    ("HN", "4a 20n"),
    ("HR", "17n"),
    ("HU", "24n"),
    ("IE", "4a 14n"),
    ("IL", "19n"),
    ("IQ", "4a 15n"),
    ("IS", "22n"),
    ("IT", "1a 10n 12c"),
    ("JO", "4a 4n 18c"),
    ("KW", "4a 22c"),
    ("KZ", "3n 13c"),
    ("LB", "4n 20c"),
    ("LC", "4a 24c"),
    ("LI", "5n 12c"),
    ("LT", "16n"),
    ("LU", "3n 13c"),
    ("LV", "4a 13c"),
    ("LY", "21n"),
    ("MC", "10n 11c 2n"),
    ("MD", "20c"),
    ("ME", "18n"),
    ("MK", "3n 10c 2n"),
    ("MN", "16n"),
    ("MR", "23n"),
    ("MT", "4a 5n 18c"),
    ("MU", "4a 19n 3a"),
    ("NI", "4a 20n"),
    ("NL", "4a 10n"),
    ("NO", "11n"),
    ("OM", "3n 16c"),
    ("PK", "4a 16c"),
    ("PL", "24n"),
    ("PS", "4a 21c"),
    ("PT", "21n"),
    ("QA", "4a 21c"),
    ("RO", "4a 16c"),
    ("RS", "18n"),
    ("RU", "14n 15c"),
    ("SA", "2n 18c"),
    ("SC", "4a 20n 3a"),
    ("SD", "14n"),
    ("SE", "20n"),
    ("SI", "15n"),
    ("SK", "20n"),
    ("SM", "1a 10n 12c"),
    ("SO", "19n"),
    ("ST", "21n"),
    ("SV", "4a 20n"),
    ("TL", "19n"),
    ("TN", "20n"),
    ("TR", "6n 16c"),
    ("UA", "6n 19c"),
    ("VA", "18n"),
    ("VG", "4a 16n"),
    ("XK", "16n"),
    ("YE", "4a 4n 18c"),
];

/// Length of an IBAN of the country that `iban` begins with; `None` for no country with IBANs.
pub(crate) fn length(iban: &str) -> Option<usize> {
    let country = iban.get(..2)?.to_ascii_uppercase();
    Some(4 + parts(&country)?.map(|(count, _)| count).sum::<usize>())
}

/// Whether `text` is an IBAN, in either letter case; spaces and hyphens are skipped.
pub(crate) fn is_valid(text: &str) -> bool {
    let iban: String = super::compact(text, " -").to_ascii_uppercase();
    if !iban.is_ascii() || iban.len() < 5 {
        return false;
    }
    let (head, account) = iban.split_at(4);
    let Some(parts) = parts(&head[..2]) else { return false };
    let mut rest = account;
    for (count, kind) in parts {
        let Some((part, after)) = rest.split_at_checked(count) else { return false };
        if !part.bytes().all(|byte| fits(byte, kind)) {
            return false;
        }
        rest = after;
    }
    rest.is_empty() && head[2..].bytes().all(|byte| byte.is_ascii_digit()) && {
        mod_97(account.bytes().chain(head.bytes()).flat_map(values)) == 1
    }
}

/// Counts and kinds of the characters of a country's account numbers.
fn parts(country: &str) -> Option<impl Iterator<Item = (usize, char)>> {
    let row = COUNTRIES.binary_search_by_key(&country, |row| row.0).ok()?;
    Some(COUNTRIES[row].1.split(' ').filter_map(|part| {
        let kind = part.chars().last()?;
        Some((part.trim_end_matches(kind).parse().ok()?, kind))
    }))
}

fn fits(byte: u8, kind: char) -> bool {
    match kind {
        'n' => byte.is_ascii_digit(),
        'a' => byte.is_ascii_uppercase(),
        _ => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
    }
}

/// Decimal digits of a character: itself, or A = 10 to Z = 35.
fn values(byte: u8) -> impl Iterator<Item = u8> {
    let value = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' + 10 };
    (value >= 10).then_some(value / 10).into_iter().chain([value % 10])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_sorted_and_their_lengths_known() {
        assert!(COUNTRIES.is_sorted_by_key(|row| row.0));
        let lengths = [("NO", 15), ("DE", 22), ("GB", 22), ("FR", 27), ("MT", 31), ("RU", 33)];
        for (country, expected) in lengths {
            assert_eq!(length(country), Some(expected), "{country}");
        }
        assert_eq!((length("US"), length("D"), length("Ä")), (None, None, None));
    }

    /// The examples of the registry.
    #[test]
    fn examples_of_the_registry() {
        for iban in [
            "DE89 3704 0044 0532 0130 00",
            "GB29NWBK60161331926819",
            "fr1420041010050500013m02606",
            "NL91-ABNA-0417-1643-00",
        ] {
            assert!(is_valid(iban), "{iban}");
        }
        for iban in ["DE88370400440532013000", "GB29NWBK6016133192681", "ZZ89", "", "DE8Ä"] {
            assert!(!is_valid(iban), "{iban}");
        }
    }
}
