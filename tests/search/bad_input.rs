//! What `cloze eval search` cannot judge.
use crate::run::Home;
use crate::{near, refused};

#[test]
fn a_bad_line_costs_itself_alone() {
    let run = "q1 Q0 a 1 0.9 x\nq1 Q0 b 2\nq1 Q0 c 3 much x\nq1 Q0 a 4 0.1 x\nq1 Q0 b 5 0.2 x\n";
    let lines = "{\"id\":\"q1\",\"hits\":[{\"id\":\"a\",\"score\":1}]}\n{\"query\":\"?\",\"hits\":[]}\n\
                 {\"id\":\"q2\",\"hits\":[{\"id\":\"a\"}]}\nno JSON\n\
                 {\"id\":\"q1\",\"hits\":[]}\n{\"id\":\"q3\",\"hits\":[{\"id\":\"a\",\"score\":1},\
                 {\"id\":\"a\",\"score\":1}]}\n";
    let home =
        Home::with([("found.run", run), ("found.jsonl", lines), ("town.qrels", "q1 0 b 1\n")]);
    let args = ["eval", "search", "--judgements", "town.qrels", "--json", "--results"];
    let ran = home.run(&[&args[..], &["found.run"]].concat());
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        [
            "found.run:2: expected query Q0 document rank score tag, as a TREC run has them, found 4 \
             columns",
            "found.run:3: expected a score in column 5, found \"much\"",
            "found.run:4: expected document \"a\" once for query \"q1\", found it twice",
        ]
    );
    near(&ran.records()[0]["mean"]["reciprocal_rank"], 0.5);
    let ran = home.run(&[&args[..], &["found.jsonl"]].concat());
    assert_eq!(ran.status, Some(1));
    let expected = [
        "found.jsonl:2: expected the query's id: a search has them from --queries, found none",
        "found.jsonl:3: expected a score of hit \"a\", found none",
        "found.jsonl:4: expected a query and its hits, as cloze index search --json prints them: \
         expected ident at line 1 column 2",
        "found.jsonl:5: expected query \"q1\" once, found it twice",
        "found.jsonl:6: expected hit \"a\" once, found it twice",
    ];
    assert_eq!(ran.errors(), expected);
    near(&ran.records()[0]["mean"]["reciprocal_rank"], 0.0);

    let docs = "{\"id\":\"a\",\"text\":\"rain\"}\n{\"id\":\"a\",\"text\":\"snow\"}\n";
    let asked = "{\"id\":\"q1\",\"text\":\"rain\"}\n{\"id\":\"q1\",\"text\":\"snow\"}\n";
    let home = Home::with([("d.jsonl", docs), ("q.jsonl", asked), ("town.qrels", "q1 0 a 1\n")]);
    let args = ["eval", "search", "d.jsonl", "--queries", "q.jsonl", "--judgements", "town.qrels"];
    let ran = home.run(&args);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        ["d.jsonl:2: document \"a\" occurs twice", "q.jsonl:2: query \"q1\" occurs twice"]
    );
    assert!(ran.stdout().contains("\n1 query, the first 100 documents of each: 0 without"));
}

#[test]
fn what_cannot_be_judged() {
    let home = Home::with([
        ("found.run", "q1 Q0 a 1 0.9 x\n"),
        ("spaced.jsonl", "{\"id\":\"q 1\",\"hits\":[{\"id\":\"a\",\"score\":1}]}\n"),
        ("empty.run", "\n"),
        ("town.qrels", "q1 0 a 1\n"),
        ("spaced.tsv", "query\tdocument\tgrade\nq 1\ta\t1\n"),
        ("other.qrels", "Q1 0 a 1\n"),
        ("bad.qrels", "q1 0 a 0\n"),
        ("none.qrels", ""),
        ("twice.qrels", "q1 0 a 0\nq1 0 a 1\n"),
        ("ix/index.json", "{}"),
        ("q.jsonl", ""),
    ]);
    for (args, part) in [
        (&["--judgements", "town.qrels"][..], "expected --index, documents or --results"),
        (&["--judgements", "town.qrels", "q.jsonl"], "expected --queries"),
        (
            &["--judgements", "town.qrels", "ix", "--queries", "q.jsonl"],
            "ix is an index, and documents were expected\nhint: --index ix",
        ),
        (&["--judgements", "-", "--results", "-"], "standard input, which can be read only once"),
        (
            &["--judgements", "town.qrels", "--results", "found.run", "-k", "5"],
            "-k is 5, but metrics are computed at rank 100",
        ),
        (
            &["--judgements", "town.qrels", "--results", "found.run", "--cutoffs", "0,1"],
            "cutoffs: expected at least 1, found 0",
        ),
        (
            &["--judgements", "other.qrels", "--results", "found.run"],
            "found.run: expected queries with judgements in other.qrels, such as \"Q1\"; found \"q1\"",
        ),
        (
            &["--judgements", "bad.qrels", "--results", "found.run"],
            "bad.qrels: expected a grade above 0, found none",
        ),
        (
            &["--judgements", "none.qrels", "--results", "found.run"],
            "none.qrels: expected judgements, found none",
        ),
        (&["--judgements", "twice.qrels", "--results", "found.run"], "twice.qrels:2: query \"q1\""),
        (
            &["--judgements", "town.qrels", "--results", "empty.run"],
            "empty.run: expected search results, found none",
        ),
        (&["--judgements", "town.qrels", "--results", "gone.run"], "gone.run"),
        (
            &["--judgements", "spaced.tsv", "--results", "spaced.jsonl", "--run", "new.run"],
            "--run: query \"q 1\": expected a name without white space",
        ),
        (&["--judgements", "town.qrels", "--results", "found.run", "--force"], "--force is for"),
        (
            &["--judgements", "town.qrels", "--index", "ix", "--queries", "q", "--model", "pii"],
            "--model",
        ),
    ] {
        refused(&home.run(&[&["eval", "search"], args].concat()), part);
    }
    assert!(!home.path("new.run").exists());
    // Other names may be a slip, or a search that is that bad: it is said, and judged.
    home.write("names.qrels", "q1 0 A 1\n");
    let ran =
        home.run(&["eval", "search", "--judgements", "names.qrels", "--results", "found.run"]);
    ran.good();
    assert!(
        ran.stderr.contains("they are called \"a\", and in names.qrels \"A\""),
        "{}",
        ran.stderr
    );
}
