use proptest::prelude::*;

use super::card;
use crate::card::command_line::quoted;
use crate::classifier::ClassifierReport;
use crate::classifier::page::tests::{ODD, bare, evaluation, full, held_out, pieces, two};

/// Returns the cells of a table row: escaped bars do not end a cell.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut chars) = (vec![], String::new(), line.chars());
    while let Some(c) = chars.next() {
        match c {
            '|' => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            '\\' => cell.extend(chars.next()),
            c => cell.push(c),
        }
    }
    cells.drain(1..).collect()
}

/// Returns the rows of the first table after a line with this beginning.
#[track_caller]
fn table(card: &str, after: &str) -> Vec<Vec<String>> {
    let lines = card.lines().skip_while(|line| !line.starts_with(after));
    let lines = lines.skip_while(|line| !line.starts_with('|'));
    lines.take_while(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

/// The figures are those worked out in the page's test.
#[test]
fn the_card_has_front_matter_counts_and_figures() {
    let card = card("tickets", &two());
    let front = "---\nlibrary_name: cloze\npipeline_tag: text-classification\n\
                 base_model: \"small <b> model\"\ntags:\n- text-classification\n- cloze\nmetrics:\n\
                 - accuracy\n- f1\n---\n\n# tickets\n\nAssigns one of 2 labels to a text: ";
    assert!(card.starts_with(front), "{card}");
    assert!(card.contains("```sh\ncloze classify FILE --model ./tickets\n```"));
    assert_eq!(table(&card, "## Labels"), [["no", "4"], ["yes", "5"]]);
    let sha256 = "cd".repeat(32);
    let files = table(&card, "## Training data");
    assert_eq!(files, [["a & b.csv", "9", sha256.as_str()], ["-", "2", "–"]]);
    let figures = table(&card, "## Evaluation");
    assert_eq!(figures[0][..2], ["accuracy", "0.7273"]);
    assert!(card.contains("| no | 0.7143 | 0.8333 | 0.7692 | 6 |"));
    assert!(card.contains("| yes | 0.7500 | 0.6000 | 0.6667 | 5 |"));
}

#[test]
fn labels_mean_nothing_in_markdown() {
    let card = card("a|b#", &full());
    assert!(card.contains("\n# a\\|b\\#\n"));
    let names: Vec<String> =
        table(&card, "## Labels").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(names, ODD);
    assert!(!card.contains("\n| <script>"));
    for said in ["0.4321", "temperature 0.5000", "0.6250 ± 0.1768", "1 label may be wrong"] {
        assert!(card.contains(said), "{said}");
    }
}

#[test]
fn nothing_held_out_is_said() {
    let card = card("m", &bare(&["a", "b"]));
    assert!(
        card.contains("No examples were held out")
            && card.contains("Assigns labels (2 in all) to a text")
    );
    assert!(card.contains("Fewer than 10 examples: a, b."));
}

#[test]
fn the_command_is_what_was_typed() {
    let card = card("m", &bare(&["a", "b"]));
    assert!(card.ends_with("```sh\ncloze train classify 'a b.csv' -o m\n```\n"), "{card}");
}

#[test]
fn licence_attribution_and_source_are_named() {
    let rights = ClassifierReport {
        description: Some("Tells a from b.".into()),
        license: Some("CC-BY-4.0".into()),
        attribution: Some("A & B, *2005*".into()),
        source: Some("Pages of C_D".into()),
        language: Some("en".into()),
        ..bare(&["a", "b"])
    };
    let card = card("m", &rights);
    assert!(
        card.starts_with("---\nlicense: \"cc-by-4.0\"\nlanguage: \"en\"\nlibrary_name"),
        "{card}"
    );
    assert!(card.contains("\n# m\n\nTells a from b.\n\n"), "{card}");
    let rights = "\n## Rights\n\n- Licence: CC-BY-4.0\n- Attribution: A \\& B, \\*2005\\*\n\
                  - Source: Pages of C\\_D\n";
    assert!(card.ends_with(rights), "{card}");
}

#[test]
fn words_of_a_shell_are_quoted_where_they_must() {
    let words = ["a/b.csv", "", "a b", "it's", "$(x)", "`x`"].map(quoted);
    assert_eq!(words, ["a/b.csv", "''", "'a b'", r"'it'\''s'", "'$(x)'", "'`x`'"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the labels are, each has its row of the table with its count.
    #[test]
    fn no_label_breaks_a_table(names in prop::collection::vec(pieces(), 2..4)) {
        let names: Vec<String> = names.iter().zip(0..).map(|(n, i)| format!("{i}{n}.")).collect();
        let labels: Vec<&str> = names.iter().map(String::as_str).collect();
        let counts = vec![vec![1; labels.len()]; labels.len()];
        let counts: Vec<&[usize]> = counts.iter().map(Vec::as_slice).collect();
        let report = ClassifierReport { held_out: Some(held_out(evaluation(&labels, &counts))), ..bare(&labels) };
        let card = card("m", &report);
        let rows = table(&card, "## Labels");
        prop_assert_eq!(rows.len(), names.len());
        for (row, (name, n)) in rows.iter().zip(names.iter().zip(4..)) {
            let name = crate::text::one_line(name);
            prop_assert_eq!(row, &[name, n.to_string()]);
        }
    }
}
