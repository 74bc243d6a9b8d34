//! Names of people, which one finder finds by what stands around them.
use crate::finder::Finder;
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

const PART: Row = Row {
    group: Group::Name,
    source: "forms, letters, chats and RFC 5322 section 3.4: names behind titles, greetings and names of fields",
    start: Start::Finder(Finder::Name),
    edges: Edges::Any,
    ..Row::EMPTY
};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "title",
        label: "TITLE",
        valid: &[
            "ask {Mr} Hollins",
            "{Prof. Dr.} Anna Schmidt",
            "Dear {Ms} Okafor,",
            "chère {Mme} Dupont",
        ],
        invalid: &["a doctor", "Dr", "Dear Sir or Madam,", "5 ms later", "12 Elm Dr Springfield"],
        ..PART
    },
    Row {
        name: "given_name",
        label: "GIVEN_NAME",
        valid: &[
            "Name: {Jane} Roe",
            "first_name={Jane}",
            "\"full_name\": \"{Mary Ann} Roe\"",
            "Hi {Priya},\nthanks",
            "Kind regards,\n{Thandi} Mokoena",
            "From: {Jane} Roe <jane@example.com>",
            "[10:02] {nadia}: morning",
            "my name is {Jonathan} Reyes-Cole.",
            "Patient: Roe, {Jane}",
            "id,first name,city\n1,{Ada},York",
            "Thanks, {Delphine}",
            "Name: {J. R.} Roe",
            "Prénom : {Amélie}",
        ],
        invalid: &[
            "Product name: Blue Chair",
            "Name: Acme Ltd",
            "Dear customer,",
            "Hi there,",
            "Best price\nin town",
            "[10:02] INFO: started",
            "my name is not known",
            "Note: this. Note: that",
        ],
        ..PART
    },
    Row {
        name: "surname",
        label: "SURNAME",
        valid: &[
            "Name: Jane {Roe}",
            "ask Mr {Hollins}'s office",
            "Herr {Müller} und Frau {von der Heide}",
            "Cognome: {Rossi}",
            "Patient: {Roe}, Jane",
            "On Mon, Marguerite {Oyelaran} <m@example.net> wrote:",
            "Attendees: Ann {Lee}, Bob {de Vries} (chair) and Carla {Gomez}",
        ],
        invalid: &["Name: Acme Ltd", "Mr. and Mrs.", "Dear Sir or Madam,", "From: London"],
        ..PART
    },
    Row {
        name: "name_before_honorific",
        label: "SURNAME",
        group: Group::Name,
        source: "Japanese and Chinese titles, which stand behind a name",
        start: Start::Before(&["様", "さん", "先生", "女士", "小姐"], ideographs),
        pattern: r"(\p{Han}{2,5}?)(?:様|さん|先生|女士|小姐)",
        edges: Edges::Any,
        check: Check::Text(|_| Finding::plausible(true, Strength::Fair)),
        valid: &["{山田花子}様", "{王小明}先生"],
        invalid: &["お客様", "皆様", "様"],
        ..Row::EMPTY
    },
];

/// Start of the two to five ideographs that end at `at`.
fn ideographs(text: &str, at: usize) -> Option<usize> {
    let is_ideograph = |c: &char| ('\u{4E00}'..='\u{9FFF}').contains(c);
    let name: Vec<char> = text[..at].chars().rev().take(5).take_while(is_ideograph).collect();
    (name.len() >= 2).then(|| at - name.iter().map(|c| c.len_utf8()).sum::<usize>())
}
