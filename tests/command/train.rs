//! `cloze train`, and the models that come of it in `cloze classify` and `cloze pair`.
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::run::{Home, records};

/// A model of 16 numbers a vector.
fn small_model() -> String {
    let testkit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/checkpoints");
    testkit.join("minilm-f16").display().to_string()
}

/// A labelled file of `data/tickets`.
fn tickets(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/tickets");
    fs_err::read_to_string(folder.join(file)).unwrap()
}

/// `n` examples of two labels that are told apart by their words.
fn easy(n: usize) -> String {
    let line = |i: usize| {
        let (words, label) =
            if i.is_multiple_of(3) { ("the cat sat", "cats") } else { ("a dog runs", "dogs") };
        let more = ["here", "in rain", "and", "again", "there"][i % 5];
        format!("{words} {more} {i},{label}\n")
    };
    "text,label\n".to_owned() + &(0..n).map(line).collect::<String>()
}

fn report(home: &Home, model: &str) -> Value {
    serde_json::from_str(&home.read(&format!("{model}/report.json"))).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// The second column of rows whose last one is the label, by row.
fn gold(csv: &str) -> Vec<String> {
    csv.lines().skip(1).map(|row| row.rsplit_once(',').unwrap().1.to_owned()).collect()
}

#[test]
fn tickets_are_learned_and_the_report_counts_right() {
    let (train, test) = (tickets("train.csv"), tickets("test.csv"));
    let home = Home::with([("train.csv", &*train), ("test.csv", &*test)]);
    let args = ["train", "classify", "train.csv", "--test", "test.csv", "-o", "m", "--c", "0.01"];
    let ran = home.run(&[&args[..], &["--curve"]].concat());
    assert!(ran.good().contains("evaluated by 5-fold cross-validation"), "{}", ran.stdout());
    let report = report(&home, "m");
    let files: Vec<String> = home.files("m");
    let expected =
        ["README.md", "cloze.json", "curve.svg", "head.safetensors", "report.html", "report.json"];
    assert_eq!(files, expected);

    // The same by hand: what the saved model says, counted.
    let labelled = home.run(&["classify", "test.csv", "--model", "./m"]);
    let found = records(labelled.good());
    let gold = gold(&test);
    assert_eq!(found.len(), gold.len());
    let mut counts: BTreeMap<&str, [f64; 3]> = BTreeMap::new(); // correct, gold, predicted
    for (record, gold) in found.iter().zip(&gold) {
        let predicted = record["label"].as_str().unwrap();
        counts.entry(gold).or_default()[1] += 1.0;
        counts.entry(predicted).or_default()[2] += 1.0;
        if predicted == gold {
            counts.entry(gold).or_default()[0] += 1.0;
        }
        let sum: f64 = record["probabilities"].as_object().unwrap().values().map(number).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{record}");
    }
    let correct: f64 = counts.values().map(|c| c[0]).sum();
    let accuracy = correct / 100.0;
    assert!((number(&report["test"]["accuracy"]) - accuracy).abs() < 1e-12);
    assert!(accuracy > 0.75, "{accuracy}");
    for (label, [correct, gold, predicted]) in counts {
        let scores = &report["test"]["labels"][label];
        assert!((number(&scores["precision"]) - correct / predicted).abs() < 1e-12, "{label}");
        assert!((number(&scores["recall"]) - correct / gold).abs() < 1e-12, "{label}");
    }
    let interval = &report["test"]["intervals"]["accuracy"];
    assert!(number(&interval["low"]) < accuracy && accuracy < number(&interval["high"]));
    let calibration = &report["held_out"]["calibration"];
    let error = |when: &str| number(&calibration[when]["expected_calibration_error"]);
    assert!(error("after") < error("before"), "{calibration}");
    let curve = report["curve"].as_array().unwrap();
    assert_eq!(curve.last().unwrap()["examples"], 160);
}

#[test]
fn a_second_training_encodes_nothing() {
    let home = Home::with([("a.csv", &*easy(60))]);
    let model = small_model();
    let args = ["train", "classify", "a.csv", "-m", &model, "-o", "m", "--json", "-q"];
    let first = records(home.run(&args).good());
    assert_eq!(first[0]["seconds"]["encoded"], 60);
    let more = ["--force", "--c", "10", "--correction", "none"];
    let second = records(home.run(&[&args[..], &more].concat()).good());
    assert_eq!(second[0]["seconds"]["encoded"], 0);
    // Another pooling is another row.
    let more = ["--force", "--pooling", "cls"];
    let third = records(home.run(&[&args[..], &more].concat()).good());
    assert_eq!(third[0]["seconds"]["encoded"], 60);
    // Without a cache nothing is kept.
    let args = ["train", "classify", "a.csv", "-m", &model, "-o", "n", "--no-cache", "-q"];
    home.run(&args).good();
    assert!(!home.path("n.rows").exists() && home.path("m.rows").is_dir());
}

/// The same data, settings and seed give the same files, byte for byte, but for the times.
#[test]
fn a_training_can_be_repeated() {
    let home = Home::with([("a.csv", &*easy(60))]);
    let model = small_model();
    for (name, threads) in [("m", "1"), ("n", "2")] {
        let args = ["train", "classify", "a.csv", "-m", &model, "-o", name, "-q", "--no-cache"];
        home.run(&[&args[..], &["--threads", threads]].concat()).good();
    }
    assert_eq!(home.bytes("m/head.safetensors"), home.bytes("n/head.safetensors"));
    assert_eq!(home.bytes("m/cloze.json"), home.bytes("n/cloze.json"));
}

#[test]
fn several_labels_a_text_and_their_thresholds() {
    let rows = easy(60).replace(",cats", ",cats;animals").replace(",dogs", ",animals");
    // Some texts have none.
    let none = (0..12).map(|i| format!("rain in rain {i},\n")).collect::<Vec<_>>().concat();
    let home = Home::with([("a.csv", &*(rows + &none))]);
    let model = small_model();
    let args = ["train", "classify", "a.csv", "-m", &model, "-o", "m", "--label-separator", ";"];
    let ran = home.run(&[&args[..], &["--recall", "cats=0.9"]].concat());
    assert!(ran.good().contains("Hamming loss"), "{}", ran.stdout());
    let report = report(&home, "m");
    assert!(number(&report["threshold"]["recall"]) >= 0.9, "{}", report["threshold"]);
    let found = home.run_with("the cat sat here 3\n", &["classify", "-", "--model", "./m", "-q"]);
    let found = records(found.good());
    assert_eq!(found[0].get("label"), None);
    let labels = found[0]["labels"].as_array().unwrap();
    assert!(labels.contains(&"cats".into()) && labels.contains(&"animals".into()), "{found:?}");
}

/// Pairs of which the second text repeats the first or not.
fn pairs(n: usize) -> String {
    let words = ["cat", "dog", "rain", "tree", "house", "song"];
    let line = |i: usize| {
        let first = words[i % 6];
        let (second, label) = if i.is_multiple_of(2) {
            (first, "same")
        } else {
            (words[(i + 1 + i / 6) % 6], "other")
        };
        format!("the {first} {i},the {second} {i},{label}\n")
    };
    "sentence1,sentence2,label\n".to_owned() + &(0..n).map(line).collect::<String>()
}

#[test]
fn pairs_are_learned_apart_and_in_one_sequence() {
    let home = Home::with([("a.csv", &*pairs(120))]);
    let model = small_model();
    for (name, how, width) in [("./apart", "separate", 64), ("./cross", "cross", 32)] {
        let args =
            ["train", "pair", "a.csv", "-m", &model, "-o", name, "--pair-rows", how, "--json"];
        let trained = records(home.run(&args).good());
        assert_eq!((&trained[0]["task"], &trained[0]["examples"]), (&"pair".into(), &120.into()));
        let card: Value = serde_json::from_str(&home.read(&format!("{name}/cloze.json"))).unwrap();
        assert_eq!(card["head"]["width"], width);
        let found = records(home.run(&["pair", "a.csv", "--model", name]).good());
        assert_eq!((found.len(), &found[0]["line"]), (120, &2.into()));
        // Single texts are refused by name.
        let ran = home.run(&["classify", "a.csv", "--text-field", "sentence1", "--model", name]);
        assert_eq!(ran.status, Some(2));
        assert!(
            ran.stderr.contains("takes pairs of texts, not single texts\nhint: use cloze pair"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn few_examples_are_drawn_and_a_search_is_reported() {
    let home = Home::with([("a.csv", &*easy(90)), ("t.csv", &*easy(30))]);
    let model = small_model();
    let args = ["train", "classify", "a.csv", "-m", &model, "-o", "m", "--json", "-q"];
    let few = ["--test", "t.csv", "--shots", "8", "--draws", "3"];
    let ran = records(home.run(&[&args[..], &few].concat()).good());
    assert_eq!((&ran[0]["examples"], &ran[0]["labels"]["cats"]), (&16.into(), &8.into()));
    let accuracy: Vec<f64> =
        ran[0]["draws"]["accuracy"].as_array().unwrap().iter().map(number).collect();
    let mean = accuracy.iter().sum::<f64>() / 3.0;
    assert_eq!(accuracy.len(), 3);
    assert!((number(&ran[0]["draws"]["mean"]) - mean).abs() < 1e-12);

    for how in ["random", "halving"] {
        let more = ["--force", "--search", how, "--trials", "6"];
        let ran = records(home.run(&[&args[..], &more].concat()).good());
        let trials = ran[0]["trials"].as_array().unwrap();
        assert!(trials.len() >= 6, "{how}: {}", trials.len());
        for setting in ["pooling", "layers", "correction"] {
            assert_eq!(ran[0]["features"][setting], trials[0]["settings"][setting], "{how}");
        }
        assert_eq!(ran[0]["head"]["c"], trials[0]["settings"]["c"]);
        // The model that was saved is the one that was found.
        home.run(&["classify", "t.csv", "--model", "./m", "-q"]).good();
    }
}

#[test]
fn every_kind_of_head_is_saved_and_used() {
    let home = Home::with([("a.csv", &*easy(60))]);
    let model = small_model();
    for kind in ["logistic", "svm", "naive-bayes", "nearest-centroid"] {
        let folder = format!("./{kind}");
        let args = ["train", "classify", "a.csv", "-m", &model, "-o", kind, "--head", kind, "-q"];
        home.run(&args).good();
        let found = records(home.run(&["classify", "a.csv", "--model", &folder, "-q"]).good());
        let right = found.iter().zip(gold(&easy(60))).filter(|(f, g)| f["label"] == **g).count();
        assert!(right >= 55, "{kind}: {right} of 60");
    }
}

#[test]
fn a_head_is_a_model_to_list_and_check() {
    let home = Home::with([("a.csv", &*easy(30))]);
    let model = small_model();
    let rights = ["--license", "CC0-1.0", "--description", "Cats or dogs"];
    let args = ["train", "classify", "a.csv", "-m", &model, "-o", "models/m", "-q"];
    home.run_with_models(&[&args[..], &rights].concat()).good();
    let listed = home.path("models/m").display().to_string();
    let listed = format!("m  classify, CC0-1.0, {listed}\n    Cats or dogs\n");
    let list = home.run_with_models(&["model", "list"]);
    assert!(list.good().contains(&listed), "{}", list.stdout());
    let info: Value =
        serde_json::from_str(home.run_with_models(&["model", "info", "m", "--json"]).good())
            .unwrap();
    assert_eq!(info["labels"], serde_json::json!(["cats", "dogs"]));
    assert_eq!((&info["base"]["name"], &info["width"]), (&"minilm-f16".into(), &32.into()));
    assert!(home.run_with_models(&["model", "info", "m"]).good().contains("one of 2: cats, dogs"));
    let check = home.run_with_models(&["model", "check", "m"]);
    assert_eq!(check.good(), "m: nothing unsafe found (1 file as cloze.json has it)\n");
    let mut head = home.bytes("models/m/head.safetensors");
    let end = head.len() - 1;
    head[end] ^= 1;
    home.write("models/m/head.safetensors", head);
    let check = home.run_with_models(&["model", "check", "m"]);
    assert_eq!(check.status, Some(1));
    assert!(check.stderr.contains("head.safetensors: SHA-256 is "), "{}", check.stderr);
    // The reports show texts unless they are not to.
    let wrong = home.read("models/m/report.html").matches("the cat sat").count();
    home.run_with_models(&[&args[..], &rights, &["--force", "--no-texts"]].concat()).good();
    let hidden = home.read("models/m/report.html").matches("the cat sat").count();
    assert!(hidden == 0 && !home.read("models/m/report.json").contains("the cat sat"), "{wrong}");
}

/// A head knows the model it was fitted on by its weights, wherever that lies.
#[test]
fn another_encoder_is_refused() {
    let home = Home::with([("a.csv", &*easy(30))]);
    let model = small_model();
    home.run(&["train", "classify", "a.csv", "-m", &model, "-o", "m", "-q"]).good();
    let card = home.read("m/cloze.json");
    let sha = serde_json::from_str::<Value>(&card).unwrap()["base"]["sha256"].to_string();
    home.write("m/cloze.json", card.replace(&sha, "\"00\""));
    let ran = home.run(&["classify", "a.csv", "--model", "./m"]);
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""));
    assert!(ran.stderr.contains("fitted on a model of SHA-256 00, but "), "{}", ran.stderr);
    // A head is no encoder.
    let ran = home.run(&["embed", "a.csv", "--model", "./m"]);
    assert_eq!(ran.status, Some(2));
    assert!(
        ran.stderr.contains("expected an encoder, found a head for minilm-f16"),
        "{}",
        ran.stderr
    );
    // Its numbers are looked at, too.
    home.write("m/cloze.json", &card);
    let mut head = home.bytes("m/head.safetensors");
    head.truncate(head.len() - 8);
    home.write("m/head.safetensors", head);
    let ran = home.run(&["classify", "a.csv", "--model", "./m"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("head.safetensors"), "{}", ran.stderr);
}

#[test]
fn bad_data_is_named() {
    let home = Home::new();
    let model = small_model();
    let numbers = (0..1000).map(|i| format!("the cat {i},{i}.5\n")).collect::<Vec<_>>().concat();
    for (content, more, expected) in [
        (
            "text,label\na,x\nb,x\n",
            &[][..],
            "expected at least 2 different labels, found one, \"x\"",
        ),
        ("text,label\na,x\nb,y\nc,x\nd,y\n", &["--folds", "3"], "label \"x\": expected at least 3"),
        (
            "text,text,label\na,b,x\n",
            &[],
            "a.csv:1: expected one column for the text, found \"text\", \"text\"",
        ),
        (
            "text,label\na,x\n",
            &["--label-field", "class"],
            "expected a field \"class\", found \"text\", \"label\"",
        ),
        (&*("text,label\n".to_owned() + &numbers), &[], "found 1000 different numbers"),
        ("text,label\n", &[], "a.csv: expected labelled texts, found none"),
        ("text,label\na,x\nb,y\n", &["--pairs"], "are for cloze train pair"),
        (
            "text,label\na,x\nb,y\n",
            &["--class-weights", "z=2", "--c", "1"],
            "no label \"z\"; there are x, y",
        ),
        ("text,label\na,x\nb,y\n", &["--hold-out", "1.5"], "--hold-out is 1.5"),
        (
            "text,label\na,x\na,x\nb,y\nb,y\nc,z\nc,z\n",
            &["--recall", "x=0.5"],
            "here one of many is chosen",
        ),
        ("text,label\na,x\na,x\nb,y\nb,y\n", &["--recall", "q=0.5"], "no label \"q\""),
    ] {
        home.write("a.csv", content);
        let args = ["train", "classify", "a.csv", "-m", &model, "-o", "m", "-q"];
        let ran = home.run(&[&args[..], more].concat());
        assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{content}\n{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{expected:?} in {}", ran.stderr);
        assert!(!home.path("m").exists());
    }
    assert!(home.files("").iter().all(|name| !name.contains(".cloze-")), "{:?}", home.files(""));
}

/// A bad row costs itself alone; few examples and doubtful ones are said.
#[test]
fn what_is_doubtful_is_a_warning() {
    let rows = easy(60) + "ragged\nthe cat sat here 0,cats\nthe cat sat here 0,dogs\n";
    let test = "text,label\nthe cat sat,cats\na bird sings,birds\n";
    let home = Home::with([("a.csv", &*rows), ("t.csv", test)]);
    let model = small_model();
    let ran = home.run(&["train", "classify", "a.csv", "-m", &model, "-o", "m", "--test", "t.csv"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["a.csv:62: expected 2 columns, found 1"]);
    for part in [
        "warning: 2 examples with the text of an earlier example",
        "warning: 1 text with contradicting labels",
    ] {
        assert!(ran.stderr.contains(part), "{part:?} in {}", ran.stderr);
    }
    assert!(ran.stdout().contains("labels unknown to the model, counted as errors: birds"));
    assert_eq!(report(&home, "m")["test"]["unknown_labels"][0], "birds");
    assert_eq!(report(&home, "m")["examples"], 62);
}

#[test]
fn a_model_is_replaced_only_if_it_is_one() {
    let home = Home::with([("a.csv", &*easy(30)), ("mine/notes.txt", "precious")]);
    let model = small_model();
    let train = |output: &str, more: &[&str]| {
        let args = ["train", "classify", "a.csv", "-m", &model, "-o", output, "-q"];
        home.run(&[&args[..], more].concat())
    };
    let ran = train("mine", &[]);
    assert!(ran.status == Some(2) && ran.stderr.contains("mine: exists already"), "{}", ran.stderr);
    let ran = train("mine", &["--force"]);
    assert!(ran.stderr.contains("expected a trained model to replace"), "{}", ran.stderr);
    assert_eq!(home.files("mine"), ["notes.txt"]);
    train("m", &[]).good();
    home.write("m/notes.txt", "mine");
    train("m", &["--force", "--c", "5"]).good();
    assert_eq!(report(&home, "m")["head"]["c"], 5.0);
    assert_eq!(home.read("m/notes.txt"), "mine");
}

/// One file a class, and folders of them.
#[test]
fn a_file_may_be_a_class() {
    let line = |word: &str, i: u32| format!("{word} {i}\n");
    let lines = |word: &str| (0..12).map(|i| line(word, i)).collect::<String>();
    let home = Home::with([
        ("all/cats.txt", &*lines("the cat sat")),
        ("all/dogs.txt", &*lines("a dog runs")),
    ]);
    let model = small_model();
    for data in [&["all"][..], &["cats=all/cats.txt", "dogs=all/dogs.txt"]] {
        let args = ["train", "classify", "-m", &model, "-o", "m", "--force", "--json", "-q"];
        let ran = records(home.run(&[&args[..], data].concat()).good());
        assert_eq!(ran[0]["labels"], serde_json::json!({"cats": 12, "dogs": 12}));
    }
}

/// What was encoded before an interrupt is not encoded again, and no half of a model is left.
#[cfg(unix)]
#[test]
fn an_interrupted_training_goes_on_where_it_was() {
    use std::process::{Command, Stdio};
    let home = Home::with([("a.csv", &*easy(12_000))]);
    let model = small_model();
    let args =
        ["train", "classify", "a.csv", "-m", &model, "-o", "m", "--json", "-q", "--threads", "1"];
    let mut command = home.command(&args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let part = || home.files("").into_iter().any(|name| name.ends_with("/1.safetensors"));
    let started = std::time::Instant::now();
    while !part() && child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < std::time::Duration::from_mins(2));
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let left = home.files("");
    assert!(left.iter().all(|n| n == "a.csv" || n.starts_with("m.rows/")), "{left:?}");
    let ran = records(home.run(&[&args[..], &["--c", "1"]].concat()).good());
    let encoded = ran[0]["seconds"]["encoded"].as_u64().unwrap();
    assert!(encoded > 0 && encoded <= 12_000 - 2 * 2048, "{encoded}");
}

#[test]
fn labels_can_be_chosen_by_what_they_mean() {
    let home = Home::new();
    let labels = ["--labels", "sport", "--labels", "money=banks, shares and prices", "-q"];
    let input = "The striker scored twice in the final.\nThe central bank raised interest rates.\n";
    let ran = home.run_with(input, &[&["classify", "-"][..], &labels].concat());
    let found = records(ran.good());
    assert_eq!((&found[0]["label"], &found[1]["label"]), (&"sport".into(), &"money".into()));
    // The probabilities are the softmax of 20 times the cosines.
    let text = "The striker scored twice in the final.";
    let cosine = |label: &str| {
        let ran = home.run(&["similarity", text, label, "--json"]);
        let similarity: Value = serde_json::from_str(ran.good()).unwrap();
        number(&similarity["similarity"])
    };
    let (sport, money) = (cosine("sport"), cosine("banks, shares and prices"));
    let expected = 1.0 / (1.0 + (20.0 * (money - sport)).exp());
    let shown = number(&found[0]["probabilities"]["sport"]);
    assert!((shown - expected).abs() < 1e-5, "{shown} {expected}");
    for (labels, expected) in [
        ("a", "at least two to choose among, found 1"),
        ("a,a", "names \"a\" twice"),
        ("a,", "an empty one"),
    ] {
        let ran = home.run_with("x\n", &["classify", "-", "--labels", labels]);
        assert_eq!(ran.status, Some(2));
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}
