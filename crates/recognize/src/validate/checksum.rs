//! Check digits, over digits as numbers 0 to 9.

/// Luhn's sum over `digits`, 0 modulo 10 for a valid number. Source: US patent 2,950,048; ISO/IEC
/// 7812-1, annex B.
#[must_use]
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &digit)| {
            let digit = u32::from(digit);
            if i % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Sum of `digits` by `weights`, as far as both go.
#[must_use]
pub(crate) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(&digit, &weight)| u32::from(digit) * weight).sum()
}

/// Remainder of a number of decimal `digits` modulo 97.
#[must_use]
pub(crate) fn mod_97(digits: impl IntoIterator<Item = u8>) -> u32 {
    digits.into_iter().fold(0, |rest, digit| (rest * 10 + u32::from(digit)) % 97)
}

/// ISO/IEC 7064, MOD 11,10: whether the last of `digits` is the check digit of the others.
#[must_use]
pub(crate) fn mod_11_10(digits: &[u8]) -> bool {
    let mut check = 5_u32;
    for &digit in digits {
        let product = if check == 0 { 10 } else { check } * 2 % 11;
        check = (product + u32::from(digit)) % 10;
    }
    check == 1
}

/// Verhoeff's check over `digits`, the check digit last: the dihedral group of order 10. Source: J.
/// Verhoeff, Error Detecting Decimal Codes, 1969.
#[must_use]
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut check = 0;
    for (i, &digit) in digits.iter().rev().enumerate() {
        let permuted = (0..i % 8).fold(digit, |digit, _| PERMUTATION[usize::from(digit)]);
        check = dihedral(check, permuted);
    }
    check == 0
}

/// Product of two elements of the dihedral group of order 10: rotations 0 to 4, reflections 5 to 9.
fn dihedral(left: u8, right: u8) -> u8 {
    match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => 5 + (left + right - 5) % 5,
        (false, true) => 5 + (left - right) % 5,
        (false, false) => (left + 5 - right) % 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 7992739871 with check digit 3: from the right 3 + 2 + 7 + 16→7 + 9 + 6 + 7 + 4 + 9 + 18→9 + 7
    /// = 70.
    #[test]
    fn luhn_of_the_usual_example() {
        assert!(luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3]));
        assert!((0..10).filter(|&last| luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, last])).eq([3]));
    }

    /// 236 has the check digit 3, in the usual description of the method.
    #[test]
    fn verhoeff_of_the_usual_example() {
        assert!((0..10).filter(|&last| verhoeff(&[2, 3, 6, last])).eq([3]));
        // Neighbours in another order are noticed, which sums without weights do not.
        assert!(!verhoeff(&[2, 6, 3, 3]) && !verhoeff(&[3, 2, 6, 3]));
    }

    /// The group is not commutative: a reflection times a rotation turns the other way.
    #[test]
    fn the_group_is_that_of_a_pentagon() {
        assert_eq!((dihedral(1, 5), dihedral(5, 1)), (6, 9));
        assert_eq!((dihedral(6, 5), dihedral(5, 6)), (1, 4));
        assert_eq!((dihedral(9, 4), dihedral(4, 9)), (5, 8));
    }

    /// 0794 with check digit 5 in ISO 7064's own example.
    #[test]
    fn mod_11_10_of_the_standard() {
        assert!((0..10).filter(|&last| mod_11_10(&[0, 7, 9, 4, last])).eq([5]));
    }

    /// 1000 = 10 · 97 + 30.
    #[test]
    fn remainders_of_97() {
        assert_eq!(mod_97([1, 0, 0, 0]), 30);
        assert_eq!(mod_97([]), 0);
    }
}
