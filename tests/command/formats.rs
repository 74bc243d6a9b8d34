//! What each format writes.
#![expect(clippy::unicode_not_nfc, reason = "a decomposed accent must come out as it went in")]

use serde_json::Value;

use crate::run::{Home, Ran, entities, found};

/// Emoji, an accent of its own, CRLF, markup, quotes, and what would command a terminal.
const TEXT: &str = "My name is Angela Merkel 👍🏽 <b>&\"x\"</b>.\r\n\
    I am Jose\u{301} Smith\u{1b}[31m, I live at 12 Main\nStreet, Springfield.\n";
/// An id that is a script, a tab in an entity, nothing at all, and a text without entities.
const RECORDS: &str = r#"{"id":"<script>alert(1)</script>","text":"My name is 😀 John Smith and I live at 12 Main\tStreet."}
{"text":""}
{"id":7,"text":"Nothing here."}
"#;

/// The two inputs in one format.
fn tag(args: &[&str]) -> Ran {
    let home = Home::with([("a <i>.txt", TEXT), ("b.jsonl", RECORDS)]);
    home.run(&[&["tag", "a <i>.txt", "b.jsonl", "--quiet", "--format"], args].concat())
}

#[test]
fn pretty_marks_without_colour() {
    insta::assert_snapshot!(tag(&["pretty"]).shown(), @r#"
    status: 0
    stdout:
    ── a <i>.txt ──
    My name is [Angela GIVEN_NAME] [Merkel SURNAME] 👍🏽 <b>&"x"</b>.
    I am [José GIVEN_NAME] [Smith SURNAME]\u{1b}[31m, I live at [12 BUILDING_NUMBER] [Main
    Street STREET_NAME], [Springfield CITY].

    ── b.jsonl ──
    <script>alert(1)</script>: My name is 😀 [John GIVEN_NAME] [Smith SURNAME] and I live at [12 BUILDING_NUMBER] [Main	Street STREET_NAME].

    7: Nothing here.

    stderr:
    "#);
}

#[test]
fn pretty_has_colours_where_asked_for() {
    let (plain, colored) = (tag(&["pretty"]), tag(&["pretty", "--color", "always"]));
    let colored = colored.good();
    assert!(!plain.good().contains('\u{1b}'));
    // All there is of escapes are colours, which come in pairs, and without them the text is the
    // same.
    let mut bare = String::new();
    let (mut on, mut off) = (0, 0);
    let mut parts = colored.split("\u{1b}[");
    bare.push_str(parts.next().unwrap());
    for part in parts {
        let (code, rest) = part.split_once('m').unwrap();
        assert!(code.chars().all(|c| c.is_ascii_digit() || c == ';'), "{code:?}");
        *(if code == "0" { &mut off } else { &mut on }) += 1;
        bare.push_str(rest);
    }
    assert_eq!(bare, plain.good());
    assert!(off > 0 && on >= off);
    assert!(colored.contains(r"Smith") && colored.contains(r"\u{1b}[31m"));
}

/// Offsets in each unit, counted here by Rust's own means, cut the entity's text out of the text.
#[test]
fn jsonl_offsets_slice_back_in_each_unit() {
    let texts: Vec<String> = std::iter::once(TEXT.to_owned())
        .chain(RECORDS.lines().map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            record["text"].as_str().unwrap().to_owned()
        }))
        .collect();
    let mut all = vec![];
    for unit in ["char", "byte", "utf16"] {
        let ran = tag(&["jsonl", "--offsets", unit]);
        ran.good();
        let records = ran.records();
        assert_eq!(records.len(), texts.len());
        for (record, text) in records.iter().zip(&texts) {
            assert_eq!(record["offsets"], unit);
            for entity in entities(record) {
                let at = |key: &str| usize::try_from(entity[key].as_u64().unwrap()).unwrap();
                let (start, end) = (at("start"), at("end"));
                let cut = match unit {
                    "char" => text.chars().skip(start).take(end - start).collect(),
                    "byte" => text[start..end].to_owned(),
                    _ => {
                        let units: Vec<u16> = text.encode_utf16().collect();
                        String::from_utf16(&units[start..end]).unwrap()
                    }
                };
                assert_eq!(entity["text"], cut, "{unit}");
            }
        }
        all.push(records.iter().map(found).collect::<Vec<_>>());
    }
    assert!(all.iter().all(|found| *found == all[0]));
    // The emoji before the name tells the units apart: 😀 is 1, 4 and 2 of them.
    let start =
        |unit| tag(&["jsonl", "--offsets", unit]).records()[1]["entities"][0]["start"].clone();
    assert_eq!([start("char"), start("byte"), start("utf16")], [13, 16, 14]);
}

#[test]
fn jsonl_is_a_line_a_record() {
    insta::assert_snapshot!(tag(&["jsonl"]).shown(), @r#"
    status: 0
    stdout:
    {"path":"a <i>.txt","id":null,"offsets":"char","entities":[{"label":"GIVEN_NAME","start":11,"end":17,"text":"Angela","score":#,"recognizer":"given_name"},{"label":"SURNAME","start":18,"end":24,"text":"Merkel","score":0.75,"recognizer":"surname"},{"label":"GIVEN_NAME","start":47,"end":52,"text":"José","score":#},{"label":"SURNAME","start":53,"end":58,"text":"Smith","score":#},{"label":"BUILDING_NUMBER","start":75,"end":77,"text":"12","score":#},{"label":"STREET_NAME","start":78,"end":89,"text":"Main\nStreet","score":#},{"label":"CITY","start":91,"end":102,"text":"Springfield","score":#}]}
    {"path":"b.jsonl","line":1,"id":"<script>alert(1)</script>","offsets":"char","entities":[{"label":"GIVEN_NAME","start":13,"end":17,"text":"John","score":#},{"label":"SURNAME","start":18,"end":23,"text":"Smith","score":#},{"label":"BUILDING_NUMBER","start":38,"end":40,"text":"12","score":#},{"label":"STREET_NAME","start":41,"end":52,"text":"Main\tStreet","score":#}]}
    {"path":"b.jsonl","line":2,"id":null,"offsets":"char","entities":[]}
    {"path":"b.jsonl","line":3,"id":"7","offsets":"char","entities":[]}

    stderr:
    "#);
}

#[test]
fn conll_is_a_word_a_line() {
    insta::assert_snapshot!(tag(&["conll"]).shown().replace('\t', " → "), @r#"
    status: 0
    stdout:
    My → O
    name → O
    is → O
    Angela → B-GIVEN_NAME
    Merkel → B-SURNAME
    👍🏽 → O
    < → O
    b → O
    > → O
    & → O
    " → O
    x → O
    " → O
    < → O
    / → O
    b → O
    > → O
    . → O
    I → O
    am → O
    José → B-GIVEN_NAME
    Smith → B-SURNAME
    [ → O
    31m → O
    , → O
    I → O
    live → O
    at → O
    12 → B-BUILDING_NUMBER
    Main → B-STREET_NAME
    Street → I-STREET_NAME
    , → O
    Springfield → B-CITY
    . → O

    My → O
    name → O
    is → O
    😀 → O
    John → B-GIVEN_NAME
    Smith → B-SURNAME
    and → O
    I → O
    live → O
    at → O
    12 → B-BUILDING_NUMBER
    Main → B-STREET_NAME
    Street → I-STREET_NAME
    . → O


    Nothing → O
    here → O
    . → O


    stderr:
    "#);
}

#[test]
fn tsv_is_a_row_an_entity() {
    let ran = tag(&["tsv", "--offsets", "utf16"]);
    insta::assert_snapshot!(ran.shown().replace('\t', " → "), @r#"
    status: 0
    stdout:
    path → line → id → label → start_utf16 → end_utf16 → text → score
    a <i>.txt →  →  → GIVEN_NAME → 11 → 17 → Angela → #
    a <i>.txt →  →  → SURNAME → 18 → 24 → Merkel → 0.75
    a <i>.txt →  →  → GIVEN_NAME → 49 → 54 → José → #
    a <i>.txt →  →  → SURNAME → 55 → 60 → Smith → #
    a <i>.txt →  →  → BUILDING_NUMBER → 77 → 79 → 12 → #
    a <i>.txt →  →  → STREET_NAME → 80 → 91 → "Main
    Street" → #
    a <i>.txt →  →  → CITY → 93 → 104 → Springfield → #
    b.jsonl → 1 → <script>alert(1)</script> → GIVEN_NAME → 14 → 18 → John → #
    b.jsonl → 1 → <script>alert(1)</script> → SURNAME → 19 → 24 → Smith → #
    b.jsonl → 1 → <script>alert(1)</script> → BUILDING_NUMBER → 39 → 41 → 12 → #
    b.jsonl → 1 → <script>alert(1)</script> → STREET_NAME → 42 → 53 → "Main → Street" → #

    stderr:
    "#);
    // What any reader of the format makes of it.
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(&ran.bytes[..]);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    let texts: Vec<_> = rows.iter().map(|row| &row[6]).collect();
    let json = tag(&["jsonl"]).records();
    let expected: Vec<_> = json.iter().flat_map(found).map(|(_, text)| text).collect();
    assert_eq!(texts, expected);
    assert!(texts.contains(&"Main\nStreet") && texts.contains(&"Main\tStreet"));
}

#[test]
fn inline_marks_are_the_only_ones() {
    let shown = format!("{:?}", tag(&["inline"]).good()).replace(r"\n", "\n");
    insta::assert_snapshot!(shown, @r#"
    "My name is <GIVEN_NAME>Angela</GIVEN_NAME> <SURNAME>Merkel</SURNAME> 👍🏽 &lt;b&gt;&amp;\"x\"&lt;/b&gt;.\r
    I am <GIVEN_NAME>Jose\u{301}</GIVEN_NAME> <SURNAME>Smith</SURNAME>\u{1b}[31m, I live at <BUILDING_NUMBER>12</BUILDING_NUMBER> <STREET_NAME>Main
    Street</STREET_NAME>, <CITY>Springfield</CITY>.

    My name is 😀 <GIVEN_NAME>John</GIVEN_NAME> <SURNAME>Smith</SURNAME> and I live at <BUILDING_NUMBER>12</BUILDING_NUMBER> <STREET_NAME>Main\tStreet</STREET_NAME>.

    Nothing here.
    "
    "#);
}

/// One page with everything in it, and nothing from the text that a browser would obey.
#[test]
fn html_is_one_page_that_obeys_nobody() {
    let home = Home::with([("<script>x</script>.txt", TEXT), ("b.jsonl", RECORDS)]);
    // A label from a model of somebody else's.
    home.model_without_hashes("m");
    let config = home.read("m/config.json").replace("-SURNAME\"", "-<script>'\\\"\"");
    home.write("m/config.json", config);
    let ran = home.run(&["tag", "<script>x</script>.txt", "b.jsonl", "-m", "./m", "-f", "html"]);
    let page = ran.good();

    // The only script is our own, and nothing is fetched.
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "<link", "<img"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for shown in [
        "<h2>&lt;script&gt;x&lt;/script&gt;.txt</h2>",
        "<small>&lt;script&gt;alert(1)&lt;/script&gt;: </small>",
        "&lt;b&gt;&amp;\"x\"&lt;/b&gt;",
        "data-label=\"&lt;script&gt;'&quot;\"",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert_eq!(page.matches("<!doctype html>").count(), 1);
    assert!(page.ends_with("</html>\n"));

    // The legend counts what is marked.
    let (body, legend) = page.split_once("<header>").unwrap();
    let marks = body.matches("<mark ").count();
    assert_eq!(marks, 11);
    assert!(legend.contains("<h1>11 entities in 4 texts</h1>"), "{legend}");
    let mut total = 0;
    for row in legend.lines().filter(|line| line.starts_with("<label")) {
        let label = row.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        let count = row.rsplit("</i> ").next().unwrap().strip_suffix("</label>").unwrap();
        let count: usize = count.parse().unwrap();
        assert_eq!(body.matches(&format!("<mark data-label=\"{label}\"")).count(), count, "{row}");
        total += count;
    }
    assert_eq!(total, marks);
}

#[test]
fn redact_replaces_by_the_label() {
    // Of the JSON only the literal of the text is written anew.
    let expected = "My name is [GIVEN_NAME] [SURNAME] 👍🏽 <b>&\"x\"</b>.\r\n\
        I am [GIVEN_NAME] [SURNAME]\u{1b}[31m, I live at [BUILDING_NUMBER] [STREET_NAME], [CITY].\n"
        .to_owned()
        + r#"{"id":"<script>alert(1)</script>","text":"My name is 😀 [GIVEN_NAME] [SURNAME] and I live at [BUILDING_NUMBER] [STREET_NAME]."}
{"text":""}
{"id":7,"text":"Nothing here."}
"#;
    assert_eq!(tag(&["redact"]).good(), expected);
}

#[test]
fn redact_replaces_by_any_mask() {
    for (mask, expected) in [
        ("█", "I am █ █, I live at █ █."),
        ("", "I am  , I live at  ."),
        (
            "{label}={label}",
            "I am GIVEN_NAME=GIVEN_NAME SURNAME=SURNAME, I live at BUILDING_NUMBER=BUILDING_NUMBER STREET_NAME=STREET_NAME.",
        ),
        ("{LABEL}", "I am {LABEL} {LABEL}, I live at {LABEL} {LABEL}."),
    ] {
        let home = Home::new();
        let input = "I am John Smith, I live at 12 Main Street.";
        let ran = home.run_with(input, &["tag", "-", "-f", "redact", "--mask", mask]);
        assert_eq!(ran.good(), expected);
    }
}

/// A label with an escape comes from a model that anybody may have made.
#[test]
fn a_label_cannot_command_the_terminal_or_be_a_mark() {
    let home = Home::with([("a.txt", "My name is Angela Merkel.")]);
    home.model_without_hashes("m");
    let config = home.read("m/config.json").replace("-SURNAME\"", "-\\u001b[2J<&>\"");
    home.write("m/config.json", config);
    let run = |args: &[&str]| {
        let ran = home.run(&[&["tag", "a.txt", "-q", "-m", "./m"], args].concat());
        ran.good().to_owned()
    };
    let pretty = run(&["--color", "always"]);
    assert!(pretty.contains(r"\u{1b}[2J<&>") && !pretty.contains("\u{1b}[2J"), "{pretty:?}");
    let inline = run(&["-f", "inline"]);
    assert!(inline.contains("[2J&lt;&amp;&gt;>Merkel</"), "{inline:?}");
    // Nor by way of an error.
    let ran = home.run(&["tag", "a.txt", "-m", "./m", "--labels", "x", "--color", "always"]);
    assert!(ran.stderr.contains(r"\u{1b}[2J") && !ran.stderr.contains("\u{1b}[2J"));
}
