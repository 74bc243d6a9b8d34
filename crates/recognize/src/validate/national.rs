//! Numbers that states give to people and firms.
use super::calendar::is_day;
use super::checksum::{luhn, mod_11_10, mod_97, verhoeff, weighted};
use super::{compact, digits};

/// Two decimal digits as a number.
fn two(digits: &[u8]) -> u32 {
    digits.iter().take(2).fold(0, |number, &digit| number * 10 + u32::from(digit))
}

/// US social security number. Source: SSA, Social Security Number Randomization, 2011: no areas 000,
/// 666 and 9xx, no group 00, no serial 0000; numbers once printed in advertisements are no one's.
pub(crate) fn ssn(text: &str) -> bool {
    let Some(number) = digits(text, "- ", 9..=9) else { return false };
    let (area, serial) = (&number[..3], &number[5..]);
    let printed: [[u8; 9]; 3] =
        [[0, 7, 8, 0, 5, 1, 1, 2, 0], [4, 5, 7, 5, 5, 5, 4, 6, 2], [2, 1, 9, 0, 9, 9, 9, 9, 9]];
    !(area == [0, 0, 0] || area == [6, 6, 6] || area[0] == 9)
        && number[3..5] != [0, 0]
        && serial != [0, 0, 0, 0]
        && !printed.iter().any(|one| number == one)
}

/// US individual taxpayer number: 9xx, and a group of 70 to 99 but 89 and 93. Source: IRS, Internal
/// Revenue Manual 3.21.263.
pub(crate) fn itin(text: &str) -> bool {
    digits(text, "- ", 9..=9).is_some_and(|number| {
        let group = two(&number[3..5]);
        number[0] == 9 && group >= 70 && group != 89 && group != 93
    })
}

/// US employer number: a prefix in use. Source: IRS, How EINs are assigned and valid EIN prefixes.
pub(crate) fn ein(text: &str) -> bool {
    digits(text, "-", 9..=9).is_some_and(|number| {
        matches!(two(&number), 1..=6 | 10..=16 | 20..=27 | 30..=48 | 50..=68 | 71..=77 | 80..=88 | 90..=95 | 98 | 99)
    })
}

/// US routing number: weights 3, 7, 1. Source: ABA, Routing Number Policy.
pub(crate) fn aba(text: &str) -> bool {
    digits(text, "- ", 9..=9)
        .is_some_and(|number| weighted(&number, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10))
}

/// UK health service number, modulo 11. Source: NHS data dictionary, NHS NUMBER.
pub(crate) fn nhs(text: &str) -> bool {
    digits(text, "- ", 10..=10).is_some_and(|number| {
        weighted(&number, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
}

/// UK taxpayer reference, the check digit first. Source: OECD, Tax identification numbers, United
/// Kingdom.
pub(crate) fn utr(text: &str) -> bool {
    let text = text.trim_matches(['K', 'k', ' ']);
    digits(text, " ", 10..=10).is_some_and(|number| {
        let rest = weighted(&number[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
        b"21987654321"[rest as usize] - b'0' == number[0]
    })
}

/// UK national insurance number: prefixes in use, and a suffix of A to D. Source: HMRC, National
/// Insurance Manual NIM39110.
pub(crate) fn nino(text: &str) -> bool {
    let number = compact(text, " -").to_ascii_uppercase();
    let bytes = number.as_bytes();
    bytes.len() == 9
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..8].iter().all(u8::is_ascii_digit)
        && !b"DFIQUV".contains(&bytes[0])
        && !b"DFIOQUV".contains(&bytes[1])
        && !["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"].contains(&&number[..2])
        && (b'A'..=b'D').contains(&bytes[8])
}

/// Canadian social insurance number: Luhn, and no first digit 0 or 8. Source: Employment and Social
/// Development Canada.
pub(crate) fn sin(text: &str) -> bool {
    digits(text, "- ", 9..=9).is_some_and(|number| !matches!(number[0], 0 | 8) && luhn(&number))
}

/// Australian tax file number, modulo 11. Source: Australian Taxation Office.
pub(crate) fn tfn(text: &str) -> bool {
    digits(text, " -", 8..=9)
        .is_some_and(|number| weighted(&number, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11))
}

/// Australian business number, modulo 89 once 1 is taken from the first digit. Source: Australian
/// Business Register, Format of the ABN.
pub(crate) fn abn(text: &str) -> bool {
    digits(text, " -", 11..=11).is_some_and(|number| {
        let weights = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
        number[0] > 0 && (weighted(&number, &weights) - weights[0]).is_multiple_of(89)
    })
}

/// Australian Medicare number: first digit 2 to 6, the ninth a check digit. Source: Services
/// Australia; `METeOR` 270101.
pub(crate) fn medicare(text: &str) -> bool {
    digits(text, " -/", 10..=11).is_some_and(|number| {
        matches!(number[0], 2..=6)
            && weighted(&number, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(number[8])
            && number[9] > 0
    })
}

/// German tax number of a person: one digit of the first ten twice or three times, the others once.
/// Source: Bundeszentralamt für Steuern; ISO/IEC 7064, MOD 11,10.
pub(crate) fn steuer_id(text: &str) -> bool {
    let Some(number) = digits(text, " -./,", 11..=11) else { return false };
    let mut counts = [0_u8; 10];
    for &digit in &number[..10] {
        counts[usize::from(digit)] += 1;
    }
    let repeated: Vec<u8> = counts.into_iter().filter(|&count| count > 1).collect();
    number[0] != 0 && matches!(repeated[..], [2 | 3]) && mod_11_10(&number)
}

/// German pension insurance number: area, birthday, initial, serial and check digit. Source: VKVV § 2.
pub(crate) fn sozialversicherung(text: &str) -> bool {
    let number = compact(text, " ").to_ascii_uppercase();
    let bytes = number.as_bytes();
    if bytes.len() != 12 || !bytes[8].is_ascii_uppercase() {
        return false;
    }
    let initial = bytes[8] - b'A' + 1;
    let digits: Option<Vec<u8>> =
        [&bytes[..8], &[b'0' + initial / 10, b'0' + initial % 10], &bytes[9..]]
            .concat()
            .into_iter()
            .map(|byte| byte.is_ascii_digit().then(|| byte - b'0'))
            .collect();
    digits.is_some_and(|digits| {
        // Days are raised by up to 31 once a day's serials are used up.
        let (day, month) = (two(&digits[2..]), two(&digits[4..]));
        let sum: u32 = digits
            .iter()
            .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
            .map(|(&digit, weight)| u32::from(digit) * weight)
            .map(|product| product / 10 + product % 10)
            .sum();
        (1..=62).contains(&day) && (1..=12).contains(&month) && sum % 10 == u32::from(digits[12])
    })
}

/// French number of the register of persons: 97 less the rest modulo 97; Corsica's 2A and 2B count
/// as 19 and 18. Source: INSEE, NIR.
pub(crate) fn nir(text: &str) -> bool {
    let number = compact(text, " .-").to_ascii_uppercase();
    if number.len() != 15 || !number.is_ascii() {
        return false;
    }
    let number = match &number[5..7] {
        "2A" => format!("{}19{}", &number[..5], &number[7..]),
        "2B" => format!("{}18{}", &number[..5], &number[7..]),
        _ => number,
    };
    digits(&number, "", 15..=15)
        .is_some_and(|number| 97 - mod_97(number[..13].iter().copied()) == two(&number[13..]))
}

/// Spanish identity number: the letter is that of the number modulo 23. Source: Ministerio del
/// Interior, cálculo del dígito de control del NIF-NIE.
pub(crate) fn dni(text: &str) -> bool {
    let number = compact(text, " -.").to_ascii_uppercase();
    number.len() == 9 && number.is_ascii() && control_letter(&number[..8], number.as_bytes()[8])
}

/// Spanish number of a foreigner: as [`dni`], with X, Y and Z for 0, 1 and 2.
pub(crate) fn nie(text: &str) -> bool {
    let number = compact(text, " -.").to_ascii_uppercase();
    if number.len() != 9 || !number.is_ascii() {
        return false;
    }
    let first = match number.as_bytes()[0] {
        b'X' => '0',
        b'Y' => '1',
        b'Z' => '2',
        _ => return false,
    };
    control_letter(&format!("{first}{}", &number[1..8]), number.as_bytes()[8])
}

fn control_letter(number: &str, letter: u8) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit())
        && number
            .parse::<usize>()
            .is_ok_and(|number| b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == letter)
}

/// Dutch citizen service number of eight or nine digits, modulo 11 with the last digit taken off.
/// Source: Rijksdienst voor Identiteitsgegevens.
pub(crate) fn bsn(text: &str) -> bool {
    digits(text, " -.", 8..=9).is_some_and(|number| {
        let padded = [&vec![0; 9 - number.len()][..], &number].concat();
        let sum = weighted(&padded, &[9, 8, 7, 6, 5, 4, 3, 2]) + 10 * u32::from(padded[8]);
        sum > 0 && sum.is_multiple_of(11)
    })
}

/// Polish number of a person: birthday, serial, and a check digit; the month tells the century.
/// Source: Ustawa o ewidencji ludności, art. 15.
pub(crate) fn pesel(text: &str) -> bool {
    digits(text, " -", 11..=11).is_some_and(|number| {
        let month = two(&number[2..]);
        let century = [1900, 2000, 2100, 2200, 1800][(month / 20) as usize];
        is_day(century + two(&number), month % 20, two(&number[4..]))
            && weighted(&number, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
    })
}

/// Indian tax number: five letters, of which the fourth is the kind of holder, four digits, a letter.
/// Source: Income Tax Department, Structure of PAN.
pub(crate) fn pan(text: &str) -> bool {
    let number = compact(text, " -").to_ascii_uppercase();
    let bytes = number.as_bytes();
    bytes.len() == 10
        && bytes[..5].iter().chain(&bytes[9..]).all(u8::is_ascii_uppercase)
        && bytes[5..9].iter().all(u8::is_ascii_digit)
        && b"ABCFGHJKLPT".contains(&bytes[3])
        && bytes[5..9] != *b"0000"
}

/// Indian identity number: first digit 2 to 9, Verhoeff's check, no palindrome. Source: UIDAI,
/// Aadhaar numbering scheme.
pub(crate) fn aadhaar(text: &str) -> bool {
    digits(text, " -", 12..=12).is_some_and(|number| {
        number[0] >= 2 && !number.iter().eq(number.iter().rev()) && verhoeff(&number)
    })
}
