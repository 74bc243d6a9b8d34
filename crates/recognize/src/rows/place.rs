//! Coordinates on Earth.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

const CONTEXT: &[&str] = &[
    "gps",
    "lat",
    "latitude",
    "lon",
    "lng",
    "long",
    "longitude",
    "location",
    "coordinates",
    "coords",
    "position",
    "geo",
    "at",
    "koordinaten",
    "standort",
    "coordonnées",
    "coordenadas",
    "coordinate",
    "coördinaten",
];

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "coordinates",
        label: "COORDINATES",
        group: Group::Place,
        source: "ISO 6709; RFC 5870",
        start: Start::Signed,
        pattern: r#"[+-]?[0-9]{1,2}\.[0-9]{3,12}°? ?[NS]?[,;/ ] ?(?:(?i:lon|lng|long|longitude)["']?[:=]? ?)?[+-]?[0-9]{1,3}\.[0-9]{3,12}(?:°? ?[EWO]\b|°)?"#,
        edges: Edges::Number,
        check: Check::Text(decimal),
        context: CONTEXT,
        valid: &[
            "GPS: {48.8584, 2.2945}",
            "at {-33.856784,151.215297}.",
            "{51.5007° N, 0.1246° W}",
            "lat {51.5074, long -0.1278}",
        ],
        invalid: &["98.8584, 2.2945", "1.234, 5.678", "12.5, 13.5", "1.48.8584, 2.2945"],
        ..Row::EMPTY
    },
    Row {
        name: "coordinate",
        label: "COORDINATES",
        group: Group::Place,
        source: "ISO 6709; RFC 5870, one of the two beside a word for it",
        start: Start::Signed,
        pattern: r"[+-]?[0-9]{1,3}\.[0-9]{3,15}",
        edges: Edges::Number,
        check: Check::Text(|text| {
            let within = text.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= 180.0);
            Finding::plausible(within, Strength::Weak)
        }),
        context: &[
            "lat",
            "latitude",
            "lon",
            "lng",
            "long",
            "longitude",
            "breitengrad",
            "längengrad",
            "latitud",
            "longitud",
            "latitudine",
            "longitudine",
        ],
        close: true,
        valid: &["\"latitude\": {48.858370}, \"lng\": {-2.294481}", "lat={51.5074}"],
        invalid: &["48.858370", "lat 481.858370", "latency 0.1234"],
        ..Row::EMPTY
    },
    Row {
        name: "coordinates_sexagesimal",
        label: "COORDINATES",
        group: Group::Place,
        source: "ISO 6709, annex D: degrees, minutes and seconds",
        start: Start::Number,
        pattern: r#"[0-9]{1,2}° ?[0-9]{1,2}['′’] ?(?:[0-9]{1,2}(?:\.[0-9]+)?(?:"|″|”|'') ?)?[NS],? ?[0-9]{1,3}° ?[0-9]{1,2}['′’] ?(?:[0-9]{1,2}(?:\.[0-9]+)?(?:"|″|”|'') ?)?[EWO]"#,
        edges: Edges::Code,
        check: Check::Text(|_| Finding::plausible(true, Strength::Sure)),
        context: CONTEXT,
        valid: &["{48°51'30\"N 2°17'40\"E}", "{51° 30′ N, 0° 7′ W}"],
        invalid: &["48° outside", "5'10\" tall"],
        ..Row::EMPTY
    },
];

/// A latitude and a longitude: with four decimals or a compass they are hardly anything else.
fn decimal(text: &str) -> Option<Finding> {
    let numbers: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|part| part.contains('.'))
        .collect();
    let [latitude, longitude] = numbers[..] else { return None };
    let decimals = |number: &str| number.split('.').nth(1).map_or(0, str::len);
    let within = |number: &str, most: f64| number.parse::<f64>().is_ok_and(|n| n <= most);
    let fine = decimals(latitude) >= 4 && decimals(longitude) >= 4;
    let compass = text.contains(['N', 'S', 'E', 'W', 'O']);
    let strength = if compass {
        Strength::Sure
    } else if fine {
        Strength::Fair
    } else {
        Strength::Weak
    };
    Finding::plausible(within(latitude, 90.0) && within(longitude, 180.0), strength)
}
