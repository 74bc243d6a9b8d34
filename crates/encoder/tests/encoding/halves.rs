//! A word table that is stored as halves stays one in the graph: half the memory, the same bits.
use std::path::Path;

use cloze_checkpoint::weights::{self, StoredType};
use cloze_checkpoint::{Checkpoint, Head, ModelFolder};
use cloze_encoder::{Encoder, EncoderParams, Output};
use cloze_graph::construct::{BuildParams, Graph, Numbers};
use cloze_store::Existing;
use cloze_testkit::{Random, checkpoint, checkpoint_copy, checkpoints, texts};

/// Writes the weights of the checkpoint at `from` into `folder`.
fn write(from: &Path, to: StoredType, folder: &Path) {
    let checkpoint = Checkpoint::open(from).unwrap();
    let path = folder.join("model.safetensors");
    weights::write(checkpoint.weights(), to, &path, Existing::Replace).unwrap();
}

/// Result after result of every window of `texts`, as bits.
fn bits(folder: &Path, outputs: &[Output], texts: &[&str]) -> Vec<Vec<u32>> {
    let model = ModelFolder::open(folder).unwrap();
    let params = EncoderParams::new();
    let encoder = Encoder::open_for(&super::runtime(), &model, outputs, params).unwrap();
    let one = |i: usize, texts: &[&str]| {
        let rows = |window: &cloze_encoder::WindowStates<'_>| {
            window.rows(i).iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        let found = encoder.map_windows(texts, rows).unwrap();
        found.into_iter().flat_map(|text| text.windows).collect::<Vec<_>>()
    };
    (0..outputs.len()).flat_map(|i| one(i, texts)).collect()
}

fn table(folder: &Path, params: &BuildParams) -> Numbers {
    let checkpoint = Checkpoint::open(folder).unwrap();
    let graph = Graph::build(&checkpoint, params).unwrap();
    let words = &checkpoint.layout().words;
    graph.weights.into_iter().find(|w| w.name == *words).unwrap().data
}

#[test]
fn halves_give_the_bits_of_the_same_numbers_in_f32() {
    let mut random = Random::new(5);
    let texts: Vec<String> =
        [1, 4, 2, 9, 6].iter().map(|&words| texts::prose(&mut random, words)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for name in checkpoints() {
        let (halves, floats) = (checkpoint_copy(&name), checkpoint_copy(&name));
        write(&checkpoint(&name), StoredType::F16, halves.path());
        write(halves.path(), StoredType::F32, floats.path());
        let hidden = BuildParams::new().hidden(0);
        assert!(matches!(table(halves.path(), &hidden), Numbers::F16(_)), "{name}");
        assert!(matches!(table(floats.path(), &hidden), Numbers::F32(_)), "{name}");
        let layers = Checkpoint::open(floats.path()).unwrap().config().layers;
        let all = [Output::Words, Output::Hidden(0), Output::Hidden(layers)];
        for outputs in [&all[..1], &all[1..2], &all] {
            let [found, expected] =
                [&halves, &floats].map(|folder| bits(folder.path(), outputs, &texts));
            assert_eq!(found, expected, "{name} {outputs:?}");
            assert!(found.len() >= texts.len());
        }
    }
}

/// A language model multiplies with the table it reads words from.
#[test]
fn a_table_that_is_multiplied_with_is_f32() {
    let copy = checkpoint_copy("bert-mlm");
    write(&checkpoint("bert-mlm"), StoredType::F16, copy.path());
    let masked = BuildParams::new().head(Head::MaskedLm);
    assert!(matches!(table(copy.path(), &masked), Numbers::F32(_)));
}
