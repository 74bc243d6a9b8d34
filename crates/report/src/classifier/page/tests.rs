use crate::tuning::BaseModel;
use cloze_metrics::probability::{ProbabilityParams, ProbabilityReport};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{curve, page};
use crate::DataFile;
use crate::classifier::{
    CalibrationReport, ClassifierReport, ConfidentError, FewShotReport, HeldOutEvaluation,
    LearningPoint, LikelyLabelError, TestEvaluation, ThresholdReport, TrainingSeconds, TrialReport,
};
use cloze_metrics::labels::{LabelEvaluation, LabelOutcome, evaluate_labels};

/// Labels that look like markup, and one written from right to left.
pub(crate) const ODD: [&str; 3] = ["<script>alert(1)</script>", "a|b`*", "שלום"];
/// A text with markup, an emoji of several characters, a control character and a direction override.
pub(crate) const TEXT: &str =
    "\"><img src=x onerror=alert(1)> 👩\u{200d}👧 \u{202e}abc\u{0} שלום </td></table>";

pub(crate) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Returns a report with only the parts that are always present.
pub(crate) fn bare(labels: &[&str]) -> ClassifierReport {
    let file = |file: &str, examples| DataFile { file: file.into(), sha256: None, examples };
    ClassifierReport {
        cloze: "0.0.0",
        task: "classify",
        command: ["train", "classify", "a b.csv", "-o", "m"].map(String::from).to_vec(),
        description: None,
        license: None,
        attribution: None,
        source: None,
        language: None,
        model: BaseModel { name: "small <b> model".into(), sha256: "ab".repeat(32) },
        data: vec![
            DataFile { sha256: Some("cd".repeat(32)), ..file("a & b.csv", 9) },
            file("-", 2),
        ],
        examples: 11,
        labels: labels.iter().zip(4..).map(|(label, n)| ((*label).to_owned(), n)).collect(),
        features: map(json!({ "pooling": "mean", "layers": "-1", "prompt": "", "truncate": false,
                              "pairs": null, "correction": "zscore", "normalize": true })),
        head: map(json!({ "kind": "logistic", "c": 0.01, "class_weights": "none",
                          "max_iterations": 1000, "tolerance": 1e-6, "seed": 3 })),
        iterations: 17,
        converged: true,
        trials: vec![],
        held_out: None,
        threshold: None,
        test: None,
        draws: None,
        curve: vec![],
        likely_label_errors_found: 0,
        likely_label_errors: vec![],
        seconds: TrainingSeconds { total: 1.5, encoded: 11, ..TrainingSeconds::default() },
    }
}

/// Returns outcomes with these counts, rows gold and columns predicted; the predicted label has 0.6.
fn outcomes(labels: &[&str], counts: &[&[usize]]) -> Vec<LabelOutcome> {
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let rest = 0.4 / (labels.len() - 1) as f64;
    let mut outcomes = vec![];
    for (gold, row) in labels.iter().zip(counts) {
        for (j, n) in row.iter().enumerate() {
            let probabilities =
                (0..labels.len()).map(|i| if i == j { 0.6 } else { rest }).collect();
            let (gold, predicted) = (vec![(*gold).to_owned()], vec![labels[j].to_owned()]);
            outcomes.extend(vec![LabelOutcome { gold, predicted, probabilities }; *n]);
        }
    }
    outcomes
}

pub(crate) fn evaluation(labels: &[&str], counts: &[&[usize]]) -> LabelEvaluation {
    let names: Vec<String> = labels.iter().map(ToString::to_string).collect();
    evaluate_labels(&names, false, &outcomes(labels, counts), 0).unwrap()
}

/// Returns a report with 5 of 6 `no` and 3 of 5 `yes` correct.
pub(crate) fn two() -> ClassifierReport {
    let evaluation = evaluation(&["no", "yes"], &[&[5, 1], &[2, 3]]);
    ClassifierReport { held_out: Some(held_out(evaluation)), ..bare(&["no", "yes"]) }
}

pub(crate) fn held_out(evaluation: LabelEvaluation) -> HeldOutEvaluation {
    HeldOutEvaluation {
        how: "5-fold cross-validation".into(),
        evaluation,
        calibration: None,
        confident_errors: vec![],
    }
}

fn error(text: &str) -> ConfidentError {
    ConfidentError {
        path: "a & b.csv".into(),
        line: 7,
        text: text.into(),
        second: Some("<i>second</i>".into()),
        gold: vec![ODD[0].into(), ODD[2].into()],
        predicted: vec![],
        probability: 0.975_31,
    }
}

fn probability(rows: &[(usize, [f64; 2])]) -> ProbabilityReport {
    let mut scorer = ProbabilityParams::new(2).bins(5).check().unwrap().scorer();
    for (gold, row) in rows {
        scorer.add(*gold, row).unwrap();
    }
    scorer.report()
}

fn trial(c: f64, mean: f64) -> TrialReport {
    TrialReport {
        settings: map(json!({ "c": c })),
        examples: 17,
        figure: "log loss",
        mean,
        std: Some(0.0125),
    }
}

/// Returns a report with all parts, whose labels and texts have to be escaped.
pub(crate) fn full() -> ClassifierReport {
    let evaluated = || evaluation(&ODD, &[&[4, 1, 0], &[2, 3, 1], &[0, 0, 6]]);
    let long = format!("{TEXT} {}", "word ".repeat(100));
    let calibration = CalibrationReport {
        temperature: 0.5,
        before: probability(&[(0, [0.7, 0.3]), (0, [0.55, 0.45]), (1, [0.9, 0.1])]),
        after: probability(&[(0, [0.8, 0.2]), (0, [0.6, 0.4]), (1, [0.95, 0.05])]),
    };

    let point = |examples, accuracy| LearningPoint { examples, accuracy, macro_f1: accuracy / 2.0 };
    ClassifierReport {
        held_out: Some(HeldOutEvaluation {
            calibration: Some(calibration),
            confident_errors: vec![error(TEXT), error(&long)],
            ..held_out(evaluated())
        }),
        test: Some(TestEvaluation {
            data: vec![DataFile { file: "test.csv".into(), sha256: None, examples: 17 }],
            evaluation: evaluated(),
            confident_errors: vec![error("short")],
        }),
        threshold: Some(ThresholdReport {
            label: ODD[1].into(),
            probability: 0.4321,
            precision: 0.9,
            recall: 0.8,
        }),
        draws: Some(FewShotReport {
            examples_a_label: 8,
            accuracy: vec![0.5, 0.75],
            mean: 0.625,
            std: 0.1768,
        }),
        trials: vec![trial(0.01, 0.345), trial(0.1, 0.456)],
        curve: vec![point(3, 0.25), point(12, 0.5), point(100, 0.875)],
        likely_label_errors_found: 1,
        likely_label_errors: vec![LikelyLabelError {
            path: "a & b.csv".into(),
            line: 9,
            text: TEXT.into(),
            second: None,
            given: ODD[0].into(),
            suggested: ODD[2].into(),
            margin: 0.3333,
        }],
        ..bare(&ODD)
    }
}

/// Every element is closed in its turn, nothing is loaded, nothing runs.
#[track_caller]
fn assert_sound(html: &str) {
    let mut open: Vec<&str> = vec![];
    for part in html.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{text:?}");
        let name = tag.split([' ', '\n', '/']).next().unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.starts_with('!') || tag.ends_with('/') => {}
            None if ["meta", "hr", "br"].contains(&name) => {}
            None => open.push(name),
        }
        let no = ["script", "img", "image", "link", "iframe", "use", "a"];
        assert!(!no.contains(&name), "<{tag}>");
        // Every other piece is a value.
        for key in tag.split('"').step_by(2) {
            let key = key.rsplit(' ').next().unwrap();
            let loads = key.contains("href") || key.contains("src") || key.starts_with("on");
            assert!(!loads, "<{tag}>");
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for loads in ["url(", "@import"] {
        assert!(!html.contains(loads), "{loads}");
    }
    let addresses = html.matches("://").count();
    assert_eq!(addresses, html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
    assert!(!html.chars().any(|c| c.is_control() && c != '\n'), "control characters");
}

fn plain(html: &str) -> String {
    let mut text = String::new();
    for part in html.replace("<br>", "\n").split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    html_escape::decode_html_entities(text.trim()).into_owned()
}

/// Returns the rows of the `n`th table whose caption begins so, by the text of their cells.
#[track_caller]
fn rows(html: &str, caption: &str, n: usize) -> Vec<Vec<String>> {
    let tables = html.split("<caption>").skip(1).filter(|table| plain(table).starts_with(caption));
    let table = tables.into_iter().nth(n).unwrap_or_else(|| panic!("no table {caption:?}"));
    let body = table.split_once("<tbody>").unwrap().1.split_once("</table>").unwrap().0;
    let cells = |row: &str| -> Vec<String> {
        let row = row.split("</tr>").next().unwrap();
        row.split("</t").map(|cell| cell.trim_start_matches(['h', 'd', '>'])).map(plain).collect()
    };
    let mut rows: Vec<Vec<String>> = body.split("<tr>").skip(1).map(cells).collect();
    for row in &mut rows {
        row.pop(); // after the last cell there is nothing
    }
    rows
}

/// Of 11: accuracy 8/11. `no`: P 5/7, R 5/6, F1 10/13. `yes`: P 3/4, R 3/5, F1 6/9. Macro: the
/// means. Weighted by 6 and 5: P (6·5/7 + 5·3/4)/11, R 8/11, F1 (6·10/13 + 5·6/9)/11.
/// Scores of `no` (P(no) 0.6 where predicted, else 0.4): of the 7 with 0.6 5 are gold, of the 4 with
/// 0.4 1 is. Average precision 5/6·5/7 + 1/6·6/11; AUC (5·3 + ½·(5·2 + 1·3))/30. For `yes`, of the 4
/// with 0.6 3 are gold: 3/5·3/4 + 2/5·5/11, and the same AUC.
#[test]
fn tables_have_the_figures_and_the_matrix_is_not_turned() {
    let html = page(&two());
    assert_sound(&html);
    let row = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        rows(&html, "By label", 0),
        [
            row(&["no", "0.7143", "0.8333", "0.7692", "6", "0.6861", "0.7167"]),
            row(&["yes", "0.7500", "0.6000", "0.6667", "5", "0.6318", "0.7167"]),
            row(&["micro", "0.7273", "0.7273", "0.7273", "11", "–", "–"]),
            row(&["macro", "0.7321", "0.7167", "0.7179", "11", "–", "–"]),
            row(&["weighted", "0.7305", "0.7273", "0.7226", "11", "–", "–"]),
        ]
    );
    let matrix = rows(&html, "Rows are gold", 0);
    assert_eq!(matrix, [row(&["no", "5", "1"]), row(&["yes", "2", "3"])]);
    assert!(html.contains("title=\"gold no, predicted yes: 1 of 6\""));
    assert_eq!(rows(&html, "Overall", 0)[0][..2], row(&["accuracy", "0.7273"])[..]);
    assert!(
        html.contains("<p class=\"summary\">72.7 % of 11 examples are correct (95 % interval ")
    );
}

#[test]
fn every_part_is_there_and_all_texts_are_escaped() {
    let report = full();
    let html = page(&report);
    assert_sound(&html);
    assert!(!html.contains("alert(1)>") && !html.contains("<i>second"));
    for n in [0, 1] {
        let matrix = rows(&html, "Rows are gold", n);
        let numbers: Vec<&[String]> = matrix.iter().map(|row| &row[1..]).collect();
        assert_eq!(numbers, [["4", "1", "0"], ["2", "3", "1"], ["0", "0", "6"]]);
        let names: Vec<&String> = matrix.iter().map(|row| &row[0]).collect();
        assert_eq!(names, ODD.iter().collect::<Vec<_>>());
    }
    // Five bins: 0.6 lies in the third, with both ends below.
    let bins = rows(&html, "Share of correct", 0);
    assert_eq!(
        bins,
        [
            ["0.40 to 0.60", "1", "0.5500", "1.0000", "1", "0.6000", "1.0000"],
            ["0.60 to 0.80", "1", "0.7000", "1.0000", "1", "0.8000", "1.0000"],
            ["0.80 to 1.00", "1", "0.9000", "0.0000", "1", "0.9500", "0.0000"],
        ]
    );
    // The second text is cut, and whole in its title.
    let errors = rows(&html, "The 2 most confident of 4", 0);
    let shown = &errors[1][3];
    assert!(shown.contains("word…") && shown.chars().count() < 330, "{shown}");
    assert_eq!(html.matches("title=\"&quot;&gt;&lt;img").count(), 1);
    assert_eq!(errors[0][0], "0.9753");
    assert_eq!(errors[0][1..3], [format!("{}\n{}", ODD[0], ODD[2]), "–".to_owned()]);
    assert_eq!(errors[0][4], "a & b.csv:7");
    let curve_rows = rows(&html, "By number of", 0);
    assert_eq!(curve_rows[2], ["100", "0.8750", "0.4375"]);
    assert_eq!(rows(&html, "Best first", 0)[1][3..], ["0.4560", "0.0125"]);
    assert_eq!(rows(&html, "The most likely", 0)[0][..3], ["0.3333", ODD[0], ODD[2]]);
    assert_eq!(rows(&html, "Draws", 0), [["1", "0.5000"], ["2", "0.7500"]]);
    assert_eq!(rows(&html, "Training data", 0)[0][..2], ["a & b.csv", "9"]);
    for said in ["0.4321", "0.6250 ± 0.1768", "temperature 0.5000", "17 iterations"] {
        assert!(html.contains(said), "{said}");
    }
    // Reliability and recall twice, and the learning curve: each says what it shows.
    assert_eq!(html.matches("<svg role=\"img\"").count(), 5);
    assert_eq!(html.matches("<title>").count(), 1 + 5);
}

#[test]
fn the_curve_is_a_file_of_its_own() {
    let svg = curve(&full()).unwrap();
    assert_sound(&svg);
    for tick in ["3", "12", "100"] {
        assert!(svg.contains(&format!(">\n{tick}\n</text>")), "{tick}: {svg}");
    }
    assert!(svg.contains("small &lt;b&gt; model"));
    // A mark for each point, and one in the legend.
    assert_eq!((svg.matches("<circle").count(), svg.matches("<polygon").count()), (4, 4));
    // One point, and none, and figures that are none.
    let point = |accuracy| LearningPoint { examples: 0, accuracy, macro_f1: f64::NAN };
    for points in [vec![], vec![point(0.5)], vec![point(f64::INFINITY), point(f64::NAN)]] {
        let svg = curve(&ClassifierReport { curve: points, ..bare(&["a", "b"]) }).unwrap();
        assert_sound(&svg);
        assert!(!svg.contains("NaN"));
    }
}

/// Of 5 examples with labels {a, b}, {a}, {}, {b} and {b}, predicted {a}, {a, b}, {}, {b} and {}: `a` is
/// a true positive 2 times and a true negative 3 times; `b` is correct once, missed twice and predicted
/// wrongly once.
#[test]
fn sets_of_labels_have_a_table_each() {
    let set = |labels: &[&str]| labels.iter().map(ToString::to_string).collect::<Vec<_>>();
    let outcome = |gold: &[&str], predicted: &[&str]| LabelOutcome {
        gold: set(gold),
        predicted: set(predicted),
        probabilities: vec![0.6, 0.4],
    };
    let outcomes = [
        outcome(&["a", "b"], &["a"]),
        outcome(&["a"], &["a", "b"]),
        outcome(&[], &[]),
        outcome(&["b"], &["b"]),
        outcome(&["b"], &[]),
    ];
    let evaluation = evaluate_labels(&set(&["a", "b"]), true, &outcomes, 0).unwrap();
    let html =
        page(&ClassifierReport { held_out: Some(held_out(evaluation)), ..bare(&["a", "b"]) });
    assert_sound(&html);
    // Gold: predicted, not predicted; not gold: predicted, not predicted.
    assert_eq!(
        rows(&html, "Each label", 0),
        [["a", "2", "0", "0", "3"], ["b", "1", "2", "1", "1"]]
    );
    assert!(html.contains("40.0 % of 5 examples have exactly the gold labels"));
    assert!(!html.contains("Reliability"));
}

#[test]
fn nothing_held_out_is_said() {
    let html = page(&bare(&["a", "b"]));
    assert_sound(&html);
    assert!(html.contains("No examples were held out") && !html.contains("<svg"));
}

/// Label `k` of 40 is predicted as the next `k % 7` times: the 30 with the most errors are shown, and of
/// the curves the 8 worst.
#[test]
fn of_many_labels_the_most_confused_are_shown() {
    let names: Vec<String> = (0..40).map(|k| format!("label {k:02}")).collect();
    let labels: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut counts = vec![vec![0; 40]; 40];
    for k in 0..40 {
        counts[k][k] = 1;
        counts[k][(k + 1) % 40] = k % 7;
    }
    let counts: Vec<&[usize]> = counts.iter().map(Vec::as_slice).collect();
    let evaluation = evaluation(&labels, &counts);
    let html = page(&ClassifierReport { held_out: Some(held_out(evaluation)), ..bare(&labels) });
    assert_sound(&html);
    let matrix = rows(&html, "Rows are gold", 0);
    assert_eq!(matrix.len(), 30);
    assert!(matrix.iter().all(|row| row.len() == 31));
    assert!(html.contains("the 30 of 40 labels with the most errors"));
    assert!(html.contains("the 8 of 40 labels with the least average precision"));
    // Mistakes of k: k % 7 as gold, (k − 1) % 7 as predicted. Label 8 (1 + 0) has few; 6 has 11.
    let shown: Vec<&String> = matrix.iter().map(|row| &row[0]).collect();
    assert!(shown.contains(&&names[6]) && !shown.contains(&&names[8]));
    assert_eq!(rows(&html, "By label", 0).len(), 43);
}

#[test]
fn the_same_report_is_the_same_page_but_for_the_seconds() {
    let before = |report: &ClassifierReport| {
        let html = page(report);
        html.split_once("id=\"seconds\"").unwrap().0.to_owned()
    };
    let (report, other) =
        (full(), ClassifierReport { seconds: TrainingSeconds::default(), ..full() });
    assert_eq!(page(&report), page(&report));
    assert_eq!(before(&report), before(&other));
    assert_ne!(page(&report), page(&other));
}

/// Pieces that end texts, tags, attributes or lines.
pub(crate) fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "\"",
        "'",
        "|",
        "`",
        "\\",
        "א",
        "\0",
        "\n",
        "-->",
        "]]>",
        "</td>",
        "a",
        " ",
        "\u{202e}",
        "\u{fffe}",
        "👩\u{200d}",
        "*",
        "_",
        "&lt;",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the labels, texts and names are, the page is well-formed, and has all numbers.
    #[test]
    fn no_text_breaks_the_page(
        names in prop::collection::vec(pieces(), 2..4),
        text in pieces(),
        counts in prop::collection::vec(prop::collection::vec(0..3usize, 3), 3),
    ) {
        let names: Vec<String> = names.iter().zip(0..).map(|(n, i)| format!("{i}{n}")).collect();
        let labels: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut counts: Vec<&[usize]> = counts.iter().map(|row| &row[..labels.len()]).collect();
        counts.truncate(labels.len());
        prop_assume!(counts.concat().iter().any(|n| *n > 0));
        let mut report = bare(&labels);
        report.model.name.clone_from(&text);
        report.data[0].file.clone_from(&text);
        report.held_out = Some(HeldOutEvaluation {
            confident_errors: vec![error(&text)],
            ..held_out(evaluation(&labels, &counts))
        });
        let html = page(&report);
        assert_sound(&html);
        let numbers: Vec<Vec<usize>> = rows(&html, "Rows are gold", 0)
            .iter()
            .map(|row| row[1..].iter().map(|n| n.parse().unwrap()).collect())
            .collect();
        prop_assert_eq!(numbers, counts);
    }
}
