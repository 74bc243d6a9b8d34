//! Fine-tunes a tagger of names for a few steps:
//! `cargo run --features train --example fine_tune_tagger [FOLDER]`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cloze::corpus::TaggedSentence;
use cloze::train::{
    FineTuneParams, TaggerTrainParams, TrainingData, TrainingEvent, TrainingOutcome,
};
use cloze::{Cancel, train::DataSource, tune::training::Event};

fn main() -> Result<(), cloze::train::FineTuneError> {
    let default = || std::env::temp_dir().join("cloze-names").display().to_string();
    let folder = std::env::args().nth(1).unwrap_or_else(default);
    let sentences = |names: &[&str]| {
        let sentence = |name: &&str| {
            TaggedSentence::of(&[(name, "B-PER"), ("lives", "O"), ("here", "O"), (".", "O")])
        };
        let records = names.iter().map(sentence).collect();
        DataSource::Records { name: "names".to_owned(), records }
    };
    let data = TrainingData::new(sentences(&["Ann", "Bob", "Carla", "Dieter"]))
        .dev(sentences(&["Eva", "Finn"]));

    let common = FineTuneParams::new("minilm-l6-v2", folder.as_str()).replace(true);
    let params = TaggerTrainParams::new(common.max_steps(Some(3))).check()?;
    let observer = |event: TrainingEvent<'_>| {
        if let TrainingEvent::Step { event: Event::Step { step, loss, .. }, .. } = event {
            println!("step {step}: loss {loss:.4}");
        }
    };
    if let TrainingOutcome::Done(report) = params.train(&data, &observer, &Cancel::new())? {
        println!("{folder}: {} steps", report.steps);
    }
    Ok(())
}
