//! Invented values.
use std::fmt::Write as _;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// Given names, invented or so common that they name nobody.
const GIVEN: [&str; 32] = [
    "Alex", "Amara", "Anton", "Bela", "Carla", "Dana", "Emil", "Farah", "Goran", "Hanna", "Ilya",
    "Ines", "Jonas", "Kamala", "Leo", "Livia", "Maya", "Milan", "Nora", "Omar", "Pia", "Quinn",
    "Rosa", "Samir", "Tessa", "Timon", "Ulla", "Vera", "Wanda", "Xenia", "Yara", "Zoltan",
];
/// Family names, likewise.
const FAMILY: [&str; 32] = [
    "Abend", "Arlow", "Barden", "Brell", "Corwin", "Dallow", "Edgren", "Fallon", "Garrick",
    "Haldane", "Ilves", "Jarrow", "Kestner", "Lorring", "Marden", "Nellis", "Ostrow", "Pellam",
    "Quarles", "Renwick", "Sandor", "Tarrant", "Ulrick", "Varga", "Wexley", "Yarrow", "Zeller",
    "Okell", "Imanov", "Desta", "Chandar", "Moriya",
];
/// Names of places that are nowhere.
const PLACES: [&str; 24] = [
    "Alderby",
    "Brackwell",
    "Cresthaven",
    "Dunmore",
    "Eastmarsh",
    "Fernley",
    "Glenholm",
    "Harrowgate",
    "Ivydale",
    "Kingsford",
    "Larkfield",
    "Millbrook",
    "Northwick",
    "Oakhurst",
    "Pinecrest",
    "Quarryton",
    "Ravenhill",
    "Silverton",
    "Thornbury",
    "Underwood",
    "Vinewood",
    "Westbrook",
    "Yewdale",
    "Zelmora",
];
/// Words of addresses and names that stay: kinds of streets, titles.
const KEPT: [&str; 40] = [
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "ln",
    "drive",
    "dr",
    "court",
    "ct",
    "close",
    "crescent",
    "boulevard",
    "blvd",
    "square",
    "sq",
    "place",
    "pl",
    "way",
    "flat",
    "apt",
    "unit",
    "suite",
    "floor",
    "box",
    "po",
    "rue",
    "via",
    "de",
    "la",
    "le",
    "van",
    "von",
    "mr",
    "mrs",
    "ms",
    "miss",
    "prof",
];

/// Lists that words are drawn from, by label.
#[derive(Clone, Copy)]
enum Kind {
    Person,
    Given,
    Family,
    Place,
    Email,
    Url,
    Ip,
    Date,
    Iban,
    Card,
    /// Characters of the same class.
    Shape,
}

impl Kind {
    fn of(label: &str) -> Self {
        match label.to_ascii_uppercase().as_str() {
            "PERSON" | "PER" | "NAME" => Self::Person,
            "GIVEN_NAME" | "FIRST_NAME" => Self::Given,
            "SURNAME" | "LAST_NAME" => Self::Family,
            "CITY" | "STATE" | "COUNTRY" | "LOC" | "LOCATION" | "STREET_NAME"
            | "SECONDARY_ADDRESS" | "ADDRESS" | "STREET_ADDRESS" => Self::Place,
            "EMAIL" => Self::Email,
            "URL" => Self::Url,
            "IP" | "IP_ADDRESS" => Self::Ip,
            "BIRTH_DATE" | "DATE_OF_BIRTH" | "DATE" => Self::Date,
            "IBAN" | "BANK_ACCOUNT" => Self::Iban,
            "CARD" | "CREDIT_CARD" | "PAYMENT_CARD" => Self::Card,
            _ => Self::Shape,
        }
    }
}

/// Returns an invented value of the kind that `label` names, with the letter case, the separators and
/// about the length of `value`. Equal seeds of 32 bytes give equal values.
pub(crate) fn pseudonym(label: &str, value: &str, seed: &[u8]) -> String {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(seed).for_each(|(byte, seed)| *byte = *seed);
    let mut random = Draw(Pcg64::from_seed(bytes));
    match Kind::of(label) {
        Kind::Person => random.name(value),
        Kind::Given => random.words(value, &GIVEN),
        Kind::Family => random.words(value, &FAMILY),
        Kind::Place => random.words(value, &PLACES),
        Kind::Email => random.email(),
        Kind::Url => random.url(value),
        Kind::Ip => random.ip(value),
        Kind::Date => random.date(value),
        Kind::Iban => random.iban(value),
        Kind::Card => random.card(value),
        Kind::Shape => random.shape(value),
    }
}

struct Draw(Pcg64);

impl Draw {
    /// A number below `end`, which is at least 1.
    fn below(&mut self, end: usize) -> usize {
        let end = end as u64;
        usize::try_from(self.0.next_u64() % end).expect("below a usize")
    }

    /// Of three names the one whose length is nearest to `length`, in characters.
    fn near(&mut self, names: &[&'static str], length: usize) -> &'static str {
        let mut best = names[self.below(names.len())];
        for _ in 0..2 {
            let other = names[self.below(names.len())];
            if other.len().abs_diff(length) < best.len().abs_diff(length) {
                best = other;
            }
        }
        best
    }

    /// Words from a list, digits for digits; words that a list keeps and all else stay.
    fn words(&mut self, value: &str, names: &[&'static str]) -> String {
        self.each_word(value, |draw, word, _| draw.near(names, word.chars().count()).to_owned())
    }

    /// A family name for the last word, given names for those before.
    fn name(&mut self, value: &str) -> String {
        let words = value.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).count();
        self.each_word(value, |draw, word, index| {
            let names = if index + 1 == words && words > 1 { &FAMILY } else { &GIVEN };
            draw.near(names, word.chars().count()).to_owned()
        })
    }

    /// Replaces the words of a value, in their letter case.
    fn each_word(
        &mut self,
        value: &str,
        mut replace: impl FnMut(&mut Self, &str, usize) -> String,
    ) -> String {
        let (mut text, mut rest, mut index) = (String::new(), value, 0);
        while let Some(start) = rest.find(char::is_alphanumeric) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c: char| !c.is_alphanumeric()).unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            text.push_str(before);
            let single = word.chars().nth(1).is_none();
            if KEPT.contains(&word.to_lowercase().as_str()) {
                text.push_str(word);
            } else if single || word.contains(char::is_numeric) {
                text.push_str(&self.shape(word));
            } else {
                text.push_str(&cased(&replace(self, word, index), word));
            }
            (rest, index) = (after, index + 1);
        }
        text + rest
    }

    fn email(&mut self) -> String {
        let given = GIVEN[self.below(GIVEN.len())].to_lowercase();
        let family = FAMILY[self.below(FAMILY.len())].to_lowercase();
        let number = self.below(1000);
        let domain = ["example.com", "example.org", "example.net"][self.below(3)];
        format!("{given}.{family}{number}@{domain}")
    }

    fn url(&mut self, value: &str) -> String {
        let (scheme, rest) = value.split_once("://").unwrap_or(("", value));
        let path = rest.split_once('/').map(|(_, path)| self.shape(path));
        let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
        let host = ["example.com", "example.org", "example.net"][self.below(3)];
        format!("{scheme}{host}{}", path.map(|path| format!("/{path}")).unwrap_or_default())
    }

    /// An address of the ranges for documentation. Source: RFC 5737 and RFC 3849.
    fn ip(&mut self, value: &str) -> String {
        if value.contains(':') {
            return format!("2001:db8:{:x}::{:x}", self.below(1 << 16), self.below(1 << 16));
        }
        let net = ["192.0.2", "198.51.100", "203.0.113"][self.below(3)];
        format!("{net}.{}", 1 + self.below(254))
    }

    /// A date in the same form: a day and a month of at most 12, so that their order does not matter, and
    /// a year up to three away.
    fn date(&mut self, value: &str) -> String {
        let mut text = String::new();
        let mut rest = value;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (digits, after) = from.split_at(end);
            text.push_str(before);
            let number = match (digits.len(), digits.parse::<usize>()) {
                (4, Ok(year)) => year.saturating_sub(3) + self.below(7),
                _ => 1 + self.below(if digits.len() == 1 { 9 } else { 12 }),
            };
            let width = digits.len();
            if width <= 4 && width != 3 {
                let _ = write!(text, "{number:0width$}"); // writing to a string cannot fail
            } else {
                text.push_str(&self.shape(digits));
            }
            rest = after;
        }
        text + rest
    }

    /// An account number whose check digits are right, if `value` looks like an IBAN. Source: ISO 13616.
    fn iban(&mut self, value: &str) -> String {
        let compact: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
        let head = compact.as_bytes();
        let country = head.len() > 4
            && head[..2].iter().all(u8::is_ascii_alphabetic)
            && head[2..4].iter().all(u8::is_ascii_digit);
        if !country {
            return self.shape(value);
        }
        let account = self.shape(&compact[4..]).to_ascii_uppercase();
        let remainder = mod_97(&format!("{account}{}00", compact[..2].to_ascii_uppercase()));
        let new = format!("{}{:02}{account}", &compact[..2], 98 - remainder);
        respaced(value, &new)
    }

    /// A card number whose check digit is right, with the same first digit. Source: ISO/IEC 7812 (Luhn).
    fn card(&mut self, value: &str) -> String {
        let digits = value.chars().filter(char::is_ascii_digit).count();
        if digits < 8 {
            return self.shape(value);
        }
        let first = value.chars().find(char::is_ascii_digit).unwrap_or('4');
        let mut new: Vec<u32> = vec![first.to_digit(10).unwrap_or(4)];
        while new.len() + 1 < digits {
            new.push(u32::try_from(self.below(10)).expect("a digit"));
        }
        // Counted from the check digit, every second digit is doubled, and its digits are added.
        let sum: u32 = new.iter().rev().enumerate().map(|(i, d)| luhn(*d, i % 2 == 0)).sum();
        new.push((10 - sum % 10) % 10);
        let new: String = new.iter().filter_map(|d| char::from_digit(*d, 10)).collect();
        respaced(value, &new)
    }

    /// A digit for each digit, a letter of the same case for each letter. Zero at the start stays.
    fn shape(&mut self, value: &str) -> String {
        let mut start = true;
        let mut draw = |c: char| {
            let first = std::mem::replace(&mut start, !c.is_alphanumeric());
            match c {
                '0' if first => '0',
                c if c.is_numeric() => {
                    let least = usize::from(first);
                    char::from(
                        b'0' + u8::try_from(least + self.below(10 - least)).expect("a digit"),
                    )
                }
                c if c.is_alphabetic() => {
                    let letter = b'a' + u8::try_from(self.below(26)).expect("a letter");
                    let letter = char::from(letter);
                    if c.is_uppercase() { letter.to_ascii_uppercase() } else { letter }
                }
                c => c,
            }
        };
        value.chars().map(&mut draw).collect()
    }
}

/// Returns a digit's part of a Luhn sum.
fn luhn(digit: u32, doubled: bool) -> u32 {
    if doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit }
}

/// Remainder by 97 of a number whose letters stand for 10 to 35.
fn mod_97(text: &str) -> u32 {
    text.chars().filter_map(|c| c.to_digit(36)).fold(0, |remainder, digit| {
        let shifted = if digit < 10 { remainder * 10 } else { remainder * 100 };
        (shifted + digit) % 97
    })
}

/// Returns the characters of `new` at the positions of the letters and digits of `value`.
fn respaced(value: &str, new: &str) -> String {
    let mut new = new.chars();
    value
        .chars()
        .filter_map(|c| if c.is_ascii_alphanumeric() { new.next() } else { Some(c) })
        .collect()
}

/// Returns a name in the letter case of a word.
fn cased(name: &str, word: &str) -> String {
    if word.chars().all(|c| !c.is_lowercase()) && word.chars().any(char::is_uppercase) {
        name.to_uppercase()
    } else if word.chars().all(|c| !c.is_uppercase()) {
        name.to_lowercase()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value drawn for each of fifty seeds.
    fn draws(label: &str, value: &str) -> Vec<String> {
        (0..50).map(|seed| pseudonym(label, value, &[seed; 32])).collect()
    }

    #[test]
    fn equal_seeds_draw_equal_values() {
        for label in ["PERSON", "EMAIL", "IBAN", "PHONE", "OTHER"] {
            assert_eq!(draws(label, "Ab 12"), draws(label, "Ab 12"));
        }
    }

    #[test]
    fn names_keep_case_titles_and_separators() {
        for name in draws("PERSON", "Mr. JANE van O'Hara-Smith") {
            assert!(name.starts_with("Mr. "), "{name}");
            assert!(name.contains(" van "), "{name}");
            assert_eq!(name.matches(['\'', '-']).count(), 2, "{name}");
            let given = name.split(' ').nth(1).unwrap();
            assert_eq!(given, given.to_uppercase());
        }
        assert!(draws("GIVEN_NAME", "ann").iter().all(|name| *name == name.to_lowercase()));
    }

    /// Remainders of sample numbers: 1 for a right IBAN (ISO 13616), 0 for a right card number.
    #[test]
    fn checksums_are_right() {
        let right = |iban: &str| mod_97(&format!("{}{}", &iban[4..], &iban[..4])) == 1;
        assert!(right("GB29NWBK60161331926819") && !right("GB28NWBK60161331926819"));
        for iban in draws("IBAN", "GB29 NWBK 6016 1331 9268 19") {
            assert_eq!(iban.len(), 27);
            assert!(iban.starts_with("GB") && right(&iban.replace(' ', "")), "{iban}");
        }
        let sum = |card: &str| {
            let digits = card.chars().rev().filter_map(|c| c.to_digit(10));
            digits.enumerate().map(|(i, d)| luhn(d, i % 2 == 1)).sum::<u32>() % 10
        };
        assert_eq!((sum("4111111111111111"), sum("4111111111111112")), (0, 1));
        for card in draws("CARD", "4111-1111-1111-1111") {
            assert!(card.starts_with('4') && card.matches('-').count() == 3);
            assert_eq!(sum(&card), 0, "{card}");
        }
    }

    #[test]
    fn shapes_stay() {
        for value in draws("PHONE", "+44 (0)20 7946-0958 x") {
            let class = |c: char| match c {
                '0'..='9' => '9',
                'a'..='z' => 'a',
                c => c,
            };
            let shape: String = value.chars().map(class).collect();
            assert_eq!(shape, "+99 (9)99 9999-9999 a", "{value}");
        }
        for date in draws("BIRTH_DATE", "31 March 1990") {
            let (day, rest) = date.split_once(' ').unwrap();
            assert!((1..=12).contains(&day.parse::<u32>().unwrap()) && day.len() == 2, "{date}");
            let (month, year) = rest.split_once(' ').unwrap();
            assert_eq!(month, "March");
            assert!((1987..=1993).contains(&year.parse::<u32>().unwrap()), "{date}");
        }
        assert!(draws("IP", "10.1.2.3").iter().all(|ip| ip.parse::<std::net::Ipv4Addr>().is_ok()));
        assert!(draws("IP", "fe80::1").iter().all(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok()));
        for nothing in ["", "—", "\u{301}"] {
            for label in ["PERSON", "CARD", "IBAN", "BIRTH_DATE", "X"] {
                assert!(draws(label, nothing).iter().all(|value| value == nothing));
            }
        }
    }
}
