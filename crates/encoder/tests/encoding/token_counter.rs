//! Tokens counted without running the model.
use cloze_checkpoint::ModelFolder;
use cloze_encoder::{EncoderError, EncoderParams, Output, TokenCounter};
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
        let outputs = [Output::Head(cloze_checkpoint::Head::Sequence)];
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

/// Encoding the windows' sequences gives the same results as encoding the text, to the bit, whole
/// or cut; and each stands for as many tokens as it keeps of the window.
#[test]
fn windows_are_the_encoders() {
    let folder = checkpoint("bert-sequence");
    let counter = counter(&folder);
    let model = ModelFolder::open(&folder).unwrap();
    let texts = ["", "ann", &"ann met the son . ".repeat(11), "the son\n\nann met kassel"];
    let small = EncoderParams::new().window(Some(5)).stride(Some(2));
    for params in [EncoderParams::new(), small.clone(), small.truncate(true)] {
        let outputs = [Output::Head(cloze_checkpoint::Head::Sequence)];
        let encoder =
            cloze_encoder::Encoder::open_for(&super::runtime(), &model, &outputs, params.clone())
                .unwrap();
        let bits =
            |w: &cloze_encoder::WindowStates<'_>| w.rows(0).iter().map(|x| x.to_bits()).collect();
        let kept = |w: &cloze_encoder::WindowStates<'_>| (bits(w), w.kept.len());
        for (i, text) in texts.iter().enumerate() {
            let expected: Vec<(Vec<u32>, usize)> =
                encoder.map_windows(&[text], kept).unwrap().remove(0).windows;
            let found = counter.windows(text, i, &params).unwrap();
            let (sequences, kept): (Vec<_>, Vec<_>) = found.sequences.into_iter().unzip();
            let rows: Vec<Vec<u32>> = encoder.map_sequences(&sequences, bits).unwrap();
            assert_eq!(rows.into_iter().zip(kept).collect::<Vec<_>>(), expected, "{text:?}");
        }
        assert!(counter.windows(texts[2], 2, &params).unwrap().long);
        assert!(!counter.windows(texts[1], 1, &params).unwrap().long);
    }
    let wide = EncoderParams::new().window(Some(23));
    assert!(matches!(
        counter.windows("ann", 0, &wide),
        Err(EncoderError::Setting { setting: "window", .. })
    ));
}
