//! Orders by a model of pairs.
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

use crate::run::{Home, records};
use crate::{near, refused, string};

/// A tiny classifier with the labels no, maybe, yes.
fn checkpoint(name: &str) -> String {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/checkpoints");
    all.join(name).display().to_string()
}

const QUERIES: [(&str, &str); 2] = [("q1", "Ann met the son"), ("q2", "the son lives in Kassel")];
const TEXTS: [&str; 5] = ["x", "Ann !", "the son", "lives in Kassel", "met met met"];

/// What a search might have printed: each query with all texts, in this order, and falling scores.
fn found() -> String {
    let hit = |(i, text): (usize, &&str)| {
        json!({"id": format!("d{i}"), "score": 0.9 - 0.1 * f64::from(u32::try_from(i).unwrap()),
               "text": text, "metadata": {"n": i}})
    };
    let hits: Vec<Value> = TEXTS.iter().enumerate().map(hit).collect();
    let line = |(id, query): &(&str, &str)| {
        format!("{}\n", json!({"id": id, "query": query, "hits": hits}))
    };
    QUERIES.iter().map(line).collect()
}

/// The probability of `label` that `cloze pair` prints for each query and text.
fn probabilities(home: &Home, model: &str, label: &str) -> Vec<Vec<f64>> {
    let pair = |query: &str, text: &str| json!({"text1": query, "text2": text}).to_string() + "\n";
    let pairs: String =
        QUERIES.iter().flat_map(|(_, query)| TEXTS.map(|text| pair(query, text))).collect();
    home.write("pairs.jsonl", pairs);
    let ran = home.run(&["pair", "pairs.jsonl", "--model", model]);
    let all = records(ran.good());
    let of = |record: &Value| record["probabilities"][label].as_f64().unwrap();
    all.chunks_exact(TEXTS.len()).map(|chunk| chunk.iter().map(of).collect()).collect()
}

/// The places of hits in what was found.
fn order(answer: &Value) -> Vec<usize> {
    let hits = answer["hits"].as_array().unwrap();
    hits.iter().map(|hit| string(&hit["id"])[1..].parse().unwrap()).collect()
}

fn falling(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    order
}

#[test]
fn the_order_is_that_of_the_probabilities() {
    let home = Home::with([("found.jsonl", &*found())]);
    let mut orders = vec![];
    for model in ["bert-sequence", "roberta-sequence"].map(checkpoint) {
        for label in ["no", "yes"] {
            let expected = probabilities(&home, &model, label);
            let args = ["rerank", "found.jsonl", "--model", &model, "--label", label, "--json"];
            let ran = home.run(&args);
            let answers = records(ran.good());
            assert_eq!(answers.len(), 2);
            for ((answer, expected), (id, query)) in answers.iter().zip(&expected).zip(QUERIES) {
                assert_eq!((&answer["id"], &answer["query"]), (&json!(id), &json!(query)));
                assert_eq!(order(answer), falling(expected), "{model} {label}");
                for hit in answer["hits"].as_array().unwrap() {
                    let i = usize::try_from(hit["metadata"]["n"].as_u64().unwrap()).unwrap();
                    near(&hit["score"], expected[i]);
                    near(&hit["search_score"], 0.9 - 0.1 * f64::from(u32::try_from(i).unwrap()));
                    assert_eq!(hit["text"], TEXTS[i]);
                }
                orders.push(order(answer));
            }
            // Cut short, from standard input, and ordered anew again: the search's score stays.
            let flags = ["rerank", "-", "--model", &model, "--label", label, "--json", "-k", "2"];
            let again = home.run_with(ran.stdout(), &flags);
            for (short, answer) in records(again.good()).iter().zip(&answers) {
                assert_eq!(
                    short["hits"].as_array().unwrap()[..],
                    answer["hits"].as_array().unwrap()[..2]
                );
            }
        }
    }
    assert!(orders.iter().any(|order| *order != [0, 1, 2, 3, 4]), "else nothing is ordered");
}

/// The same text twice has the same score twice: the first stays first.
#[test]
fn ties_keep_their_order_and_people_get_a_table() {
    let hits = json!([
        {"id": "a", "score": 0.5, "text": "x"},
        {"id": "b", "score": 0.25, "text": "the son"},
        {"id": "c", "score": 0.125, "text": "x"},
        {"id": "d", "text": "the son"},
    ]);
    let line = json!({"query": "Ann met", "hits": hits, "took": 3}).to_string();
    let home = Home::with([("found.jsonl", &*line)]);
    let model = checkpoint("bert-sequence");
    let args = ["rerank", "found.jsonl", "--model", &model, "--label", "yes"];
    let ran = home.run(&[&args[..], &["--json"]].concat());
    let answer = records(ran.good()).remove(0);
    let ids: Vec<String> =
        answer["hits"].as_array().unwrap().iter().map(|hit| string(&hit["id"])).collect();
    assert!(
        [["a", "c", "b", "d"], ["b", "d", "a", "c"]].iter().any(|order| ids == *order),
        "{ids:?}"
    );
    assert_eq!(answer["took"], 3, "what else there is is kept");
    let ran = home.run(&args);
    let score = answer["hits"][0]["score"].as_f64().unwrap();
    let rows: Vec<Vec<&str>> =
        ran.good().lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["──", "Ann", "met", "──"]);
    assert_eq!(rows[1][0], format!("{score:.4}"));
    assert_eq!((rows.len(), rows[1][2]), (6, &*ids[0]));
}

/// A copy of a classifier with the last of its three labels alone, a cross-encoder.
fn cross_encoder(home: &Home, name: &str) {
    for file in fs_err::read_dir(checkpoint("bert-sequence")).unwrap() {
        let path = file.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut bytes = fs_err::read(&path).unwrap();
        if file == "config.json" {
            let mut config: Value = serde_json::from_slice(&bytes).unwrap();
            config["id2label"] = json!({"0": "yes"});
            config["label2id"] = json!({"yes": 0});
            bytes = serde_json::to_vec(&config).unwrap();
        } else if file == "model.safetensors" {
            let tensors = SafeTensors::deserialize(&bytes).unwrap();
            let cut = |(name, tensor): (String, TensorView<'_>)| {
                let (mut shape, data) = (tensor.shape().to_vec(), tensor.data().to_vec());
                let mut start = 0;
                if name.starts_with("classifier.") {
                    assert_eq!(shape[0], 3);
                    shape[0] = 1;
                    start = data.len() / 3 * 2;
                }
                (name, shape, data[start..].to_vec())
            };
            let all: Vec<_> = tensors.tensors().into_iter().map(cut).collect();
            let views = all.iter().map(|(name, shape, data)| {
                (name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap())
            });
            bytes = safetensors::serialize(views, None).unwrap();
        }
        home.write(&format!("{name}/{file}"), bytes);
    }
}

#[test]
fn one_logit_is_the_score() {
    let home = Home::with([("found.jsonl", &*found())]);
    cross_encoder(&home, "cross");
    let expected = probabilities(&home, "./cross", "yes");
    let ran = home.run(&["rerank", "found.jsonl", "--model", "./cross", "--json"]);
    for (answer, expected) in records(ran.good()).iter().zip(&expected) {
        assert_eq!(order(answer), falling(expected));
        for hit in answer["hits"].as_array().unwrap() {
            let i = usize::try_from(hit["metadata"]["n"].as_u64().unwrap()).unwrap();
            // The sigmoid's inverse.
            near(&hit["score"], (expected[i] / (1.0 - expected[i])).ln());
        }
    }
}

#[test]
fn a_bad_line_costs_itself_alone() {
    let line =
        |id: &str| format!("{{\"query\":\"?\",\"hits\":[{{\"id\":\"{id}\",\"text\":\"x\"}}]}}\n");
    let lines = [
        line("a"),
        "no JSON\n".into(),
        "{\"query\":\"?\",\"hits\":[{\"id\":\"a\"}]}\n".into(),
        "\n".into(),
        "{\"hits\":[]}\n".into(),
        "{\"query\":\"?\",\"hits\":[]}\n".into(),
        line("b"),
    ];
    let home = Home::with([("found.jsonl", &*lines.concat())]);
    let mut bytes = home.bytes("found.jsonl");
    bytes.extend(b"\xff\n");
    home.write("found.jsonl", bytes);
    let model = checkpoint("bert-sequence");
    let args = ["rerank", "found.jsonl", "--model", &model, "--label", "yes", "--json"];
    let ran = home.run(&args);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        [
            "found.jsonl:2: expected a query and its hits, as cloze index search --json prints them: \
             expected ident at line 1 column 2",
            "found.jsonl:3: expected a text of hit \"a\", found none",
            "found.jsonl:5: expected a query, found none",
            "found.jsonl:8: expected UTF-8, found invalid bytes",
        ]
    );
    let ids: Vec<Value> =
        ran.records().iter().map(|answer| answer["hits"][0]["id"].clone()).collect();
    assert_eq!(ids, [json!("a"), Value::Null, json!("b")]);
}

#[test]
fn what_cannot_be_ordered() {
    let home = Home::with([("found.jsonl", &*found())]);
    let model = checkpoint("bert-sequence");
    for (args, part) in [
        (
            &["found.jsonl", "--model", &model][..],
            "bert-sequence has the labels no, maybe, yes: --label says which one",
        ),
        (
            &["found.jsonl", "--model", &model, "--label", "Yes"],
            "--label Yes: expected one of no, maybe, yes, which bert-sequence has",
        ),
        (&["found.jsonl", "--model", &model, "--top-k", "0"], "--top-k is 0"),
        (&["gone.jsonl", "--model", &model, "--label", "yes"], "gone.jsonl"),
        (&["found.jsonl"], "--model"),
    ] {
        refused(&home.run(&[&["rerank"], args].concat()), part);
    }
}
