//! Dates, and dates of birth.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::is_day;

/// Names of months in English, German, French, Spanish, Italian, Dutch, Portuguese and Polish, and
/// what they are cut to.
macro_rules! months {
    () => {
        r"(?i:jan(?:uary|uar|vier|uari|eiro)?|jänner|jänn?|ene(?:ro)?|genn?(?:aio)?|sty(?:cz(?:nia|eń))?|feb(?:ruary|ruar|brero|braio|ruari)?|fevereiro|fev|févr?(?:ier)?|fév|lut(?:ego|y)?|mar(?:ch|s|zo|ço|ca|zec)?|märz|mär|mrz|maart|mrt|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|kwi(?:etnia|ecień)?|may|mai|mayo|maggio|mag|mei|maio|maja?|june?|juni?|juin|junio|giu(?:gno)?|junho|czerwca|czerwiec|july?|juli?|juil(?:let)?|julio|lug(?:lio)?|julho|lipca|lipiec|aug(?:ust|ustus)?|août|aout|ago(?:sto)?|sierpnia|sierpień|sept?(?:ember|embre|iembre|tembre)?|sett?(?:embre)?|set(?:iembre|embro)?|września|wrzesień|oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?|out(?:ubro)?|października|październik|nov(?:ember|embre|iembre|embro)?|listopada?|dec(?:ember)?|dez(?:ember|embro)?|déc(?:embre)?|dic(?:iembre|embre)?|grudnia|grudzień)"
    };
}

const BORN: &[&str] = &[
    "born",
    "born on",
    "dob",
    "d.o.b",
    "date of birth",
    "birth date",
    "birthdate",
    "birthday",
    "birth",
    "bday",
    "geboren",
    "geboren am",
    "geb",
    "geb.",
    "geburtsdatum",
    "geburtstag",
    "geburt",
    "né le",
    "née le",
    "né(e) le",
    "né",
    "née",
    "date de naissance",
    "naissance",
    "nacido",
    "nacida",
    "nacido el",
    "nacida el",
    "nació",
    "nací",
    "nací el",
    "nacimiento",
    "fecha de nacimiento",
    "fec nac",
    "nato il",
    "nata il",
    "nato",
    "nata",
    "data di nascita",
    "nascita",
    "geboren op",
    "geboortedatum",
    "geboorte",
    "data de nascimento",
    "nascimento",
    "nascido",
    "nascida",
    "nasceu",
    "urodzony",
    "urodzona",
    "ur.",
    "data urodzenia",
    "född",
    "født",
    "syntynyt",
    "født den",
    "出生日期",
    "出生",
    "生年月日",
    "생년월일",
    "дата рождения",
    "родился",
    "родилась",
    "تاريخ الميلاد",
    "जन्म",
];

const NOT_BORN: &[&str] = &[
    "died",
    "death",
    "date of death",
    "deceased",
    "gestorben",
    "décès",
    "fallecido",
    "issued",
    "issue date",
    "expires",
    "expiry",
    "expiry date",
    "valid until",
    "valid",
    "due",
    "invoice date",
    "date of issue",
    "ausgestellt",
    "gültig bis",
    "datum",
    "visit",
    "admitted",
    "discharged",
    "appointment",
    "meeting",
    "created",
    "updated",
    "published",
];

/// Days in figures, and with the name of the month behind the day.
const FIGURES: &str = concat!(
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日|[0-9]{1,2}[./-] ?[0-9]{1,2}[./-] ?[0-9]{2,4}|[0-9]{1,2}(?:st|nd|rd|th|\.|er|º|°)?[ -]{0,2}(?:of |de |di |do )?",
    months!(),
    r"\.?,?[ -]{1,2}(?:de |del |do )?[0-9]{2,4}|[0-9]{8}"
);

/// Days with the name of the month first.
const NAMED: &str = concat!(months!(), r"\.?[ -]{1,2}[0-9]{1,2}(?:st|nd|rd|th)?(?:, ?| )[0-9]{4}");

const DATE: Row = Row {
    name: "date",
    label: "DATE",
    group: Group::Date,
    source: "ISO 8601; Unicode CLDR 46, date formats and months of eight languages",
    start: Start::Number,
    pattern: FIGURES,
    edges: Edges::Number,
    check: Check::Text(|text| Finding::plausible(is_date(text), Strength::Strong)),
    against: &["version", "release", "ip", "section"],
    valid: &[
        "on {2024-02-29} at 10:00",
        "am {12.03.1980}, {3. März 2001}",
        "{4/7/2021}; {12 mars 1999}",
        "le {1er janvier 2020}, el {5 de mayo de 1975}",
        "{2024年1月2日}",
        "{3rd of May 1999}",
    ],
    invalid: &[
        "2024-02-30",
        "12.13.14.15",
        "1.2.3",
        "33/44/2020",
        "2024-01-02T10:00",
        "5 mayors 1999",
        "20240102",
    ],
    ..Row::EMPTY
};

const BIRTH: Row = Row {
    name: "date_of_birth",
    label: "DATE_OF_BIRTH",
    group: Group::Date,
    source: "dates beside a word for birth, in a dozen languages",
    start: Start::Number,
    pattern: FIGURES,
    edges: Edges::Number,
    check: Check::Text(|text| Finding::plausible(is_birthday(text), Strength::Weak)),
    context: BORN,
    behind: true,
    against: NOT_BORN,
    valid: &[
        "DOB: {04/07/1961}",
        "born on {12 March 1980} in",
        "geboren am {12.03.1980}",
        "née le {1er mai 1972}",
        "\"dateOfBirth\": \"{1980-03-12}\"",
        "nato il {5 aprile 1955}",
        "fecha de nacimiento: {5 de mayo de 1975}",
        "{12.03.1980} (geb.)",
        "出生日期：{1980年3月12日}",
        "geb. {12.3.80}",
        "DOB {19800312}",
    ],
    invalid: &[
        "12.03.1980",
        "died on 12 March 1980",
        "born in 1980",
        "DOB 99.99.1980",
        "born 1980, died 04/07/2001",
    ],
    ..Row::EMPTY
};

pub(super) const ROWS: &[Row] = &[
    BIRTH,
    Row {
        name: "date_of_birth_named",
        start: Start::BeforeNumber,
        pattern: NAMED,
        edges: Edges::Code,
        valid: &["born {March 12, 1980} in", "Birthday: {Apr. 5th, 1955}"],
        invalid: &["March 12, 1980", "died March 12, 1980"],
        ..BIRTH
    },
    DATE,
    Row {
        name: "date_named",
        start: Start::BeforeNumber,
        pattern: NAMED,
        edges: Edges::Code,
        valid: &["on {March 12, 1980}.", "{Sept 3 2020}", "{May 1st, 2001}"],
        invalid: &["March 1980", "March 32, 1980", "Marching 12, 1980"],
        ..DATE
    },
];

/// Whether `text` is a day of the calendar with a year of four digits, in one of the forms above.
pub(super) fn is_date(text: &str) -> bool {
    let (numbers, named) = parts(text);
    let long = numbers.iter().any(|part| part.len() == 4);
    long && any_order(&numbers, named)
}

/// As [`is_date`], with years of two digits and eight digits in a row.
fn is_birthday(text: &str) -> bool {
    let (numbers, named) = parts(text);
    if let ([one], false) = (&numbers[..], named)
        && one.len() == 8
    {
        let orders = [[&one[..4], &one[4..6], &one[6..]], [&one[4..], &one[2..4], &one[..2]]];
        return orders.into_iter().any(|order| day(order[0], order[1], order[2]));
    }
    any_order(&numbers, named)
}

/// The figures of a date, and whether it has the name of a month.
fn parts(text: &str) -> (Vec<&str>, bool) {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let letters = text.chars().filter(|c| c.is_alphabetic() && *c < '\u{2E80}').count();
    (numbers.collect(), letters >= 3)
}

/// Whether figures are a day in some order of year, month and day.
fn any_order(numbers: &[&str], named: bool) -> bool {
    match (numbers, named) {
        ([first, year], true) => first.len() <= 2 && year.len() != 3 && day(year, "1", first),
        ([a, b, c], false) if a.len() == 4 => c.len() <= 2 && day(a, b, c),
        ([a, b, c], false) => c.len() != 3 && a.len() <= 2 && (day(c, b, a) || day(c, a, b)),
        _ => false,
    }
}

/// Whether these are a day between 1850 and 2150; a year of two digits is of either century.
fn day(year: &str, month: &str, day: &str) -> bool {
    let (Ok(number), Ok(month), Ok(day)) =
        (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>())
    else {
        return false;
    };
    let year = if year.len() == 2 { 1900 + number } else { number };
    (1850..2150).contains(&year) && (is_day(year, month, day) || is_day(year + 100, month, day))
}
