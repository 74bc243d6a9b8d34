//! Trains a classifier of support tickets: a head on the vectors of an encoder.
//!
//! `cargo run --example train_classifier --features train -- FOLDER`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use cloze::corpus::LabelledParams;
use cloze::train::{ClassifierTrainParams, FitContext, FitData, FitEvent};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "tickets-model".into());
    let print = |event: &FitEvent<'_>| {
        if let FitEvent::Warning(warning) = event {
            eprintln!("warning: {warning}");
        }
    };
    let context = FitContext::new().observer(&print);
    let params = ClassifierTrainParams::new().seed(7).check()?;
    let files = |name: &str| {
        FitData::files([format!("data/tickets/{name}.csv")], LabelledParams::default())
    };
    let data = params.read(files("train"), Some(files("test")), &context)?;
    let trained = params.fit("minilm-l6-v2", data, &context)?;
    if let Some(test) = &trained.report().test {
        println!("accuracy on the test data: {:.4}", test.evaluation.accuracy());
    }
    trained.save(&folder)?;
    println!("{folder}: cloze classify FILE --model ./{folder}");
    Ok(())
}
