//! Vehicles.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::others;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "vin",
        label: "VEHICLE_ID",
        group: Group::Government,
        source: "ISO 3779; the check digit of 49 CFR 565.15",
        start: Start::Either,
        pattern: r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}",
        edges: Edges::Code,
        check: Check::Text(vin),
        context: &[
            "vin",
            "vehicle identification number",
            "chassis",
            "chassis number",
            "fahrgestellnummer",
            "fin",
            "numéro de série",
            "bastidor",
            "telaio",
            "chassisnummer",
            "vehicle",
        ],
        valid: &[
            "VIN {1M8GDM9AXKP042788}",
            "{1M8GDM9AXKP042788}",
            "chassis number {WVWZZZ1JZXW000001}",
        ],
        invalid: &[
            "1M8GDM9A1KP042788",
            "WVWZZZ1JZXW000001",
            "11111111111111111",
            "VIN 1M8GDM9AXKP04278",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "license_plate",
        label: "VEHICLE_ID",
        group: Group::Government,
        source: "plates of any country, behind a word for one",
        start: Start::Either,
        pattern: r"[A-Z0-9ÄÖÜ]{1,8}(?:[ -][A-Z0-9ÄÖÜ]{1,7}){0,3}",
        edges: Edges::Code,
        check: Check::Text(|text| {
            let (digits, letters) = (
                super::documents::digits_of(text),
                text.chars().filter(|c| c.is_alphabetic()).count(),
            );
            let size = text.chars().filter(|c| c.is_alphanumeric()).count();
            Finding::plausible(
                digits >= 1 && letters >= 1 && (4..=10).contains(&size),
                Strength::Weak,
            )
        }),
        context: &[
            "license plate",
            "licence plate",
            "number plate",
            "plate",
            "plate number",
            "registration plate",
            "reg",
            "kennzeichen",
            "plaque d'immatriculation",
            "immatriculation",
            "matrícula",
            "targa",
            "kenteken",
            "matricule",
        ],
        close: true,
        valid: &[
            "license plate {ABC 1234}",
            "Kennzeichen: {B-XY 1234}",
            "immatriculation {AB-123-CD}",
        ],
        invalid: &["ABC 1234", "plate 12", "number plate of THE CAR"],
        ..Row::EMPTY
    },
];

fn vin(text: &str) -> Option<Finding> {
    let digits = super::documents::digits_of(text);
    let capitals = !text.bytes().any(|byte| byte.is_ascii_lowercase());
    if !(1..=16).contains(&digits) || !capitals {
        return None;
    }
    let valid = others::vin(text);
    let strength = if valid && digits > 2 { Strength::Strong } else { Strength::Weak };
    Some(Finding { strength, validated: valid })
}
