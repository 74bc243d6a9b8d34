//! Wrong usage: one clear error, status 2, nothing on standard output, no file.
use crate::run::{Home, Ran};

#[track_caller]
fn assert_refused(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{}", ran.stderr);
    assert_eq!(ran.errors().len(), 1, "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} in {}", ran.stderr);
    }
}

#[test]
fn values_out_of_bounds() {
    let home = Home::with([("a.txt", "I am John Smith.")]);
    for (args, parts) in [
        (
            &["--window", "10", "--stride", "10"][..],
            &["stride is 10: expected less than the window of 10"][..],
        ),
        (&["--window", "0"], &["window is 0: expected 1 to 510"]),
        (&["--window", "511"], &["window is 511: expected 1 to 510"]),
        (&["--stride", "510"], &["stride is 510"]),
        (&["--threads", "0"], &["threads is 0: expected 1 to 1024"]),
        // Room for that many sessions would be more than any memory.
        (&["--threads", "99999999999"], &["threads is 99999999999: expected 1 to 1024"]),
        (&["--threads", "18446744073709551615"], &["expected 1 to 1024"]),
        (&["--max-text", "0"], &["--max-text is 0: expected at least 1"]),
        (&["--batch-tokens", "0"], &["batch-tokens is 0: expected at least 1"]),
        (
            &["--labels", "NAME"],
            &["no label \"NAME\"; the model has GIVEN_NAME, SURNAME, ", "ZIP_CODE"],
        ),
        (&["--labels", "CITY,"], &["no label \"\""]),
        (&["--labels", "city"], &["no label \"city\"", "CITY"]),
        (&["--min-score", "NAME=0.5"], &["no label \"NAME\"; the model has GIVEN_NAME, SURNAME, "]),
        (&["--min-score", "1.5"], &["min-score is 1.5: expected 0 to 1"]),
        (&["--min-score", "nan"], &["min-score is NaN: expected 0 to 1"]),
        (&["--min-score=-0.1"], &["min-score is -0.1"]),
        (&["--min-score", "CITY=2"], &["min-score of CITY is 2: expected 0 to 1"]),
        (&["--min-score", "CITY="], &["expected SCORE or LABEL=SCORE, found \"CITY=\""]),
        (&["--prefer-recall=inf"], &["expected a finite number"]),
        (&["--encoding", "klingon"], &["\"klingon\": expected an encoding such as \"utf-8\""]),
        (&["--text-field", ""], &["expected a field name"]),
        (&["--token-column", "0"], &["expected at least 1"]),
        (&["--max-text", "0"], &["expected at least 1"]),
        (&["--mask", "x"], &["--mask is for --format redact"]),
        (&["--force"], &["--output"]),
        (&["--format", "xml"], &["'xml'", "jsonl"]),
        (&["--no-such-flag"], &["--no-such-flag"]),
        (&["--runtime", "no.so"], &["no.so"]),
    ] {
        let ran = home.run(&[&["tag", "a.txt"], args].concat());
        assert_refused(&ran, parts);
        // Nothing is left where results would have gone.
        if !args.contains(&"--force") {
            let ran = home.run(&[&["tag", "a.txt", "-o", "out.txt"], args].concat());
            assert_eq!((ran.status, home.files("")), (Some(2), vec!["a.txt".to_owned()]));
        }
    }
    assert_refused(&home.run(&["tag"]), &["<PATHS>"]);
    // Help is asked for by no command at all.
    assert_eq!(home.run(&[]).status, Some(2));
    assert_eq!(home.run(&["tog"]).status, Some(2));
}

#[test]
fn values_at_their_bounds() {
    let home = Home::with([("a.txt", "My name is John Smith.")]);
    for args in [
        &["--window", "510", "--stride", "509"][..],
        &["--window", "1", "--stride", "0"],
        &["--threads", "64"],
        &["--batch-tokens", "1"],
        &["--batch-tokens", "18446744073709551615"],
        &["--max-text", "18446744073709551615"],
        &["--min-score", "0"],
        &["--min-score", "1"],
        &["--min-score", "0.5,CITY=1,STATE=0"],
        &["--prefer-recall"],
        &["--prefer-recall=-100"],
        &["--labels", "CITY", "--labels", "STATE"],
    ] {
        home.run(&[&["tag", "a.txt"], args].concat()).good();
    }
    // As people type lists.
    let args = [
        "tag",
        "a.txt",
        "-q",
        "-f",
        "inline",
        "--labels",
        "CITY, SURNAME",
        "--min-score",
        "SURNAME = 0.2",
    ];
    assert_eq!(home.run(&args).good(), "My name is John <SURNAME>Smith</SURNAME>.\n");
}

#[test]
fn models_that_are_none() {
    let home = Home::with([("a.txt", "My name is John Smith.")]);
    let models = crate::run::models();
    let ran = home.run(&["tag", "a.txt", "-m", "no-such"]);
    assert_refused(&ran, &["no model \"no-such\"; looked in", &models.display().to_string()]);
    assert_refused(&home.run(&["tag", "a.txt", "-m", "./no-such"]), &["no model \"./no-such\""]);
    for (file, said) in [
        ("config.json", "config.json"),
        ("tokenizer.json", "tokenizer.json, vocab.txt, or vocab.json with merges.txt"),
        ("model.onnx", "model.safetensors or model.onnx"),
    ] {
        home.model_without_hashes("m");
        fs_err::remove_file(home.path("m").join(file)).unwrap();
        let ran = home.run(&["tag", "a.txt", "-m", "./m"]);
        assert_refused(&ran, &[&format!("./m: no {said} in this model folder")]);
    }
}

/// A model of 35 tags whose labels are 34.
#[test]
fn labels_that_do_not_fit_the_graph() {
    let home = Home::with([("a.txt", "My name is John Smith.")]);
    home.model_without_hashes("m");
    let config = home.read("m/config.json").replace(",\n    \"34\": \"I-ZIP_CODE\"", "");
    home.write("m/config.json", config);
    let expected = "34 labels in config.json, but the graph's output \"logits\" is 35 wide";
    assert_refused(&home.run(&["tag", "a.txt", "-m", "./m"]), &["model.onnx", expected]);
    let ran = home.run(&["model", "check", "./m"]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}

/// Files of a model that are not what their names say.
#[test]
fn models_that_are_broken() {
    let home = Home::with([("a.txt", "My name is John Smith.")]);
    for (file, content) in [
        ("config.json", "{"),
        ("config.json", "[]"),
        ("config.json", "{\"id2label\":{\"0\":\"O\"}}"),
        ("config.json", "{\"id2label\":{},\"max_position_embeddings\":512}"),
        ("tokenizer.json", "{}"),
        ("tokenizer.json", ""),
        ("model.onnx", ""),
        ("model.onnx", "not a graph"),
        ("cloze.json", "{\"kind\":\"index\",\"format_version\":1}"),
        ("cloze.json", "{\"kind\":\"model\",\"format_version\":99}"),
    ] {
        home.model_without_hashes("m");
        home.write(&format!("m/{file}"), content);
        let ran = home.run(&["tag", "a.txt", "-m", "./m"]);
        assert_refused(&ran, &["m"]);
        let named = ran.stderr.contains(file) || content.contains("id2label");
        assert!(named, "{file} {content:?}: {}", ran.stderr);
    }
}
