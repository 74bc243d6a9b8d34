//! Ages. Those over 89 identify a person by 45 CFR 164.514(b)(2)(i)(C); all others are found by `age` alone,
//! which the card of `pii` leaves out.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

/// A number from 90 to 125.
macro_rules! high {
    () => {
        r"(?:9[0-9]|1[01][0-9]|12[0-5])"
    };
}

/// Units of age, behind a number.
macro_rules! unit {
    () => {
        r"(?:[ -]?(?i:years?[ -]old|yrs?[ -]old|year[ -]olds?|years of age|y/?o|jahre alt|jährige?[rnms]?|ans révolus|años de edad|anni di età|jaar oud|anos de idade|lat))"
    };
}

const CONTEXT: &[&str] = &[
    "age",
    "ages",
    "turned",
    "turns",
    "turn",
    "alter",
    "im alter von",
    "âge",
    "âgé de",
    "âgée de",
    "edad",
    "età",
    "leeftijd",
    "idade",
    "wiek",
    "she is",
    "he is",
    "i am",
    "i'm",
];

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "age_over_89",
        label: "AGE",
        group: Group::Date,
        source: "45 CFR 164.514(b)(2)(i)(C), with a unit of age behind it",
        start: Start::Number,
        pattern: concat!(high!(), unit!()),
        edges: Edges::Number,
        check: Check::Text(|_| Finding::plausible(true, Strength::Fair)),
        context: CONTEXT,
        valid: &[
            "he is {97 years old}",
            "a {93-year-old} man",
            "die {95-jährige}",
            "{102 jaar oud}",
        ],
        invalid: &["93 years of history", "89 years old", "193 years old"],
        ..Row::EMPTY
    },
    Row {
        name: "age_over_89_aged",
        label: "AGE",
        group: Group::Date,
        source: "45 CFR 164.514(b)(2)(i)(C), with the word before it",
        start: Start::Literal(&["aged "]),
        pattern: concat!(r"(?i:aged) ", high!()),
        edges: Edges::Code,
        check: Check::Text(|_| Finding::plausible(true, Strength::Fair)),
        against: &["page", "room", "bed", "weight", "bpm", "spo2", "score"],
        valid: &["a woman {aged 93}."],
        invalid: &["aged 89", "aged 930", "managed 93"],
        ..Row::EMPTY
    },
    Row {
        name: "age",
        label: "AGE",
        group: Group::Date,
        source: "ages of any height, with a unit behind them or behind a word for an age",
        start: Start::Number,
        pattern: concat!(r"(?:[0-9]{1,2}|1[01][0-9]|12[0-5])", unit!(), "?"),
        edges: Edges::Number,
        check: Check::Text(|text| {
            let has_unit = text.len() > 3;
            Finding::plausible(true, if has_unit { Strength::Fair } else { Strength::Weak })
        }),
        context: CONTEXT,
        close: true,
        against: &["page", "room", "bed", "weight", "bpm", "spo2", "score"],
        valid: &["a {7-year-old} boy", "Age: {34}", "she is {41 years old}"],
        invalid: &["34", "page 34", "130 years old", "34 years of history"],
        ..Row::EMPTY
    },
    Row {
        name: "age_in_context",
        label: "AGE",
        group: Group::Date,
        source: "45 CFR 164.514(b)(2)(i)(C), behind a word for an age",
        start: Start::Number,
        pattern: high!(),
        edges: Edges::Number,
        check: Check::Text(|_| Finding::plausible(true, Strength::Weak)),
        context: CONTEXT,
        close: true,
        against: &["page", "room", "bed", "weight", "bpm", "spo2", "score"],
        valid: &["im Alter von {91} Jahren", "âgée de {94} ans", "Age: {102}"],
        invalid: &["aged 89", "he paid 93", "age 930", "93", "aged 93%", "age 60, room 93"],
        ..Row::EMPTY
    },
];
