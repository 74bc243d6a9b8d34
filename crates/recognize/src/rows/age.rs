//! Ages over 89. Source: 45 CFR 164.514(b)(2)(i)(C): ages over 89 identify a person.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

/// A number from 90 to 125.
macro_rules! high {
    () => {
        r"(9[0-9]|1[01][0-9]|12[0-5])"
    };
}

const CONTEXT: &[&str] = &[
    "age",
    "aged",
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
    "aged at",
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
        pattern: concat!(
            high!(),
            r"(?:[ -]?(?i:years?[ -]old|yrs?[ -]old|year[ -]olds?|y/?o|jahre alt|jährige?[rn]?|años de edad|anni di età|jaar oud|anos de idade))"
        ),
        edges: Edges::Number,
        check: Check::Text(|_| Finding::plausible(true, Strength::Fair)),
        context: CONTEXT,
        valid: &[
            "he is {97} years old",
            "a {93}-year-old man",
            "die {95}-jährige",
            "{102} jaar oud",
        ],
        invalid: &["93 years of history", "89 years old", "193 years old"],
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
        valid: &[
            "a woman aged {93}.",
            "im Alter von {91} Jahren",
            "âgée de {94} ans",
            "Age: {102}",
        ],
        invalid: &["aged 89", "he paid 93", "age 930", "93", "aged 93%", "age 60, room 93"],
        ..Row::EMPTY
    },
];
