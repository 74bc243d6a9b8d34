//! The library trains what the command trains. Everything here but the command itself is of the crate
//! `cloze`.
use std::collections::HashMap;

use cloze::Cancel;
use cloze::corpus::TaggedSentence;
use cloze::train::{
    DataSource, FineTuneParams, LabelledText, TaggerTrainParams, TrainingData, TrainingEvent,
    TrainingOutcome, TunedClassifierTrainParams,
};
use serde_json::Value;

use crate::run::{Home, models};
use crate::support::checkpoint;

/// Words of each line of a sample with their gold tags.
fn gold(name: &str) -> Vec<Vec<(String, String)>> {
    let data = models().join("../data");
    let text = fs_err::read_to_string(data.join("samples").join(name)).unwrap();
    let record = fs_err::read_to_string(data.join(format!("gold/{name}.jsonl"))).unwrap();
    let record: Value = serde_json::from_str(record.lines().next().unwrap()).unwrap();
    let bytes: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
    let mut tags: HashMap<usize, String> = HashMap::new();
    for entity in record["entities"].as_array().unwrap() {
        let [start, end] = ["start", "end"]
            .map(|name| bytes[usize::try_from(entity[name].as_u64().unwrap()).unwrap()]);
        for at in start..end {
            let prefix = if at == start { "B" } else { "I" };
            tags.insert(at, format!("{prefix}-{}", entity["label"].as_str().unwrap()));
        }
    }
    let offset = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let tag = |word: &str| {
        let first = (offset(word)..offset(word) + word.len()).find_map(|at| tags.get(&at));
        (word.to_owned(), first.cloned().unwrap_or_else(|| "O".to_owned()))
    };
    let lines = text.lines().map(|line| line.split_whitespace().map(tag).collect::<Vec<_>>());
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_tagger_trained_from_memory_has_the_commands_weights() {
    let sentences: Vec<_> = ["news.txt", "letter.txt"].into_iter().flat_map(gold).collect();
    assert!(sentences.len() > 10, "{}", sentences.len());
    let line = |(word, tag): &(String, String)| format!("{word}\t{tag}\n");
    let conll = |sentence: &Vec<_>| sentence.iter().map(line).collect::<String>() + "\n";
    let home = Home::new();
    home.write("gold.conll", sentences.iter().map(conll).collect::<String>());
    let base = checkpoint("bert");
    home.run(&["train", "tag", "gold.conll", "-m", &base, "-o", "typed", "--max-steps=20"]).good();

    let sentence = |words: &Vec<(String, String)>| {
        let words: Vec<(&str, &str)> = words.iter().map(|(w, t)| (&**w, &**t)).collect();
        TaggedSentence::of(&words)
    };
    let records = sentences.iter().map(sentence).collect();
    let data = TrainingData::new(DataSource::Records { name: "gold".to_owned(), records });
    let common = FineTuneParams::new(&base, home.path("called")).max_steps(Some(20));
    let params = TaggerTrainParams::new(common).check().unwrap();
    let steps = std::sync::atomic::AtomicUsize::new(0);
    let observer = |event: TrainingEvent<'_>| {
        if matches!(event, TrainingEvent::Step { .. }) {
            steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let outcome = params.train(&data, &observer, &Cancel::new()).unwrap();
    let TrainingOutcome::Done(report) = outcome else { panic!("{outcome:?}") };
    assert_eq!(report.steps, 20);
    assert!(steps.into_inner() > 20);
    for file in ["adapter_model.safetensors", "adapter_config.json", "config.json"] {
        let [typed, called] = ["typed", "called"].map(|f| home.bytes(&format!("{f}/{file}")));
        assert!(typed == called, "{file}");
    }
    assert_eq!(home.files("typed"), home.files("called"));
}

#[test]
fn a_cancelled_training_goes_on_later() {
    let home = Home::new();
    let base = checkpoint("bert");
    let sentence =
        TaggedSentence::of(&[("Ann", "B-PER"), ("met", "O"), ("the", "O"), ("son", "O")]);
    let records = vec![sentence; 8];
    let data = TrainingData::new(DataSource::Records { name: "gold".to_owned(), records });
    let params = |folder: &str, resume: bool| {
        let common = FineTuneParams::new(&base, home.path(folder)).max_steps(Some(6)).hold_out(0.0);
        TaggerTrainParams::new(common.resume(resume)).check().unwrap()
    };
    let whole = params("whole", false).train(&data, &|_| {}, &Cancel::new()).unwrap();
    assert!(matches!(whole, TrainingOutcome::Done(_)));

    let cancel = Cancel::new();
    let observer = |event: TrainingEvent<'_>| {
        if let TrainingEvent::Step {
            event: cloze::tune::training::Event::Step { step: 2, .. },
            ..
        } = event
        {
            cancel.cancel();
        }
    };
    let stopped = params("halves", false).train(&data, &observer, &cancel).unwrap();
    let TrainingOutcome::Stopped { steps, state } = stopped else { panic!("{stopped:?}") };
    assert_eq!((steps, state), (2, home.path("halves.state")));
    let resumed = params("halves", true).train(&data, &|_| {}, &Cancel::new()).unwrap();
    assert!(matches!(resumed, TrainingOutcome::Done(_)));
    let file = "adapter_model.safetensors";
    let [whole, halves] = ["whole", "halves"].map(|f| home.bytes(&format!("{f}/{file}")));
    assert!(whole == halves);
}

#[test]
fn a_classifier_trained_by_steps_from_memory_has_the_commands_weights() {
    let verb = |i: usize| ["met", "saw", "heard"][i % 3];
    let row = |i: usize| (format!("Ann {} the son {i}", verb(i)), ["no", "yes"][i % 2]);
    let rows: Vec<(String, &str)> = (0..24).map(row).collect();
    let line = |(text, label): &(String, &str)| format!("{text},{label}\n");
    let table = rows.iter().map(line).collect::<String>();
    let home = Home::new();
    home.write("rows.csv", format!("text,label\n{table}"));
    let base = checkpoint("bert");
    let flags = ["--tune=lora", "--max-steps=5", "-m", &base, "-o", "typed"];
    home.run(&[&["train", "classify", "rows.csv"][..], &flags].concat()).good();

    let records = rows.iter().map(|(text, label)| LabelledText::new(text.as_str(), *label));
    let records = records.collect();
    let data = TrainingData::new(DataSource::Records { name: "rows".to_owned(), records });
    let common = FineTuneParams::new(&base, home.path("called")).max_steps(Some(5));
    let params = TunedClassifierTrainParams::new(common).check().unwrap();
    let outcome = params.train(&data, &|_| {}, &Cancel::new()).unwrap();
    let TrainingOutcome::Done(report) = outcome else { panic!("{outcome:?}") };
    assert_eq!((report.steps, report.labels["yes"] + report.labels["no"]), (5, report.examples));
    for file in ["adapter_model.safetensors", "adapter_config.json", "config.json"] {
        let [typed, called] = ["typed", "called"].map(|f| home.bytes(&format!("{f}/{file}")));
        assert!(typed == called, "{file}");
    }
}
