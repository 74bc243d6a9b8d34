//! How alike texts are: against cosines of what `cloze embed` writes.
use cloze::embed::Poolings;
use cloze::embed::correction::Provenance;
use cloze::store::Existing;
use cloze::{Accumulator, FittedCorrection, Layers, Level, Method, ModelFolder, Pooling};
use serde_json::{Value, json};

use crate::run::{Home, models};
use crate::support::{assert_near, assert_refused, cosine, f64_of, numbers, vectors};

const CAT: &str = "The cat sits outside.";
const CATS: &str = "A cat is sitting in the garden.";
const FILM: &str = "The new film is great.";

#[test]
fn two_texts() {
    let home = Home::new();
    let raw = vectors(&home, &[CAT, CATS], &["--no-normalize"]);
    let expected = cosine(&raw[0], &raw[1]);
    let ran = home.run(&["similarity", CAT, CATS]);
    assert_eq!(ran.good(), format!("{expected:.4}\n"));
    let ran = home.run(&["similarity", CAT, CATS, "--json"]);
    ran.good();
    let report = &ran.records()[0];
    assert_near(f64_of(&report["similarity"]), expected);
    for (key, value) in [
        ("first", CAT),
        ("second", CATS),
        ("metric", "cosine"),
        ("model", "minilm-l6-v2"),
        ("correction", "none"),
    ] {
        assert_eq!(report[key], value);
    }
    // The lengths matter to the others.
    let dot: f64 = raw[0].iter().zip(&raw[1]).map(|(a, b)| a * b).sum();
    let distance = raw[0].iter().zip(&raw[1]).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    for (metric, expected) in [("dot", dot), ("euclid", -distance)] {
        let flags = ["--metric", metric, "--no-normalize", "--json"];
        let ran = home.run(&[&["similarity", CAT, CATS], &flags[..]].concat());
        ran.good();
        let found = f64_of(&ran.records()[0]["similarity"]);
        assert!((found - expected).abs() <= 1e-5 * expected.abs(), "{metric}: {found} {expected}");
    }
    // The negated distance of equal texts has no minus.
    assert_eq!(home.run(&["similarity", CAT, CAT, "--metric", "euclid"]).good(), "0.0000\n");
}

#[test]
fn more_texts_are_ranked() {
    let home =
        Home::with([("more.txt", "A cat is sitting in the garden.\nThe cat sits outside.\n")]);
    let raw = vectors(&home, &[CAT, FILM, CATS], &[]);
    let (film, cats) = (cosine(&raw[0], &raw[1]), cosine(&raw[0], &raw[2]));
    assert!(cats > film);
    let ran = home.run(&["similarity", CAT, FILM, CATS]);
    let expected = format!("similarity  text\n{cats:>10.4}  {CATS}\n{film:>10.4}  {FILM}\n");
    assert_eq!(ran.good(), expected);
    let args = ["similarity", CAT, FILM, "--texts", "more.txt", "--input", "lines", "--json"];
    let ran = home.run(&[&args[..], &["--top", "2"]].concat());
    ran.good();
    let report = &ran.records()[0];
    assert_eq!((&report["text"], &report["compared"]), (&CAT.into(), &3.into()));
    let results = report["results"].as_array().unwrap();
    let texts: Vec<_> = results.iter().map(|r| (r["rank"].as_u64(), &r["text"])).collect();
    assert_eq!(texts, [(Some(1), &CAT.into()), (Some(2), &CATS.into())]);
    assert_eq!(results[1]["id"], "more.txt:1");
    assert_near(f64_of(&results[1]["similarity"]), cats);
    // One text has nothing to be compared with.
    assert_refused(&home.run(&["similarity", CAT]), &["at least two texts, found 1"]);
    assert_refused(&home.run(&["similarity"]), &["TEXTS", "--pairs"]);
    let ran = home.run(&["similarity", CAT, FILM, "--no-header"]);
    assert_refused(&ran, &["are for --pairs and --texts"]);
    let ran = home.run(&["similarity", CAT, "--texts", "gone.txt"]);
    assert_refused(&ran, &["gone.txt: no such file", "found 1"]);
}

#[test]
fn each_against_each() {
    let home = Home::new();
    let texts = [CAT, "<b> & \"c\" </b>", CATS];
    let raw = vectors(&home, &texts, &[]);
    let args = [&["similarity", "--matrix", "--svg", "m.svg"], &texts[..]].concat();
    let ran = home.run(&[&args[..], &["--json"]].concat());
    ran.good();
    let report = &ran.records()[0];
    assert_eq!(report["texts"], json!(texts));
    let rows: Vec<Vec<f64>> =
        report["similarity"].as_array().unwrap().iter().map(numbers).collect();
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row.len(), 3);
        assert!((row[i] - 1.0).abs() < 1e-12);
        for (j, &x) in row.iter().enumerate() {
            assert_eq!(x.to_bits(), rows[j][i].to_bits());
            assert_near(x, cosine(&raw[i], &raw[j]));
        }
    }
    let svg = home.read("m.svg");
    let shown = text_of(&svg);
    assert!(shown.contains("2 <b> & \"c\" </b>"), "{shown}");
    assert!(svg.contains("2 &lt;b&gt; &amp; &quot;c&quot; &lt;/b&gt;"));
    assert!(shown.contains(&format!("{:.2}", rows[0][2])), "{shown}");
    // A picture is not written over one that is there.
    assert_refused(&home.run(&args), &["m.svg: exists already"]);
    let ran = home.run(&[&args[..], &["--force"]].concat());
    let last = ran.good().lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(last, ["3", &format!("{:.4}", rows[2][0]), &format!("{:.4}", rows[2][1]), "1.0000"]);
}

/// The text of a picture; fails where a tag is not closed or a character not escaped.
fn text_of(svg: &str) -> String {
    let (mut open, mut shown) = (vec![], String::new());
    for part in svg.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        for entity in text.split('&').skip(1) {
            let name = entity.split_once(';').unwrap().0;
            assert!(["lt", "gt", "amp", "quot", "apos"].contains(&name), "{name}");
        }
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        shown.push_str(&html_escape::decode_html_entities(text));
    }
    assert_eq!(open, Vec::<&str>::new());
    shown
}

/// Control characters are none of XML's, and a long text is shortened where it is seen.
#[test]
fn a_picture_of_odd_texts() {
    let home = Home::new();
    let long = "word ".repeat(50);
    let ran = home.run(&[
        "similarity",
        "--matrix",
        "a\u{1b}[1m\u{1}\nb\u{ffff}",
        &long,
        "--svg",
        "m.svg",
    ]);
    ran.good();
    let shown = text_of(&home.read("m.svg"));
    assert!(shown.contains("1 a\\u{1b}[1m\\u{1}\\nb\u{fffd}\n"), "{shown}");
    assert!(shown.contains("2 word word word word word word wo…\n"), "{shown}");
    // The table has all of it.
    assert!(ran.stdout().contains(&format!("2  {long}\n")));
}

#[test]
fn pairs_of_a_file() {
    let home = Home::with([
        (
            "plain.csv",
            "The cat sits outside.,\"The new film, is great.\"\nx\nThe cat sits outside.,A cat is sitting in the garden.\n",
        ),
        ("named.tsv", "id\tsentence2\tscore\tsentence1\n7\ta\t4.5\tb\n8\tc\t\td\n"),
        (
            "other.jsonl",
            "{\"q\":\"The cat sits outside.\",\"r\":\"A cat is sitting in the garden.\"}\n{\"q\":1,\"r\":null}\n",
        ),
        ("empty.csv", ""),
        ("no.txt", "x"),
    ]);
    let raw = vectors(&home, &[CAT, "The new film, is great.", CATS], &[]);
    let (film, cats) = (cosine(&raw[0], &raw[1]), cosine(&raw[0], &raw[2]));
    let ran = home.run(&["similarity", "--pairs", "plain.csv", "--no-header"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["plain.csv:2: expected 2 columns, found 1"]);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b'\t').from_reader(ran.stdout().as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["similarity", "first", "second"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((&rows[0][1], &rows[0][2]), (CAT, "The new film, is great."));
    assert_near(rows[0][0].parse().unwrap(), film);
    assert_near(rows[1][0].parse().unwrap(), cats);
    assert_eq!(rows.len(), 2);

    let ran = home.run(&["similarity", "--pairs", "named.tsv", "--json", "-o", "out.jsonl"]);
    assert_eq!(ran.good(), "");
    let rows = crate::run::records(&home.read("out.jsonl"));
    let facts = |r: &Value| ["line", "id", "first", "second", "score"].map(|key| r[key].clone());
    assert_eq!(Value::from(facts(&rows[0]).to_vec()), json!([2, "7", "b", "a", 4.5]));
    assert_eq!(Value::from(facts(&rows[1]).to_vec()), json!([3, "8", "d", "c", null]));

    let fields = ["--first-field", "q", "--second-field", "r", "--json"];
    let ran = home.run(&[&["similarity", "--pairs", "other.jsonl"], &fields[..]].concat());
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        ["other.jsonl:2: field \"r\": expected a string or a number, found null"]
    );
    assert_near(f64_of(&ran.records()[0]["similarity"]), cats);

    for (file, part) in [
        ("empty.csv", "empty.csv: expected pairs of texts, found none"),
        ("no.txt", "no.txt: expected pairs as csv, tsv or jsonl, found text\nhint: --input csv"),
        ("gone.csv", "gone.csv"),
        ("-", "-: expected pairs as csv, tsv or jsonl, found lines"),
    ] {
        assert_refused(&home.run(&["similarity", "--pairs", file]), &[part]);
    }
    let ran =
        home.run_with("a\tb\n", &["similarity", "--pairs", "-", "--input", "tsv", "--no-header"]);
    assert_eq!(ran.good().lines().count(), 2);
}

const RIVER: &str = "He sat on the bank of the river.";
const MONEY: &str = "The Bank closed; then the bank sold its banks.";

#[test]
fn a_word_in_context_and_alone() {
    let home = Home::new();
    let ran = home.run(&["similarity", "--word", "BANK", RIVER, MONEY, "no such", "--json"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["argument:3: expected the word \"BANK\", found none in \"no such\""]);
    let report = &ran.records()[0];
    let occurrences: Vec<_> = report["occurrences"].as_array().unwrap().iter().collect();
    let facts: Vec<_> = occurrences
        .iter()
        .map(|o| (o["name"].as_str().unwrap(), o["form"].as_str().unwrap(), o["start"].as_u64()))
        .collect();
    let expected = [("1.1", "bank", Some(14)), ("2.1", "Bank", Some(4)), ("2.2", "bank", Some(26))];
    assert_eq!(facts, expected);

    // The same from the words that `embed` writes.
    let words = |flags: &[&str]| {
        let args = [&["embed", "-", "--level", "word"], flags].concat();
        let ran = home.run_with(format!("{RIVER}\n{MONEY}"), &args);
        ran.good();
        let at = |text: usize, start: u64| {
            let records = ran.records();
            let tokens = records[text]["tokens"].as_array().unwrap();
            let word = tokens.iter().find(|t| t["start"] == start).unwrap();
            numbers(&word["vector"])
        };
        [at(0, 14), at(1, 4), at(1, 26)]
    };
    let (contextual, statics) = (words(&[]), words(&["--static"]));
    let sentences = vectors(&home, &[RIVER, MONEY], &[]);
    let pairs = report["pairs"].as_array().unwrap();
    let expected = [("1.1", "2.1", 0, 1), ("1.1", "2.2", 0, 2), ("2.1", "2.2", 1, 2)];
    assert_eq!(pairs.len(), expected.len());
    for (pair, (first, second, i, j)) in pairs.iter().zip(expected) {
        assert_eq!((&pair["first"], &pair["second"]), (&first.into(), &second.into()));
        assert_near(f64_of(&pair["contextual"]), cosine(&contextual[i], &contextual[j]));
        assert_near(f64_of(&pair["static"]), cosine(&statics[i], &statics[j]));
        assert_near(f64_of(&pair["static"]), 1.0);
        let sentence = cosine(&sentences[i.min(1)], &sentences[j.min(1)]);
        assert_near(f64_of(&pair["sentence"]), sentence);
    }
    // Two banks of money are more alike than one of a river.
    assert!(f64_of(&pairs[2]["contextual"]) > f64_of(&pairs[0]["contextual"]));
    let ran = home.run(&["similarity", "--word", "bank", RIVER, MONEY]);
    assert!(ran.good().starts_with("1.1  He sat on the [bank] of the river.\n2.1  The [Bank]"));
    assert_eq!(ran.stdout().lines().count(), 3 + 2 + 3);
    for (args, part) in [
        (&["--word", "river", RIVER, MONEY][..], "at two places at least, found 1"),
        (&["--word", "two words", RIVER, MONEY], "expected one word, found \"two words\""),
        (&["--word", "bank", "--static", RIVER, MONEY], "--static has no meaning with --word"),
    ] {
        assert_refused(&home.run(&[&["similarity"], args].concat()), &[part]);
    }
}

/// Saves the z-score of these vectors.
fn save_zscore(home: &Home, name: &str, level: Level, corpus: &[Vec<f64>]) {
    let folder = models().join("minilm-l6-v2");
    let provenance = Provenance {
        model: "minilm-l6-v2".into(),
        model_sha256: ModelFolder::find(folder.to_str().unwrap()).unwrap().sha256().unwrap(),
        level,
        pooling: Poolings::from(Pooling::Mean),
        layers: Layers::parse("6").unwrap(),
        width: 384,
    };
    let mut gathered = Accumulator::new(384, Method::ZScore.spread());
    for vector in corpus {
        #[expect(clippy::cast_possible_truncation, reason = "they were f32")]
        let vector: Vec<f32> = vector.iter().map(|x| *x as f32).collect();
        gathered.push(&vector).unwrap();
    }
    let fitted = FittedCorrection::fit(Method::ZScore, provenance, gathered.finish()).unwrap();
    fitted.save(&home.path(name), Existing::Refuse).unwrap();
}

/// Both similarities side by side, and ranks by the corrected one. That `embed --zscore` corrects
/// rightly is tested elsewhere.
#[test]
fn with_and_without_a_correction() {
    let home = Home::with([("pairs.csv", &*format!("text1,text2\n{CAT},{CATS}\n"))]);
    let corpus =
        vectors(&home, &[CAT, CATS, FILM, "It rains.", "Stocks fell."], &["--no-normalize"]);
    save_zscore(&home, "z.json", Level::Sentence, &corpus);
    let plain = vectors(&home, &[CAT, CATS, FILM], &[]);
    let scored = vectors(&home, &[CAT, CATS, FILM], &["--zscore", "z.json"]);
    let both = |j: usize| [cosine(&plain[0], &plain[j]), cosine(&scored[0], &scored[j])];
    let (cats, film) = (both(1), both(2));
    assert!((cats[0] - cats[1]).abs() > 0.01);
    let near = |report: &Value, expected: [f64; 2]| {
        assert_near(f64_of(&report["similarity"]), expected[0]);
        assert_near(f64_of(&report["corrected"]), expected[1]);
    };
    let run = |args: &[&str]| {
        let ran = home.run(&[&["similarity", "--zscore", "z.json"], args].concat());
        ran.good();
        ran
    };
    let report = &run(&[CAT, CATS, "--json"]).records()[0];
    near(report, cats);
    assert_eq!(report["correction"], "zscore");
    let text = format!("similarity  {:>7.4}\ncorrected   {:>7.4}\n", cats[0], cats[1]);
    assert_eq!(run(&[CAT, CATS]).stdout(), text);
    near(&run(&["--pairs", "pairs.csv", "--json"]).records()[0], cats);
    let report = &run(&[CAT, FILM, CATS, "--json"]).records()[0];
    let results = report["results"].as_array().unwrap();
    assert!(f64_of(&results[0]["corrected"]) > f64_of(&results[1]["corrected"]));
    let found = |text: &str| results.iter().find(|r| r["text"] == text).unwrap();
    near(found(CATS), cats);
    near(found(FILM), film);
    let report = &run(&["--matrix", CAT, CATS, "--json", "--svg", "m.svg"]).records()[0];
    assert_near(f64_of(&report["similarity"][0][1]), cats[0]);
    assert_near(f64_of(&report["corrected"][0][1]), cats[1]);
    assert!(text_of(&home.read("m.svg")).contains("corrected cosine"));
    let report = &run(&["--word", "bank", RIVER, MONEY, "--json"]).records()[0];
    assert!(report["pairs"][0]["sentence_corrected"].is_f64());
    assert!(report["pairs"][0]["contextual_corrected"].is_null());

    // One of words is for words.
    save_zscore(&home, "words.json", Level::Word, &corpus);
    let ran = home.run(&["similarity", "--zscore", "words.json", CAT, CATS]);
    assert_refused(&ran, &["fitted for --level word, not sentence: that is for --word"]);
    let args = ["similarity", "--zscore", "words.json", "--word", "bank", RIVER, MONEY, "--json"];
    let ran = home.run(&args);
    ran.good();
    let report = &ran.records()[0];
    assert!(report["pairs"][0]["contextual_corrected"].is_f64());
    assert!(report["pairs"][0]["sentence_corrected"].is_null());
    let ran = home.run(&["similarity", "--zscore", "z.json", "--pooling", "cls", CAT, CATS]);
    assert_refused(&ran, &["fitted for pooling mean, found pooling cls"]);

    // A saved one is evaluated, too, and is no other than what it is.
    home.write(
        "eval.csv",
        format!("sentence1,sentence2,score\n{CAT},{CATS},5\n{CAT},{FILM},1\n{FILM},{CATS},0\n"),
    );
    let args = ["eval", "sts", "eval.csv", "--zscore", "z.json"];
    let ran = home.run(&[&args[..], &["--json", "--correction", "none,zscore"]].concat());
    ran.good();
    let report = &ran.records()[1];
    assert_eq!(report["fitted_on"], json!({"file": "z.json", "texts": 5}));
    let default = home.run(&[&args[..], &["--json"]].concat());
    assert_eq!(&default.records(), std::slice::from_ref(report));
    let ran = home.run(&[&args[..], &["--correction", "whitening"]].concat());
    assert_refused(&ran, &["--correction whitening, but the one in --zscore is zscore"]);
}
