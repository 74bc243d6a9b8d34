//! CoNLL files as they are found: CoNLL-U, comments, tags that are none. All commands read them alike.
use crate::run::Home;

/// `data check` has a finding exactly where the commands that take entities from tags refuse the file, and
/// these name the tag and its line.
#[test]
fn a_file_is_read_alike_by_all_commands() {
    let home = Home::new();
    for (words, refused) in [
        ("a O\nb B\nc I\nd O\n", None),
        ("a B-X\nb I-X\nc O\n", None),
        ("a I-X\nb I-X\nc B-X\n", None),
        ("a I-X\nb E-X\nc O\n", None),
        ("a B-X\nb L-X\nc U-Y\n", None),
        ("a PER\nb PER\nc O\n", Some((1, "PER"))),
        ("a O\nb B-X\nc PER\n", Some((3, "PER"))),
        ("a O\nb -\n", Some((2, "-"))),
        ("a B-X\nb _\n", Some((2, "_"))),
        ("a 0\nb B-X\n", Some((1, "0"))),
        ("a o\nb B-X\n", Some((1, "o"))),
        ("a B-X\nb b-X\n", Some((2, "b-X"))),
        ("a B_X\n", Some((1, "B_X"))),
    ] {
        home.write("a.conll", words);
        let check = home.run(&["data", "check", "a.conll", "--json"]);
        check.good();
        let report = &check.records()[0];
        let kinds = report["findings"].as_array().unwrap().iter();
        let found = kinds.filter(|kind| kind["kind"] == "not_a_tag").map(|kind| {
            let first = &kind["findings"][0]["occurrences"][0];
            (first["line"].as_u64().unwrap(), first["label"].as_str().unwrap().to_owned())
        });
        let found: Vec<_> = found.collect();
        let expected: Vec<_> = refused.iter().map(|&(line, tag)| (line, tag.to_owned())).collect();
        assert_eq!(found, expected, "{words:?}");
        for args in [
            &["score-tags", "a.conll", "a.conll"][..],
            &["eval", "tag", "a.conll", "--model", "pii"],
            &["train", "tag", "a.conll", "--model", "minilm-l6-v2", "--max-steps", "1", "-o", "m"],
        ] {
            // What is fine is not trained to the end.
            if refused.is_none() && args[0] == "train" {
                continue;
            }
            let ran = home.run(args);
            match refused {
                None => assert_eq!(ran.status, Some(0), "{args:?} {words:?}: {}", ran.stderr),
                Some((line, tag)) => {
                    assert_eq!(ran.status, Some(2), "{args:?} {words:?}: {}", ran.stderr);
                    let error =
                        format!("a.conll:{line}: tag {tag:?}: expected O, or a label after B-");
                    assert!(ran.stderr.contains(&error), "{args:?} {words:?}: {}", ran.stderr);
                }
            }
        }
    }
}

/// Words of `file` as `cloze tag` and `cloze data check` read it.
fn words(home: &Home, file: &str, flags: &[&str]) -> (Vec<String>, String) {
    let tag = ["tag", file, "--model", "pii", "-f", "conll", "--input", "conll"];
    let ran = home.run(&[&tag[..], flags].concat());
    let first = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    (ran.stdout().lines().map(first).collect(), ran.stderr.clone())
}

#[test]
fn conllu_is_read_by_its_words() {
    let rows = "1\tLena\t_\tB-PER\n2\tlacht\t_\tO\n";
    let ranges = "1-2\tzum\t_\t_\n1\tzu\t_\tO\n2\tdem\t_\tO\n2.1\tnicht\t_\t_\n2.2\tda\t_\t_\n3\tHaus\t_\tO\n";
    let home = Home::new();
    for (file, text, flags, expected) in [
        ("a.conllu", rows.to_owned(), &[][..], &["Lena", "lacht"][..]),
        ("a.CONLLU", rows.to_owned(), &[], &["Lena", "lacht"]),
        ("a.conll", rows.to_owned(), &["--token-column", "2"], &["Lena", "lacht"]),
        ("a.conll", rows.to_owned(), &[], &["1", "2"]),
        ("a.conllu", rows.to_owned(), &["--token-column", "1"], &["1", "2"]),
        ("a.conllu", ranges.to_owned(), &[], &["zu", "dem", "Haus"]),
        (
            "a.conllu",
            format!("# checked by hand\n#visual-style 1 x\n#\n{rows}"),
            &[],
            &["Lena", "lacht"],
        ),
        ("a.conllu", rows.replace("2\tl", "# between\n2\tl"), &[], &["Lena", "lacht"]),
        ("a.conll", format!("# no sign\n{rows}"), &["--token-column", "2"], &["Lena", "lacht"]),
        // The tag comes first, and `#` is one.
        ("a.conll", "NN Lena\n# pound\n".to_owned(), &["--token-column", "2"], &["Lena", "pound"]),
        ("a.conll", "#tag O\n# O\n".to_owned(), &[], &["#tag", "#"]),
        ("a.conll", "# id 7f\tdomain=en\nLena\tB-PER\n".to_owned(), &[], &["Lena"]),
        ("a.conll", "#begin document (x)\nLena O\n\n#end document\n".to_owned(), &[], &["Lena"]),
    ] {
        home.write(file, &text);
        let (mut found, stderr) = words(&home, file, flags);
        found.retain(|word| !word.is_empty());
        assert_eq!(found, expected, "{file} {flags:?} {text:?}\n{stderr}");
        let note =
            "1 multi-word row (ids such as 1-2) and 2 empty nodes (ids such as 3.1) left out";
        assert_eq!(stderr.contains(note), text == ranges, "{stderr}");
        fs_err::remove_file(home.path(file)).unwrap();
    }
    home.write(
        "a.conllu",
        ranges.replace("2.1\tnicht\t_\t_\n2.2\tda\t_\t_\n", "").replace("\t_\t_\n", "\t_\tO\n"),
    );
    let note = "a.conllu: 1 multi-word row (ids such as 1-2) left out\n";
    for args in [
        &["data", "check", "a.conllu"][..],
        &["score-tags", "a.conllu", "a.conllu"],
        &["eval", "tag", "a.conllu", "--model", "pii"],
        &["embed", "a.conllu"],
    ] {
        let ran = home.run(args);
        assert!(ran.stderr.contains(note), "{args:?}: {}", ran.stderr);
    }
    home.write("a.conllu", "Lena B-PER\n");
    let ran = home.run(&["data", "check", "a.conllu"]);
    let error = "a.conllu:1: expected a word's id in column 1, as CoNLL-U has it, found \"Lena\"\n\
                 hint: --token-column 1 reads the words from column 1";
    assert!(ran.stderr.contains(error), "{}", ran.stderr);
}

/// Ten of each spelling, so that none is rare.
#[test]
fn labels_that_look_the_same_are_a_finding() {
    let home = Home::new();
    for (first, second, note) in [
        ("CAFÉ", "CAFE\u{301}", "(\"CAFE\\u{301}\", \"CAF\\u{c9}\")"),
        ("PER", "PER\u{a0}", "(\"PER\", \"PER\\u{a0}\")"),
        ("PER", "P\u{200b}ER", "(\"PER\", \"P\\u{200b}ER\")"),
        ("PER", "Per", ""),
    ] {
        let row = |i: usize| format!("w{i}\tB-{}\nx{i}\tO\n\n", [first, second][i % 2]);
        home.write("a.conll", (0..20).map(row).collect::<String>());
        let ran = home.run(&["data", "check", "a.conll"]);
        let title = "labels that differ only in case, spaces and Unicode form: 1\n";
        assert!(ran.good().contains(title), "{}", ran.stdout());
        assert!(ran.stdout().contains(note), "{}", ran.stdout());
    }
}
