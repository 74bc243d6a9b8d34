//! `cloze eval classify` and `cloze eval pair`: figures counted again from what `cloze classify` and
//! `cloze pair` say.
use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::run::Home;
use crate::support::{assert_near, assert_refused, broken, checkpoint};

/// Gold and predicted labels of examples, counted by hand.
struct Counted(Vec<(String, String)>);

impl Counted {
    fn count(&self, is: impl Fn(&str, &str) -> bool) -> f64 {
        let n = self.0.iter().filter(|(gold, predicted)| is(gold, predicted)).count();
        f64::from(u32::try_from(n).unwrap())
    }

    fn accuracy(&self) -> f64 {
        self.count(|g, p| g == p) / self.count(|_, _| true)
    }

    /// Precision, recall and F1.
    fn of(&self, label: &str) -> [f64; 3] {
        let both = self.count(|g, p| g == label && p == label);
        let (gold, predicted) = (self.count(|g, _| g == label), self.count(|_, p| p == label));
        let part = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        [part(both, predicted), part(both, gold), part(2.0 * both, gold + predicted)]
    }

    fn macro_f1(&self, labels: &[&str]) -> f64 {
        let sum: f64 = labels.iter().map(|label| self.of(label)[2]).sum();
        sum / f64::from(u32::try_from(labels.len()).unwrap())
    }

    #[track_caller]
    fn assert_same(&self, report: &Value, labels: &[&str]) {
        let number = |value: &Value| value.as_f64().unwrap();
        assert_near(number(&report["accuracy"]), self.accuracy());
        assert_near(number(&report["macro"]["f1"]), self.macro_f1(labels));
        let found: Vec<&String> = report["labels"].as_object().unwrap().keys().collect();
        assert_eq!(found, labels);
        for label in labels {
            let expected = self.of(label);
            for (key, expected) in ["precision", "recall", "f1"].iter().zip(expected) {
                assert_near(number(&report["labels"][label][key]), expected);
            }
            let support = self.count(|gold, _| gold == *label);
            assert_near(number(&report["labels"][label]["support"]), support);
        }
    }
}

fn label(record: &Value) -> String {
    record["label"].as_str().unwrap().to_owned()
}

fn probability(record: &Value) -> f64 {
    record["probabilities"][&label(record)].as_f64().unwrap()
}

/// The tickets, by the names of their labels alone; every figure is counted from what
/// `cloze classify` says of the same file, and so are the wrong ones and their order.
#[test]
fn figures_are_those_of_the_labels_given() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/tickets/test.csv");
    let data = data.to_str().unwrap();
    let home = Home::new();
    let labels = ["account", "billing=money", "feedback=praise or blame", "shipping", "technical"];
    let flags: Vec<&str> = labels.iter().flat_map(|label| ["--labels", label]).collect();
    let said = home.run(&[&["classify", data], &flags[..]].concat());
    said.good();
    let said = said.records();
    let text = fs_err::read_to_string(data).unwrap();
    let gold: Vec<&str> = text.lines().skip(1).map(|row| row.rsplit(',').next().unwrap()).collect();
    assert_eq!((gold.len(), said.len()), (100, 100));
    let pairs = gold.iter().zip(&said).map(|(gold, record)| ((*gold).to_owned(), label(record)));
    let counted = Counted(pairs.collect());
    let args = ["eval", "classify", data, "--json", "--errors", "wrong.jsonl"];
    let ran = home.run(&[&args[..], &flags[..]].concat());
    ran.good();
    let report = &ran.records()[0];
    let names = ["account", "billing", "feedback", "shipping", "technical"];
    counted.assert_same(report, &names);
    // Neither all right nor all wrong, or this shows little.
    assert!((0.3..0.95).contains(&counted.accuracy()), "{}", counted.accuracy());
    assert_eq!(
        (&report["model"], &report["long_texts"], &report["truncated_texts"], &report["examples"]),
        (&"minilm-l6-v2".into(), &0.into(), &0.into(), &100.into())
    );
    assert_eq!(report["files"][0]["file"], data);
    assert!(report.get("compare").is_none() && report.get("unknown_labels").is_none());
    // Row: gold, column: predicted.
    for (g, row) in names.iter().zip(report["confusion"]["counts"].as_array().unwrap()) {
        for (p, n) in names.iter().zip(row.as_array().unwrap()) {
            assert_near(n.as_f64().unwrap(), counted.count(|a, b| a == *g && b == *p));
        }
    }
    let mut wrong: Vec<(&str, &Value)> = gold
        .iter()
        .zip(&said)
        .filter(|(gold, record)| **gold != label(record))
        .map(|(gold, record)| (*gold, record))
        .collect();
    wrong.sort_by(|(_, a), (_, b)| probability(b).total_cmp(&probability(a)));
    let written = crate::run::records(&home.read("wrong.jsonl"));
    assert_eq!(written.len(), wrong.len());
    for (found, (gold, record)) in written.iter().zip(wrong) {
        for key in ["path", "line", "id", "probabilities"] {
            assert_eq!(found[key], record[key]);
        }
        assert_eq!((&found["gold"], &found["predicted"]), (&gold.into(), &record["label"]));
        let line = usize::try_from(found["line"].as_u64().unwrap()).unwrap();
        let (row, text) = (text.lines().nth(line - 1).unwrap(), found["text"].as_str().unwrap());
        assert!(row.contains(&text.replace('"', "\"\"")), "{row} {text}");
        assert!(found.get("second").is_none());
    }
    // A file that is there stays.
    let ran = home.run(&[&args[..], &flags[..]].concat());
    assert_refused(&ran, &["wrong.jsonl"]);
}

/// The texts of `file` with the labels that a tiny checkpoint gives them.
fn labels_of(home: &Home, file: &str, model: &str) -> Vec<String> {
    let ran = home.run(&["classify", file, "--model", &checkpoint(model)]);
    ran.good();
    ran.records().iter().map(label).collect()
}

/// Words of the checkpoints, in many orders; labels by turns, one of which no model has.
fn sentences() -> (String, Vec<&'static str>) {
    const WORDS: [&str; 9] = ["ann", "met", "son", "x", "the", "lives", "in", "kassel", "!"];
    let (mut rows, mut gold) = ("text,label\n".to_owned(), vec![]);
    for i in 0..60 {
        let words: Vec<&str> = (0..=i % 7).map(|j| WORDS[(i * 5 + j * j + i / 7) % 9]).collect();
        let label = ["yes", "no", "maybe", "yes", "often"][i % 5];
        rows.extend([&words.join(" "), ",", label, "\n"]);
        gold.push(label);
    }
    (rows, gold)
}

#[test]
fn two_models_are_compared_on_the_same_examples() {
    let (rows, gold) = sentences();
    let home = Home::with([("a.csv", &rows)]);
    let models = ["bert-sequence", "roberta-sequence"];
    let said = models.map(|model| labels_of(&home, "a.csv", model));
    let counted = said
        .clone()
        .map(|said| Counted(gold.iter().map(|gold| (*gold).to_owned()).zip(said).collect()));
    let (a, b) = (checkpoint(models[0]), checkpoint(models[1]));
    let args = ["eval", "classify", "a.csv", "--model", &a, "--compare", &b];
    let ran = home.run(&[&args[..], &["--json"]].concat());
    ran.good();
    let report = &ran.records()[0];
    let (other, names) = (&report["compare"], ["maybe", "no", "often", "yes"]);
    for (counted, report) in counted.iter().zip([report, &other["report"]]) {
        counted.assert_same(report, &names);
        assert_eq!(report["unknown_labels"], json!(["often"]));
    }
    assert_ne!(said[0], said[1], "else nothing is compared");
    let only = |one: usize, other: usize| {
        let all = gold.iter().zip(said[one].iter().zip(&said[other]));
        all.filter(|(gold, (a, b))| a == *gold && b != *gold).count()
    };
    assert_eq!(
        (&other["mcnemar"]["only_first"], &other["mcnemar"]["only_second"]),
        (&only(0, 1).into(), &only(1, 0).into())
    );
    for (key, of) in [
        ("accuracy", Counted::accuracy as fn(&Counted) -> f64),
        ("macro_f1", |counted: &Counted| counted.macro_f1(&["maybe", "no", "often", "yes"])),
    ] {
        let number = |name: &str| other[key][name].as_f64().unwrap();
        assert_near(number("first"), of(&counted[0]));
        assert_near(number("second"), of(&counted[1]));
        let difference = other[key]["difference"]["estimate"].as_f64().unwrap();
        assert_near(difference, of(&counted[0]) - of(&counted[1]));
        let better = if difference > 0.0 { "first" } else { "second" };
        assert_eq!(other[format!("{key}_verdict")]["better"], better);
    }
    assert_eq!(other["model"], "roberta-sequence");
    // The words name the better one.
    let text = home.run(&args).good().to_owned();
    let [better, worse] =
        if counted[0].accuracy() > counted[1].accuracy() { models } else { [models[1], models[0]] };
    assert!(
        text.contains(&format!("accuracy: {better} is better than {worse}"))
            || text.contains(&format!("accuracy: {better} is ahead of {worse}, not significant")),
        "{text}"
    );
    // Turned round, each difference is negated.
    let ran = home.run(&["eval", "classify", "a.csv", "--model", &b, "--compare", &a, "--json"]);
    ran.good();
    let turned = &ran.records()[0]["compare"];
    for key in ["accuracy", "macro_f1"] {
        let estimate = |report: &Value| report[key]["difference"]["estimate"].as_f64().unwrap();
        assert_near(estimate(turned), -estimate(other));
    }
    assert_eq!(turned["mcnemar"]["p_value"], other["mcnemar"]["p_value"]);
}

#[test]
fn a_model_is_no_better_than_itself() {
    let (rows, _) = sentences();
    let home = Home::with([("a.csv", &rows)]);
    let model = checkpoint("bert-sequence");
    let args = ["eval", "classify", "a.csv", "--model", &model, "--compare", &model];
    let ran = home.run(&[&args[..], &["--json"]].concat());
    ran.good();
    let compare = &ran.records()[0]["compare"];
    for key in ["accuracy", "macro_f1"] {
        let interval = &compare[key]["difference"];
        for end in ["estimate", "low", "high"] {
            assert_eq!(interval[end], 0.0);
        }
        assert_eq!(compare[key]["p_value"], 1.0);
        let expected = json!({"better": "neither", "more_than_chance": false});
        assert_eq!(compare[format!("{key}_verdict")], expected);
    }
    assert_eq!(compare["mcnemar"]["p_value"], 1.0);
    let ran = home.run(&args);
    assert!(ran.good().contains("\naccuracy: neither is better\nmacro F1: neither is better\n"));
}

/// `x` breaks the model; the other examples are judged without it, by both models.
#[test]
fn an_example_that_fails_costs_itself_alone() {
    let rows = "text,label\nAnn met the son,yes\nx,no\nthe son,no\n";
    let home = Home::with([("a.csv", rows), ("rest.csv", &rows.replace("x,no\n", ""))]);
    broken(&home, "bert-sequence", "broken");
    let good = checkpoint("roberta-sequence");
    for models in [["./broken", &good], [&good, "./broken"]] {
        let flags = ["--model", models[0], "--compare", models[1], "--json"];
        let ran = home.run(&[&["eval", "classify", "a.csv"], &flags[..]].concat());
        assert_eq!(ran.status, Some(1));
        let expected =
            "a.csv:3: not labelled by broken: dimension 0 is NaN: expected a finite number";
        assert_eq!(ran.errors(), [expected]);
        let rest = home.run(&[&["eval", "classify", "rest.csv"], &flags[..]].concat());
        rest.good();
        let mut found = ran.records().remove(0);
        // Of the file there are three examples, of which two are judged.
        assert_eq!((&found["files"][0]["examples"], &found["examples"]), (&3.into(), &2.into()));
        found["files"] = rest.records()[0]["files"].clone();
        assert_eq!(found, rest.records()[0]);
    }
    home.write("x.csv", "text,label\nx,no\n");
    let ran = home.run(&["eval", "classify", "x.csv", "--model", "./broken"]);
    assert_eq!(ran.status, Some(2));
    assert_eq!(ran.errors()[1], "x.csv: expected examples, found none that could be labelled");
}

/// Texts of 25 words are longer than 22 tokens: they go through two windows, or are cut.
#[test]
fn long_texts_are_counted() {
    let long = "the son ".repeat(13);
    let home = Home::with([("a.csv", &format!("text,label\n{long},no\nAnn,yes\n"))]);
    let model = checkpoint("bert-sequence");
    for (flags, truncated) in [(&[][..], 0), (&["--truncate"], 1)] {
        let args = ["eval", "classify", "a.csv", "--model", &model, "--json"];
        let ran = home.run(&[&args[..], flags].concat());
        ran.good();
        let report = &ran.records()[0];
        let expected = (&1.into(), &truncated.into());
        assert_eq!((&report["long_texts"], &report["truncated_texts"]), expected);
    }
}

#[test]
fn pairs_are_judged_as_pairs() {
    let pairs =
        "sentence1,sentence2,label\nAnn met the son.,x,yes\nAnn,met,no\nthe son,Kassel,no\n";
    let home = Home::with([("a.csv", pairs)]);
    let model = checkpoint("bert-sequence");
    let said = home.run(&["pair", "a.csv", "--model", &model]);
    said.good();
    let said: Vec<String> = said.records().iter().map(label).collect();
    let gold = ["yes", "no", "no"].map(str::to_owned);
    let counted = Counted(gold.into_iter().zip(said).collect());
    let args = ["eval", "pair", "a.csv", "--model", &model, "--json", "--errors", "wrong.jsonl"];
    let ran = home.run(&args);
    ran.good();
    counted.assert_same(&ran.records()[0], &["maybe", "no", "yes"]);
    let wrong = crate::run::records(&home.read("wrong.jsonl"));
    assert!(!wrong.is_empty());
    for wrong in wrong {
        let row = pairs.lines().nth(usize::try_from(wrong["line"].as_u64().unwrap()).unwrap() - 1);
        let columns: Vec<&str> = row.unwrap().split(',').collect();
        assert_eq!(columns, [&wrong["text"], &wrong["second"], &wrong["gold"]]);
    }
}

/// Without labels of its own an encoder gets those of `--labels`; a classifier keeps its own.
#[test]
fn labels_are_for_encoders_alone() {
    let home = Home::with([("a.csv", "text,label\nAnn met,yes\nthe son,no\nKassel,yes\n")]);
    let (encoder, classifier) = (checkpoint("bert"), checkpoint("bert-sequence"));
    let args = ["eval", "classify", "a.csv", "--json", "--labels", "yes,no", "--model", &encoder];
    for (other, labels) in [(&encoder, &["no", "yes"][..]), (&classifier, &["maybe", "no", "yes"])]
    {
        let ran = home.run(&[&args[..], &["--compare", other]].concat());
        ran.good();
        let names = |report: &Value| -> Vec<String> {
            report["labels"].as_object().unwrap().keys().cloned().collect()
        };
        let report = &ran.records()[0];
        assert_eq!(names(report), ["no", "yes"]);
        assert_eq!(names(&report["compare"]["report"]), labels);
    }
    let ran =
        home.run(&["eval", "classify", "a.csv", "--model", &classifier, "--compare", &encoder]);
    assert_refused(&ran, &["bert"]);
}

/// Any number of labels each: `yes;no` is right only as a whole, an example without labels counts, and
/// of a label twice one counts.
#[test]
fn sets_of_labels_are_judged_as_sets() {
    let home = Home::new();
    for file in fs_err::read_dir(checkpoint("bert-sequence")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut bytes = fs_err::read(&path).unwrap();
        if name == "config.json" {
            let mut config: Value = serde_json::from_slice(&bytes).unwrap();
            config["problem_type"] = "multi_label_classification".into();
            bytes = serde_json::to_vec(&config).unwrap();
        }
        home.write(&format!("several/{name}"), bytes);
    }
    let gold = ["yes", "yes;maybe", "", "maybe;maybe", "no;yes", "maybe;yes", "often"];
    let texts = ["Ann met the son", "lives in Kassel", "the son", "x", "Ann", "son !", "Kassel"];
    let rows: String =
        gold.iter().zip(texts).flat_map(|(gold, text)| [text, ",", gold, "\n"]).collect();
    home.write("a.csv", format!("text,labels\n{rows}"));
    let flags = ["a.csv", "--model", "./several"];
    let said = home.run(&[&["classify"], &flags[..]].concat());
    said.good();
    let set = |labels: &Value| -> BTreeSet<String> {
        labels.as_array().unwrap().iter().map(|l| l.as_str().unwrap().to_owned()).collect()
    };
    let said: Vec<BTreeSet<String>> = said.records().iter().map(|r| set(&r["labels"])).collect();
    let gold = gold.map(|all| -> BTreeSet<String> {
        all.split(';').filter(|label| !label.is_empty()).map(str::to_owned).collect()
    });
    let args = ["eval", "classify", "--label-separator", ";", "--errors", "wrong.jsonl", "--json"];
    let ran = home.run(&[&args[..], &flags[..]].concat());
    ran.good();
    let report = &ran.records()[0];
    let count = |is: &dyn Fn(&BTreeSet<String>, &BTreeSet<String>) -> bool| {
        gold.iter().zip(&said).filter(|(gold, said)| is(gold, said)).count()
    };
    let of = |n: usize| f64::from(u32::try_from(n).unwrap());
    let right = count(&|gold, said| gold == said);
    assert!(right > 0 && right < 7, "{said:?}");
    assert_near(report["subset_accuracy"].as_f64().unwrap(), of(right) / 7.0);
    for label in ["maybe", "no", "often", "yes"] {
        let both = count(&|gold, said| gold.contains(label) && said.contains(label));
        let [gold, said] =
            [count(&|gold, _| gold.contains(label)), count(&|_, said| said.contains(label))];
        let found = &report["labels"][label];
        assert_eq!(found["support"], gold);
        let f1 = if gold + said == 0 { 0.0 } else { of(2 * both) / of(gold + said) };
        assert_near(found["f1"].as_f64().unwrap(), f1);
    }
    assert_eq!(report["unknown_labels"], json!(["often"]));
    let wrong = crate::run::records(&home.read("wrong.jsonl"));
    assert_eq!(wrong.len(), 7 - right);
    for wrong in wrong {
        let line = usize::try_from(wrong["line"].as_u64().unwrap()).unwrap();
        assert_eq!(set(&wrong["gold"]), gold[line - 2]);
        assert_eq!(set(&wrong["predicted"]), said[line - 2]);
    }
    // One that chooses one label cannot be compared with it.
    let other = checkpoint("bert-sequence");
    let compare = ["eval", "classify", "--compare", &other];
    let ran = home.run(&[&compare[..], &flags[..]].concat());
    let part = "bert-sequence predicts a single label and several any number of labels: no metric compares \
                them";
    assert_refused(&ran, &[part]);
}

#[test]
fn what_cannot_be_judged() {
    let (rows, _) = sentences();
    let home = Home::with([
        ("a.csv", &rows[..]),
        ("other.csv", "text,label\nAnn,spam\nson,ham\n"),
        ("empty.csv", "text,label\n"),
    ]);
    let model = checkpoint("bert-sequence");
    for (args, part) in [
        (
            &["classify", "other.csv"][..],
            "other.csv: expected labels of bert-sequence, which are no, maybe, yes; found ham, spam",
        ),
        (&["classify", "empty.csv"], "empty.csv: expected labelled texts, found none"),
        (&["classify", "gone.csv"], "gone.csv: no such file or folder"),
        (&["classify", "a.csv", "--pairs"], "--pairs and --pair-field are for cloze eval pair"),
        (&["classify", "a.csv", "--force"], "--force is for --output or --errors"),
        (
            &["classify", "a.csv", "--label-separator", ";"],
            "--label-separator is for texts with several labels, but bert-sequence predicts a single label",
        ),
        (
            &["pair", "a.csv", "--labels", "A,B"],
            "--labels is for single texts\nhint: use cloze eval classify",
        ),
    ] {
        let ran = home.run(&[&["eval"], args, &["--model", &model]].concat());
        assert_refused(&ran, &[part]);
    }
    // A slip is named before minutes are spent.
    let ran = home.run(&["eval", "classify", "other.csv", "--model", &model]);
    assert!(
        ran.stderr
            .contains("none of the labels of the first 2 examples is a label of bert-sequence\n")
    );
    // A row that cannot be read is one failure, and the rest is judged.
    home.write("ragged.csv", "text,label\nAnn,yes\nragged\nson,no\n");
    let ran = home.run(&["eval", "classify", "ragged.csv", "--model", &model, "--json"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["ragged.csv:3: expected 2 columns, found 1"]);
    assert_eq!(ran.records()[0]["examples"], 2);
}
