//! Numbers given by Spain and Italy.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::{italy, national};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "es_dni",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "es",
        source: "Ministerio del Interior, cálculo del dígito de control del NIF-NIE: modulo 23",
        start: Start::Number,
        pattern: r"[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}[ -]?[A-Za-z]",
        edges: Edges::Code,
        check: Check::Text(|text| Finding::validated(national::dni(text), Strength::Strong)),
        context: &["dni", "nif", "documento nacional de identidad", "documento de identidad"],
        valid: &["DNI {54362315K}", "{54362315-K}, {54.362.315-K}", "{12345678Z}"],
        invalid: &["54362315Z", "54362315KK", "54362315"],
        ..Row::EMPTY
    },
    Row {
        name: "es_nie",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "es",
        source: "Orden INT/2058/2008: X, Y or Z for 0, 1 or 2, then as a DNI",
        start: Start::Code,
        pattern: r"[XYZxyz]-?[0-9]{7}-?[A-Za-z]",
        edges: Edges::Code,
        check: Check::Text(|text| Finding::validated(national::nie(text), Strength::Strong)),
        context: &["nie", "número de identidad de extranjero", "extranjero"],
        valid: &["NIE: {X2482300W}", "{X-2482300-W}"],
        invalid: &["X2482300A", "AX2482300W", "W2482300W"],
        ..Row::EMPTY
    },
    Row {
        name: "it_codice_fiscale",
        label: "TAX_ID",
        group: Group::Government,
        region: "it",
        source: "Decreto ministeriale 23 dicembre 1976, n. 13813",
        start: Start::Code,
        pattern: r"[A-Za-z]{3} ?[A-Za-z]{3} ?[0-9A-Za-z]{2}[A-Za-z][0-9A-Za-z]{2} ?[A-Za-z][0-9A-Za-z]{3}[A-Za-z]",
        edges: Edges::Code,
        check: Check::Text(|text| Finding::validated(italy::codice_fiscale(text), Strength::Sure)),
        context: &["codice fiscale", "cod. fisc", "c.f.", "cf"],
        valid: &["C.F. {RSSMRA85T10A562S}", "{RSS MRA 85T10 A562S}", "cf: {rssmra85t10a562s}"],
        invalid: &["RSSMRA85T10A562T", "RSSMRA85B31A562S", "XRSSMRA85T10A562S"],
        ..Row::EMPTY
    },
];
