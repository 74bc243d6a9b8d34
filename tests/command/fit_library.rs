//! A classifier trained by the library, which is the command's, file by file.
use std::cell::Cell;
use std::path::{Path, PathBuf};

use cloze::corpus::LabelledParams;
use cloze::report::tuning::CardWords;
use cloze::train::{
    ClassifierTrainParams, FitContext, FitData, FitError, FitEvent, FitWarning, LabelledText,
    ValidClassifierTrainParams,
};
use cloze::{Cancel, PairRows, Runtime, RuntimeParams};

use crate::run::Home;

/// A model of 16 numbers a vector.
fn small_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/checkpoints/minilm-f16")
}

fn tickets(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/tickets");
    folder.join(file).display().to_string()
}

fn runtime() -> Runtime {
    Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap()
}

fn files(name: &str) -> FitData {
    FitData::files([tickets(name)], LabelledParams::default())
}

fn checked(params: ClassifierTrainParams) -> ValidClassifierTrainParams {
    params.check().unwrap()
}

/// A file's text without the durations at its end.
fn without_seconds(text: &str, name: &str) -> String {
    let end = match name {
        "report.json" => "\n  \"seconds\": {",
        "report.html" => "<h2 id=\"seconds\">",
        _ => return text.to_owned(),
    };
    text.split_once(end).unwrap().0.to_owned()
}

#[test]
fn a_classifier_of_tickets_is_the_commands() {
    let (command, library) = (Home::new(), Home::new());
    let (train, test) = (tickets("train.csv"), tickets("test.csv"));
    let model = small_model();
    let model_name = model.display().to_string();
    let words = [
        &["train", "classify", &train, "--test", &test, "-m", &model_name][..],
        &["-o", "m", "--curve", "--seed", "3", "--description", "Sorts tickets.", "--license"],
        &["CC0-1.0", "--no-cache"],
    ]
    .concat();
    command.run(&words).good();

    let card = CardWords {
        description: Some("Sorts tickets.".into()),
        license: Some("CC0-1.0".into()),
        ..CardWords::default()
    };
    let words = words.iter().map(ToString::to_string).collect();
    let params = ClassifierTrainParams::new().curve(true).seed(3).card(card).command(words);
    let params = checked(params);
    let encoded = Cell::new(0);
    let count = |event: &FitEvent<'_>| {
        if let FitEvent::Encoded { inputs } = event {
            encoded.set(encoded.get() + inputs);
        }
    };
    let context = FitContext::new().runtime(runtime()).observer(&count);
    let data = params.read(files("train.csv"), Some(files("test.csv")), &context).unwrap();
    let trained = params.fit(&model, data, &context).unwrap();
    trained.save(library.path("m")).unwrap();

    assert_eq!(encoded.get(), trained.report().seconds.encoded);
    let names = command.files("m");
    assert_eq!(names.len(), 6);
    assert_eq!(library.files("m"), names);
    for name in names {
        let path = format!("m/{name}");
        if name == "head.safetensors" {
            assert_eq!(command.bytes(&path), library.bytes(&path), "{name}");
            continue;
        }
        let [a, b] = [&command, &library].map(|home| without_seconds(&home.read(&path), &name));
        assert_eq!(a, b, "{name}");
    }
}

/// Texts in memory give the head that the same texts of a file give.
#[test]
fn texts_may_be_in_memory() {
    let text = fs_err::read_to_string(tickets("train.csv")).unwrap();
    let params = checked(ClassifierTrainParams::new().c(Some(0.1)));
    let context = FitContext::new().runtime(runtime());
    let data = params.read(files("train.csv"), None, &context).unwrap();
    let of_file = params.fit(small_model(), data, &context).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let (text, label) = line.split_once(',').unwrap().1.rsplit_once(',').unwrap();
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        LabelledText::new(quoted.unwrap_or(text).replace("\"\"", "\""), label)
    });
    let data = params.read(rows.collect::<Vec<_>>(), None, &context).unwrap();
    let in_memory = params.fit(small_model(), data, &context).unwrap();
    let numbers = |trained: &cloze::train::TrainedClassifier| {
        let rows = vec![0.5; trained.classifier().features().width_in()];
        trained.classifier().predict(&rows).unwrap()
    };
    assert_eq!(numbers(&of_file), numbers(&in_memory));
    assert_eq!(in_memory.report().data[0].file, "memory");
    assert_eq!(in_memory.report().data[0].examples, of_file.report().examples);
}

/// Pairs without enough examples are warned of, and a cancelled training is an error.
#[test]
fn warnings_are_events_and_a_training_can_be_cancelled() {
    let pair = |i: usize| {
        let (second, label) = if i.is_multiple_of(2) { ("yes", "same") } else { ("no", "other") };
        LabelledText::new(format!("text {i}"), label).second(second)
    };
    let params = checked(ClassifierTrainParams::new().pairs(Some(PairRows::Separate)));
    let (rare, cancel) = (Cell::new(false), Cancel::new());
    let look = |event: &FitEvent<'_>| {
        if let FitEvent::Warning(FitWarning::RareLabels(labels)) = event {
            let expected = [("other".to_owned(), 4), ("same".to_owned(), 4)];
            rare.set(labels[..] == expected);
        }
    };
    let context = FitContext::new().runtime(runtime()).observer(&look).cancel(cancel.clone());
    let data = params.read((0..8).map(pair).collect::<Vec<_>>(), None, &context).unwrap();
    assert!(rare.get());
    cancel.cancel();
    let error = params.fit(small_model(), data, &context).unwrap_err();
    assert_eq!(error.to_string(), "cancelled");
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let new = ClassifierTrainParams::new;
    let cases = [
        (new().hold_out(Some(0.0)), "hold_out is 0: expected a share between 0 and 1"),
        (new().hold_out(Some(f64::NAN)), "hold_out is NaN: expected a share between 0 and 1"),
        (new().hold_out(Some(1.0)), "hold_out is 1: expected a share between 0 and 1"),
        (new().folds(Some(1)), "folds is 1: expected at least 2"),
        (new().shots(Some(0)), "shots is 0: expected at least 1"),
        (new().draws(0), "draws is 0: expected at least 1"),
        (new().trials(0), "trials is 0: expected at least 1"),
        (new().patience(Some(0)), "patience is 0: expected at least 1"),
    ];
    for (params, expected) in cases {
        assert_eq!(params.check().unwrap_err().to_string(), expected);
    }
    assert!(new().c(Some(f64::INFINITY)).check().is_err());
    assert!(new().folds(Some(2)).hold_out(Some(0.5)).shots(Some(1)).check().is_ok());
    let shots = checked(new().shots(Some(1)));
    let error = shots.read(files("train.csv"), None, &FitContext::new()).unwrap_err();
    assert!(matches!(error, FitError::Needs { setting: "shots", .. }), "{error}");
}
