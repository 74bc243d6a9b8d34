//! Weights of every family and head: each hidden state and logit, against transformers.
//! `make_checkpoints.py` of the testkit has made the checkpoints and what is expected of them.
use std::path::Path;

use cloze_checkpoint::{Checkpoint, Head, ModelFolder};
use cloze_core::Encode as _;
use cloze_encoder::{
    Encoder, EncoderError, EncoderParams, Output, PairCut, Sequence, WindowStates,
};
use cloze_graph::GraphError;
use cloze_testkit::{assert_close, checkpoint, checkpoint_copy, checkpoints};
use safetensors::SafeTensors;
use tempfile::TempDir;

/// The most that a number may be off.
const TOLERANCE: f32 = 1e-5;

#[derive(serde::Deserialize)]
struct Texts {
    texts: Vec<Text>,
    #[serde(default)]
    pairs: Vec<Pair>,
}

#[derive(serde::Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
}

#[derive(serde::Deserialize)]
struct Pair {
    first: String,
    second: String,
    ids: Vec<u32>,
    type_ids: Vec<u32>,
}

fn texts(folder: &Path) -> Texts {
    serde_json::from_slice(&fs_err::read(folder.join("texts.json")).unwrap()).unwrap()
}

/// An encoder for all hidden states and these heads.
fn open(folder: &Path, heads: &[Head]) -> Encoder {
    let model = ModelFolder::open(folder).unwrap();
    let hidden = (0..=model.layers().unwrap()).map(Output::Hidden);
    let outputs: Vec<Output> = hidden.chain(heads.iter().map(|h| Output::Head(*h))).collect();
    Encoder::open_for(&super::runtime(), &model, &outputs, EncoderParams::new()).unwrap()
}

/// The rows of every result, one behind the other.
fn all_rows(window: &WindowStates<'_>) -> Vec<Vec<f32>> {
    (0..).map_while(|i| window.get(i).map(<[f32]>::to_vec)).collect()
}

/// A tensor of `expected.safetensors`, if it is there.
fn expected(tensors: &SafeTensors<'_>, name: &str) -> Option<Vec<f32>> {
    let data = tensors.tensor(name).ok()?.data().to_vec();
    let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
    Some(data.chunks_exact(4).map(number).collect())
}

#[test]
fn every_state_and_logit_is_that_of_transformers() {
    let names = checkpoints();
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        let folder = checkpoint(&name);
        let heads = Checkpoint::open(&folder).unwrap().heads();
        let encoder = open(&folder, &heads);
        let texts = texts(&folder);
        let bytes = fs_err::read(folder.join("expected.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let mut left: Vec<&str> = tensors.names();
        let mut compare = |key: String, found: &[f32]| {
            // A few results were left out of the file, where they are large.
            if let Some(expected) = expected(&tensors, &key) {
                println!("{name}: {key}");
                assert_close(found, &expected, TOLERANCE, 0.0);
                left.retain(|k| **k != key);
            }
        };
        let as_texts: Vec<&str> = texts.texts.iter().map(|t| t.text.as_str()).collect();
        let found = encoder.map_windows(&as_texts, all_rows).unwrap();
        let by_id: Vec<Sequence> = texts.texts.iter().map(|t| asked_everywhere(&t.ids)).collect();
        // Texts do not ask a language model for words, the sequences do.
        let masked = heads.iter().position(|head| *head == Head::MaskedLm);
        let found_by_id = encoder.map_sequences(&by_id, all_rows).unwrap();
        for (i, (by_text, by_id)) in found.iter().zip(&found_by_id).enumerate() {
            assert_eq!(by_text.windows.len(), 1, "{name}: text {i}");
            let hidden = by_id.len() - heads.len();
            let mut same = by_id.clone();
            if let Some(masked) = masked {
                same[hidden + masked].clear();
            }
            // The same tokens, to the same bits.
            assert_eq!(by_text.windows[0], same, "{name}: text {i}");
            compare(format!("hidden.{i}"), &by_id[..hidden].concat());
            for (head, rows) in heads.iter().zip(&by_id[hidden..]) {
                compare(format!("{}.{i}", key(*head)), rows);
            }
        }
        let pairs: Vec<Sequence> = texts
            .pairs
            .iter()
            .map(|p| Sequence {
                ids: p.ids.clone(),
                types: p.type_ids.clone(),
                ..Sequence::default()
            })
            .collect();
        let as_texts: Vec<(&str, &str)> =
            texts.pairs.iter().map(|p| (p.first.as_str(), p.second.as_str())).collect();
        let put_together = encoder.map_pairs(&as_texts, PairCut::Longest, all_rows).unwrap();
        // Bit for bit: it is the same ids and types.
        assert_eq!(put_together, encoder.map_sequences(&pairs, all_rows).unwrap(), "{name}");
        for (j, rows) in put_together.iter().enumerate() {
            for (head, rows) in heads.iter().zip(&rows[rows.len() - heads.len()..]) {
                compare(format!("pair_{}.{j}", key(*head)), rows);
            }
        }
        assert!(left.is_empty(), "{name}: not compared: {left:?}");
    }
}

/// Of type 0, and with words wanted at every token.
fn asked_everywhere(ids: &[u32]) -> Sequence {
    let asked = (0..).take(ids.len()).collect();
    Sequence { ids: ids.to_vec(), types: vec![0; ids.len()], asked, ..Sequence::default() }
}

/// Name of a head's result in the script.
fn key(head: Head) -> &'static str {
    match head {
        Head::Pooler => "pooled",
        Head::NextSentence => "nsp",
        Head::Tokens | Head::Sequence | Head::MaskedLm => "logits",
    }
}

/// A text's rows are the same alone and among longer ones, for every family and head, bit for bit.
#[test]
fn company_does_not_matter_to_weights() {
    for name in checkpoints() {
        let folder = checkpoint(&name);
        let heads = Checkpoint::open(&folder).unwrap().heads();
        let encoder = open(&folder, &heads);
        let texts = texts(&folder);
        let texts: Vec<&str> = texts.texts.iter().map(|t| t.text.as_str()).collect();
        let bits = |w: &WindowStates<'_>| {
            all_rows(w).concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        let together = encoder.map_windows(&texts, bits).unwrap();
        for (text, together) in texts.iter().zip(together) {
            let alone = encoder.map_windows(&[text], bits).unwrap();
            assert!(alone[0] == together, "{name}: {text:?} changed");
        }
    }
}

/// A copy of a checkpoint under the names of another family: `model_type`, classes and prefix.
fn renamed(name: &str, from: [&str; 3], to: [&str; 3]) -> TempDir {
    let copy = checkpoint_copy(name);
    let path = copy.path().join("config.json");
    let config = fs_err::read_to_string(&path).unwrap();
    let changed = config
        .replace(
            &format!("\"model_type\": \"{}\"", from[0]),
            &format!("\"model_type\": \"{}\"", to[0]),
        )
        .replace(&format!("\"{}For", from[1]), &format!("\"{}For", to[1]));
    assert_eq!(changed.matches(to[0]).count(), 1, "{changed}");
    assert!(changed.contains(&format!("\"{}For", to[1])), "{changed}");
    fs_err::write(&path, changed).unwrap();
    let path = copy.path().join("model.safetensors");
    let bytes = fs_err::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let views = tensors.tensors().into_iter().map(|(tensor, view)| {
        let own = tensor.strip_prefix(from[2]).map(|rest| format!("{}{rest}", to[2]));
        (own.unwrap_or(tensor), view)
    });
    fs_err::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    copy
}

/// A family that differs from another in names alone has its rows, bit for bit: every hidden state and
/// head.
#[test]
fn a_family_with_other_names_computes_the_same() {
    let bert = ["bert", "Bert", "bert."];
    let roberta = ["roberta", "Roberta", "roberta."];
    let ernie = ["ernie", "Ernie", "ernie."];
    let data2vec = ["data2vec-text", "Data2VecText", "data2vec_text."];
    for (name, from, to) in [
        ("bert-pretraining", bert, ernie),
        ("bert-sequence", bert, ernie),
        ("bert-token", bert, ernie),
        ("roberta-mlm", roberta, data2vec),
        ("roberta-sequence", roberta, data2vec),
        ("roberta-token", roberta, data2vec),
    ] {
        let folder = checkpoint(name);
        let copy = renamed(name, from, to);
        let [before, after] =
            [&*folder, copy.path()].map(|folder| Checkpoint::open(folder).unwrap());
        assert_eq!(after.config().family.model_type, to[0]);
        assert_eq!(before.heads(), after.heads(), "{name}");
        let texts = texts(&folder);
        let sequences: Vec<Sequence> =
            texts.texts.iter().map(|text| asked_everywhere(&text.ids)).collect();
        let [before, after] = [&*folder, copy.path()].map(|folder| {
            let encoder = open(folder, &before.heads());
            encoder.map_sequences(&sequences, all_rows).unwrap()
        });
        assert!(before.iter().flatten().flatten().any(|x| *x != 0.0), "{name}");
        assert_eq!(before, after, "{name}");
    }
}

/// ERNIE with task types adds a row of them to every token: a tensor of no known use.
#[test]
fn task_types_are_refused_by_name() {
    let copy = renamed("bert-token", ["bert", "Bert", "bert."], ["ernie", "Ernie", "ernie."]);
    let path = copy.path().join("model.safetensors");
    let bytes = fs_err::read(&path).unwrap();
    let mut views = SafeTensors::deserialize(&bytes).unwrap().tensors();
    let types = views.iter().find(|(name, _)| name.ends_with("token_type_embeddings.weight"));
    let types = types.unwrap().1.clone();
    views.push(("ernie.embeddings.task_type_embeddings.weight".into(), types));
    fs_err::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    let error = Checkpoint::open(copy.path()).unwrap_err().to_string();
    assert!(error.contains("1 tensor of no known use"), "{error}");
    assert!(error.contains("ernie.embeddings.task_type_embeddings.weight"), "{error}");
}

/// The head of a masked language model uses `hidden_act` between two matrices: its logits from the last
/// hidden state, worked out here in f64 for every activation, of which only two are fused operators.
#[test]
fn every_activation_is_its_formula() {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let by_tanh = |x: f64| {
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        0.5 * x * (1.0 + inner.tanh())
    };
    let activations: [(&str, &dyn Fn(f64) -> f64); 9] = [
        ("relu", &|x| x.max(0.0)),
        ("silu", &|x| x * sigmoid(x)),
        ("swish", &|x| x * sigmoid(x)),
        ("quick_gelu", &|x| x * sigmoid(1.702 * x)),
        ("tanh", &f64::tanh),
        ("sigmoid", &sigmoid),
        ("gelu_new", &by_tanh),
        ("gelu_fast", &by_tanh),
        ("gelu_pytorch_tanh", &by_tanh),
    ];
    for (name, activation) in activations {
        let copy = checkpoint_copy("bert-mlm");
        let path = copy.path().join("config.json");
        let config = fs_err::read_to_string(&path).unwrap();
        let changed =
            config.replace("\"hidden_act\": \"gelu\"", &format!("\"hidden_act\": \"{name}\""));
        assert_ne!(changed, config);
        fs_err::write(&path, changed).unwrap();
        let weights = Checkpoint::open(copy.path()).unwrap();
        let read = |tensor: &str| -> Vec<f64> {
            let numbers = weights.weights().reader().read(tensor).unwrap();
            numbers.into_iter().map(f64::from).collect()
        };
        let transform = "cls.predictions.transform";
        let [dense, dense_bias, norm, norm_bias, bias, words] = [
            &format!("{transform}.dense.weight"),
            &format!("{transform}.dense.bias"),
            &format!("{transform}.LayerNorm.weight"),
            &format!("{transform}.LayerNorm.bias"),
            "cls.predictions.bias",
            "bert.embeddings.word_embeddings.weight",
        ]
        .map(read);
        let width = dense_bias.len();
        let dot = |row: &[f64], x: &[f64]| row.iter().zip(x).map(|(a, b)| a * b).sum::<f64>();
        let logits = |hidden: &[f32]| -> Vec<f64> {
            let hidden: Vec<f64> = hidden.iter().copied().map(f64::from).collect();
            let rows = dense.chunks_exact(width).zip(&dense_bias);
            let inner: Vec<f64> = rows.map(|(w, b)| activation(dot(w, &hidden) + b)).collect();
            #[expect(clippy::cast_precision_loss, reason = "8")]
            let n = width as f64;
            let mean = inner.iter().sum::<f64>() / n;
            let variance = inner.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let scale = (variance + f64::from(weights.config().norm_epsilon)).sqrt();
            let normed = inner.iter().zip(norm.iter().zip(&norm_bias));
            let normed: Vec<f64> = normed.map(|(x, (w, b))| (x - mean) / scale * w + b).collect();
            words.chunks_exact(width).zip(&bias).map(|(w, b)| dot(w, &normed) + b).collect()
        };
        let encoder = open(copy.path(), &[Head::MaskedLm]);
        // Ann lives in Kassel.
        let ids = [2, 65, 67, 68, 66, 57, 3];
        let found = encoder.map_sequences(&[asked_everywhere(&ids)], all_rows).unwrap();
        let [.., hidden, found] = &found[0][..] else { panic!("two results at least") };
        #[expect(clippy::cast_possible_truncation, reason = "compared with f32")]
        let expected: Vec<f32> =
            hidden.chunks_exact(width).flat_map(logits).map(|x| x as f32).collect();
        println!("{name}");
        assert_close(found, &expected, 1e-4, 1e-5);
    }
}

/// Layers that no result needs are not built, and what is built is the same.
#[test]
fn a_lower_layer_needs_no_higher_one() {
    let folder = checkpoint("bert");
    let model = ModelFolder::open(&folder).unwrap();
    let runtime = super::runtime();
    let lower =
        Encoder::open_for(&runtime, &model, &[Output::Hidden(1)], EncoderParams::new()).unwrap();
    let all = open(&folder, &[]);
    let text = ["the cat sat"];
    let found = lower.map_windows(&text, |w| w.rows(0).to_vec()).unwrap();
    let expected = all.map_windows(&text, |w| w.rows(1).to_vec()).unwrap();
    assert_eq!(found, expected);
    let graph = |layer| {
        let checkpoint = Checkpoint::open(&folder).unwrap();
        cloze_graph::construct::Graph::build(
            &checkpoint,
            &cloze_graph::construct::BuildParams::new().hidden(layer),
        )
    };
    let nodes = |layer| graph(layer).unwrap().model.graph.unwrap().node.len();
    // Three casts and the embeddings; eleven a layer.
    assert_eq!([nodes(0), nodes(1), nodes(2)], [4, 15, 26]);
}

#[test]
fn a_tagger_reads_weights_like_a_graph() {
    let model = ModelFolder::open(checkpoint("bert-token")).unwrap();
    let encoder = Encoder::open(&super::runtime(), &model, EncoderParams::new()).unwrap();
    let rows = encoder.encode(&["the cat sat"]).unwrap();
    assert_eq!((rows[0].rows.rows(), rows[0].rows.cols()), (rows[0].tokens.len(), 5));
}

#[test]
fn what_a_checkpoint_has_not_is_named() {
    let model = ModelFolder::open(checkpoint("bert")).unwrap();
    let open = |outputs: &[Output]| {
        Encoder::open_for(&super::runtime(), &model, outputs, EncoderParams::new())
    };
    let error = open(&[Output::Head(Head::Tokens)]).unwrap_err();
    assert!(matches!(error, EncoderError::Graph(GraphError::Request { .. })), "{error}");
    assert!(
        error.to_string().contains("no head for token classification; it has pooler"),
        "{error}"
    );
    let error = open(&[Output::Hidden(3)]).unwrap_err().to_string();
    assert!(error.contains("no hidden state 3; it has 0 to 2"), "{error}");
    assert!(open(&[]).is_err());
}

#[test]
fn a_sequence_that_does_not_fit_is_refused() {
    let encoder = open(&checkpoint("bert"), &[]);
    let run = |ids: usize, types: usize| {
        encoder.map_sequences(
            &[Sequence { ids: vec![5; ids], types: vec![0; types], ..Sequence::default() }],
            all_rows,
        )
    };
    assert!(run(24, 24).is_ok());
    for (ids, types) in [(0, 0), (25, 25), (3, 2)] {
        assert!(matches!(run(ids, types), Err(EncoderError::Setting { .. })), "{ids} {types}");
    }
    // An id beyond the vocabulary is an error, no panic.
    let beyond = Sequence { ids: vec![100_000], types: vec![0], ..Sequence::default() };
    assert!(matches!(encoder.map_sequences(&[beyond], all_rows), Err(EncoderError::Run { .. })));
}

/// Of a text that is too long, the first window alone, and it is counted.
#[test]
fn truncation_is_asked_for_and_counted() {
    let model = ModelFolder::open(checkpoint("bert")).unwrap();
    let params = EncoderParams::new().truncate(true);
    let encoder =
        Encoder::open_for(&super::runtime(), &model, &[Output::Hidden(2)], params).unwrap();
    let long = "the cat sat on the mat ".repeat(20);
    let found = encoder.map_windows(&[&long, "the cat"], |w| w.tokens.clone()).unwrap();
    assert_eq!(found[0].windows.len(), 1);
    assert_eq!(found[0].windows[0], 0..22);
    assert_eq!(found[0].tokens.len(), 22);
    assert_eq!((encoder.counts().truncated, encoder.counts().long), (1, 1));
}

#[test]
fn a_folder_with_neither_weights_nor_graph_says_so() {
    let copy = checkpoint_copy("bert");
    fs_err::remove_file(copy.path().join("model.safetensors")).unwrap();
    let error = ModelFolder::open(copy.path()).unwrap_err().to_string();
    assert!(error.ends_with("no model.safetensors or model.onnx in this model folder"), "{error}");
    fs_err::write(copy.path().join("pytorch_model.bin"), "x").unwrap();
    let error = ModelFolder::open(copy.path()).unwrap_err().to_string();
    assert!(error.contains("save_pretrained"), "{error}");
}

/// BERT's sequence is `[CLS] a [SEP] b [SEP]`, so of a window of 8 tokens and 2 special ones, 7 are
/// the texts': of 9 and 4 tokens 4 and 3 stay, and the counts tell.
#[test]
fn pairs_are_cut_to_the_window_and_counted() {
    let model = ModelFolder::open(checkpoint("bert-sequence")).unwrap();
    let params = EncoderParams::new().window(Some(8));
    let outputs = [Output::Head(Head::Sequence)];
    let encoder = Encoder::open_for(&super::runtime(), &model, &outputs, params).unwrap();
    let long = ("x x x x x x x x x", "x x x x");
    let cut = ("x x x x", "x x x");
    let logits = |w: &WindowStates<'_>| w.rows(0).to_vec();
    let found = encoder.map_pairs(&[long, cut], PairCut::Longest, logits).unwrap();
    assert_eq!(found[0], found[1]);
    let counts = encoder.counts();
    assert_eq!((counts.texts, counts.truncated, counts.long, counts.tokens), (2, 1, 1, 20));
    let second_gone = encoder.map_pairs(&[long, ("x x x x x x x", "")], PairCut::Second, logits);
    let second_gone = second_gone.unwrap();
    assert_eq!(second_gone[0], second_gone[1]);
    assert_eq!(encoder.counts().truncated, 2);
}
