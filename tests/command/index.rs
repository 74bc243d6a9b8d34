//! `cloze index`: made, changed, searched, looked at.
use serde_json::Value;

use crate::run::{Home, Ran, npy};

const NOTES: &str = r#"{"id":"owl","text":"The barn owl hunts voles at night over open fields.","topic":"birds","year":2019}
{"id":"heron","text":"A grey heron stands in the shallows and waits for fish.","topic":"birds","year":2021}
{"id":"loan","text":"Books are lent for three weeks; a loan can be renewed twice.","topic":"library","year":2021}
{"id":"fine","text":"For each day that a book is late, ten cents are due.","topic":"library","year":2023}
{"id":"soup","text":"Simmer the leeks slowly, then add potatoes and stock.","topic":"food","year":2020}
"#;

fn built() -> Home {
    let home = Home::with([("notes.jsonl", NOTES)]);
    let ran = home.run(&["index", "build", "notes.jsonl", "--output", "idx"]);
    assert_eq!((ran.good(), ran.stderr.trim()), ("", "idx: 5 added; 5 records"));
    home
}

/// The ids of what is found, query by query.
fn ids(ran: &Ran) -> Vec<Vec<String>> {
    let id = |hit: &Value| hit["id"].as_str().unwrap().to_owned();
    ran.good();
    let hits = |record: &Value| record["hits"].as_array().unwrap().iter().map(id).collect();
    ran.records().iter().map(hits).collect()
}

#[test]
fn what_is_like_a_query_is_found() {
    let home = built();
    let ran =
        home.run(&["index", "search", "idx", "Can I keep a book longer?", "-k", "2", "--json"]);
    assert_eq!(ids(&ran), [["loan", "fine"]]);
    let record = &ran.records()[0];
    assert_eq!(record["query"], "Can I keep a book longer?");
    let best = &record["hits"][0];
    assert_eq!(best["text"], "Books are lent for three weeks; a loan can be renewed twice.");
    assert_eq!(best["metadata"], serde_json::json!({"topic": "library", "year": 2021}));
    assert_eq!((&best["path"], &best["line"]), (&"notes.jsonl".into(), &3.into()));
    let score = best["score"].as_f64().unwrap();
    assert!(score > 0.3 && score < 0.9, "{score}");

    let ran = home.run(&[
        "index",
        "search",
        "--index",
        "idx",
        "an owl that hunts",
        "recipe",
        "-k1",
        "--json",
    ]);
    assert_eq!(ids(&ran), [["owl"], ["soup"]]);
    let shown = home.run(&["index", "search", "idx", "an owl that hunts", "-k", "1"]);
    let lines: Vec<&str> = shown.good().lines().collect();
    assert_eq!(lines[0], "── an owl that hunts ──");
    assert!(lines[1].ends_with("owl  The barn owl hunts voles at night over open fields."));
}

/// In the one text that has the word, and in no other, is what vectors know nothing of.
#[test]
fn words_are_looked_for_where_they_are_kept() {
    let odd = "{\"id\":\"code\",\"text\":\"Ask for form ZX-4711 at the desk.\"}\n";
    let home = Home::with([("notes.jsonl", &*format!("{NOTES}{odd}"))]);
    home.run(&["index", "build", "notes.jsonl", "-o", "idx", "--keywords"]).good();
    let search = ["index", "search", "idx", "zx 4711", "--hybrid", "-k", "1", "--json"];
    assert_eq!(ids(&home.run(&search)), [["code"]]);
    let words =
        ["index", "search", "idx", "voles", "-k1", "--hybrid", "--filter", "topic=birds", "--json"];
    assert_eq!(ids(&home.run(&words)), [["owl"]]);
    home.run(&["index", "verify", "idx"]).good();
    let ran = built().run(&["index", "search", "idx", "x", "--hybrid"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.errors()[0].contains("the words of its texts"), "{}", ran.stderr);
}

#[test]
fn queries_come_from_files_and_answers_have_their_ids() {
    let home = built();
    home.write(
        "q.jsonl",
        "{\"id\":\"q1\",\"text\":\"an owl that hunts\"}\n{\"id\":\"q2\",\"text\":\"recipe\"}\n",
    );
    let from_file = ["index", "search", "idx", "--queries", "q.jsonl", "-k", "1", "--json"];
    let ran = home.run(&from_file);
    assert_eq!(ids(&ran), [["owl"], ["soup"]]);
    assert_eq!(ran.records()[1]["id"], "q2");
    let ran =
        home.run_with("recipe\n", &["index", "search", "idx", "--queries", "-", "-k1", "--json"]);
    assert_eq!(ids(&ran), [["soup"]]);
    let ran = home.run(&[&from_file[..], &["--output", "hits.jsonl"]].concat());
    assert_eq!(ran.good(), "");
    assert_eq!(home.read("hits.jsonl").lines().count(), 2);
}

#[test]
fn filters_choose_among_records() {
    let home = built();
    let search = |filter: &[&str]| {
        let base = ["index", "search", "idx", "animals", "-k", "9", "--json"];
        let ran = home.run(&[&base[..], filter].concat());
        let mut ids = ids(&ran).remove(0);
        ids.sort();
        ids
    };
    assert_eq!(search(&["--filter", "topic=library"]), ["fine", "loan"]);
    assert_eq!(
        search(&["--filter", "topic!=library", "--filter", "year>=2020"]),
        ["heron", "soup"]
    );
    assert_eq!(search(&["--filter", "id=owl"]), ["owl"]);
    assert!(search(&["--filter", "none=x"]).is_empty());
    let ran = home.run(&["index", "search", "idx", "x", "--filter", "topic"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.errors()[0].starts_with("filter \"topic\": expected key=value"), "{}", ran.stderr);
}

#[test]
fn records_come_go_and_take_the_place_of_others() {
    let home = built();
    home.write("more.jsonl", "{\"id\":\"owl\",\"text\":\"Taxes are due in May.\"}\n{\"id\":\"wren\",\"text\":\"The wren is a very small bird.\"}\n");
    let ran = home.run(&["index", "add", "idx", "more.jsonl"]);
    ran.good();
    assert_eq!(ran.stderr.trim(), "idx: 2 added, 1 of them replacing others; 6 records");
    let search = ["index", "search", "idx", "a tiny bird", "-k", "1", "--json"];
    assert_eq!(ids(&home.run(&search)), [["wren"]]);
    let ran = home.run(&["index", "delete", "idx", "wren", "gone"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["idx: no record has the id \"gone\""]);
    assert!(ran.stderr.contains("idx: 1 deleted; 5 records"), "{}", ran.stderr);
    assert_eq!(ids(&home.run(&search)), [["heron"]]);
    home.run(&["index", "delete", "idx", "--filter", "topic=library"]).good();
    let info = &home.run(&["index", "info", "idx", "--json"]).records()[0];
    assert_eq!((&info["rows"], &info["deleted"]), (&3.into(), &4.into()));
    home.run(&["index", "compact", "idx"]).good();
    let info = &home.run(&["index", "info", "idx", "--json"]).records()[0];
    assert_eq!((&info["rows"], &info["deleted"]), (&3.into(), &0.into()));
    let ran = home.run(&["index", "verify", "idx"]);
    assert!(ran.good().starts_with("idx: sound ("), "{}", ran.stdout());
    let ran = home.run(&["index", "delete", "idx"]);
    assert_eq!(ran.status, Some(2), "nothing is deleted where nothing is named");
}

#[test]
fn long_texts_are_searched_in_parts() {
    let text = "The first part is about owls. The second part is about taxes and fees.";
    let home = Home::with([("a.txt", text)]);
    home.run(&["index", "build", "a.txt", "-o", "idx", "--chunk", "sentences:1"]).good();
    let ran = home.run(&["index", "search", "idx", "what must be paid", "-k", "1", "--json"]);
    assert_eq!(ids(&ran), [["a.txt#2"]]);
    let hit = &ran.records()[0]["hits"][0];
    assert_eq!(hit["span"], serde_json::json!([30, 70]));
    assert_eq!(&text[30..70], hit["text"].as_str().unwrap());
    // A text that comes again has fewer parts, and none of the old ones stays.
    home.write("a.txt", "Only owls now.");
    home.run(&["index", "add", "idx", "a.txt"]).good();
    let exported = home.run(&["index", "export", "idx"]);
    assert_eq!(exported.records().len(), 1);
    assert_eq!(exported.records()[0]["id"], "a.txt");
    let home = Home::with([("a.txt", text)]);
    home.run(&[
        "index",
        "build",
        "a.txt",
        "-o",
        "idx",
        "--chunk",
        "words:5,overlap:2",
        "--no-texts",
    ])
    .good();
    let exported = home.run(&["index", "export", "idx"]);
    assert_eq!(exported.records()[1]["span"], serde_json::json!([15, 40]));
    assert_eq!(exported.records()[1]["text"], Value::Null);
}

#[test]
fn vectors_that_were_made_elsewhere_are_indexed_and_searched() {
    let home = Home::new();
    home.write("v.npy", npy(&[[0.0, 2.0], [3.0, 0.0], [1.0, 1.0]]));
    home.write("q.npy", npy(&[[0.1, 1.0], [5.0, 0.1]]));
    home.run(&["index", "build", "--vectors", "v.npy", "--output", "idx"]).good();
    let search = ["index", "search", "idx", "--vectors", "q.npy", "-k", "2", "--json"];
    let ran = home.run(&search);
    assert_eq!(ids(&ran), [["0", "2"], ["1", "2"]]);
    assert_eq!(ran.records()[1]["query"], "1");
    home.write("more.npy", npy(&[[0.1, 1.0]]));
    home.run(&["index", "add", "idx", "--vectors", "more.npy"]).good();
    assert_eq!(ids(&home.run(&search))[0], ["3", "0"]);
    // Cosines are compared, so vectors come out with length 1.
    home.run(&["index", "export", "idx", "-o", "out.npy"]).good();
    let half = 0.5_f32.sqrt();
    let length = 1.01_f32.sqrt();
    let unit = npy(&[[0.0, 1.0], [1.0, 0.0], [half, half], [0.1 / length, 1.0 / length]]);
    let out = home.bytes("out.npy");
    let numbers = |bytes: &[u8]| -> Vec<f32> {
        bytes[bytes.len() - 32..]
            .chunks(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect()
    };
    for (found, expected) in numbers(&out).iter().zip(numbers(&unit)) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    let ran = home.run(&["index", "search", "idx", "words"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.errors()[0].contains("takes vectors for queries"), "{}", ran.stderr);

    home.write("nan.npy", npy(&[[0.0, 1.0], [f32::NAN, 1.0]]));
    let ran = home.run(&["index", "build", "--vectors", "nan.npy", "-o", "other"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.errors()[0].starts_with("nan.npy: row 1: "), "{}", ran.stderr);
    home.write("cut.npy", &npy(&[[0.0, 1.0], [1.0, 1.0]])[..140]);
    let ran = home.run(&["index", "build", "--vectors", "cut.npy", "-o", "other"]);
    assert_eq!(ran.status, Some(2));
    home.write("text.npy", "no numbers");
    let ran = home.run(&["index", "build", "--vectors", "text.npy", "-o", "other"]);
    assert_eq!(ran.status, Some(2));
    assert!(home.run(&["index", "info", "other"]).errors()[0].contains("no index here"));
}

#[test]
fn a_graph_is_built_and_searched_where_it_is_asked_for() {
    let home = Home::with([("notes.jsonl", NOTES)]);
    for dtype in ["f32", "f16", "i8", "b1"] {
        let build = ["index", "build", "notes.jsonl", "-o", "idx", "--force", "--engine", "hnsw"];
        home.run(&[&build[..], &["--graph-dtype", dtype]].concat()).good();
        let search = ["index", "search", "idx", "an owl that hunts", "recipe", "-k", "1", "--json"];
        assert_eq!(ids(&home.run(&search)), [["owl"], ["soup"]], "{dtype}");
        let exact = home.run(&[&search[..], &["--engine", "exact"]].concat());
        assert_eq!(home.run(&search).stdout(), exact.good(), "scores are those of the vectors");
        home.run(&["index", "verify", "idx"]).good();
        assert!(home.run(&["index", "info", "idx"]).good().contains("hnsw"));
    }
}

#[test]
fn a_correction_is_fitted_on_the_index() {
    let home = Home::with([("notes.jsonl", NOTES)]);
    home.run(&[
        "index",
        "build",
        "notes.jsonl",
        "-o",
        "idx",
        "--correction",
        "zscore",
        "--dtype",
        "f16",
    ])
    .good();
    let ran = home.run(&["index", "search", "idx", "an owl that hunts", "-k", "1", "--json"]);
    assert_eq!(ids(&ran), [["owl"]]);
    assert!(home.run(&["index", "info", "idx"]).good().contains("correction   zscore"));
}

#[test]
fn what_cannot_be_done_is_said() {
    let home = built();
    let ran = home.run(&["index", "build", "notes.jsonl", "-o", "idx"]);
    assert_eq!(ran.status, Some(2));
    assert_eq!(ran.errors(), ["idx: expected an empty place, found an index"]);
    let ran = home.run(&["index", "build", "notes.jsonl", "-o", ".", "--force"]);
    assert!(ran.errors()[0].contains("found other files"), "{}", ran.stderr);
    let ran = home.run(&["index", "search", "nowhere", "x"]);
    assert_eq!(ran.errors(), ["nowhere: no index here: expected a file index.json"]);
    let ran = home.run(&["index", "search", "idx"]);
    assert_eq!(ran.errors(), ["expected a query, --queries or --vectors"]);
    let ran = home.run(&[
        "index",
        "build",
        "notes.jsonl",
        "-o",
        "i2",
        "--metric",
        "euclid",
        "--quantize",
    ]);
    assert_eq!(ran.errors(), ["--quantize: expected the metric cosine or dot, found euclid"]);
    // A bad file and an id that occurs twice cost themselves alone.
    home.write("twice.jsonl", "{\"id\":\"a\",\"text\":\"one\"}\n{\"id\":\"a\",\"text\":\"two\"}\n");
    let ran = home.run(&["index", "build", "none.txt", "twice.jsonl", "-o", "i3"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        ["none.txt: no such file or folder", "twice.jsonl:2: not added: the id \"a\" occurs twice"]
    );
    home.run(&["index", "build", "notes.jsonl", "-o", "idx", "--force"]).good();
    home.write("idx/segment-000001/vectors.npy", "x");
    let ran = home.run(&["index", "verify", "idx"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.stdout(), "idx: not sound (1 finding)\n");
    assert!(ran.errors()[0].contains("vectors.npy: expected"), "{}", ran.stderr);
}

#[test]
fn a_shell_answers_line_by_line() {
    let home = built();
    let input = ":k 1\nan owl that hunts\n:filter topic=food\nan owl that hunts\n:filter\n:k none\n:what\n\n:quit\nno more\n";
    let ran = home.run_with(input, &["index", "shell", "idx"]);
    assert_eq!(ran.status, Some(1), "two lines were no commands");
    let found: Vec<&str> = ran.stdout().lines().filter(|line| line.starts_with(' ')).collect();
    assert!(found[0].contains("owl") && found[1].contains("soup") && found.len() == 2, "{found:?}");
    assert_eq!(ran.errors().len(), 2, "{}", ran.stderr);
}
