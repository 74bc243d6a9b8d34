//! Models in memory: the same results as from disk, bit for bit.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::{Path, PathBuf};

use cloze::checkpoint::card::{BaseRef, Card};
use cloze::core::Matrix;
use cloze::heads::classify::{Classifier, ClassifyHead, FeatureParams};
use cloze::store::Existing;
use cloze::{
    HEAD_FILE, HeadCard, HiddenStates, Layers, MaskedLm, MemoryFolder, ModelFolder, ModelRef,
    Pooling, Poolings, RowParams, SentenceEncoder, Tagger, TextClassifier,
};
use cloze_testkit::{adapter, checkpoint, checkpoints, graph, model_copy};

const TEXTS: [&str; 3] = ["Ann met the son in Kassel", "x", "the the met Ann"];

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
}

/// `files` with all that is in `folder` and below it, at `inside`.
fn add(files: MemoryFolder, folder: &Path, inside: &Path) -> MemoryFolder {
    let entries = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.fold(files, |files, path| {
        let inside = inside.join(path.file_name().unwrap());
        if path.is_dir() {
            return add(files, &path, &inside);
        }
        files.file(inside, fs_err::read(&path).unwrap())
    })
}

fn in_memory(folder: &Path) -> MemoryFolder {
    add(MemoryFolder::new("model"), folder, Path::new(""))
}

/// Hidden states of every layer: the bits of all numbers.
fn hidden(model: impl Into<ModelRef>) -> Vec<Vec<u32>> {
    let model = HiddenStates::builder(model).layers(Layers::parse("all").unwrap()).open().unwrap();
    let states = model.encode_batch(&TEXTS).unwrap();
    let bits = |states: cloze::TextStates| {
        states.hidden.iter().flat_map(Matrix::as_slice).map(|x| x.to_bits()).collect()
    };
    states.into_iter().map(|states| bits(states.unwrap())).collect()
}

/// Weights in one file or several, in 32 and 16 bits, of every family of the testkit.
#[test]
fn hidden_states_of_every_checkpoint_are_those_from_disk() {
    let names = checkpoints();
    assert!(names.len() > 20);
    for name in names {
        let folder = checkpoint(&name);
        let states = hidden(folder.as_path());
        assert!(states.iter().all(|numbers| !numbers.is_empty()), "{name}");
        assert_eq!(hidden(in_memory(&folder)), states, "{name}");
    }
}

/// An adapter, its base and the base's casings lie beside each other, as they do on disk.
#[test]
fn adapters_find_their_base_in_memory() {
    let all = add(MemoryFolder::new("both"), &shipped("sentiment-en"), Path::new("sentiment-en"));
    let all = add(all, &shipped("minilm-l6-v2"), Path::new("minilm-l6-v2"));
    let (memory, disk) = (all.root().join("sentiment-en"), shipped("sentiment-en"));
    assert_eq!(hidden(memory), hidden(&disk));
    assert_ne!(hidden(&disk), hidden(shipped("minilm-l6-v2")));
    // Without the base beside it, at the place that its settings name.
    let folder = adapter("token-qv");
    let (path, base) = (Path::new(""), checkpoint("bert"));
    let inside = Path::new("bert");
    let memory = add(add(MemoryFolder::new("a"), &folder, path), &base, inside);
    let config = format!("{:?}", fs_err::read_to_string(folder.join("adapter_config.json")));
    assert!(config.contains("bert"), "{config}");
    assert_eq!(hidden(memory), hidden(folder));
}

/// A graph of ONNX Runtime's own operators in 4 bits, and one whose weights are in a second file.
#[test]
fn graphs_run_from_memory() {
    let text = "Ms Ann Lee, 12 High Street, ann.lee@example.org";
    let disk = Tagger::open(shipped("pii")).unwrap().tag(text).unwrap();
    assert!(disk.len() > 2, "{disk:?}");
    let memory = Tagger::open(in_memory(&shipped("pii"))).unwrap();
    assert_eq!(memory.tag(text).unwrap(), disk);

    let copy = model_copy("tiny");
    fs_err::copy(graph("external"), copy.path().join("model.onnx")).unwrap();
    let whole = in_memory(copy.path());
    let error = Tagger::open(&whole).unwrap_err();
    let mut chain = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        chain.push(next.to_string());
        cause = next.source();
    }
    let chain = chain.join(": ");
    assert!(chain.contains("memory:model/external.bin"), "{chain}");
    let bin = graph("external").with_extension("bin");
    fs_err::copy(&bin, copy.path().join("external.bin")).unwrap();
    let whole = whole.file("external.bin", fs_err::read(bin).unwrap());
    let [memory, disk]: [ModelRef; 2] = [whole.into(), copy.path().into()];
    let tag = |model| Tagger::builder(model).min_score(0.0).open().unwrap().tag(TEXTS[0]).unwrap();
    assert_eq!(tag(memory), tag(disk));
}

/// Poolings in a folder of their own, and the tokenizer's mask.
#[test]
fn what_lies_beside_the_weights_is_read_from_memory() {
    let folder = shipped("minilm-l6-v2");
    let (memory, disk) =
        (SentenceEncoder::open(in_memory(&folder)), SentenceEncoder::open(folder.as_path()));
    let (memory, disk) = (memory.unwrap(), disk.unwrap());
    for text in TEXTS {
        assert_eq!(memory.encode(text).unwrap(), disk.encode(text).unwrap());
    }
    assert_eq!(memory.model().sha256().unwrap(), disk.model().sha256().unwrap());
    // Without the card, whose hash is that of the other file.
    let cls = in_memory(&folder).file("cloze.json", r#"{"kind": "model", "format_version": 1}"#).file(
        "1_Pooling/config.json",
        r#"{"word_embedding_dimension": 384, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#,
    );
    let first = SentenceEncoder::open(cls).unwrap().encode(TEXTS[0]).unwrap();
    let expected =
        SentenceEncoder::builder(folder).pooling(Poolings::from(Pooling::Cls)).open().unwrap();
    assert_eq!(first, expected.encode(TEXTS[0]).unwrap());
    assert_ne!(first, disk.encode(TEXTS[0]).unwrap());

    let folder = shipped("mlm-en");
    let text = "The capital of France is [MASK].";
    let memory = MaskedLm::open(in_memory(&folder)).unwrap().predict(text, 5).unwrap();
    assert_eq!(memory, MaskedLm::open(folder).unwrap().predict(text, 5).unwrap());
}

/// A head over a base that was beside it on disk and is inside its folder in memory.
#[test]
fn heads_find_their_base_in_memory() {
    let base = ModelFolder::open(checkpoint("bert")).unwrap();
    let width = SentenceEncoder::open(base.clone()).unwrap().width();
    let numbers = (0..2 * width).map(|i| if i % 3 == 0 { 0.5 } else { -0.25 }).collect();
    let labels = vec!["no".to_owned(), "yes".to_owned()];
    let head = ClassifyHead::new("hand", labels, numbers, vec![0.0, 0.1]).unwrap();
    let zeros = Matrix::from_vec(width, vec![0.0; width]).unwrap();
    let features = FeatureParams::new().check().unwrap().fit(&zeros).unwrap();
    let classifier = Classifier::new(features, head).unwrap();
    let folder = tempfile::tempdir().unwrap();
    classifier.save(&folder.path().join(HEAD_FILE), Existing::Refuse).unwrap();
    let card = HeadCard {
        card: Card {
            base: Some(BaseRef {
                name: "bert".into(),
                folder: checkpoint("bert").display().to_string(),
                sha256: base.sha256().unwrap(),
            }),
            ..Card::default()
        },
        rows: RowParams {
            pooling: Pooling::Mean.into(),
            layers: Layers::default(),
            prompt: String::new(),
            truncate: false,
            pairs: None,
        },
        head: classifier.spec(None, serde_json::Map::new(), 0),
        training: serde_json::Value::Null,
    };
    card.write(folder.path()).unwrap();
    let disk = TextClassifier::open(folder.path()).unwrap();
    // The place on this disk is not the one on another, where only what is inside is found.
    let elsewhere = fs_err::read_to_string(folder.path().join("cloze.json")).unwrap();
    let elsewhere = elsewhere.replace(&checkpoint("bert").display().to_string(), "../not/there");
    let memory = in_memory(folder.path()).file("cloze.json", elsewhere);
    let memory = add(memory, &checkpoint("bert"), Path::new("bert"));
    let memory = TextClassifier::open(memory).unwrap();
    for text in TEXTS {
        assert_eq!(memory.classify(text).unwrap(), disk.classify(text).unwrap(), "{text:?}");
    }
}

#[test]
fn a_missing_file_is_named_in_memory() {
    let folder = MemoryFolder::new("mine").file("config.json", "{}");
    let text = ModelFolder::open(folder).unwrap_err().to_string();
    assert_eq!(
        text,
        "memory:mine: no tokenizer.json, vocab.txt, or vocab.json with merges.txt in this model folder"
    );
}
