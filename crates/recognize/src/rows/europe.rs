//! Numbers given by Germany, France, the Netherlands and Poland.
use super::NO_ONES;
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::national;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "de_steuer_id",
        label: "TAX_ID",
        group: Group::Government,
        region: "de",
        source: "Bundeszentralamt für Steuern, steuerliche Identifikationsnummer; ISO/IEC 7064, MOD 11,10",
        start: Start::Number,
        pattern: r"[0-9]{2}[ ./-][0-9]{3}[ ./-][0-9]{3}[ ./-][0-9]{3}|[0-9]{11}",
        edges: Edges::Number,
        check: Check::Text(|text| {
            let strength = if text.contains(' ') { Strength::Fair } else { Strength::Weak };
            Finding::validated(national::steuer_id(text), strength)
        }),
        context: &[
            "steuer-id",
            "steuerid",
            "steuer-identifikationsnummer",
            "steueridentifikationsnummer",
            "idnr",
            "id-nr",
            "identifikationsnummer",
            "steuernummer",
            "tax id",
            "steuerliche identifikationsnummer",
            "tin",
        ],
        against: NO_ONES,
        valid: &["Steuer-ID: {36 574 261 809}", "IdNr. {36574261809}", "{36 574 261 809}"],
        invalid: &["36574261809", "Steuer-ID 36574261890", "Steuer-ID 36554266806"],
        ..Row::EMPTY
    },
    Row {
        name: "de_sozialversicherung",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "de",
        source: "VKVV § 2 and annex: area, birthday, initial, serial, check digit",
        start: Start::Number,
        pattern: r"[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{2} ?[0-9]",
        edges: Edges::Code,
        check: Check::Text(|text| {
            Finding::validated(national::sozialversicherung(text), Strength::Strong)
        }),
        context: &[
            "sozialversicherungsnummer",
            "rentenversicherungsnummer",
            "versicherungsnummer",
            "sv-nummer",
            "rvnr",
            "svnr",
            "sozialversicherung",
            "rentenversicherung",
            "vsnr",
        ],
        valid: &["SV-Nummer {15 070649 C 103}", "{15070649C103}"],
        invalid: &["15070649C104", "15077049C103", "15071349C103"],
        ..Row::EMPTY
    },
    Row {
        name: "fr_nir",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "fr",
        source: "INSEE, numéro d'inscription au répertoire: 97 less the number modulo 97",
        start: Start::Number,
        pattern: r"[1-478][ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?(?:[0-9]{2}|2[AB])[ .]?[0-9]{3}[ .]?[0-9]{3}[ .-]?[0-9]{2}",
        edges: Edges::Code,
        check: Check::Text(|text| {
            let month = text.bytes().filter(u8::is_ascii_digit).skip(3).take(2);
            let month = month.fold(0, |month, byte| month * 10 + u32::from(byte - b'0'));
            let usual = (1..=12).contains(&month) || text.contains(' ');
            let strength = if usual { Strength::Strong } else { Strength::Weak };
            Finding::validated(national::nir(text), strength)
        }),
        context: &[
            "nir",
            "numéro de sécurité sociale",
            "sécurité sociale",
            "n° ss",
            "insee",
            "n° de sécurité sociale",
            "numéro insee",
            "sécu",
        ],
        valid: &[
            "sécurité sociale : {2 95 10 99 126 111 93}",
            "{295109912611193}",
            "NIR {253072B07300470}",
        ],
        invalid: &["295109912611199", "2951099126111930", "order-295109912611193"],
        ..Row::EMPTY
    },
    Row {
        name: "nl_bsn",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "nl",
        source: "Rijksdienst voor Identiteitsgegevens, burgerservicenummer: the test of eleven",
        start: Start::Number,
        pattern: r"[0-9]{4}[. -]?[0-9]{2}[. -]?[0-9]{3}|[0-9]{3}[. -][0-9]{3}[. -][0-9]{3}|[0-9]{8}",
        edges: Edges::Number,
        check: Check::Text(|text| Finding::validated(national::bsn(text), Strength::Weak)),
        context: &["bsn", "burgerservicenummer", "sofinummer", "sofi", "burger service nummer"],
        valid: &["BSN {111222333}", "burgerservicenummer: {1112.22.333}", "BSN {111 222 333}"],
        invalid: &["111222333", "BSN 111252333", "BSN 1112223334"],
        ..Row::EMPTY
    },
    Row {
        name: "pl_pesel",
        label: "GOVERNMENT_ID",
        group: Group::Government,
        region: "pl",
        source: "Ustawa o ewidencji ludności, art. 15: birthday, serial and check digit",
        start: Start::Number,
        pattern: r"[0-9]{11}",
        edges: Edges::Number,
        check: Check::Text(|text| Finding::validated(national::pesel(text), Strength::Fair)),
        context: &["pesel", "numer pesel", "nr pesel"],
        against: NO_ONES,
        valid: &["PESEL: {44051401359}", "{02211307589}"],
        invalid: &["44051401358", "02381307589", "order 44051401359"],
        ..Row::EMPTY
    },
];
