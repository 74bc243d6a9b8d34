//! Postal codes by their forms.
use super::words;
use crate::page::{Kind, Page};
use crate::words::WordList;

/// A postal code at a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Code {
    /// Token behind it.
    pub(super) end: usize,
    /// Whether the form alone says what it is.
    pub(super) certain: bool,
}

/// Areas of British postal codes. Source: Royal Mail, PAF programmers' guide.
const AREAS: &str = " AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE ";

/// The postal code that begins at token `i`.
pub(super) fn code(page: &Page<'_>, i: usize) -> Option<Code> {
    british(page, i)
        .or_else(|| canadian(page, i))
        .or_else(|| irish(page, i))
        .or_else(|| dutch(page, i))
        .or_else(|| prefixed(page, i))
        .or_else(|| numeric(page, i))
}

fn shape(text: &str) -> String {
    let class = |c: char| {
        if c.is_ascii_digit() {
            '9'
        } else if c.is_ascii_alphabetic() {
            'A'
        } else {
            c
        }
    };
    text.chars().map(class).collect()
}

/// Whether token `i` follows the one before behind one blank.
fn behind_blank(page: &Page<'_>, i: usize) -> bool {
    i > 0 && page.tokens.get(i).is_some_and(|token| token.start == page.tokens[i - 1].end + 1)
}

/// `SW1A 1AA`: an area, a district and three more. Source: BS 7666.
fn british(page: &Page<'_>, i: usize) -> Option<Code> {
    let (first, second) =
        (page.word(i).to_ascii_uppercase(), page.word(i + 1).to_ascii_uppercase());
    if page.kind(i) != Some(Kind::Code) {
        return None;
    }
    let (outward, inward, end) = if shape(&second) == "9AA" && behind_blank(page, i + 1) {
        (first.as_str(), second.as_str(), i + 2)
    } else if first.len() >= 5 && first.is_char_boundary(first.len() - 3) {
        let (outward, inward) = first.split_at(first.len() - 3);
        (outward, inward, i + 1)
    } else {
        return None;
    };
    let letters: String = outward.chars().take_while(char::is_ascii_alphabetic).collect();
    let fits = matches!(shape(outward).as_str(), "A9" | "A99" | "AA9" | "AA99" | "A9A" | "AA9A")
        && shape(inward) == "9AA"
        && !inward[1..].contains(['C', 'I', 'K', 'M', 'O', 'V'])
        && AREAS.contains(&format!(" {letters} "));
    fits.then_some(Code {
        end,
        certain: end == i + 2 && page.word(i).starts_with(char::is_uppercase),
    })
}

/// `K1A 0B1`. Source: Canada Post, addressing guidelines.
fn canadian(page: &Page<'_>, i: usize) -> Option<Code> {
    let (first, second) =
        (page.word(i).to_ascii_uppercase(), page.word(i + 1).to_ascii_uppercase());
    let letters = |text: &str| !text.contains(['D', 'F', 'I', 'O', 'Q', 'U']);
    if !first.starts_with(|c: char| "ABCEGHJKLMNPRSTVXY".contains(c)) || !letters(&first) {
        return None;
    }
    if shape(&first) == "A9A9A9" {
        return Some(Code { end: i + 1, certain: false });
    }
    let fits = shape(&first) == "A9A" && shape(&second) == "9A9" && letters(&second);
    (fits && behind_blank(page, i + 1))
        .then_some(Code { end: i + 2, certain: page.word(i).starts_with(char::is_uppercase) })
}

/// `D02 AF30`. Source: Eircode, product guide.
fn irish(page: &Page<'_>, i: usize) -> Option<Code> {
    let (first, second) = (page.word(i), page.word(i + 1));
    let head = shape(first) == "A99" || first == "D6W";
    let tail =
        second.len() == 4 && second.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let mixed = second.bytes().any(|b| b.is_ascii_digit())
        && second.starts_with(|c: char| "ACDEFHKNPRTVWXY".contains(c));
    let fits = head && first.starts_with(|c: char| "ACDEFHKNPRTVWXY".contains(c)) && tail && mixed;
    (fits && behind_blank(page, i + 1)).then_some(Code { end: i + 2, certain: true })
}

/// `1012 AB` before a town. Source: `PostNL`, addressing.
fn dutch(page: &Page<'_>, i: usize) -> Option<Code> {
    let joined = page.kind(i) == Some(Kind::Code) && shape(page.word(i)) == "9999AA";
    let apart = shape(page.word(i)) == "9999"
        && shape(page.word(i + 1)) == "AA"
        && behind_blank(page, i + 1);
    let letters = if joined { page.word(i).get(4..)? } else { page.word(i + 1) };
    let fits = (joined || apart)
        && !page.word(i).starts_with('0')
        && letters.chars().all(|c| c.is_ascii_uppercase());
    let end = if joined { i + 1 } else { i + 2 };
    (fits
        && !matches!(letters, "SA" | "SD" | "SS" | "AM" | "PM" | "EU" | "UK" | "US" | "AD" | "BC"))
    .then_some(Code { end, certain: page.is_capital(end) && page.small(end).len() > 2 })
}

/// `D-10115`, `CH-8001`, `SE-111 22`.
fn prefixed(page: &Page<'_>, i: usize) -> Option<Code> {
    let country = matches!(
        page.word(i),
        "D" | "DE"
            | "A"
            | "AT"
            | "CH"
            | "F"
            | "FR"
            | "B"
            | "BE"
            | "L"
            | "LU"
            | "NL"
            | "I"
            | "IT"
            | "E"
            | "ES"
            | "P"
            | "PT"
            | "DK"
            | "S"
            | "SE"
            | "N"
            | "NO"
            | "FI"
            | "FIN"
            | "PL"
            | "CZ"
            | "SK"
            | "HU"
            | "SI"
            | "HR"
            | "LI"
            | "LT"
            | "LV"
            | "EE"
    );
    if !country || !page.is_mark(i + 1, '-') || !page.touches(i + 1) || !page.touches(i + 2) {
        return None;
    }
    let code = numeric(page, i + 2)?;
    Some(Code { certain: page.is_capital(code.end), ..code })
}

/// Three to six digits, in the groups that posts write: `10115`, `111 22`, `00-950`, `1000-001`, `560 001`.
fn numeric(page: &Page<'_>, i: usize) -> Option<Code> {
    if page.kind(i) != Some(Kind::Number) {
        return None;
    }
    let end = i + 1;
    match shape(page.word(i)).as_str() {
        "99999" | "9999" | "999999" | "99999-9999" => Some(Code { end, certain: false }),
        "99-999" | "9999-999" => {
            Some(Code { end, certain: page.is_capital(end) && page.small(end).len() > 2 })
        }
        "999" if behind_blank(page, end) => {
            let fits = matches!(shape(page.word(end)).as_str(), "99" | "999");
            fits.then_some(Code { end: end + 1, certain: false })
        }
        _ => None,
    }
}

/// The two or three letters of a state at token `i`, or its name: the token behind it.
pub(super) fn state(page: &Page<'_>, i: usize) -> Option<usize> {
    if words::STATES.contains(page.word(i)) {
        return Some(i + 1);
    }
    // A province in brackets, as Italians write it.
    let province = page.is_mark(i, '(') && page.is_mark(i + 2, ')') && page.word(i + 1).len() == 2;
    if province && page.word(i + 1).chars().all(char::is_uppercase) {
        return Some(i + 3);
    }
    if !page.is_capital(i) && !page.is_small {
        return None;
    }
    named(page, i, &words::STATE_NAMES)
}

/// The country at token `i`: the token behind it.
pub(super) fn country(page: &Page<'_>, i: usize) -> Option<usize> {
    named(page, i, &super::countries::COUNTRIES)
}

/// The longest name of `names` at token `i`, of up to five words: the token behind it.
pub(super) fn named(page: &Page<'_>, i: usize, names: &WordList) -> Option<usize> {
    let mut phrase = String::new();
    let mut longest = None;
    for end in i..i + 5 {
        if end > i && matches!(page.kind(end), None | Some(Kind::Line | Kind::Number)) {
            break;
        }
        if end > i && !page.touches(end) {
            phrase.push(' ');
        }
        phrase.push_str(page.small(end));
        if names.contains(phrase.as_str()) {
            longest = Some(end + 1);
        }
    }
    longest
}
