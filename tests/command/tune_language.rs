//! `cloze train mlm` and `cloze train nsp`, on tiny checkpoints.
use serde_json::Value;

use crate::run::Home;
use crate::support::checkpoint;

/// Documents of words that the tiny vocabulary has, each of one sentence again and again: four kinds of
/// them, so that of four texts from elsewhere one cannot be told from what follows.
fn home() -> Home {
    let kinds = ["Ann met the son .", "Kassel Kassel the .", "son son met .", "the Ann Ann Ann ."];
    let document = |i: usize| format!("{}\n", kinds[i % 4]).repeat(6) + "\n";
    let text: String = (0..60).map(document).collect();
    Home::with([("text.txt", &*text), ("one.txt", "Ann met the son ."), ("empty.txt", "\n\n")])
}

fn train<'a>(what: &'a str, base: &'a str, output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let common = ["train", what, "text.txt", "-m", base, "-o", output, "--documents=blank-line"];
    [&common[..], &["--hold-out=0.3", "--batch=4", "--json"], more].concat()
}

#[test]
fn masked_words_and_what_follows_are_learned() {
    let home = home();
    let base = checkpoint("bert");
    for (output, more) in [
        ("full", &["--tune=full", "--learning-rate=0.01", "--next-sentence"][..]),
        ("words", &["--tune=full", "--learning-rate=0.01", "--whole-words", "--mask-share=0.3"]),
        ("lora", &["--targets=all-linear", "--learning-rate=0.02", "--next-sentence"]),
        ("head", &["--tune=head", "--learning-rate=0.05", "--dtype=f16"]),
    ] {
        let ran = home.run(&train("mlm", &base, output, &[more, &["--epochs=12"]].concat()));
        let report: Value = serde_json::from_str(ran.good()).unwrap();
        let held_out = &report["held_out"];
        let figure = |name: &str| held_out["masked"][name].as_f64().unwrap();
        // Of 73 words seven stand there: as likely as each other, their loss is ln 7.
        let most = if more.contains(&"--tune=full") { 7.0_f64.ln() + 0.3 } else { 73.0_f64.ln() };
        assert!(figure("loss") < most && figure("first") > 0.0, "{output}: {held_out}");
        let next = more.contains(&"--next-sentence");
        assert_eq!(held_out["next"].is_object(), next, "{held_out}");
        home.run(&["model", "check", &format!("./{output}")]).good();
        let config: Value =
            serde_json::from_str(&home.read(&format!("{output}/config.json"))).unwrap();
        let class = if next { "BertForPreTraining" } else { "BertForMaskedLM" };
        assert_eq!(config["architectures"][0], class);
    }
}

/// What goes together is learned, as far as a tiny model can: the loss falls, and each pair is judged.
#[test]
fn next_sentences_alone_are_learned() {
    let home = home();
    let more = ["--tune=full", "--learning-rate=0.005", "--epochs=30", "--dropout=0"];
    let ran = home.run(&train("nsp", &checkpoint("bert-pretraining"), "next", &more));
    let report: Value = serde_json::from_str(ran.good()).unwrap();
    let next = &report["held_out"]["next"];
    let count = |name: &str| next[name].as_u64().unwrap();
    assert!(count("pairs") > 10 && count("right") <= count("pairs"), "{next}");
    assert!((1..count("pairs")).contains(&count("real")), "{next}");
    assert!(report["held_out"]["masked"].is_null());
    let losses: Vec<f64> = report["curve"]["losses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point[1].as_f64().unwrap())
        .collect();
    let mean =
        |part: &[f64]| part.iter().sum::<f64>() / f64::from(u32::try_from(part.len()).unwrap());
    let quarter = losses.len() / 4;
    let (first, last) = (mean(&losses[..quarter]), mean(&losses[3 * quarter..]));
    assert!(last < 0.9 * first, "{first} {last}");
    home.run(&["model", "check", "./next"]).good();
}

/// What the training says of a file, and what the model says on ONNX Runtime: the same masks, the same
/// guesses and pairs, and losses that differ in their last digits.
#[test]
fn what_was_trained_is_as_good_on_onnx_runtime() {
    let home = home();
    let base = checkpoint("bert-pretraining");
    home.write(
        "test.txt",
        "Ann met the son .\nthe son met Ann .\n\nKassel Kassel the .\n".repeat(9),
    );
    for (what, kind) in [("mlm", "masked"), ("nsp", "next")] {
        let more = ["--tune=full", "--learning-rate=0.01", "--epochs=2", "--test=test.txt"];
        let ran = home.run(&train(what, &base, what, &more));
        let report: Value = serde_json::from_str(ran.good()).unwrap();
        let model = &*format!("./{what}");
        let args = ["eval", what, "test.txt", "-m", model, "--documents=blank-line", "--json"];
        let found: Value = serde_json::from_str(home.run(&args).good()).unwrap();
        let (mut trained, mut found) = (report["test"][kind].clone(), found[kind].clone());
        if what == "mlm" {
            let losses = [&mut trained, &mut found].map(|v| v["loss"].take().as_f64().unwrap());
            assert!((losses[0] - losses[1]).abs() < 1e-5, "{losses:?}");
            assert!(found["masks"].as_u64().unwrap() > 10, "{found}");
        }
        assert_eq!(trained, found, "{what}");
        let shown = home.run(&["eval", what, "test.txt", "-m", model, "--documents=blank-line"]);
        assert!(shown.good().contains("in ") && shown.stderr.contains("sequences in"));
    }
    let ran = home.run(&["eval", "nsp", "one.txt", "-m", &base]);
    assert!(ran.errors().join("").contains("no pairs of sentences"), "{}", ran.stderr);
}

/// What is drawn follows from the seed alone: the same bytes on one thread and on two.
#[test]
fn the_same_seed_makes_the_same_model() {
    let home = home();
    let base = checkpoint("bert-pretraining");
    for (output, threads) in [("a", "--threads=1"), ("b", "--threads=2")] {
        let more = ["--tune=full", "--next-sentence", "--max-steps=6", threads];
        home.run(&train("mlm", &base, output, &more)).good();
    }
    assert_eq!(home.bytes("a/model.safetensors"), home.bytes("b/model.safetensors"));
}

#[test]
fn what_cannot_be_learned_from_is_named() {
    let home = home();
    let [bert, roberta, next] = ["bert", "roberta", "bert-nsp"].map(checkpoint);
    let short = "--max-tokens=4";
    let cases: [(&[&str], &str); 7] = [
        (&["train", "nsp", "text.txt", "-m", &bert, "-o", "x", short], "expected at least 5"),
        (&["eval", "nsp", "text.txt", "-m", &next, short], "expected at least 5"),
        (&["train", "mlm", "empty.txt", "-m", &bert, "-o", "x"], "no text could be read"),
        (&["train", "nsp", "one.txt", "-m", &bert, "-o", "x"], "no pairs of sentences"),
        (&["train", "nsp", "text.txt", "-m", &roberta, "-o", "x"], "no next-sentence head"),
        (&["train", "mlm", "text.txt", "-m", &bert, "-o", "x", "--mask-share=0"], "share"),
        (&["train", "mlm", "text.txt", "-m", &bert, "-o", "x", "--masked=0.95"], "at most 1"),
    ];
    for (args, what) in cases {
        let ran = home.run(args);
        let told = ran.errors().join("\n");
        assert!(ran.status != Some(0) && told.contains(what), "{args:?}: {told}");
    }
}
