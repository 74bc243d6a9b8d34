//! Checkpoints that are not in order: what is wrong is named, all of it at once, and nothing panics.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::collections::HashMap;
use std::path::Path;

use cloze_checkpoint::weights::{StoredType, Weights};
use cloze_checkpoint::{Checkpoint, CheckpointError, Head, ModelFolder};
use cloze_store::Existing;
use cloze_testkit::checkpoint_copy;
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

const CONFIG: &str = r#"{"model_type":"bert","hidden_size":4,"num_hidden_layers":1,
    "num_attention_heads":2,"intermediate_size":6,"vocab_size":5,"max_position_embeddings":7,
    "type_vocab_size":2,"architectures":["BertForTokenClassification"]}"#;

type Tensors = Vec<(String, Vec<usize>)>;

/// The tensors of a one-layer BERT with a classifier of three labels.
fn tensors() -> Tensors {
    let mut all: Tensors = vec![];
    let mut dense = |name: &str, inputs: usize, outputs: usize| {
        all.push((format!("{name}.weight"), vec![outputs, inputs]));
        all.push((format!("{name}.bias"), vec![outputs]));
    };
    let layer = "bert.encoder.layer.0";
    for part in ["query", "key", "value"] {
        dense(&format!("{layer}.attention.self.{part}"), 4, 4);
    }
    dense(&format!("{layer}.attention.output.dense"), 4, 4);
    dense(&format!("{layer}.intermediate.dense"), 4, 6);
    dense(&format!("{layer}.output.dense"), 6, 4);
    dense("classifier", 4, 3);
    let norms =
        ["bert.embeddings", &format!("{layer}.attention.output"), &format!("{layer}.output")];
    for name in norms {
        all.push((format!("{name}.LayerNorm.weight"), vec![4]));
        all.push((format!("{name}.LayerNorm.bias"), vec![4]));
    }
    for (name, rows) in [("word", 5), ("position", 7), ("token_type", 2)] {
        all.push((format!("bert.embeddings.{name}_embeddings.weight"), vec![rows, 4]));
    }
    all
}

fn write(folder: &Path, config: &str, tensors: &Tensors) {
    fs_err::write(folder.join("config.json"), config).unwrap();
    let data: Vec<Vec<u8>> = tensors
        .iter()
        .enumerate()
        .map(|(i, (_, shape))| {
            let n: usize = shape.iter().product();
            #[expect(clippy::cast_precision_loss, reason = "small")]
            (0..n).flat_map(|j| ((i * 31 + j) as f32 * 0.01).to_le_bytes()).collect()
        })
        .collect();
    let views = tensors.iter().zip(&data).map(|((name, shape), data)| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).unwrap())
    });
    let views: HashMap<String, TensorView<'_>> = views.collect();
    let bytes = safetensors::serialize(views, None).unwrap();
    fs_err::write(folder.join("model.safetensors"), bytes).unwrap();
}

fn open(tensors: &Tensors) -> Result<Checkpoint, CheckpointError> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), CONFIG, tensors);
    Checkpoint::open(folder.path())
}

#[test]
fn a_whole_checkpoint_has_its_parts() {
    let checkpoint = open(&tensors()).unwrap();
    assert_eq!(checkpoint.heads(), [Head::Tokens]);
    let counted: u64 = checkpoint.parts().iter().map(|p| p.parameters).sum();
    let stored: usize = tensors().iter().map(|(_, s)| s.iter().product::<usize>()).sum();
    assert_eq!(counted, stored as u64);
}

#[test]
fn all_that_is_wrong_is_listed_at_once() {
    let mut wrong = tensors();
    wrong.retain(|(name, _)| !name.ends_with("query.bias") && name != "classifier.bias");
    wrong.push(("bert.encoder.layer.1.output.dense.bias".into(), vec![4]));
    wrong.push(("extra".into(), vec![1]));
    let word = wrong.iter_mut().find(|(name, _)| name.contains("word_")).unwrap();
    word.1 = vec![4, 5];
    let error = open(&wrong).unwrap_err();
    let CheckpointError::Tensors { missing, extra, wrong, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(
        missing,
        &["bert.encoder.layer.0.attention.self.query.bias [4]", "classifier.bias [3]"]
    );
    assert_eq!(extra, &["bert.encoder.layer.1.output.dense.bias", "extra"]);
    assert_eq!(wrong, &["bert.embeddings.word_embeddings.weight: expected [5, 4], found [4, 5]"]);
    let text = error.to_string();
    assert!(text.contains("2 tensors missing") && text.contains("1 tensor of another shape"));
}

/// Names without the prefix, and those of checkpoints that came from TensorFlow.
#[test]
fn other_names_of_the_same_tensors_are_known() {
    let bare: Tensors = tensors()
        .into_iter()
        .map(|(name, shape)| (name.strip_prefix("bert.").unwrap_or(&name).to_owned(), shape))
        .collect();
    open(&bare).unwrap();
    let old: Tensors = tensors()
        .into_iter()
        .map(|(name, shape)| {
            let name = name.replace("LayerNorm.weight", "LayerNorm.gamma");
            (name.replace("LayerNorm.bias", "LayerNorm.beta"), shape)
        })
        .collect();
    open(&old).unwrap();
    let mut buffers = tensors();
    buffers.push(("bert.embeddings.position_ids".into(), vec![1, 7]));
    buffers.push(("qa_outputs.weight".into(), vec![2, 4]));
    open(&buffers).unwrap();
}

#[test]
fn weights_in_several_files_are_one_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let all = tensors();
    let (a, b) = all.split_at(all.len() / 2);
    for (name, part) in [("x-1.safetensors", a), ("x-2.safetensors", b)] {
        write(folder.path(), CONFIG, &part.to_vec());
        let from = folder.path().join("model.safetensors");
        fs_err::rename(from, folder.path().join(name)).unwrap();
    }
    let index = |files: [&str; 2]| {
        let text = format!(r#"{{"weight_map":{{"a":"{}","b":"{}"}}}}"#, files[0], files[1]);
        fs_err::write(folder.path().join("model.safetensors.index.json"), text).unwrap();
        Checkpoint::open(folder.path())
    };
    let sharded = index(["x-1.safetensors", "x-2.safetensors"]).unwrap();
    assert_eq!(sharded.weights().names().count(), all.len());
    for name in sharded.weights().names() {
        let size: usize = sharded.weights().shape(name).unwrap().iter().product();
        assert_eq!(sharded.weights().reader().read(name).unwrap().len(), size, "{name}");
    }
    // Half of it is not enough; nor is a file elsewhere.
    assert!(matches!(index(["x-1.safetensors"; 2]), Err(CheckpointError::Tensors { .. })));
    assert!(matches!(
        index(["../x-1.safetensors", "x-2.safetensors"]),
        Err(CheckpointError::Config { .. })
    ));
}

#[test]
fn a_number_too_large_for_half_precision_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), CONFIG, &tensors());
    let path = folder.path().join("model.safetensors");
    let mut bytes = fs_err::read(&path).unwrap();
    let at = bytes.len() - 4;
    bytes[at..].copy_from_slice(&70_000_f32.to_le_bytes());
    fs_err::write(&path, bytes).unwrap();
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let to = |stored, name: &str| {
        checkpoint.write_weights(stored, &folder.path().join(name), Existing::Refuse)
    };
    assert!(matches!(to(StoredType::F16, "half"), Err(CheckpointError::Overflow { .. })));
    assert!(!folder.path().join("half").exists());
    to(StoredType::BF16, "brain").unwrap();
}

/// Written as f32 and read again, every number is the same; half precision rounds to 11 bits.
#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), CONFIG, &tensors());
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    for (stored, resolution) in [
        (StoredType::F32, 0.0),
        (StoredType::F16, 2_f32.powi(-11)),
        (StoredType::BF16, 2_f32.powi(-8)),
    ] {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join("model.safetensors");
        checkpoint.write_weights(stored, &path, Existing::Refuse).unwrap();
        let again = Weights::open(out.path()).unwrap();
        assert_eq!(again.stored_type(), Some(stored));
        for name in checkpoint.weights().names() {
            let [before, after] =
                [checkpoint.weights(), &again].map(|w| w.reader().read(name).unwrap());
            for (a, b) in before.iter().zip(&after) {
                assert!((a - b).abs() <= resolution * a.abs(), "{name}: {a} and {b}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is done to a file, reading it ends in a result or an error that names it.
    #[test]
    fn damage_is_an_error_and_no_panic(
        at in 0..2000usize, byte: u8, cut in prop::option::of(0..3000usize),
    ) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), CONFIG, &tensors());
        let path = folder.path().join("model.safetensors");
        let mut bytes = fs_err::read(&path).unwrap();
        let len = bytes.len();
        bytes[at % len] = byte;
        if let Some(cut) = cut {
            bytes.truncate(cut);
        }
        fs_err::write(&path, bytes).unwrap();
        match Checkpoint::open(folder.path()) {
            Ok(checkpoint) => {
                let mut reader = checkpoint.weights().reader();
                for name in checkpoint.weights().names() {
                    let _ = reader.read(name);
                }
            }
            Err(error) => {
                let place = folder.path().display().to_string();
                prop_assert!(error.to_string().contains(&place), "{}", error);
            }
        }
    }
}

/// A file of safetensors with this header and so many bytes of data.
fn file_of(header: &str, data: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    fs_err::write(&path, &bytes).unwrap();
    let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(bytes.len() as u64 + data).unwrap();
    folder
}

#[test]
fn a_tensor_twice_in_one_file_is_refused() {
    let tensor = r#""a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}"#;
    let folder = file_of(&format!("{{{tensor}, {tensor}}}"), 4);
    let error = Weights::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains(r#"tensor "a" is there twice"#), "{error}");
    assert!(Weights::open(file_of(&format!("{{{tensor}}}"), 4).path()).is_ok());
}

/// A sparse file says that it holds more than any memory: 2^46 bytes where the file system allows it.
#[test]
#[cfg(target_os = "linux")]
fn a_tensor_larger_than_memory_is_an_error() {
    let bytes = 1_u64 << 43;
    let header = format!(
        r#"{{"a": {{"dtype": "F32", "shape": [{}], "data_offsets": [0, {bytes}]}}}}"#,
        bytes / 4
    );
    let folder = file_of(&header, bytes);
    let weights = Weights::open(folder.path()).unwrap();
    let error = weights.reader().read("a").unwrap_err();
    assert!(matches!(error, CheckpointError::Memory { bytes: found, .. } if found as u64 == bytes));
}

#[test]
fn layers_labels_and_other_kinds_of_files_are_refused_by_name() {
    let open = |folder: &Path| ModelFolder::open(folder).map(drop).map_err(|e| e.to_string());
    let layers = |n: usize| {
        let copy = checkpoint_copy("bert-token");
        let path = copy.path().join("config.json");
        let mut config: serde_json::Value =
            serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
        config["num_hidden_layers"] = n.into();
        fs_err::write(&path, config.to_string()).unwrap();
        open(copy.path())
    };
    assert_eq!(layers(1000), Ok(()));
    assert!(layers(1001).unwrap_err().ends_with("expected at most 1000, found 1001"));
    for name in ["README.md", "tokenizer_config.json", "modules.json"] {
        let copy = checkpoint_copy("bert-token");
        let path = copy.path().join(name);
        let _ = fs_err::remove_file(&path);
        fs_err::create_dir(&path).unwrap();
        let error = open(copy.path()).unwrap_err();
        assert_eq!(error, format!("{}: expected a regular file, found a folder", path.display()));
    }
}
