//! The Italian codice fiscale. Source: Decreto ministeriale 23 dicembre 1976, n. 13813.
use super::calendar::is_day;
use super::compact;

/// Letters in place of digits, where two people would have the same code (omocodia).
const DIGITS: &[u8] = b"LMNPQRSTUV";
const MONTHS: &[u8] = b"ABCDEHLMPRST";
/// Values of characters in odd places, by their digit, or their letter from A.
const ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// Whether `text` is the code of a person, its day a day and its check letter right.
pub(crate) fn codice_fiscale(text: &str) -> bool {
    let code = compact(text, " -:").to_ascii_uppercase();
    let bytes = code.as_bytes();
    if bytes.len() != 16 || !bytes.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let letters = [0, 1, 2, 3, 4, 5, 11, 15].into_iter().all(|i| bytes[i].is_ascii_uppercase());
    let digits: Option<Vec<u32>> =
        [6, 7, 9, 10, 12, 13, 14].into_iter().map(|i| digit(bytes[i])).collect();
    let month = MONTHS.iter().position(|&letter| letter == bytes[8]);
    let (true, Some(digits), Some(month)) = (letters, digits, month) else { return false };
    // Women's days are raised by 40; the century is not in the code.
    let (year, day) = (digits[0] * 10 + digits[1], (digits[2] * 10 + digits[3]) % 40);
    let year = if year < 20 { 2000 + year } else { 1900 + year };
    let month = u32::try_from(month + 1).unwrap_or(0);
    is_day(year, month, day) && check_letter(&bytes[..15]) == bytes[15]
}

fn digit(byte: u8) -> Option<u32> {
    if byte.is_ascii_digit() {
        return Some(u32::from(byte - b'0'));
    }
    DIGITS.iter().position(|&letter| letter == byte).and_then(|value| u32::try_from(value).ok())
}

/// The check letter of 15 characters: places count from 1, so that the first is odd.
fn check_letter(code: &[u8]) -> u8 {
    let sum: u32 = code
        .iter()
        .enumerate()
        .map(|(i, byte)| {
            let value = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
            if i % 2 == 0 { ODD[usize::from(value)] } else { u32::from(value) }
        })
        .sum();
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(sum % 26) as usize]
}

#[cfg(test)]
mod tests {
    use super::codice_fiscale;

    #[test]
    fn the_usual_examples() {
        for code in ["RSSMRA85T10A562S", "rss mra 85t10 a562s", "CNTCHR83T41D969D"] {
            assert!(codice_fiscale(code), "{code}");
        }
        // A wrong check letter, the 31st of February, a month that is none, half a code.
        for code in ["RSSMRA85T10A562T", "RSSMRA85B31A562S", "RSSMRA85F10A562S", "RSSMRA85T10"] {
            assert!(!codice_fiscale(code), "{code}");
        }
    }
}
