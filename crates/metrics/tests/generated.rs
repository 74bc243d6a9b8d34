//! BLEU and chrF against sacrebleu (`generation/make.py`).
use cloze_metrics::generation::{BleuStats, ChrfStats};
use serde_json::Value;

#[test]
fn bleu_and_chrf_are_those_of_sacrebleu() {
    let expected: Value =
        serde_json::from_str(include_str!("generation/expected.json")).expect("JSON");
    let near = |found: f64, expected: &Value, what: &str| {
        let expected = expected.as_f64().expect("a number");
        assert!((found - expected).abs() < 1e-9, "{what}: {found}, expected {expected}");
    };
    let (mut bleu, mut chrf) = (BleuStats::default(), ChrfStats::default());
    for case in expected["cases"].as_array().expect("a list") {
        let text = case["text"].as_str().expect("a text");
        let references = case["references"].as_array().expect("a list");
        let references: Vec<&str> = references.iter().filter_map(Value::as_str).collect();
        let of_text = (BleuStats::of(text, &references), ChrfStats::of(text, &references));
        near(of_text.0.score(), &case["bleu"], &format!("BLEU of {text:?}"));
        near(of_text.1.score(), &case["chrf"], &format!("chrF of {text:?}"));
        bleu.merge(&of_text.0);
        chrf.merge(&of_text.1);
    }
    near(bleu.score(), &expected["together"]["bleu"], "BLEU of all");
    near(chrf.score(), &expected["together"]["chrf"], "chrF of all");
}
