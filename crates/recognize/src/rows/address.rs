//! Parts of postal addresses, which one finder finds together.
use crate::finder::Finder;
use crate::group::Group;
use crate::row::{Edges, Row, Start};

const PART: Row = Row {
    group: Group::Address,
    source: "UPU S42 and its templates of countries; USPS Publication 28; BS 7666; DIN 5008",
    start: Start::Finder(Finder::Address),
    edges: Edges::Any,
    ..Row::EMPTY
};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "building_number",
        label: "BUILDING_NUMBER",
        valid: &[
            "at {12} Main Street, Springfield",
            "{221B} Baker Street",
            "Hauptstraße {5}, 10115 Berlin",
            "{36} rue de la Paix",
            "Calle Mayor, {7}",
            "via Verdi {12}, 20121 Milano",
            "{6750} Koskikatu 25 Apt. 864",
        ],
        invalid: &[
            "5 Main points",
            "Section 4 Road map",
            "$12 Main Street",
            "12 people in the street",
            "in 12 weeks",
        ],
        ..PART
    },
    Row {
        name: "street",
        label: "STREET_NAME",
        valid: &[
            "at 12 {Main Street}, Springfield",
            "4 {Privet Dr.}",
            "10 {N. 21st Street NW}",
            "{Hauptstraße} 5, {Berliner Straße} 12",
            "{Kurt-Schumacher-Str.} 12",
            "36 {rue de la Paix}",
            "{Calle Mayor}, 7",
            "{Via dei Fiorentini} 17",
            "{Rua Cidade de Maracajá} 468",
            "{ul. Długa} 5",
            "{Asselsestraat} 7",
            "{Præstevænget} 15",
            "{Edeby} 55, 123 45 Uppsala",
        ],
        invalid: &[
            "5 Main points",
            "Section 4 Road map",
            "down the road",
            "Street 5",
            "The Street",
            "Arbeitsplatz 5",
            "4 road",
        ],
        ..PART
    },
    Row {
        name: "secondary_address",
        label: "SECONDARY_ADDRESS",
        valid: &[
            "12 Main St, {Apt 4B}",
            "{Flat 3}, 12 High Street",
            "write to {PO Box 123}, {Postfach 4711}",
            "12 Main Street, {3rd Floor}",
            "Calle Mayor 7, {2º izq}",
            "{Apt. 675}",
        ],
        invalid: &["the box 4", "a suite of 5", "flat 3", "Level 2"],
        ..PART
    },
    Row {
        name: "town",
        label: "CITY",
        valid: &[
            "12 Main Street, {Springfield}, IL 62704",
            "{Springfield}, IL 62704",
            "Hauptstraße 5, 10115 {Berlin}",
            "{Leeds} LS1 4AP",
            "12 High Street\n{Stoke-on-Trent}\nST1 5AB",
        ],
        invalid: &["Springfield", "We met in Leeds.", "Springfield in 2019"],
        ..PART
    },
    Row {
        name: "state",
        label: "STATE",
        valid: &[
            "Springfield, {IL} 62704",
            "12 Main Street, Albany, {New York}",
            "Sydney {NSW} 2000",
        ],
        invalid: &["OK 5", "IN 2019", "New York"],
        ..PART
    },
    Row {
        name: "postal_code",
        label: "ZIP_CODE",
        valid: &[
            "Springfield, IL {62704-1234}",
            "Leeds {LS1 4AP}",
            "{K1A 0B1}",
            "Dublin {D02 AF30}",
            "{1012 AB} Amsterdam",
            "{D-10115} Berlin",
            "Hauptstraße 5, {10115} Berlin",
            "Edeby 55, {123 45} Uppsala",
            "{00-950} Warszawa",
        ],
        invalid: &["10115", "in 2019", "A1 2BC", "about 1000 EU citizens", "12345 people"],
        ..PART
    },
    Row {
        name: "country",
        label: "COUNTRY",
        valid: &[
            "12 Main Street, Leeds, {United Kingdom}",
            "10 Rue Haute\n1000 Bruxelles\n{Belgique}",
        ],
        invalid: &["France", "in Germany"],
        ..PART
    },
];
