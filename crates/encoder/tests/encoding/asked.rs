//! A masked language model is asked at some places and answers at these: as many rows as were asked for,
//! the same whoever else asks, and the same from a file that has a row for every token.
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, Head, ModelFolder};
use cloze_encoder::{Encoder, EncoderError, EncoderParams, Output, Sequence};
use cloze_graph::check::Dim;
use cloze_graph::construct::{BuildParams, Graph};
use cloze_store::Existing;
use cloze_testkit::{assert_close, checkpoint, checkpoint_copy};
use proptest::prelude::*;

const MODELS: [&str; 9] = [
    "bert-mlm",
    "bert-mlm-untied",
    "bert-pretraining",
    "roberta-mlm",
    "electra-mlm",
    "distilbert-mlm",
    "mpnet-mlm",
    "albert-mlm",
    "albert-pretraining",
];

fn open(folder: &std::path::Path, params: EncoderParams) -> Result<Encoder, EncoderError> {
    let model = ModelFolder::open(folder)?;
    Encoder::open_for(&super::runtime(), &model, &[Output::Head(Head::MaskedLm)], params)
}

fn sequence(ids: &[u32], asked: &[u32]) -> Sequence {
    let types = vec![0; ids.len()];
    Sequence { ids: ids.to_vec(), types, asked: asked.to_vec(), ..Sequence::default() }
}

fn logits(encoder: &Encoder, sequences: &[Sequence]) -> Vec<Vec<f32>> {
    encoder.map_sequences(sequences, |states| states.rows(0).to_vec()).unwrap()
}

fn bits(rows: &[f32]) -> Vec<u32> {
    rows.iter().map(|x| x.to_bits()).collect()
}

/// `[asked, vocabulary]` comes out, from a graph that declares just that: never a row for every token.
#[test]
fn a_row_is_computed_for_each_place_asked_for() {
    for name in MODELS {
        let checkpoint_ = Checkpoint::open(checkpoint(name)).unwrap();
        let vocabulary = checkpoint_.config().vocabulary;
        let graph = |params: BuildParams| {
            Graph::build(&checkpoint_, &params.head(Head::MaskedLm)).unwrap().info()
        };
        let info = graph(BuildParams::new());
        let width = Dim::Fixed(i64::try_from(vocabulary).unwrap());
        assert_eq!(info.outputs[0].shape, [Dim::Named("asked".into()), width.clone()], "{name}");
        let asked = info.inputs.last().unwrap();
        assert_eq!((asked.name.as_str(), asked.shape.len()), ("asked", 1), "{name}");
        let whole = graph(BuildParams::new().every_token());
        assert_eq!((whole.outputs[0].shape.len(), &whole.outputs[0].shape[2]), (3, &width));
        assert_eq!(whole.inputs.len() + 1, info.inputs.len(), "{name}");

        let encoder = open(&checkpoint(name), EncoderParams::new()).unwrap();
        let ids = [2, 9, 10, 11, 12, 3];
        for asked in [&[][..], &[0], &[5, 1], &[3, 3, 3], &[0, 1, 2, 3, 4, 5]] {
            let found = logits(&encoder, &[sequence(&ids, asked)]);
            assert_eq!(found[0].len(), asked.len() * vocabulary, "{name}: {asked:?}");
        }
    }
}

/// Places asked for one by one, in another order and twice give the rows that they give together.
#[test]
fn one_by_one_is_all_together() {
    let ids = [2, 9, 4, 11, 4, 3];
    for name in MODELS {
        let encoder = open(&checkpoint(name), EncoderParams::new()).unwrap();
        let all = logits(&encoder, &[sequence(&ids, &[0, 1, 2, 3, 4, 5])]).remove(0);
        let width = encoder.width(0).unwrap();
        let row = |i: u32| bits(&all[i as usize * width..][..width]);
        for i in 0..6 {
            assert_eq!(bits(&logits(&encoder, &[sequence(&ids, &[i])])[0]), row(i), "{name}: {i}");
        }
        let found = logits(&encoder, &[sequence(&ids, &[4, 0, 4])]).remove(0);
        assert_eq!(bits(&found), [row(4), row(0), row(4)].concat(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// Sequences of any length asked at any number of places, none among it.
    #[test]
    fn company_does_not_matter_to_what_is_asked(
        texts in prop::collection::vec(
            (prop::collection::vec(4..60_u32, 1..24), prop::collection::vec(0..24_u32, 0..6)),
            1..9,
        ),
        model in prop::sample::select(&MODELS[..]),
    ) {
        let texts = texts.into_iter().map(|(ids, asked)| {
            let asked: Vec<u32> = asked.into_iter().filter(|&i| (i as usize) < ids.len()).collect();
            sequence(&ids, &asked)
        });
        let texts: Vec<Sequence> = texts.collect();
        let small = EncoderParams::new().threads(Some(2)).batch_tokens(64);
        let together = open(&checkpoint(model), small).unwrap();
        let alone = open(&checkpoint(model), EncoderParams::new().threads(Some(1))).unwrap();
        for (text, found) in texts.iter().zip(logits(&together, &texts)) {
            let expected = logits(&alone, std::slice::from_ref(text)).remove(0);
            prop_assert_eq!(bits(&found), bits(&expected), "{}: {:?}", model, text);
        }
    }
}

/// The graph written as a file has a row for every token; those asked for are taken out.
#[test]
fn a_file_is_asked_the_same_way() {
    let texts = [sequence(&[2, 9, 4, 11, 4, 3], &[2, 4]), sequence(&[2, 4, 3], &[1, 0, 1])];
    for name in MODELS {
        let copy = checkpoint_copy(name);
        let weights = open(copy.path(), EncoderParams::new()).unwrap();
        let params = BuildParams::new().head(Head::MaskedLm).every_token();
        let graph = Graph::build(&Checkpoint::open(copy.path()).unwrap(), &params).unwrap();
        let path = copy.path().join("model.onnx");
        graph.write_onnx(StoredType::F32, &path, Existing::Refuse).unwrap();
        fs_err::remove_file(copy.path().join("model.safetensors")).unwrap();
        let file = open(copy.path(), EncoderParams::new()).unwrap();
        for (found, expected) in logits(&file, &texts).iter().zip(logits(&weights, &texts)) {
            assert_close(found, &expected, 1e-5, 1e-5);
        }
    }
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let encoder = open(&checkpoint("bert-mlm"), EncoderParams::new()).unwrap();
    let run = |asked: &[u32]| encoder.map_sequences(&[sequence(&[2, 4, 3], asked)], |_| ());
    assert!(run(&[2]).is_ok());
    for beyond in [3, u32::MAX] {
        let error = run(&[0, beyond]).unwrap_err().to_string();
        let expected =
            format!("a place asked for is {beyond}: expected less than 3, the sequence's length");
        assert_eq!(error, expected);
    }
    // A hidden state is not taken for words, though the graph has no other row for every token.
    let copy = checkpoint_copy("bert");
    let params = BuildParams::new().hidden(2);
    let graph = Graph::build(&Checkpoint::open(copy.path()).unwrap(), &params).unwrap();
    graph.write_onnx(StoredType::F32, &copy.path().join("model.onnx"), Existing::Refuse).unwrap();
    fs_err::remove_file(copy.path().join("model.safetensors")).unwrap();
    let error = open(copy.path(), EncoderParams::new()).unwrap_err();
    assert!(matches!(error, EncoderError::GraphOutput { .. }), "{error}");
}

/// Tokens as people read them: marks are gone, and what goes on with a word says so.
#[test]
fn tokens_are_read_as_words() {
    let read = |name: &str, tokens: &[&str]| {
        let encoder = open(&checkpoint(name), EncoderParams::new()).unwrap();
        let ids: Vec<u32> = tokens.iter().map(|token| encoder.token_id(token).unwrap()).collect();
        let words = encoder.words(&ids).unwrap();
        (words.text, words.glued)
    };
    for (tokens, text, glued) in [
        (&["ann"][..], "ann", false),
        (&["##el"], "el", true),
        (&["kassel", "##er", "met", "."], "kasseler met.", false),
        (&["."], ".", true),
        (&["[MASK]"], "[MASK]", false),
    ] {
        assert_eq!(read("bert-mlm", tokens), (text.to_owned(), glued), "{tokens:?}");
    }
    for (tokens, text, glued) in [
        (&["ĠAnn"][..], "Ann", false),
        (&["Ann"], "Ann", true),
        (&["ĠAnn", "es", "Ġmet"], "Annes met", false),
        (&["<mask>"], "<mask>", false),
    ] {
        assert_eq!(read("roberta-mlm", tokens), (text.to_owned(), glued), "{tokens:?}");
    }
    let encoder = open(&checkpoint("bert-mlm"), EncoderParams::new()).unwrap();
    assert!(encoder.words(&[7000]).is_none() && encoder.token(7000).is_none());
    assert_eq!(encoder.max_tokens(), 24);
    assert!(encoder.is_special(0) && !encoder.is_special(65));
}
