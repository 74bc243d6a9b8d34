//! Passports, licences and other papers: found by the word before them, since their numbers have no
//! common form.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

/// A number of any issuer: capitals and digits, in one piece with `-`, `.` or `/`, or in groups of
/// up to five with spaces.
pub(super) const ID: &str = r"[A-Z0-9]{1,5}(?: (?:[A-Z]{0,4}[0-9][A-Z0-9]{0,4}|[A-Z]{4}|[A-Z])){1,8}|[A-Z0-9]{1,34}(?:[-./][A-Z0-9]{1,20}){0,6}";

/// Number of decimal digits of `text`.
pub(super) fn digits_of(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// A number of some length; not a day.
fn id(text: &str, least: usize) -> Option<Finding> {
    let letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let day = !letters && super::dates::is_date(text);
    let digits = digits_of(text);
    Finding::plausible(digits >= least && text.len() <= 40 && !day, Strength::Weak)
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "passport",
        label: "PASSPORT",
        group: Group::Government,
        source: "ICAO Doc 9303 part 4: up to nine capitals and digits",
        start: Start::Either,
        pattern: r"[A-Z]{0,3} ?[0-9]{5,9}[A-Z]?|[A-Z0-9]{7,10}|[A-Z]{1,2}[ -]?[0-9]{2,4}(?:[ -][0-9]{2,5}){1,3}|[0-9]{2,4}(?:[ -][0-9]{2,6}){1,3}",
        edges: Edges::Number,
        check: Check::Text(|text| id(text, 5)),
        context: &[
            "passport", "passport no", "passport number", "passport #", "reisepass", "reisepassnummer",
            "pass nr", "passnummer", "passeport", "numéro de passeport", "pasaporte", "passaporto",
            "paspoort", "paspoortnummer", "passaporte", "paszport", "паспорт", "护照", "旅券",
        ],
        close: true,
        valid: &[
            "Passport: {PX0055501}", "passport no.: {000555017}", "Reisepass {C01X00T47}",
            "Pasaporte núm. {XDA000555}", "паспорт {00 00 000555}",
        ],
        invalid: &["passport valid until 2031", "the passport office, room 12", "order 000555017"],
        ..Row::EMPTY
    },
    Row {
        name: "drivers_license",
        label: "DRIVERS_LICENSE",
        group: Group::Government,
        source: "AAMVA DL/ID card design standard; Directive 2006/126/EC, field 5; other issuers alike",
        start: Start::Either,
        pattern: ID,
        edges: Edges::Number,
        check: Check::Text(|text| id(text, 4)),
        context: &[
            "driver license", "driver's license", "drivers license", "driver licence", "driving license",
            "driver's licence", "drivers licence", "driving licence", "license no", "license number",
            "licence no", "licence number", "license #", "licence", "dl", "dl no", "dl number", "d.l.",
            "driver's license number", "driver's license number is", "führerschein",
            "führerscheinnummer", "führerschein nr", "permis de conduire", "permis", "permiso de conducir", "carnet de conducir",
            "patente di guida", "patente", "rijbewijs", "rijbewijsnummer", "carta de condução", "prawo jazdy",
        ],
        close: true,
        valid: &[
            "License no.: {Z000-5550-0142}", "my driver's license number is {F000555012016}",
            "Führerschein {B072RRE2I55}", "licence {TOURN-005551-IT2}", "DL: {0005550}",
        ],
        invalid: &["driver's license expired 12/05/2024", "licence to code", "Apache License 2.0"],
        ..Row::EMPTY
    },
    Row {
        name: "identity_number",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        source: "identity cards, insurance and health numbers behind a word for one, of any country",
        start: Start::Either,
        pattern: ID,
        edges: Edges::Number,
        check: Check::Text(|text| id(text, 5)),
        context: &[
            "id card", "id card no", "id card number", "identity card", "identity card no", "national id",
            "id number", "id no", "identity number", "identification number", "personal number",
            "state id", "state id card", "government id", "national insurance", "national insurance number", "nino", "ni number",
            "social security", "social security number", "ssn", "social insurance", "social insurance number", "sin",
            "medicare", "medicare number", "medicaid", "health card", "health card number", "nhs", "nhs number", "nhs no",
            "insurance number", "policy number", "member id", "mrn", "medical record", "medical record number",
            "patient id", "patient number", "voter id", "aadhaar", "aadhar", "alien number", "uscis",
            "personalausweis", "personalausweisnummer", "ausweis", "ausweisnummer", "ausweis nr",
            "sozialversicherungsnummer", "rentenversicherungsnummer", "versichertennummer", "ahv", "ahv nummer", "carte d'identité",
            "carte nationale d'identité", "cni", "numéro de sécurité sociale", "sécurité sociale",
            "documento de identidad", "dni", "nie", "seguridad social", "carta d'identità", "tessera sanitaria",
            "identiteitskaart", "bsn", "burgerservicenummer", "sofinummer", "pesel", "dowód osobisty", "cpf", "bilhete de identidade", "cartão de cidadão",
            "身份证", "身份证号", "マイナンバー", "주민등록번호", "ИНН", "СНИЛС", "снилс",
        ],
        close: true,
        against: &["order", "invoice", "ticket", "transaction"],
        valid: &[
            "Identity card no. {000555-0172-B}", "State ID card {ID-000-555-0191}",
            "Personalausweis: {L01X00T471}", "SSN {987-65-4321}", "MRN: {0055501}",
            "NHS number {000 555 0119}", "身份证号：{110000000005550123}",
        ],
        invalid: &["ID card valid until 01.02.2031", "id number 12", "national ID day 2024"],
        ..Row::EMPTY
    },
    Row {
        name: "tax_number",
        label: "TAX_ID",
        group: Group::Government,
        source: "numbers of taxpayers behind a word for one, of any country; no check digit is asked for",
        start: Start::Either,
        pattern: ID,
        edges: Edges::Number,
        check: Check::Text(|text| id(text, 6)),
        context: &[
            "tax id", "tax identification number", "tax number", "tax no", "tax file number", "tfn", "tin",
            "taxpayer number", "taxpayer", "taxpayer id", "federal tax id", "ein", "itin", "fein", "utr", "abn", "vat",
            "vat number", "vat no", "vat id", "gst", "gstin", "pan", "pan number", "pan card", "steuer-id", "steuer id",
            "steueridentifikationsnummer", "steuernummer", "steuer-nr", "idnr", "ust-id", "ust-idnr", "uid",
            "numéro fiscal", "numéro de tva", "siren", "siret", "spi", "nif", "cif", "número de identificación fiscal",
            "codice fiscale", "partita iva", "c.f.", "btw", "btw-nummer", "fiscaal nummer", "nip", "contribuinte", "税号",
        ],
        close: true,
        against: &["order", "invoice no", "invoice number", "ticket"],
        valid: &[
            "Federal tax ID (EIN): {00-5550134}", "Steuer-ID: {00 555 013 427}", "NIF: {00000555-X}",
            "Taxpayer number: {000-055-50-17}", "VAT no. {GB000555012}",
        ],
        invalid: &["VAT 20%", "tax number of the year 2024", "VAT rate 1.175"],
        ..Row::EMPTY
    },
];
