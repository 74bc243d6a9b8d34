//! What `cloze model check` says of cards that leave something out, and what cards of new models say.
use serde_json::{Value, json};

use crate::run::{Home, models};
use crate::support::checkpoint;

/// What the check of a sound model misses: in its JSON, and as warnings.
#[track_caller]
fn missing(home: &Home, model: &str) -> (Value, usize) {
    let ran = home.run(&["model", "check", model, "--json"]);
    let report: Value = serde_json::from_str(ran.good()).unwrap();
    assert_eq!(report["sound"], true);
    let text = home.run(&["model", "check", model]);
    assert_eq!((text.stderr.as_str(), text.status), (ran.stderr.as_str(), Some(0)));
    let warnings = text.stderr.lines();
    for (line, name) in warnings.clone().zip(report["missing"].as_array().unwrap()) {
        let name = name.as_str().unwrap().replace("license", "licence");
        assert!(
            line.starts_with("warning: ") && line.contains(&format!(": no {name}: ")),
            "{line}"
        );
    }
    (report["missing"].clone(), warnings.count())
}

#[test]
fn the_models_here_leave_nothing_out() {
    let home = Home::new();
    for folder in fs_err::read_dir(models()).unwrap() {
        let folder = folder.unwrap().path();
        if folder.is_dir() {
            assert_eq!(missing(&home, folder.to_str().unwrap()), (json!([]), 0), "{folder:?}");
        }
    }
}

#[test]
fn what_a_card_leaves_out_is_named_and_no_failure() {
    let home = Home::new();
    home.model("m");
    let nothing = r#"{"kind": "model", "format_version": 1}"#;
    let empty = r#"{"kind": "model", "format_version": 1, "license": " ", "source": ""}"#;
    let whole = home.read("m/cloze.json");
    let limits = "# m\n\n## Known limitations\n\nIt is small.\n";
    let template = "# m\n\n## Bias, Risks, and Limitations\n\n[More Information Needed]\n";
    let all = "---\nlicense: mit\n---\n# m\n## Sources\nPages.\n## Limits\nIt is small.\n";
    for (card, readme, expected) in [
        (&*whole, "# m\n", json!(["limits"])),
        (&whole, template, json!(["limits"])),
        (&whole, limits, json!([])),
        (nothing, "", json!(["source", "license", "limits"])),
        (empty, limits, json!(["source", "license"])),
        (nothing, "---\nlicense: mit\n---\n", json!(["source", "limits"])),
        (nothing, "---\nlicense: unknown\n---\n", json!(["source", "license", "limits"])),
        (nothing, all, json!([])),
        (nothing, &all.replace('\n', "\r\n"), json!([])),
    ] {
        home.write("m/cloze.json", card);
        home.write("m/README.md", readme);
        let n = expected.as_array().unwrap().len();
        // A card without a scheme leaves it open, which is a warning of its own.
        let warnings = n + usize::from(card != whole);
        assert_eq!(missing(&home, "./m"), (expected, warnings), "{card}\n{readme}");
    }
    // Bytes that are no UTF-8, and no file at all.
    home.write("m/README.md", b"\xff\n## Limits\n\xfe\n");
    assert_eq!(missing(&home, "./m").0, json!(["source", "license"]));
    fs_err::remove_file(home.path("m/README.md")).unwrap();
    assert_eq!(missing(&home, "./m").1, 3 + 1);
    let quiet = home.run(&["model", "check", "./m", "--quiet"]);
    assert_eq!((quiet.status, &*quiet.stderr), (Some(0), ""));
}

/// Texts whose label hangs on a word, of words that the tiny vocabularies have.
fn texts(n: usize) -> String {
    let row = |i: usize| ["Ann met Ann,person\n", "the son .,thing\n"][i % 2].to_owned();
    "text,label\n".to_owned() + &(0..n).map(row).collect::<String>()
}

/// Whichever way it is trained: limits are there, the rest is what was said.
#[test]
fn a_new_model_has_limits_and_what_it_was_given() {
    let home = Home::with([("a.csv", &*texts(40)), ("test.csv", &*texts(12))]);
    let base = checkpoint("bert");
    let said = ["--license=MIT", "--source=Pages of ours", "--language=en"];
    for (name, way) in [("head", &[][..]), ("lora", &["--tune=lora", "--epochs=1"])] {
        let args = ["train", "classify", "a.csv", "--test=test.csv", "-m", &base, "-o"];
        let silent = format!("{name}-silent");
        home.run(&[&args[..], &[&silent], way].concat()).good();
        assert_eq!(missing(&home, &format!("./{silent}")).0, json!(["source", "license"]));
        home.run(&[&args[..], &[name], way, &said].concat()).good();
        assert_eq!(missing(&home, &format!("./{name}")), (json!([]), 0));

        let card: Value = serde_json::from_str(&home.read(&format!("{name}/cloze.json"))).unwrap();
        assert_eq!((&card["license"], &card["source"]), (&json!("MIT"), &json!("Pages of ours")));
        let readme = home.read(&format!("{name}/README.md"));
        let limits = readme.split("\n## Limits\n").nth(1).unwrap().split("\n## ").next().unwrap();
        for part in ["a.csv", "in the language en", "it is worst at ", "people"] {
            assert!(limits.contains(part), "{part} in {limits}");
        }
        assert!(
            readme.contains("\nlanguage: \"en\"\n") && readme.contains("- Source: Pages of ours\n")
        );
    }
    // What is made of an adapter has its limits.
    home.run(&["model", "merge", "./lora", "-o", "merged"]).good();
    assert!(home.read("merged/README.md").contains("## Limits\n\nOf `lora`:\n\n- It was trained"));
    assert_eq!(missing(&home, "./merged"), (json!([]), 0));
}
