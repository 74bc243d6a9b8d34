//! `cloze duplicates` and `cloze cluster` on the texts of `data`, and on texts of which little can be
//! made.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

#[path = "command/run.rs"]
#[allow(dead_code, reason = "shared by tests, none of which uses all of it")]
mod run;

use run::{Home, Ran, records};
use serde_json::{Value, json};

fn data(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name);
    path.display().to_string()
}

/// What `data/README.md` says of `search/documents.jsonl`.
const NEAR: [(&str, &str); 8] = [
    ("D004", "D119"),
    ("D016", "D120"),
    ("D025", "D121"),
    ("D036", "D122"),
    ("D048", "D123"),
    ("D062", "D124"),
    ("D069", "D125"),
    ("D087", "D126"),
];

/// A model of 16 numbers a vector.
fn small_model() -> String {
    let checkpoint = "../testkit/checkpoints/minilm-f16";
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(checkpoint).display().to_string()
}

#[track_caller]
fn refused(ran: &Ran, part: &str) {
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(part), "{}", ran.stderr);
}

#[test]
fn near_duplicates_are_those_listed_and_nothing_else() {
    let home = Home::new();
    let documents = data("search/documents.jsonl");
    let ran = home.run(&["duplicates", &documents, "--json"]);
    let groups = records(ran.good());
    let ids = |group: &Value| -> Vec<String> {
        let texts = group["texts"].as_array().unwrap();
        texts.iter().map(|text| text["id"].as_str().unwrap().to_owned()).collect()
    };
    let found: Vec<Vec<String>> = groups.iter().map(ids).collect();
    let expected: Vec<Vec<String>> =
        NEAR.iter().map(|(a, b)| vec![(*a).to_owned(), (*b).to_owned()]).collect();
    assert_eq!(found, expected);
    for group in &groups {
        let pairs = group["pairs"].as_array().unwrap();
        assert_eq!(pairs.len(), 1);
        assert_eq!(
            (&pairs[0]["a"], &pairs[0]["b"], &pairs[0]["same"]),
            (&json!(0), &json!(1), &json!(false))
        );
        assert!((0.9..1.0).contains(&pairs[0]["score"].as_f64().unwrap()));
        let first = &group["texts"][0];
        let line: u64 = first["id"].as_str().unwrap()[1..].parse().unwrap();
        assert_eq!((&first["path"], &first["line"]), (&json!(documents), &json!(line)));
    }
    assert!(ran.stderr.ends_with("126 texts, 16 of them in 8 groups: 8 could go\n"));
    let ran = home.run(&["duplicates", &documents, "--list", "--quiet"]);
    assert_eq!(ran.good().lines().collect::<Vec<_>>(), NEAR.map(|(_, copy)| copy));
    assert_eq!(ran.stderr, "");
}

const CAT: &str = "The cat sits outside.";
const CATS: &str = "A cat is sitting outside.";
const FILM: &str = "The new film is great.";

/// Two texts that are the same beside one that is near, and one there twice that nothing is near to.
#[test]
fn texts_that_are_the_same_are_named_so() {
    let lines = format!("{CAT}\n{FILM}\n{CATS}\n{CAT}\n{FILM}\nPrices rose again.\n");
    let home = Home::with([("t.log", &*lines)]);
    let ran = home.run(&["duplicates", "t.log", "-t", "0.7", "--json", "--quiet"]);
    let groups = records(ran.good());
    let facts = |group: &Value| {
        let texts = group["texts"].as_array().unwrap();
        let lines: Vec<u64> = texts.iter().map(|text| text["line"].as_u64().unwrap()).collect();
        let pairs = group["pairs"].as_array().unwrap().iter();
        let pairs: Vec<(u64, u64, bool)> = pairs
            .map(|p| {
                let score = p["score"].as_f64().unwrap();
                let same = p["same"].as_bool().unwrap();
                assert!(if same {
                    (score - 1.0).abs() < 1e-9
                } else {
                    (0.7..1.0).contains(&score)
                });
                (p["a"].as_u64().unwrap(), p["b"].as_u64().unwrap(), same)
            })
            .collect();
        (lines, pairs)
    };
    assert_eq!(groups.len(), 2);
    let of_cats = vec![(0, 1, false), (0, 2, true), (1, 2, false)];
    assert_eq!(facts(&groups[0]), (vec![1, 3, 4], of_cats));
    assert_eq!(facts(&groups[1]), (vec![2, 5], vec![(0, 1, true)]));

    // With a threshold of 1 the same ones are still the same.
    let ran = home.run(&["duplicates", "t.log", "-t", "1", "--quiet"]);
    let table = "group  score   id       text\n    \
                 1  same    t.log:1  The cat sits outside.\n       \
                    same    t.log:4  The cat sits outside.\n\n    \
                 2  same    t.log:2  The new film is great.\n       \
                    same    t.log:5  The new film is great.\n";
    assert_eq!(ran.good(), table);
    let ran = home.run(&["duplicates", "t.log", "-t", "1", "--pairs", "--quiet"]);
    let pairs = "score   id       text\n\
                 same    t.log:1  The cat sits outside.\n        \
                         t.log:4  The cat sits outside.\n\n\
                 same    t.log:2  The new film is great.\n        \
                         t.log:5  The new film is great.\n";
    assert_eq!(ran.good(), pairs);
    let ran = home.run(&["duplicates", "t.log", "-t", "0.7", "--pairs", "--json", "--quiet"]);
    let lines = |r: &Value| (r["a"]["line"].as_u64().unwrap(), r["b"]["line"].as_u64().unwrap());
    let found: Vec<_> = records(ran.good()).iter().map(lines).collect();
    assert_eq!(found, [(1, 3), (1, 4), (2, 5), (3, 4)]);
    let ran = home.run(&["duplicates", "t.log", "-t", "0.7", "--list", "-o", "go.txt"]);
    assert_eq!((ran.good(), &*home.read("go.txt")), ("", "t.log:3\nt.log:4\nt.log:5\n"));
    refused(&home.run(&["duplicates", "t.log", "-o", "go.txt"]), "go.txt");
    home.run(&["duplicates", "t.log", "-t", "1", "-o", "go.txt", "--force"]).good();
    assert_eq!(home.read("go.txt"), table);
}

/// Deleting by such an id would take a text that is to stay.
#[test]
fn ids_that_do_not_say_which_text_are_not_listed() {
    let line = |id: &str, text: &str| format!("{}\n", json!({"id": id, "text": text}));
    let all = [line("a", CAT), line("b", CAT), line("b", FILM), line("x\ny", FILM), line("c", CAT)];
    let home = Home::with([("t.jsonl", &*all.concat())]);
    let ran = home.run(&["duplicates", "t.jsonl", "-t", "1", "--list", "--quiet"]);
    assert_eq!((ran.status, ran.stdout()), (Some(1), "c\n"));
    assert_eq!(
        ran.errors(),
        [
            "t.jsonl:2: not listed: the id \"b\" is also that of another text",
            "t.jsonl:4: not listed: the id \"x\\ny\" is not one line",
        ]
    );
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_done() {
    let lines = format!("{{\"text\": {CAT:?}}}\nno JSON\n{{\"text\": {CAT:?}}}\n");
    let home = Home::with([("t.jsonl", &*lines), ("empty.log", "")]);
    for command in ["duplicates", "cluster"] {
        let ran = home.run(&[command, "gone.txt", "t.jsonl", "--quiet"]);
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        let errors = ran.errors();
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[0], "gone.txt: no such file or folder");
        assert!(errors[1].starts_with("t.jsonl:2: "), "{errors:?}");
        assert!(ran.stdout().contains(CAT));
        refused(&home.run(&[command, "empty.log"]), "expected texts, found none");
    }
    let one = |args: &[&str]| home.run_with(CAT, args);
    let ran = one(&["duplicates", "-"]);
    assert_eq!(ran.good(), "");
    assert!(ran.stderr.contains("1 text, no two with a cosine of 0.9 or more"));
    assert_eq!(records(one(&["cluster", "-", "-f", "jsonl"]).good())[0]["cluster"], 1);
    refused(&one(&["duplicates", "-", "-t", "1.5"]), "--threshold is 1.5: expected a cosine");
    refused(&one(&["duplicates", "-", "-t", "NaN"]), "--threshold is NaN");
    refused(
        &one(&["cluster", "-", "-k", "2"]),
        "--clusters is 2: expected at most the number of texts, 1",
    );
    refused(&one(&["cluster", "-", "-k", "0"]), "--clusters is 0: expected at least 1");
    refused(&one(&["cluster", "-", "--min-size", "3"]), "--min-size and --components are for");
    let density = ["cluster", "-", "--method", "hdbscan"];
    refused(&one(&[&density[..], &["--min-size", "1"]].concat()), "expected at least 2");
    refused(&one(&[&density[..], &["-k", "1"]].concat()), "are for --method kmeans");
    let ran = one(&[&density[..], &["-f", "csv"]].concat());
    assert_eq!(ran.good(), "path,line,id,cluster\n-,1,-:1,\n");
}

/// Two subjects: k-means and HDBSCAN put the texts of each together, the chosen number is two, and the
/// words are those of the subject.
#[test]
fn clusters_are_the_subjects_of_texts() {
    let birds = ["owl", "robin", "gull", "heron", "crow", "swan", "finch", "duck", "wren", "hawk"];
    let cities = [
        "Rome", "Paris", "Madrid", "Vienna", "Oslo", "Prague", "Athens", "Lisbon", "Bern", "Dublin",
    ];
    let lines: Vec<String> = birds
        .iter()
        .zip(cities)
        .flat_map(|(bird, city)| {
            [
                format!("The {bird} is a wild bird that builds its nest here."),
                format!("The train to {city} leaves from the station at noon."),
            ]
        })
        .collect();
    let home = Home::with([("t.log", &*lines.join("\n"))]);
    let expected: Vec<u64> = (0..20).map(|i| 1 + i % 2).collect();
    for method in
        [&["--method", "kmeans"][..], &["-k", "2"], &["--method", "hdbscan", "--components", "5"]]
    {
        let ran = home.run(&[&["cluster", "t.log", "-f", "jsonl"], method].concat());
        let found: Vec<u64> =
            records(ran.good()).iter().map(|r| r["cluster"].as_u64().unwrap()).collect();
        assert_eq!(found, expected, "{method:?}");
        assert!(
            ran.stderr.contains("20 texts in 2 clusters, mean silhouette 0."),
            "{}",
            ran.stderr
        );
    }
    let ran = home.run(&["cluster", "t.log", "--quiet"]);
    let lines: Vec<&str> = ran.good().lines().collect();
    assert!(lines[0].starts_with("20 texts in 2 clusters, mean silhouette 0."), "{}", lines[0]);
    assert_eq!(lines[2], "1  10 texts: a, bird, builds, here, is, its, nest, that");
    assert_eq!(lines[7], "2  10 texts: at, from, leaves, noon, station, to, train");
    assert!(lines[3].starts_with("   0.9") && lines[3].contains("  t.log:"), "{}", lines[3]);
    assert_eq!(lines.len(), 11);
}

#[test]
fn the_same_seed_gives_the_same_clusters_as_jsonl_and_csv() {
    let home = Home::new();
    let documents = data("search/documents.jsonl");
    let args = ["cluster", &documents, "-k", "6", "--runs", "2", "--seed", "3", "--quiet"];
    let jsonl = home.run(&[&args[..], &["-o", "c.jsonl"]].concat());
    assert_eq!(jsonl.good(), "");
    let jsonl = records(&home.read("c.jsonl"));
    let again = home.run(&[&args[..], &["-f", "csv"]].concat());
    let rows: Vec<&str> = again.good().lines().collect();
    assert_eq!((rows[0], rows.len()), ("path,line,id,cluster", 127));
    let mut sizes = [0; 6];
    for (row, record) in rows[1..].iter().zip(&jsonl) {
        let id = record["id"].as_str().unwrap();
        let cluster = usize::try_from(record["cluster"].as_u64().unwrap()).unwrap();
        assert!(row.ends_with(&format!(",{},{id},{cluster}", record["line"])), "{row}");
        sizes[cluster - 1] += 1;
    }
    assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes[5] > 0, "{sizes:?}");
    // Texts that are nearly the same are in one cluster.
    let of = |id: &str| &jsonl.iter().find(|record| record["id"] == id).unwrap()["cluster"];
    assert!(NEAR.iter().all(|(a, b)| of(a) == of(b)));
}

/// Nothing from elsewhere, and no text that becomes markup.
#[test]
fn the_page_needs_nothing_else_and_escapes_texts() {
    let lines = "<script>alert('x')</script> & cats\nA dog runs in the rain.\nPrices rose again.\n\
                 The bank of the \u{202e}river.\nHe plays the flute.\n";
    let home = Home::with([("t.log", lines), ("same.log", "One text.\nOne text.\n")]);
    let model = small_model();
    let args = ["cluster", "t.log", "-m", &model, "-k", "2", "--html", "p.html", "--quiet"];
    home.run(&args).good();
    let page = home.read("p.html");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for outside in ["<script", "src=", "href=", "url(", "@import", "\u{202e}"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // The namespace is a name alone.
    assert_eq!(
        page.matches("http").count(),
        page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count()
    );
    assert_eq!(page.matches("<circle ").count(), 5);
    assert!(page.contains("t.log:1: &lt;script&gt;alert('x')&lt;/script&gt; &amp; cats</title>"));
    refused(&home.run(&args), "p.html");
    let same = ["cluster", "same.log", "-m", &model, "--html", "same.html", "--quiet"];
    assert!(
        home.run(&same)
            .good()
            .starts_with("2 texts in 1 cluster (k-means)\n\n1  2 texts: one, text\n")
    );
    assert!(home.read("same.html").contains("There is no map"));
}
