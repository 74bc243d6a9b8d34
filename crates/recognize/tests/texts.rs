//! Whole texts: what is found in them, what is left alone, and where it is in the original.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use cloze_recognize::{Match, RecognizerParams, Recognizers};

fn all() -> Recognizers {
    Recognizers::new(RecognizerParams::new().check().unwrap())
}

fn found<'t>(matches: &'t [Match], text: &'t str) -> Vec<(&'t str, &'t str)> {
    matches.iter().map(|found| (found.label.as_str(), found.span.of(text).unwrap())).collect()
}

/// Numbers of many forms that are no one's.
#[test]
fn numbers_that_are_no_ones_are_left_alone() {
    let recognizers =
        Recognizers::new(RecognizerParams::new().recognizers(["-dates"]).check().unwrap());
    for text in [
        "ISBN 978-3-16-148410-0 and ISBN 0-306-40615-2",
        "ISBN-10: 0306406152, EAN 4006381333931",
        "Order number 4111111111111111 was shipped.",
        "Bestellnummer 123456782, Rechnung Nr. 111000025",
        "version 1.2.3.4, driver 10.20.30.40, build 20240102",
        "commit 5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        "md5 d41d8cd98f00b204e9800998ecf8427e",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "at 2024-01-02T10:00:00.123456Z and 1704189600",
        "prices: $1,234,567.89, €4.111.111,00 and £ 123456782",
        "π is 3.14159265358979, e is 2.718281828459045",
        "pages 1120-1145, 12:34:56, 10:20:30.123",
        "The sum was 1 234 567 890 in 2019/2020.",
        "tracking 1Z999AA10123456784",
        "See section 10.1.2.3 and figures 4.5.6.",
        "std::fs::read(path) in main.rs, README.md and lib.py; foo.bar()",
        "Call me at noon. He said so. End of it.In short, no.",
        "1920x1080, 4096, 65536, 1000000000",
        "SELECT id FROM t WHERE id = 123456782 OR x = 987654321",
        "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed is mistyped",
        "Temperature -12.5, 48.1, 2.29",
        "npm install react@18.2.0 @types/node; user@host:~$ ls; git@github.com:a/b.git",
        "def foo(self, arg: str = None): return os.path.join(a.b, c.d)",
        "photo_2024-01-02_10-20-30.jpg, IMG_20240102_102030.png, index.html",
        "doi:10.1000/182, arXiv:2301.00001v2, ISSN 2049-3630, SKU 000-123-4567",
        "Total 4,111.11; Balance: $4111; 1.000.000,00 €; 500 000 000 yen; 93%; 93 kg",
        "My account of 2019: we met 12 people. Passport office hours 09:00-17:00.",
        "the password field is required; token ring network; secret santa 2024",
        "contact lens 12 345 678, visa requirements 2024 123456789012",
        "-----BEGIN CERTIFICATE----- MIIB -----END CERTIFICATE-----",
        "kernel 5.15.0-91-generic, v2.10.3-rc.1, RFC 5321, UTF-8, 24/7, 16:9",
    ] {
        let matches = recognizers.find(text);
        assert_eq!(found(&matches, text), [], "{text}");
    }
}

#[test]
fn a_letter() {
    let text = "Dear Ms Example,\n\nyour card 4111 1111 1111 1111 was charged. Call (212) 555-0142 or \
        write to help@example.com (https://www.example.com/help?id=7).\nDOB: 12/03/1980, \
        SSN 536-90-4399, IBAN DE89 3704 0044 0532 0130 00. From 192.0.2.17.";
    let matches = all().find(text);
    assert_eq!(
        found(&matches, text),
        [
            ("TITLE", "Ms"),
            ("SURNAME", "Example"),
            ("CREDIT_CARD", "4111 1111 1111 1111"),
            ("PHONE", "(212) 555-0142"),
            ("EMAIL", "help@example.com"),
            ("URL", "https://www.example.com/help?id=7"),
            ("DATE_OF_BIRTH", "12/03/1980"),
            ("GOVERNMENT_ID", "536-90-4399"),
            ("BANK_ACCOUNT", "DE89 3704 0044 0532 0130 00"),
            ("IP_ADDRESS", "192.0.2.17"),
        ]
    );
}

/// Values in reserved ranges, whose check digits are wrong on purpose, are found by their words.
#[test]
fn forms_with_invented_values() {
    let text = "Steuer-ID: 00 555 013 427; IBAN: DE00 5001 0000 0123 4555 01; Telefon: 030 23125 046\n\
        Passport: PX0055501, sort code 00-55-50, account 00555012\n\
        Federal tax ID (EIN): 00-5550134. ABA routing no. 000000417";
    let matches = all().find(text);
    assert_eq!(
        found(&matches, text),
        [
            ("TAX_ID", "00 555 013 427"),
            ("BANK_ACCOUNT", "DE00 5001 0000 0123 4555 01"),
            ("PHONE", "030 23125 046"),
            ("PASSPORT", "PX0055501"),
            ("ROUTING_NUMBER", "00-55-50"),
            ("BANK_ACCOUNT", "00555012"),
            ("TAX_ID", "00-5550134"),
            ("ROUTING_NUMBER", "000000417"),
        ]
    );
    let text = "Previous passport no.: 000555017. Contact phone: 01632 960183, IBAN NL00 TEST 0555 0123 45";
    let matches = all().find(text);
    assert_eq!(
        found(&matches, text),
        [
            ("PASSPORT", "000555017"),
            ("PHONE", "01632 960183"),
            ("BANK_ACCOUNT", "NL00 TEST 0555 0123 45"),
        ]
    );
}

#[test]
fn a_row_of_a_table_and_a_log() {
    let text = "7,ada@example.com,4111111111111111,+442079460958,192.0.2.1,1980-03-12";
    let matches = all().find(text);
    assert_eq!(
        found(&matches, text),
        [
            ("EMAIL", "ada@example.com"),
            ("CREDIT_CARD", "4111111111111111"),
            ("PHONE", "+442079460958"),
            ("IP_ADDRESS", "192.0.2.1"),
            ("DATE", "1980-03-12"),
        ]
    );
    let text = "level=info user=ada@example.com ip=2001:db8::1 mac=00:00:5e:00:53:01 \
        password=hunter2&next=1 url=postgres://ada:pw@db.example.com/x";
    let matches = all().find(text);
    assert_eq!(
        found(&matches, text),
        [
            ("EMAIL", "ada@example.com"),
            ("IP_ADDRESS", "2001:db8::1"),
            ("MAC_ADDRESS", "00:00:5e:00:53:01"),
            ("SECRET", "hunter2"),
            ("SECRET", "postgres://ada:pw@db.example.com/x"),
        ]
    );
}

/// The name of the field speaks for a value that alone is any number.
#[test]
fn names_of_fields_are_context() {
    let recognizers = all();
    for (field, value, label) in [
        ("SSN", "536904399", "GOVERNMENT_ID"),
        ("date_of_birth", "12/03/80", "DATE_OF_BIRTH"),
        ("dateOfBirth", "1980-03-12", "DATE_OF_BIRTH"),
        ("customerPhone", "2125550142", "PHONE"),
        ("routing-number", "111000025", "ROUTING_NUMBER"),
        ("Passport No.", "X0055501", "PASSPORT"),
        ("Steuer-ID", "36574261809", "TAX_ID"),
    ] {
        let matches = recognizers.find_in(field, value);
        assert_eq!(found(&matches, value), [(label, value)], "{field}");
        let alone = recognizers.find(value);
        assert!(alone.iter().all(|found| found.label != label), "{value}: {alone:?}");
    }
    assert_eq!(recognizers.find_in("order_id", "536904399"), []);
}

/// Other forms of the same characters, each with the span of the original.
#[test]
fn other_forms_of_the_same_characters() {
    let recognizers = all();
    for (text, label, part) in [
        (
            "卡号：４１１１　１１１１　１１１１　１１１１。",
            "CREDIT_CARD",
            "４１１１　１１１１　１１１１　１１１１",
        ),
        (
            "card 4111\u{A0}1111\u{A0}1111\u{A0}1111.",
            "CREDIT_CARD",
            "4111\u{A0}1111\u{A0}1111\u{A0}1111",
        ),
        (
            "card 4111\u{2011}1111\u{2011}1111\u{2011}1111.",
            "CREDIT_CARD",
            "4111\u{2011}1111\u{2011}1111\u{2011}1111",
        ),
        (
            "IBAN DE89\u{200B}3704\u{200B}0044\u{200B}0532013000!",
            "BANK_ACCOUNT",
            "DE89\u{200B}3704\u{200B}0044\u{200B}0532013000",
        ),
        ("mail ada\u{AD}@exam\u{AD}ple.com now", "EMAIL", "ada\u{AD}@exam\u{AD}ple.com"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "EMAIL", "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
        ("هاتف ‎+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨ شكرا", "PHONE", "+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨"),
        ("फोन +९१ ९८७६५ ४३२१०।", "PHONE", "+९१ ९८७६५ ४३२१०"),
        ("SSN 536–90–4399", "GOVERNMENT_ID", "536–90–4399"),
        ("ne\u{301}e le 12\u{202F}mars\u{202F}1980", "DATE_OF_BIRTH", "12\u{202F}mars\u{202F}1980"),
        ("ip １９２．０．２．１ ok", "IP_ADDRESS", "１９２．０．２．１"),
    ] {
        let matches = recognizers.find(text);
        assert_eq!(found(&matches, text), [(label, part)], "{text}");
    }
}

/// Never half: what touches a match continues it or ends it.
#[test]
fn matches_are_whole() {
    let recognizers = all();
    for (text, part) in [
        ("x o'neil.b+list-1@mail.sub.example.co.uk.", "o'neil.b+list-1@mail.sub.example.co.uk"),
        ("(see https://example.com/a_(b)/c?d=e&f=g#h).", "https://example.com/a_(b)/c?d=e&f=g#h"),
        (
            "https://example.com/?mail=ada@example.com&ip=192.0.2.1",
            "https://example.com/?mail=ada@example.com&ip=192.0.2.1",
        ),
        ("+1 (212) 555-0142 ext. 17,", "+1 (212) 555-0142 ext. 17"),
        ("GB29 NWBK 6016 1331 9268 19 please", "GB29 NWBK 6016 1331 9268 19"),
        ("sk_test_ExampleExample0123456789", "sk_test_ExampleExample0123456789"),
    ] {
        let matches = recognizers.find(text);
        assert_eq!(matches.len(), 1, "{text}: {matches:?}");
        assert_eq!(matches[0].span.of(text), Some(part));
    }
}

#[test]
fn odd_texts_are_searched_too() {
    let recognizers = all();
    for text in [
        "",
        " ",
        "@",
        "://",
        "+",
        "-----BEGIN ",
        "eyJ",
        "::",
        "\u{200B}",
        "é@é.é",
        "\u{301}",
        "(((",
        "0x",
    ] {
        assert_eq!(recognizers.find(text), [], "{text:?}");
    }
}

/// Forms that look like addresses and names, and are none.
#[test]
fn words_and_numbers_that_are_no_addresses_and_names() {
    let params = RecognizerParams::new().recognizers(["addresses", "names"]).check().unwrap();
    let recognizers = Recognizers::new(params);
    for text in [
        "There are 5 Main points in Section 4 Road map.",
        "In 2019 we met 12 people in the street, 3 miles down the road.",
        "See chapter 7 Park, page 12, figure 3 and table 4.",
        "Version 2 Drive, level 3 and unit tests; 4 road tests.",
        "Der Arbeitsplatz 5 ist frei, der Umweg 3 km lang.",
        "Le 3 mai, en route; la place 12 est libre.",
        "Best price in town.\nThanks to all\nNote: this. Note: that.",
        "Dear Sir or Madam,\n\nHello there, hi all!",
        "Product name: Blue Chair\nFile name: a.txt\nName: Acme Ltd",
        "INFO: started\nINFO: stopped\nWARN: late",
        "title: a\ntitle: b\nkind: c\nkind: d",
        "OK 5, IN 2019, ME 2000, HI 10",
    ] {
        let matches = recognizers.find(text);
        assert_eq!(found(&matches, text), [], "{text}");
    }
}

/// One address in the form of each of some countries, whole.
#[test]
fn addresses_of_countries_are_found_whole() {
    let params = RecognizerParams::new().recognizers(["addresses"]).check().unwrap();
    let recognizers = Recognizers::new(params);
    let mut wrong = vec![];
    for text in [
        "1600 Example Ave. NW, Suite 300, Springfield, IL 62704-1234, USA",
        "12 Rideau Street, Unit 4, Ottawa, ON K1A 0B1, Canada",
        "Flat 3, 221B Baker Street, London NW1 6XE, United Kingdom",
        "14 Merrion Square, Dublin 2, D02 AF30, Ireland",
        "25 George Street, Sydney NSW 2000, Australia",
        "8 Lambton Quay, Wellington 6011, New Zealand",
        "12 MG Road, Bengaluru 560 001, India",
        "Berliner Straße 12, 10115 Berlin, Deutschland",
        "Kurt-Schumacher-Str. 5a, D-53113 Bonn",
        "Mariahilfer Straße 10, 1060 Wien, Österreich",
        "Bahnhofstrasse 3, 8001 Zürich, Schweiz",
        "36 bis, rue de la Paix, 75002 Paris, France",
        "Rue Haute 10, 1000 Bruxelles, Belgique",
        "Keizersgracht 123, 1015 CJ Amsterdam, Nederland",
        "Calle Mayor, 7, 2º izq, 28013 Madrid, España",
        "Rua Augusta 24, 1100-053 Lisboa, Portugal",
        "Via Garibaldi 5, 20121 Milano (MI), Italia",
        "Storgatan 5, 111 22 Stockholm, Sverige",
        "Nørregade 10, 1165 København K, Danmark",
        "ul. Długa 5, 00-238 Warszawa, Polska",
        "Fő utca 1, 1011 Budapest",
        "PO Box 123, Leeds LS1 4AP",
        "12 High Street\nStoke-on-Trent\nST1 5AB\nUnited Kingdom",
        "6750 Koskikatu 25 Apt. 864\nArtilleros\n, CO\n Uruguay 64677",
    ] {
        let matches = recognizers.find(&format!("I live at {text}."));
        let mut hidden = vec![false; text.len()];
        for found in &matches {
            for byte in found.span.start..found.span.end {
                if let Some(byte) =
                    byte.checked_sub("I live at ".len()).filter(|byte| *byte < text.len())
                {
                    hidden[byte] = true;
                }
            }
        }
        let left: String = text
            .char_indices()
            .filter(|(i, c)| c.is_alphanumeric() && !hidden[*i])
            .map(|(_, c)| c)
            .collect();
        if !left.is_empty() {
            wrong.push(format!("{text}: {left}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
