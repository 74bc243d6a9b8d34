//! Losses and gradients beside those of `PyTorch` and the libraries on top of it
//! (`tests/data/make_losses.py`).
use std::path::Path;

use cloze_checkpoint::family::{BERT, DISTILBERT, ELECTRA, ROBERTA};
use cloze_core::Chain;
use cloze_tune::task::{
    CosineTask, CrfTask, DenseLayer, LabelledExample, RankedExample, RankingParams, ScoredExample,
    SequenceParams, TaggedExample, Task, TaskPooling, TokenTask, stems,
};
use cloze_tune::{Hidden, Parameters, TrainingSequence};
use serde_json::Value;

use crate::numeric::text;

const WIDTH: usize = 6;
/// Of each number, and of the largest of its gradient: sums of numbers of 32 bits that nearly
/// cancel.
const TOLERANCE: f64 = 1e-6;

#[expect(clippy::cast_possible_truncation, reason = "a setting, or written as exact in 32 bits")]
fn number(value: &Value) -> f32 {
    value.as_f64().unwrap() as f32
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(number).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "small")]
fn place(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

struct Case<'v> {
    value: &'v Value,
    parameters: Parameters,
    texts: Vec<TrainingSequence>,
}

impl Case<'_> {
    fn layer(&mut self, stem: &str) -> DenseLayer {
        let [weight, bias] = ["weight", "bias"]
            .map(|part| numbers(&self.value["parameters"][format!("{stem}.{part}")]["value"]));
        DenseLayer::add(&mut self.parameters, stem, WIDTH, weight, bias).unwrap()
    }

    fn tagged(&self) -> Vec<TaggedExample> {
        let places = self.value["places"].as_array().unwrap().iter();
        let texts = self.texts.iter().zip(places);
        let tagged = texts.map(|(sequence, places)| TaggedExample {
            sequence: sequence.clone(),
            places: places
                .as_array()
                .unwrap()
                .iter()
                .map(|pair| (place(&pair[0]), place(&pair[1])))
                .collect(),
        });
        tagged.collect()
    }

    fn pool(&self) -> TaskPooling {
        if self.value["pool"] == "cls" { TaskPooling::Cls } else { TaskPooling::Mean }
    }

    fn run(mut self) -> f64 {
        match self.value["kind"].as_str().unwrap() {
            "tokens" => {
                let task = TokenTask::new(self.layer("classifier"));
                let examples = self.tagged();
                self.compare(&task, &examples)
            }
            "crf" => {
                let classifier = self.layer("classifier");
                let wide = |part: &str| {
                    let values = &self.value["parameters"][format!("crf.{part}")]["value"];
                    numbers(values).into_iter().map(f64::from).collect()
                };
                let chain = Chain::new(wide("start"), wide("end"), wide("between"));
                let task = CrfTask::add(&mut self.parameters, classifier, chain.as_ref()).unwrap();
                let examples = self.tagged();
                self.compare(&task, &examples)
            }
            "sequence" => self.sequence(),
            "ranking" => {
                let scale = number(&self.value["scale"]);
                let task = RankingParams::default().pool(self.pool()).scale(scale).check().unwrap();
                let columns = 2 + place(&self.value["negatives"]);
                let rows = self.texts.chunks_exact(columns);
                let examples = rows.map(|row| RankedExample {
                    anchor: row[0].clone(),
                    positive: row[1].clone(),
                    negatives: row[2..].to_vec(),
                });
                let examples: Vec<_> = examples.collect();
                self.compare(&task, &examples)
            }
            "cosine" => {
                let pairs = self.texts.chunks_exact(2).zip(numbers(&self.value["scores"]));
                let examples = pairs.map(|(pair, score)| ScoredExample {
                    first: pair[0].clone(),
                    second: pair[1].clone(),
                    score,
                });
                let examples: Vec<_> = examples.collect();
                let task = CosineTask::new(self.pool());
                self.compare(&task, &examples)
            }
            other => panic!("{other}"),
        }
    }

    fn sequence(mut self) -> f64 {
        let family = match self.value["family"].as_str().unwrap() {
            "bert" => &BERT,
            "roberta" => &ROBERTA,
            "distilbert" => &DISTILBERT,
            _ => &ELECTRA,
        };
        let [dense, classifier] = stems(family, "bert.").map(|stem| self.layer(&stem));
        let weights = &self.value["class_weights"];
        let task = SequenceParams::default()
            .multi_label(self.value["multi_label"].as_bool().unwrap())
            .class_weights((!weights.is_null()).then(|| numbers(weights)))
            .label_smoothing(number(&self.value["label_smoothing"]))
            .check(family, dense, classifier)
            .unwrap();
        let labels = self.value["labels"].as_array().unwrap().iter();
        let examples = self.texts.iter().zip(labels).map(|(sequence, labels)| LabelledExample {
            sequence: sequence.clone(),
            labels: labels.as_array().unwrap().iter().map(place).collect(),
        });
        let examples: Vec<_> = examples.collect();
        self.compare(&task, &examples)
    }

    fn compare<T: Task>(mut self, task: &T, examples: &[T::Example]) -> f64 {
        let lengths = || self.texts.iter().map(TrainingSequence::len);
        let (mut hidden, mut gradient) =
            (Hidden::zeros(WIDTH, lengths()), Hidden::zeros(WIDTH, lengths()));
        hidden.rows_mut().copy_from_slice(&numbers(&self.value["hidden"]));
        let examples: Vec<_> = examples.iter().collect();
        let with = Some((&mut gradient, 1.0));
        let loss = task.loss(&mut self.parameters, &examples, &hidden, None, with).unwrap();
        let expected = self.value["loss"].as_f64().unwrap();
        let name = &self.value["kind"];
        let mut worst = (loss - expected).abs() / expected;
        assert!(worst < TOLERANCE, "{name}: loss {loss}, expected {expected}");

        let mut near = |part: &str, found: &[f32], expected: &Value| {
            let expected: Vec<f64> =
                expected.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
            assert_eq!(found.len(), expected.len(), "{name} {part}");
            let largest = expected.iter().map(|x| x.abs()).fold(0.0, f64::max);
            for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let off = (f64::from(*found) - expected).abs() / largest;
                assert!(off < TOLERANCE, "{name} {part} {i}: {found}, expected {expected}");
                worst = worst.max(off);
            }
        };
        near("hidden", gradient.rows(), &self.value["gradient"]);
        let parameters = self.value["parameters"].as_object().unwrap();
        assert_eq!(parameters.len(), self.parameters.list().len());
        for parameter in self.parameters.list() {
            near(&parameter.name, &parameter.gradient, &parameters[&parameter.name]["gradient"]);
        }
        worst
    }
}

#[test]
fn every_loss_and_gradient_is_that_of_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/losses.json");
    let file: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 17);
    for value in cases {
        let texts = value["lengths"].as_array().unwrap().iter().map(|n| text(place(n))).collect();
        let worst = Case { value, parameters: Parameters::default(), texts }.run();
        println!("{}: worst difference {worst:.1e} of the largest", value["kind"]);
    }
}
