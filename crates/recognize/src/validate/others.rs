//! Payment cards, banks, vehicles, addresses of networks and of coins.
use std::net::{Ipv4Addr, Ipv6Addr};

use sha2::Digest as _;
use sha3::Keccak256;

use super::checksum::{luhn, weighted};
use super::{compact, digits};

/// Countries of ISO 3166-1, and XK, in two letters each.
const COUNTRIES: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACC\
    CDCFCGCHCICKCLCMCNCOCRCUCVCWCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGP\
    GQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLU\
    LVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPN\
    PRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTW\
    TZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

/// Whether `code` is two capitals of a country.
pub(crate) fn is_country(code: &str) -> bool {
    code.len() == 2 && COUNTRIES.as_bytes().chunks(2).any(|country| country == code.as_bytes())
}

/// Any number with Luhn's check digit.
pub(crate) fn luhn_number(text: &str) -> bool {
    digits(text, " -", 2..=40).is_some_and(|number| luhn(&number))
}

/// Payment card number: a length and first digits of an issuer, and Luhn's check. Source: ISO/IEC
/// 7812; the card schemes' own ranges.
pub(crate) fn card(text: &str) -> bool {
    digits(text, " -", 12..=19).is_some_and(|number| issued(&number) && luhn(&number))
}

/// Whether a card scheme gives out numbers of these first digits and this length.
fn issued(number: &[u8]) -> bool {
    let first = |count: usize| number.iter().take(count).fold(0, |sum, &d| sum * 10 + u32::from(d));
    let length = number.len();
    match number[0] {
        4 => matches!(length, 13 | 16 | 18 | 19),
        3 => match first(2) {
            34 | 37 => length == 15,
            30 | 36 | 38 | 39 => (14..=19).contains(&length),
            _ => (3528..=3589).contains(&first(4)) && (16..=19).contains(&length),
        },
        2 => match first(4) {
            2200..=2204 => (16..=19).contains(&length),
            2221..=2720 | 2014 | 2149 => length == 16 || first(4) < 2200 && length == 15,
            2131 => length == 15,
            _ => false,
        },
        5 => match first(2) {
            51..=55 => length == 16,
            _ => first(2) != 59 && (12..=19).contains(&length),
        },
        6 => (12..=19).contains(&length),
        1 => first(4) == 1800 && length == 15,
        8 => matches!(first(2), 81 | 82) && (16..=19).contains(&length),
        9 => first(4) == 9792 && length == 16,
        _ => false,
    }
}

/// Bank code of ISO 9362: four letters, a country, two and perhaps three more characters.
pub(crate) fn bic(text: &str) -> bool {
    let code = compact(text, " ").to_ascii_uppercase();
    matches!(code.len(), 8 | 11)
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && code[..6].bytes().all(|byte| byte.is_ascii_uppercase())
        && is_country(&code[4..6])
}

/// Vehicle number with its check digit in the ninth place. Source: ISO 3779; 49 CFR 565.15.
pub(crate) fn vin(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let number = text.to_ascii_uppercase();
    let values: Option<Vec<u8>> = number
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'A'..=b'H' => Some(byte - b'A' + 1),
            b'J'..=b'N' => Some(byte - b'J' + 1),
            b'P' => Some(7),
            b'R' => Some(9),
            b'S'..=b'Z' => Some(byte - b'S' + 2),
            _ => None,
        })
        .collect();
    values.filter(|values| values.len() == 17).is_some_and(|values| {
        let check = b"0123456789X"[(weighted(&values, &WEIGHTS) % 11) as usize];
        number.as_bytes()[8] == check
    })
}

/// IPv4 address in dotted decimals.
pub(crate) fn ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// IPv6 address; a zone behind `%` is skipped.
pub(crate) fn ipv6(text: &str) -> bool {
    text.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

/// Bitcoin address: base 58 with a double SHA-256 checksum and the version of the main network, or
/// Bech32 and Bech32m. Source: BIP 13, 173 and 350.
pub(crate) fn bitcoin(text: &str) -> bool {
    if text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("bc1")) {
        return bech32::segwit::decode(text)
            .is_ok_and(|(network, _, _)| network == bech32::hrp::BC);
    }
    let Ok(address) = bs58::decode(text).into_vec() else { return false };
    let Some((payload, checksum)) = address.split_last_chunk::<4>() else { return false };
    let hash = sha2::Sha256::digest(sha2::Sha256::digest(payload));
    address.len() == 25 && matches!(payload[0], 0 | 5) && hash[..4] == *checksum
}

/// Ethereum address: in one letter case, or in the mixed case that is its checksum. Source: ERC-55.
pub(crate) fn ethereum(text: &str) -> bool {
    let Some(address) = text.strip_prefix("0x") else { return false };
    if address.len() != 40 || !address.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return false;
    }
    let lower = address.to_ascii_lowercase();
    if address == lower || *address == address.to_ascii_uppercase() {
        return true;
    }
    let hash = Keccak256::digest(lower.as_bytes());
    address.bytes().enumerate().all(|(i, byte)| {
        let half = hash[i / 2] >> (4 * (1 - i % 2)) & 0xF;
        byte.is_ascii_digit() || byte.is_ascii_uppercase() == (half >= 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of ERC-55.
    #[test]
    fn letter_case_is_the_checksum_of_an_ethereum_address() {
        assert!(ethereum("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
        assert!(ethereum("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"));
        assert!(!ethereum("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
        assert!(!ethereum("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae"));
    }

    /// The first block's address, and the examples of BIP 173 and 350.
    #[test]
    fn bitcoin_addresses_of_each_kind() {
        for address in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ] {
            assert!(bitcoin(address), "{address}");
        }
        for address in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
            "",
            "1",
        ] {
            assert!(!bitcoin(address), "{address}");
        }
    }

    /// The example of 49 CFR 565 in textbooks; the check digit is X, for 10.
    #[test]
    fn the_ninth_character_checks_a_vehicle() {
        assert!(vin("1M8GDM9AXKP042788") && vin("11111111111111111"));
        assert!(!vin("1M8GDM9A1KP042788") && !vin("1M8GDM9AXKP04278") && !vin("IM8GDM9AXKP042788"));
    }

    #[test]
    fn a_card_needs_an_issuer_and_a_check_digit() {
        for number in
            ["4111 1111 1111 1111", "378282246310005", "6011-1111-1111-1117", "5019717010103742"]
        {
            assert!(card(number), "{number}");
        }
        for number in
            ["4111 1111 1111 1112", "411111111111111", "0000 0000 0000 0000", "7000000000000005"]
        {
            assert!(!card(number), "{number}");
        }
    }
}
