//! Hidden states and logits of every token, against transformers.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use cloze::checkpoint::Checkpoint;
use cloze::{
    Error, Head, HiddenStates, Layers, Matrix, Runtime, RuntimeParams, SharedThreads, Tagger,
    TextStates,
};
use cloze_testkit::{assert_close, checkpoint, checkpoints};
use safetensors::SafeTensors;

/// Largest difference of an element.
const TOLERANCE: f32 = 1e-5;

fn open(name: &str, layers: Option<&str>, head: Option<Head>) -> Result<HiddenStates, Error> {
    // The runtime of the process, which the models then find.
    Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    let layers = layers.map(|text| Layers::parse(text).unwrap());
    HiddenStates::builder(checkpoint(name)).layers(layers).head(head).open()
}

/// Texts of a checkpoint, with their ids.
fn texts(name: &str) -> Vec<(String, Vec<u32>)> {
    let json = fs_err::read(checkpoint(name).join("texts.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let text = |text: &serde_json::Value| {
        let ids = text["ids"].as_array().unwrap().iter();
        let ids = ids.map(|id| u32::try_from(id.as_u64().unwrap()).unwrap()).collect();
        (text["text"].as_str().unwrap().to_owned(), ids)
    };
    json["texts"].as_array().unwrap().iter().map(text).collect()
}

fn concat(matrices: &[Matrix]) -> Vec<f32> {
    matrices.iter().flat_map(|matrix| matrix.as_slice().iter().copied()).collect()
}

fn head_of(name: &str) -> Option<(Head, &'static str)> {
    let heads = Checkpoint::open(checkpoint(name)).unwrap().heads();
    let keys = [
        (Head::Tokens, "logits"),
        (Head::Sequence, "logits"),
        (Head::NextSentence, "nsp"),
        (Head::Pooler, "pooled"),
    ];
    keys.into_iter().find(|(head, _)| heads.contains(head))
}

/// Every layer, token and number; the heads of tokens, texts, pairs and the pooler.
#[test]
fn every_number_is_that_of_transformers() {
    let mut heads = vec![];
    for name in checkpoints() {
        let head = head_of(&name);
        heads.extend(head.map(|(head, _)| head));
        let model = open(&name, Some("all"), head.map(|(head, _)| head)).unwrap();
        let bytes = fs_err::read(checkpoint(&name).join("expected.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let expected = |key: &str| {
            let tensor = tensors.tensor(key).ok()?;
            let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
            let numbers: Vec<f32> = tensor.data().chunks_exact(4).map(number).collect();
            Some((tensor.shape().to_vec(), numbers))
        };
        let texts = texts(&name);
        let inputs: Vec<&str> = texts.iter().map(|(text, _)| text.as_str()).collect();
        let results = model.encode_batch(&inputs).unwrap();
        for (i, (result, (text, ids))) in results.into_iter().zip(&texts).enumerate() {
            let states = result.unwrap();
            let found: Vec<u32> = states.tokens.iter().map(|token| token.id).collect();
            assert_eq!(found, *ids, "{name}: {text:?}");
            let (shape, numbers) = expected(&format!("hidden.{i}")).unwrap();
            assert_eq!(
                shape,
                [model.layers().len(), states.tokens.len(), states.hidden[0].cols()],
                "{name}: {text:?}"
            );
            println!("{name}: hidden.{i}");
            assert_close(&concat(&states.hidden), &numbers, TOLERANCE, 0.0);
            if let Some((head, key)) = head {
                let logits = states.logits.as_ref().unwrap();
                let (shape, numbers) = expected(&format!("{key}.{i}")).unwrap();
                let rows = if head == Head::Tokens { states.tokens.len() } else { 1 };
                assert_eq!((logits.rows(), logits.cols()), (rows, *shape.last().unwrap()));
                assert_close(logits.as_slice(), &numbers, TOLERANCE, 0.0);
            }
            // Alone as among others, bit for bit.
            assert!(model.encode(text).unwrap() == states, "{name}: {text:?}");
        }
    }
    for head in [Head::Tokens, Head::Sequence, Head::NextSentence, Head::Pooler] {
        assert!(heads.contains(&head), "{head:?}");
    }
}

/// Of a text of several windows each token has one row, and its bytes are where it stands.
#[test]
fn each_token_of_a_long_text_is_there_once() {
    let model = open("bert-token", Some("0,-1"), Some(Head::Tokens)).unwrap();
    let text = "the cat sat on the mat ".repeat(20);
    let TextStates { tokens, hidden, logits } = model.encode(&text).unwrap();
    assert!(model.counts().windows > 1);
    let special: Vec<bool> = tokens.iter().map(|token| token.special).collect();
    let n = tokens.len();
    assert!(special[0] && special[n - 1] && !special[1..n - 1].contains(&true));
    for matrix in hidden.iter().chain(&logits) {
        assert_eq!(matrix.rows(), n);
    }
    for pair in tokens.windows(2) {
        assert!(pair[0].span.end <= pair[1].span.start, "{pair:?}");
    }
    let own: String = tokens.iter().filter_map(|token| token.span.of(&text)).collect();
    assert_eq!(own, text.replace(' ', ""));
    // The first window's first token knows nothing of what follows the window.
    let short = "the cat sat on the mat ".repeat(2);
    let first = model.encode(&short).unwrap();
    let embedded = |states: &Matrix, i: usize| states.row(i).unwrap().to_vec();
    assert_eq!(embedded(&hidden[0], 1), embedded(&first.hidden[0], 1));
}

#[test]
fn a_stream_gives_the_same() {
    let model = open("bert-sequence", Some("-1"), Some(Head::Sequence)).unwrap();
    let texts = ["the cat", "", "the cat sat on the mat"];
    let batch: Vec<TextStates> =
        model.encode_batch(&texts).unwrap().into_iter().map(Result::unwrap).collect();
    let stream: Vec<TextStates> = model.encode_iter(texts).map(Result::unwrap).collect();
    assert_eq!(stream, batch);
    let logits = open("bert-sequence", None, Some(Head::Sequence)).unwrap();
    let logits = logits.encode("the cat").unwrap();
    assert!(logits.hidden.is_empty());
    assert_eq!(logits.logits, batch[0].logits);
}

#[test]
fn what_a_model_has_not_is_refused() {
    let error = |layers, head| open("bert", layers, head).unwrap_err().to_string();
    assert_eq!(error(None, None), "neither layers nor a head are asked for");
    assert!(error(Some("-1"), Some(Head::MaskedLm)).contains("at masks"));
    assert!(error(Some("-1"), Some(Head::Tokens)).contains("no head for token classification"));
    assert!(matches!(open("bert", Some("7"), None), Err(Error::Embed(_))));
}

/// Models of two kinds share two threads; each has them by default.
#[test]
fn models_share_threads() {
    let threads = SharedThreads::new(2);
    let expected = open("bert-token", Some("-1"), None).unwrap().encode("the cat sat").unwrap();
    let path = checkpoint("bert-token");
    let states = HiddenStates::builder(&path).shared_threads(threads.clone()).open().unwrap();
    let tagger = Tagger::builder(&path).shared_threads(threads.clone()).open().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(states.encode("the cat sat").unwrap(), expected));
        scope.spawn(|| tagger.tag("the cat sat").unwrap());
    });
    let error = Tagger::builder(&path).shared_threads(threads).threads(3).open().unwrap_err();
    assert_eq!(error.to_string(), "threads is 3: expected 1 to 2, the threads shared");
}
