//! Words told apart by how they are written, where the model has a table of casings.
use std::path::Path;

use cloze_checkpoint::{CheckpointError, ModelFolder};
use cloze_core::{Casing, Encode as _};
use cloze_encoder::{Encoder, EncoderParams, Output, PairCut, Sequence, WindowStates};
use cloze_testkit::{assert_close, checkpoint, checkpoint_copy, model_copy};
use safetensors::tensor::{Dtype, TensorView, serialize};
use tempfile::TempDir;

fn write_table(folder: &Path, rows: &[f32]) {
    let bytes: Vec<u8> = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
    let shape = vec![Casing::COUNT, rows.len() / Casing::COUNT];
    let view = TensorView::new(Dtype::F32, shape, &bytes).unwrap();
    let bytes = serialize([("casing.weight", view)], None).unwrap();
    fs_err::write(folder.join("casing.safetensors"), bytes).unwrap();
}

/// A copy of a checkpoint with the number of a casing's class added to every number of a token.
fn cased(name: &str, width: usize) -> TempDir {
    let copy = checkpoint_copy(name);
    // Not the same for every number, which the norm behind it would take away.
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let rows: Vec<f32> = (0..Casing::COUNT * width)
        .map(|i| if i.is_multiple_of(width) { (i / width) as f32 } else { 0.0 })
        .collect();
    write_table(copy.path(), &rows);
    copy
}

fn open(folder: &Path, output: Output, params: EncoderParams) -> Encoder {
    let model = ModelFolder::open(folder).unwrap();
    Encoder::open_for(&super::runtime(), &model, &[output], params).unwrap()
}

fn rows(window: &WindowStates<'_>) -> Vec<f32> {
    window.rows(0).to_vec()
}

/// Embeddings of each token of `text`, and of the same text in lower case.
fn both(encoder: &Encoder, text: &str) -> [Vec<Vec<f32>>; 2] {
    [text.to_owned(), text.to_lowercase()].map(|text| {
        let found = encoder.encode(&[&text]).unwrap().remove(0);
        found.rows.iter().map(<[f32]>::to_vec).collect()
    })
}

/// The tokenizer lower-cases, so that without a table both are one; with it, the words that are
/// written otherwise differ, in all of their pieces, and no other does. `é` is a piece of its own,
/// `son` and `x` are the same in both.
#[test]
fn a_word_is_seen_as_it_is_written() {
    let text = "Ann son KASSEL iPhone x X 我 É";
    let plain = open(&checkpoint("bert"), Output::Hidden(0), EncoderParams::new());
    let [written, lower] = both(&plain, text);
    assert_eq!(written, lower);
    let copy = cased("bert", 32);
    let encoder = open(copy.path(), Output::Hidden(0), EncoderParams::new());
    let found = encoder.encode(&[text]).unwrap().remove(0);
    let [written, lower] = both(&encoder, text);
    assert_eq!(written.len(), found.tokens.len());
    let mut seen = vec![];
    for ((token, a), b) in found.tokens.iter().zip(&written).zip(&lower) {
        let piece = token.span.of(text);
        let differs = a != b;
        seen.push((piece, differs));
    }
    let differs = |word: &str| {
        let at = text.find(word).unwrap();
        let pieces = found.tokens.iter().zip(&seen);
        let own = pieces.filter(|(t, _)| t.span.start >= at && t.span.end <= at + word.len());
        own.map(|(_, (_, differs))| *differs).collect::<Vec<_>>()
    };
    for (word, expected) in [
        ("Ann", true),
        ("son", false),
        ("KASSEL", true),
        ("iPhone", true),
        ("x ", false),
        ("X", true),
        ("我", false),
        ("É", true),
    ] {
        let found = differs(word);
        assert!(!found.is_empty() && found.iter().all(|d| *d == expected), "{word}: {seen:?}");
    }
}

/// The row of a class is added before the norm: class 3 (`ANN`) and class 2 (`Ann`) by hand, from the
/// word's, the position's and the type's rows.
#[test]
fn the_row_is_added_before_the_norm() {
    let copy = cased("bert", 32);
    let encoder = open(copy.path(), Output::Hidden(0), EncoderParams::new());
    let weights = cloze_checkpoint::Checkpoint::open(checkpoint("bert")).unwrap();
    let read = |name: &str| weights.weights().reader().read(&format!("embeddings.{name}")).unwrap();
    let [words, positions, types] =
        ["word", "position", "token_type"].map(|n| read(&format!("{n}_embeddings.weight")));
    let (scale, shift) = (read("LayerNorm.weight"), read("LayerNorm.bias"));
    for (text, class) in [("ANN", 3.0_f64), ("Ann", 2.0), ("ann", 1.0)] {
        let mapped = encoder.map_windows(&[text], rows).unwrap();
        let id = mapped[0].ids[0] as usize;
        // [CLS] is before it.
        let sum: Vec<f64> = (0..32)
            .map(|i| {
                let all = [words[id * 32 + i], positions[32 + i], types[i]];
                let casing = if i == 0 { class } else { 0.0 };
                all.into_iter().map(f64::from).sum::<f64>() + casing
            })
            .collect();
        let mean = sum.iter().sum::<f64>() / 32.0;
        let variance = sum.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 32.0;
        let normed = sum.iter().map(|x| (x - mean) / (variance + 1e-12).sqrt());
        let affine = scale.iter().zip(&shift).map(|(a, b)| (f64::from(*a), f64::from(*b)));
        #[expect(clippy::cast_possible_truncation, reason = "compared with f32")]
        let expected: Vec<f32> = normed.zip(affine).map(|(x, (a, b))| (x * a + b) as f32).collect();
        assert_close(&mapped[0].windows[0][32..64], &expected, 1e-5, 1e-5);
    }
}

/// Of one type too, where the type's row is else part of the positions'.
#[test]
fn a_table_of_zeros_changes_nothing() {
    let text = "Ann LIVES in iPhone É 我";
    for (name, width) in [("bert", 32), ("roberta", 16), ("electra", 12)] {
        let copy = checkpoint_copy(name);
        write_table(copy.path(), &vec![0.0; Casing::COUNT * width]);
        let [with, without] = [copy.path(), &checkpoint(name)].map(|folder| {
            let encoder = open(folder, Output::Hidden(2), EncoderParams::new());
            let mut all = encoder.map_windows(&[text], rows).unwrap().remove(0).windows;
            all.extend(encoder.map_pairs(&[(text, "The SON")], PairCut::Longest, rows).unwrap());
            all.concat()
        });
        println!("{name}");
        assert_close(&with, &without, 1e-6, 0.0);
    }
}

/// An encoder with one token type, which else is not fed any, has casings all the same; and whatever
/// type a sequence says, it is that one.
#[test]
fn one_type_has_casings_too() {
    let copy = cased("roberta", 16);
    let [with, without] = [copy.path(), &checkpoint("roberta")]
        .map(|folder| open(folder, Output::Hidden(0), EncoderParams::new()));
    let [cased, plain] =
        [&with, &without].map(|e| e.map_windows(&["Ann"], rows).unwrap().remove(0));
    assert_ne!(cased.windows, plain.windows);
    let (before, after) = with.special_ids();
    let ids = [&before[..], &cased.ids, &after].concat();
    let mut casing = vec![Casing::Title; ids.len()];
    (casing[0], casing[ids.len() - 1]) = (Casing::None, Casing::None);
    let sequence = Sequence { types: vec![1; ids.len()], ids, casing, asked: vec![] };
    assert_eq!(with.map_sequences(&[sequence], rows).unwrap(), cased.windows);
}

/// A word that a window cuts is seen by each as the whole word is written: `Kasselelel` is one word,
/// its later pieces all lower.
#[test]
fn windows_know_the_whole_word() {
    let copy = cased("bert", 32);
    // Without positions: a piece is the same wherever it stands.
    let small = EncoderParams::new().window(Some(2)).stride(Some(0));
    let [few, many] =
        [small, EncoderParams::new()].map(|p| open(copy.path(), Output::Hidden(0), p));
    let text = "Kasselelel";
    let words: Vec<_> = few.encode(&[text]).unwrap().remove(0).tokens;
    assert!(words.len() > 2 && words.iter().all(|t| t.word == words[0].word));
    let lower = few.encode(&[&text.to_lowercase()]).unwrap().remove(0);
    let upper = few.encode(&[text]).unwrap().remove(0);
    for (i, (a, b)) in upper.rows.iter().zip(lower.rows.iter()).enumerate() {
        assert_ne!(a, b, "piece {i}");
    }
    // The first window is the same tokens at the same places as in the whole.
    let whole = many.encode(&[text]).unwrap().remove(0);
    assert_close(upper.rows.row(0).unwrap(), whole.rows.row(0).unwrap(), 1e-6, 0.0);
}

/// Each window has the casings of its own tokens: the same as its ids and casings put together by hand.
#[test]
fn windows_have_the_casings_of_their_tokens() {
    let copy = cased("bert", 32);
    let params = EncoderParams::new().window(Some(2)).stride(Some(1));
    let encoder = open(copy.path(), Output::Hidden(2), params);
    let casings =
        [Casing::Title, Casing::Lower, Casing::Upper, Casing::Lower, Casing::Single, Casing::None];
    let text = "Ann son KASSEL x X 我";
    let mapped = encoder.map_windows(&[text], |w| (w.tokens.clone(), rows(w))).unwrap().remove(0);
    assert_eq!((mapped.ids.len(), mapped.windows.len()), (casings.len(), 5));
    let (before, after) = encoder.special_ids();
    for (tokens, found) in mapped.windows {
        let ids = [&before[..], &mapped.ids[tokens.clone()], &after].concat();
        let casing = [&[Casing::None], &casings[tokens.clone()], &[Casing::None]].concat();
        let sequence = Sequence { types: vec![0; ids.len()], ids, casing, asked: vec![] };
        let expected = encoder.map_sequences(&[sequence], rows).unwrap().remove(0);
        assert_eq!(found, expected, "{tokens:?}");
    }
}

/// A pair is the sequence of its ids, types and casings; the second text's types count too.
#[test]
fn pairs_and_sequences_have_casings() {
    let copy = cased("bert", 32);
    let encoder = open(copy.path(), Output::Hidden(2), EncoderParams::new());
    let ids = |text: &str| encoder.map_windows(&[text], rows).unwrap().remove(0).ids;
    let (before, after) = encoder.special_ids();
    let (first, second) = (ids("Ann"), ids("SON"));
    assert_eq!((first.len(), second.len()), (1, 1));
    let all = [&before[..], &first, &after, &second, &after].concat();
    let sequence = |casing: &[Casing]| Sequence {
        ids: all.clone(),
        types: vec![0, 0, 0, 1, 1],
        casing: casing.to_vec(),
        asked: vec![],
    };
    let by_hand = encoder.map_sequences(
        &[sequence(&[Casing::None, Casing::Title, Casing::None, Casing::Upper, Casing::None])],
        rows,
    );
    let pairs = encoder.map_pairs(&[("Ann", "SON")], PairCut::Longest, rows).unwrap();
    assert_eq!(pairs, by_hand.unwrap());
    let other = encoder.map_pairs(&[("Ann", "Son")], PairCut::Longest, rows).unwrap();
    assert_ne!(pairs, other);
    let error = encoder.map_sequences(&[sequence(&[Casing::None; 4])], rows).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a sequence's number of casings is 4: expected 5, one for each id"
    );
}

/// A special token within a text is none, however it is written.
#[test]
fn special_tokens_have_no_casing() {
    let copy = cased("bert", 32);
    let encoder = open(copy.path(), Output::Hidden(0), EncoderParams::new());
    let found = encoder.map_windows(&["[MASK]"], rows).unwrap().remove(0);
    let (before, after) = encoder.special_ids();
    let ids = [&before[..], &found.ids, &after].concat();
    let casing = vec![Casing::None; ids.len()];
    let sequence = Sequence { types: vec![0; ids.len()], ids, casing, asked: vec![] };
    assert_eq!(found.windows, encoder.map_sequences(&[sequence], rows).unwrap());
}

#[test]
fn a_table_needs_weights() {
    let copy = model_copy("tiny");
    write_table(copy.path(), &[0.0; 48]);
    let error = ModelFolder::open(copy.path()).unwrap_err();
    assert!(matches!(error, CheckpointError::Config { .. }), "{error}");
    assert!(error.to_string().ends_with("a casing table for a graph; expected one for weights"));
}

/// The table is part of what a model is known by.
#[test]
fn the_hash_covers_the_table() {
    let copy = checkpoint_copy("bert");
    let hash = || ModelFolder::open(copy.path()).unwrap().sha256().unwrap();
    let plain = hash();
    write_table(copy.path(), &[0.0; 192]);
    let zeros = hash();
    write_table(copy.path(), &[1.0; 192]);
    assert!(plain != zeros && zeros != hash() && plain != hash());
}
