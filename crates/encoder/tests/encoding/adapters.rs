//! Adapters over weights: each logit and vector, against PEFT. `make_adapters.py` of the testkit has
//! made the adapters and what is expected of them.
use cloze_checkpoint::{Head, ModelFolder};
use cloze_encoder::{Encoder, EncoderParams, Output, Sequence, WindowStates};
use cloze_testkit::{adapter, assert_close, checkpoint};
use safetensors::SafeTensors;

/// The most that a number may be off.
const TOLERANCE: f32 = 1e-5;

#[derive(serde::Deserialize)]
struct Texts {
    texts: Vec<Tokens>,
    #[serde(default)]
    pairs: Vec<Tokens>,
}

#[derive(serde::Deserialize)]
struct Tokens {
    ids: Vec<u32>,
    #[serde(default)]
    type_ids: Vec<u32>,
}

impl Tokens {
    fn sequence(&self) -> Sequence {
        let mut types = self.type_ids.clone();
        types.resize(self.ids.len(), 0);
        Sequence { ids: self.ids.clone(), types, ..Sequence::default() }
    }
}

fn rows(window: &WindowStates<'_>) -> Vec<f32> {
    window.rows(0).to_vec()
}

/// Every adapter of the testkit, the checkpoint whose texts are expected of it, and its result.
const ADAPTERS: [(&str, &str, Output); 13] = [
    ("token-qv", "bert", Output::Head(Head::Tokens)),
    ("sequence-rslora", "bert-sequence", Output::Head(Head::Sequence)),
    ("token-dora", "bert-token", Output::Head(Head::Tokens)),
    ("patterns", "bert-sequence", Output::Head(Head::Sequence)),
    ("biases", "bert-token", Output::Head(Head::Tokens)),
    ("half", "bert-token", Output::Head(Head::Tokens)),
    ("roberta-sequence", "roberta", Output::Head(Head::Sequence)),
    ("electra-token", "electra", Output::Head(Head::Tokens)),
    ("distilbert-token", "distilbert", Output::Head(Head::Tokens)),
    ("over-mlm", "bert-mlm", Output::Head(Head::Tokens)),
    ("vectors-a", "bert", Output::Hidden(2)),
    ("vectors-b", "bert", Output::Hidden(2)),
    ("vectors-sum", "bert", Output::Hidden(2)),
];

#[test]
fn every_result_is_that_of_peft() {
    let runtime = super::runtime();
    for (name, base, output) in ADAPTERS {
        let model = ModelFolder::open(adapter(name)).unwrap();
        let encoder = Encoder::open_for(&runtime, &model, &[output], EncoderParams::new()).unwrap();
        let texts = fs_err::read(checkpoint(base).join("texts.json")).unwrap();
        let Texts { texts, pairs } = serde_json::from_slice(&texts).unwrap();
        let bytes = fs_err::read(adapter(name).join("expected.safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(expected.names().len(), texts.len() + pairs.len(), "{name}");
        let mut worst = 0.0_f32;
        for (key, tokens) in [("rows", texts), ("pair_rows", pairs)] {
            let sequences: Vec<Sequence> = tokens.iter().map(Tokens::sequence).collect();
            let found = encoder.map_sequences(&sequences, rows).unwrap();
            for (i, found) in found.iter().enumerate() {
                let data = expected.tensor(&format!("{key}.{i}")).unwrap().data().to_vec();
                let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
                let expected: Vec<f32> = data.chunks_exact(4).map(number).collect();
                assert_close(found, &expected, TOLERANCE, TOLERANCE);
                let off = found.iter().zip(&expected).map(|(f, e)| (f - e).abs());
                worst = off.fold(worst, f32::max);
            }
        }
        println!("{name}: at most {worst:e} off");
    }
}
