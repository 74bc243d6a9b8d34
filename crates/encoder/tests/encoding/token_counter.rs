//! Tokens counted without running the model.
use cloze_encoder::{EncoderError, EncoderParams, ModelFolder, Output, TokenCounter};
use cloze_testkit::{checkpoint, model, texts};

fn counter(folder: &std::path::Path) -> TokenCounter {
    TokenCounter::open(&ModelFolder::open(folder).unwrap()).unwrap()
}

/// As many as the encoder makes of each, hard strings included, in their order.
#[test]
fn counts_are_the_encoders() {
    let mut all: Vec<String> = texts::hard_strings().into_iter().map(|(_, text)| text).collect();
    all.extend((0..50).map(|n| "a ".repeat(n)));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let encoder = super::open(&model("tiny"), EncoderParams::new());
    let expected: Vec<usize> =
        super::encode(&encoder, &all).iter().map(|rows| rows.tokens.len()).collect();
    let found: Result<Vec<usize>, EncoderError> =
        counter(&model("tiny")).count(&all).into_iter().collect();
    assert_eq!(found.unwrap(), expected);
    assert!(expected.iter().max() > expected.iter().min());
    assert!(counter(&model("tiny")).count(&[]).is_empty());
}

/// 24 positions, of which a text's `[CLS]` and `[SEP]` take 2 and a pair's take 3. Texts of 22 tokens
/// are not long to the encoder, and of 23 they are; pairs likewise.
#[test]
fn limits_are_those_at_which_texts_are_long() {
    let folder = checkpoint("bert-sequence");
    let counter = counter(&folder);
    assert_eq!((counter.limit(), counter.pair_limit()), (22, Some(21)));
    let open = || {
        let outputs = [Output::Head(cloze_encoder::Head::Sequence)];
        let model = ModelFolder::open(&folder).unwrap();
        cloze_encoder::Encoder::open_for(&super::runtime(), &model, &outputs, EncoderParams::new())
            .unwrap()
    };
    for more in [0, 1] {
        let text = "son ".repeat(22 + more);
        let encoder = open();
        encoder.map_windows(&[&text], |_| ()).unwrap();
        let count = counter.count(&[&text]).remove(0).unwrap();
        assert_eq!((count, encoder.counts().long), (22 + more, more as u64));
        let (first, encoder) = ("son ".repeat(20 + more), open());
        encoder.map_pairs(&[(&first, "ann")], cloze_encoder::PairCut::Longest, |_| ()).unwrap();
        assert_eq!(encoder.counts().long, more as u64);
    }
}
