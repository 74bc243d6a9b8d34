//! `cloze eval tag`: figures counted again from what `cloze tag` finds, whatever scheme gold is in.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::run::Home;
use crate::support::{assert_near, assert_refused, broken, checkpoint};

/// Words, and entities as label, first word, and the word behind the last.
type Sentence = (&'static [&'static str], &'static [(&'static str, usize, usize)]);

/// Some of what distilbert-token finds and some of what it does not; `PER` next to `PER`, so that every
/// scheme needs its own letters; several bytes a character, and one sentence longer than a window.
const GOLD: [Sentence; 5] = [
    (&["Ann", "met", "son"], &[("PER", 0, 1), ("LOC", 1, 3)]),
    (
        &["Kassel", "the", "Ann", "lives", "in", "Kassel", "."],
        &[("PER", 0, 1), ("PER", 1, 2), ("LOC", 2, 4), ("LOC", 5, 6)],
    ),
    (&["son", "lives"], &[("PER", 0, 2)]),
    (&["我", "住", "Kassel", "é"], &[("LOC", 2, 3)]),
    (
        &[
            "the", "son", "met", "Ann", "in", "Kassel", "the", "son", "met", "Ann", "in", "Kassel",
            "the", "son", "met", "Ann", "in", "Kassel", "the", "son", "met", "Ann", "in", "Kassel",
        ],
        &[("PER", 0, 2), ("PER", 3, 4), ("LOC", 5, 6), ("PER", 9, 10), ("LOC", 23, 24)],
    ),
];

/// The tag of a word of an entity, by whether it is the first and last, and whether the entity follows
/// or is followed by one with its label.
type Letter = fn(first: bool, last: bool, follows: bool, followed: bool) -> char;

const SCHEMES: [(&str, Letter); 6] = [
    ("IOB2", |first, _, _, _| if first { 'B' } else { 'I' }),
    ("IOB1", |first, _, follows, _| if first && follows { 'B' } else { 'I' }),
    ("IOE2", |_, last, _, _| if last { 'E' } else { 'I' }),
    ("IOE1", |_, last, _, followed| if last && followed { 'E' } else { 'I' }),
    ("IOBES", |first, last, _, _| match (first, last) {
        (true, true) => 'S',
        (true, false) => 'B',
        (false, true) => 'E',
        (false, false) => 'I',
    }),
    ("BILOU", |first, last, _, _| match (first, last) {
        (true, true) => 'U',
        (true, false) => 'B',
        (false, true) => 'L',
        (false, false) => 'I',
    }),
];

/// The gold file in a scheme.
fn written(letter: Letter) -> String {
    let mut file = String::new();
    for (words, entities) in GOLD {
        for (i, word) in words.iter().enumerate() {
            let own = entities.iter().find(|(_, start, end)| (*start..*end).contains(&i));
            let tag = own.map_or("O".to_owned(), |&(label, start, end)| {
                let follows = entities.iter().any(|(l, _, e)| *l == label && *e == start);
                let followed = entities.iter().any(|(l, s, _)| *l == label && *s == end);
                let letter = letter(i == start, i + 1 == end, follows, followed);
                format!("{letter}-{label}")
            });
            file.extend([word, " ", &tag, "\n"]);
        }
        file += "\n";
    }
    file
}

fn gold(scheme: &str) -> String {
    written(SCHEMES.into_iter().find(|(name, _)| *name == scheme).unwrap().1)
}

type Entities = BTreeSet<(String, usize, usize)>;

/// Every entity of a file that `cloze tag` wrote in IOB2, by sentence.
fn entities(conll: &str) -> Vec<Entities> {
    let sentence = |part: &str| {
        let mut all: Vec<(String, usize, usize)> = vec![];
        for (i, row) in part.lines().enumerate() {
            let tag = row.split('\t').nth(1).unwrap();
            match tag.split_once('-') {
                Some(("B", label)) => all.push((label.to_owned(), i, i + 1)),
                Some((_, label)) => {
                    let last = all.last_mut().unwrap();
                    assert_eq!((&*last.0, last.2), (label, i));
                    last.2 = i + 1;
                }
                None => assert_eq!(tag, "O"),
            }
        }
        all.into_iter().collect()
    };
    conll.trim_end().split("\n\n").map(sentence).collect()
}

/// Of each label how many are right, gold and predicted; of both `only` where it is there.
fn counted(predicted: &[Entities], only: Option<&str>) -> BTreeMap<String, [usize; 3]> {
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    assert_eq!(predicted.len(), GOLD.len());
    for ((_, gold), predicted) in GOLD.iter().zip(predicted) {
        let gold: Entities = gold.iter().map(|(l, s, e)| ((*l).to_owned(), *s, *e)).collect();
        let wanted = |(label, ..): &&(String, usize, usize)| only.is_none_or(|only| only == label);
        for entity in gold.iter().filter(wanted) {
            let own = counts.entry(entity.0.clone()).or_default();
            own[0] += usize::from(predicted.contains(entity));
            own[1] += 1;
        }
        for entity in predicted.iter().filter(wanted) {
            counts.entry(entity.0.clone()).or_default()[2] += 1;
        }
    }
    counts
}

#[track_caller]
fn assert_figures(report: &Value, counts: &BTreeMap<String, [usize; 3]>) {
    let of = |n: usize| f64::from(u32::try_from(n).unwrap());
    let part = |a: usize, b: usize| if b == 0 { 0.0 } else { of(a) / of(b) };
    let same = |found: &Value, [right, gold, predicted]: [usize; 3]| {
        assert_near(found["precision"].as_f64().unwrap(), part(right, predicted));
        assert_near(found["recall"].as_f64().unwrap(), part(right, gold));
        assert_near(found["f1"].as_f64().unwrap(), part(2 * right, gold + predicted));
        assert_eq!(found["support"], gold);
    };
    let found: Vec<&String> = report["labels"].as_object().unwrap().keys().collect();
    assert_eq!(found, counts.keys().collect::<Vec<_>>());
    let mut total = [0; 3];
    for (label, counts) in counts {
        same(&report["labels"][label], *counts);
        total = [total[0] + counts[0], total[1] + counts[1], total[2] + counts[2]];
    }
    same(&report["micro"], total);
}

fn report(home: &Home, args: &[&str]) -> Value {
    let ran = home.run(&[&["eval", "tag"], args, &["--json"]].concat());
    ran.good();
    ran.records().remove(0)
}

/// Whatever scheme gold is in, figures are those counted from `cloze tag`, as conlleval and strictly;
/// the scheme is read off the tags, or named.
#[test]
fn figures_do_not_depend_on_the_scheme_of_gold() {
    let home = Home::new();
    let model = checkpoint("distilbert-token");
    home.write("gold.conll", gold("IOB2"));
    let tagged = home.run(&["tag", "gold.conll", "--model", &model, "-f", "conll"]);
    let counts = counted(&entities(tagged.good()), None);
    // Some right, some missed, some made up: else swaps would not show.
    let [right, gold, predicted] = counts
        .values()
        .fold([0; 3], |sum, counts| [sum[0] + counts[0], sum[1] + counts[1], sum[2] + counts[2]]);
    assert!(right > 2 && right < gold && right < predicted && gold != predicted, "{counts:?}");
    let mut partial = vec![];
    for (scheme, letter) in SCHEMES {
        let file = format!("{scheme}.conll");
        home.write(&file, written(letter));
        for flags in
            [&[][..], &["--strict"], &["--scheme", scheme], &["--strict", "--scheme", scheme]]
        {
            // IOE1 in seqeval's strict mode has a peculiarity of its own.
            if scheme == "IOE1" && flags.contains(&"--strict") {
                continue;
            }
            let found = report(&home, &[&[&*file, "--model", &model, "--partial"], flags].concat());
            assert_figures(&found, &counts);
            let convention = if flags.contains(&"--strict") { "strict" } else { "conlleval" };
            assert_eq!(
                (&found["convention"], &found["scheme"]),
                (&convention.into(), &scheme.into()),
                "{flags:?}"
            );
            partial.push(found["partial"].clone());
        }
    }
    assert!(partial.iter().all(|p| *p == partial[0]) && partial.len() == 22, "{partial:?}");
    let ran = home.run(&["eval", "tag", "BILOU.conll", "--model", &model]);
    assert!(ran.good().starts_with("convention conlleval, scheme BILOU: 5 sentences, 40 words\n"));
    assert!(ran.stderr.ends_with("gold tags read as BILOU\n"), "{}", ran.stderr);
}

/// The same as `score-tags` of what `cloze tag` wrote, but for the names.
#[test]
fn the_report_is_that_of_score_tags() {
    let home = Home::with([("gold.conll", &gold("IOB2"))]);
    let model = checkpoint("distilbert-token");
    let tag = ["tag", "gold.conll", "--model", &model, "-f", "conll", "-o", "out.conll"];
    home.run(&tag).good();
    for flags in [&[][..], &["--strict", "--partial"], &["--labels", "LOC", "--partial"]] {
        let found = report(&home, &[&["gold.conll", "--model", &model], flags].concat());
        let args = ["score-tags", "gold.conll", "out.conll", "--json", "--scheme", "iob2"];
        let ran = home.run(&[&args[..], flags].concat());
        ran.good();
        let mut expected = ran.records().remove(0);
        expected["predicted"] = "distilbert-token".into();
        assert_eq!(found, expected);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&found), keys(&expected));
    }
}

/// The flags of the tagger do what they do in `cloze tag`.
#[test]
fn taggers_are_used_as_asked() {
    let home = Home::with([("gold.conll", &gold("IOB2"))]);
    let model = checkpoint("distilbert-token");
    let args = ["gold.conll", "--model", &model];
    let usual = report(&home, &args);
    let mut changed = 0;
    for flags in [
        &["--aggregation", "max"][..],
        &["--decode", "argmax"],
        &["--min-score", "0.3"],
        &["--min-score", "PER=0.3"],
        &["--prefer-recall=-1"],
        &["--window", "5", "--stride", "1"],
        &["--threads", "1", "--batch-tokens", "30"],
    ] {
        let tagged = home.run(&[&["tag"], &args[..], &["-f", "conll"], flags].concat());
        let found = report(&home, &[&args[..], flags].concat());
        assert_figures(&found, &counted(&entities(tagged.good()), None));
        changed += usize::from(found != usual);
    }
    assert!(changed > 3, "flags that change nothing show nothing: {changed}");
}

/// Gold `I-PER` after `O` is no entity in strict IOB2; conlleval takes it for one.
#[test]
fn illegal_gold_counts_by_the_convention() {
    let home = Home::with([("gold.conll", "the O\nAnn I-PER\nmet O\n\nson B-PER\n")]);
    let model = checkpoint("bert-token");
    for (flags, support) in [
        (&["--scheme", "iob2"][..], 2),
        (&["--scheme", "iob2", "--strict"], 1),
        (&["--scheme", "iob1", "--strict"], 1),
        (&["--strict"], 1),
    ] {
        let found = report(&home, &[&["gold.conll", "--model", &model], flags].concat());
        assert_eq!(found["micro"]["support"], support, "{flags:?}");
    }
}

#[test]
fn labels_are_renamed_and_restricted() {
    let home = Home::with([("gold.conll", &gold("IOB1"))]);
    let model = checkpoint("distilbert-token");
    let tag = ["tag", "gold.conll", "--model", &model, "-f", "conll"];
    let found = entities(home.run(&tag).good());
    let args = ["gold.conll", "--model", &model];
    // Both sides are restricted: what is PER in gold and LOC by the model is missed, not wrong.
    let loc = report(&home, &[&args[..], &["--labels", "LOC"]].concat());
    assert_figures(&loc, &counted(&found, Some("LOC")));
    assert_eq!(loc["only"], json!(["LOC"]));
    // A label that is dropped is no entity.
    let without = |label: &str| -> Vec<Entities> {
        let keep = |all: &Entities| all.iter().filter(|e| e.0 != label).cloned().collect();
        found.iter().map(keep).collect()
    };
    let dropped = report(&home, &[&args[..], &["--map", "PER="]].concat());
    assert_figures(&dropped, &counted(&without("PER"), None));
    // Turned round: each is called what the other was.
    let turned = |e: &(String, usize, usize)| {
        let label = if e.0 == "PER" { "LOC" } else { "PER" };
        (label.to_owned(), e.1, e.2)
    };
    let expected: Vec<Entities> =
        found.iter().map(|all| all.iter().map(turned).collect()).collect();
    let swapped = report(&home, &[&args[..], &["--map", "PER=LOC,LOC=PER"]].concat());
    assert_figures(&swapped, &counted(&expected, None));
    // Names that gold has not: no figure, and a hint.
    let ran = home.run(&[&["eval", "tag"], &args[..], &["--map", "PER=X,LOC=Y"]].concat());
    assert!(ran.good().contains("micro average        0.0000"));
    let note = "distilbert-token has none of the gold labels, LOC, PER; it found X, Y\nhint: --map";
    assert!(ran.stderr.starts_with(note), "{}", ran.stderr);
    for (map, part) in [
        ("ORG=X", "--map ORG: no such label; distilbert-token has PER, LOC"),
        ("PER=A,PER=B", "--map names \"PER\" twice"),
        ("PER", "expected LABEL=NAME, found \"PER\""),
    ] {
        let ran = home.run(&[&["eval", "tag"], &args[..], &["--map", map]].concat());
        assert_refused(&ran, &[part]);
    }
    let ran = home.run(&[&["eval", "tag"], &args[..], &["--labels", "LOC,ORG"]].concat());
    assert!(ran.stderr.contains("no entity has the label ORG\n"));
}

#[test]
fn two_models_are_compared_by_sentence() {
    let home = Home::with([("gold.conll", &gold("IOB2"))]);
    // A copy whose card names its scheme: of itself it would be read as IOB1.
    for file in fs_err::read_dir(checkpoint("bert-token")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        home.write(&format!("bert-token/{name}"), fs_err::read(&path).unwrap());
    }
    let card = r#"{"kind": "model", "format_version": 1, "scheme": "iob2"}"#;
    home.write("bert-token/cloze.json", card);
    let models = [checkpoint("distilbert-token"), "./bert-token".to_owned()];
    let args = ["gold.conll", "--model", &models[0], "--compare"];
    let found = report(&home, &[&args[..], &[&models[1]]].concat());
    let micro = |report: &Value| report["micro"]["f1"].as_f64().unwrap();
    let compare = &found["compare"];
    for (model, report) in models.iter().zip([&found, &compare["report"]]) {
        let tagged = home.run(&["tag", "gold.conll", "--model", model, "-f", "conll"]);
        assert_figures(report, &counted(&entities(tagged.good()), None));
    }
    let f1 = &compare["micro_f1"];
    let number = |value: &Value| value.as_f64().unwrap();
    assert_near(number(&f1["first"]), micro(&found));
    assert_near(number(&f1["second"]), micro(&compare["report"]));
    assert_near(number(&f1["difference"]["estimate"]), micro(&found) - micro(&compare["report"]));
    assert!(micro(&found) > micro(&compare["report"]));
    // Five sentences say nothing.
    let expected = json!({"better": "first", "more_than_chance": false});
    assert_eq!(compare["micro_f1_verdict"], expected);
    let ran = home.run(&[&["eval", "tag"], &args[..], &[&models[1]]].concat());
    let last = "micro F1: distilbert-token is ahead of bert-token, not significant at 5 % (fewer \
                than 20 examples)\n";
    assert!(ran.good().ends_with(last), "{}", ran.stdout());

    let same = report(&home, &[&args[..], &[&models[0]]].concat());
    let f1 = &same["compare"]["micro_f1"];
    assert_eq!(f1["p_value"], 1.0);
    for end in ["estimate", "low", "high"] {
        assert_eq!(f1["difference"][end], 0.0);
    }
    assert_eq!(same["compare"]["micro_f1_verdict"]["better"], "neither");
}

/// `x` breaks the model: its sentence counts for neither model, and is named.
#[test]
fn a_sentence_that_fails_costs_itself_alone() {
    let home = Home::with([
        ("gold.conll", "Ann B-PER\nmet O\n\nx O\nmet B-LOC\n\nson B-PER\n"),
        ("rest.conll", "Ann B-PER\nmet O\n\nson B-PER\n"),
        ("ragged.conll", "Ann B-PER\n\nmet\n\nson B-PER\n"),
    ]);
    broken(&home, "bert-token", "broken");
    let other = checkpoint("distilbert-token");
    let args = ["--model", &other, "--compare", "./broken", "--json"];
    let ran = home.run(&[&["eval", "tag", "gold.conll"], &args[..]].concat());
    assert_eq!(ran.status, Some(1));
    let [error] = ran.errors()[..] else { panic!("{}", ran.stderr) };
    assert!(
        error.starts_with("gold.conll:4: not tagged by broken: the logits of token"),
        "{error}"
    );
    let (mut found, rest) =
        (ran.records().remove(0), report(&home, &[&["rest.conll"], &args[..4]].concat()));
    assert_eq!((&found["sentences"], &found["words"]), (&2.into(), &3.into()));
    found["gold"] = rest["gold"].clone();
    found["compare"]["report"]["gold"] = rest["gold"].clone();
    assert_eq!(found, rest);
    let ran = home.run(&["eval", "tag", "ragged.conll", "--model", &other, "--json"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["ragged.conll:3: expected 2 columns, found 1"]);
    assert_eq!(ran.records()[0]["sentences"], 2);
}

#[test]
fn what_cannot_be_judged() {
    let home = Home::with([
        ("plain.conll", "Ann O\n"),
        ("odd.conll", "Ann O\nmet PER\n"),
        ("ends.conll", "Ann E-PER\n"),
        ("empty.conll", "\n"),
        ("gold.conll", "1 Ann B-PER x\n2 met O x\n"),
    ]);
    let model = checkpoint("bert-token");
    for (args, part) in [
        (
            &["plain.conll", "--strict"][..],
            "plain.conll: the tags fit several schemes, or none\nhint: --scheme",
        ),
        (&["odd.conll"], "odd.conll:2: tag \"PER\": expected O, or a label after B-, I-, E-"),
        (
            &["ends.conll", "--strict", "--scheme", "iob2"],
            "ends.conll:1: tag \"E-PER\": expected O, or a label after B-, I-",
        ),
        (&["empty.conll"], "empty.conll: expected tagged sentences, found none"),
        (&["gone.conll"], "gone.conll"),
        (&["-", "--strict"], "--strict: expected --scheme, since standard input is read only once"),
        (&["gold.conll", "--token-column", "0"], "--token-column: expected at least 1, found 0"),
        (&["gold.conll", "--min-score", "2"], "bert-token"),
    ] {
        let ran = home.run(&[&["eval", "tag", "--model", &model], args].concat());
        assert_refused(&ran, &[part]);
    }
    let columns = ["--token-column", "2", "--tag-column", "3"];
    let found = report(&home, &[&["gold.conll", "--model", &model], &columns[..]].concat());
    assert_eq!((&found["micro"]["support"], &found["words"]), (&1.into(), &2.into()));
    let ran = home.run_with("Ann B-PER\n", &["eval", "tag", "-", "--model", &model, "--json"]);
    ran.good();
    assert_eq!(
        (&ran.records()[0]["gold"], &ran.records()[0]["sentences"]),
        (&"-".into(), &1.into())
    );
}
