//! The model that comes with the repository, against sentence-transformers;
//! `tests/minilm/make_reference.py` has made the numbers.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::{Path, PathBuf};

use cloze::embed::Poolings;
use cloze::embed::correction::Correct as _;
use cloze::{
    Accumulator, FittedCorrection, Layers, Level, Method, Pooling, Runtime, RuntimeParams,
    SentenceEncoder, SentenceEncoderBuilder, States,
};
use cloze_testkit::{Random, assert_close, texts};
use safetensors::SafeTensors;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn builder() -> SentenceEncoderBuilder {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    SentenceEncoder::builder(root().join("models/minilm-l6-v2")).runtime(runtime)
}

fn open(builder: SentenceEncoderBuilder) -> SentenceEncoder {
    builder.open().unwrap()
}

#[derive(serde::Deserialize)]
struct Reference {
    texts: Vec<Text>,
}

#[derive(serde::Deserialize)]
struct Text {
    text: String,
}

/// The texts; and their vectors, one behind the other, from f32 weights and from those in f16.
fn reference() -> (Vec<String>, [Vec<f32>; 2]) {
    let folder = root().join("tests/minilm");
    let json = fs_err::read(folder.join("reference.json")).unwrap();
    let reference: Reference = serde_json::from_slice(&json).unwrap();
    let bytes = fs_err::read(folder.join("reference.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
    let expected = ["vectors", "vectors_f16"]
        .map(|name| tensors.tensor(name).unwrap().data().chunks_exact(4).map(number).collect());
    let texts: Vec<String> = reference.texts.into_iter().map(|t| t.text).collect();
    assert_eq!(texts.len(), 50);
    (texts, expected)
}

/// From the same weights a number differs by rounding alone; what half precision makes of the
/// weights moves it by less than 2e-3.
#[test]
fn sentence_vectors_are_those_of_sentence_transformers() {
    let (texts, [of_f32, of_f16]) = reference();
    let encoder = open(builder().truncate(true));
    let found = encoder.encode_matrix(&texts).unwrap();
    assert_close(found.as_slice(), &of_f16, 1e-5, 0.0);
    assert_close(found.as_slice(), &of_f32, 2e-3, 0.0);
    assert_eq!(encoder.counts().truncated, 1);
    // Alone each is the same, bit for bit.
    for (text, row) in texts.iter().zip(&found) {
        assert!(encoder.encode(text).unwrap() == row, "{text:?} changed");
    }
}

/// Fitted on a corpus, the z-score gives that corpus mean 0 and variance 1 in each dimension that
/// has any spread; parts fitted apart and merged are the whole.
/// A text's vector is the row that its first token has among the vectors of its tokens, for which
/// another encoder is opened; both have done what is counted.
#[test]
fn the_vector_of_cls_is_that_of_the_first_token() {
    let texts = ["A plane is taking off.", "No", "A man plays a flute to his dog."];
    let params = || builder().pooling(Poolings::from(Pooling::Cls)).normalize(false);
    let encoder = open(params());
    let vectors = encoder.encode_matrix(&texts).unwrap();
    let tokens = encoder.counts().tokens;
    let pieces = encoder.encode_pieces(&texts, Level::Token, true).unwrap();
    for (vector, pieces) in vectors.iter().zip(&pieces) {
        assert!(pieces.pieces[0].special);
        assert_close(vector, pieces.vectors.row(0).unwrap(), 1e-5, 0.0);
    }
    assert_eq!((encoder.counts().texts, encoder.counts().tokens), (6, 2 * tokens));
}

#[test]
fn a_corrected_corpus_is_standard() {
    let encoder = open(builder().normalize(false));
    let mut random = Random::new(7);
    let corpus: Vec<String> = (0..120).map(|i| texts::prose(&mut random, 1 + i % 17)).collect();
    let provenance = encoder.provenance(Level::Sentence).unwrap();
    let fit = |texts: &[String]| {
        let mut gathered = Accumulator::new(provenance.width, Method::ZScore.spread());
        for vector in encoder.pool(texts).unwrap() {
            gathered.push(&vector).unwrap();
        }
        FittedCorrection::fit(Method::ZScore, provenance.clone(), gathered.finish()).unwrap()
    };
    let whole = fit(&corpus);
    let merged = fit(&corpus[..50]).merge(&fit(&corpus[50..])).unwrap();
    assert_eq!(merged.count(), 120);
    for text in &corpus[..5] {
        let vector = encoder.pool(&[text]).unwrap().pop().unwrap();
        let [a, b] = [&whole, &merged].map(|c| c.apply(&vector).unwrap());
        assert_close(&a, &b, 1e-5, 1e-5);
    }
    let corrected = encoder.with_correction(whole).unwrap().encode_matrix(&corpus).unwrap();
    let mut dropped = 0;
    for d in 0..corrected.cols() {
        let column: Vec<f64> = corrected.iter().map(|row| f64::from(row[d])).collect();
        let mean = column.iter().sum::<f64>() / 120.0;
        let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 120.0;
        if variance == 0.0 {
            dropped += 1;
            continue;
        }
        assert!(mean.abs() < 1e-4, "dimension {d}: mean {mean}");
        assert!((variance - 1.0).abs() < 1e-3, "dimension {d}: variance {variance}");
    }
    // Those that the model's last norm scales to nothing.
    assert_eq!(dropped, 3);
}

#[test]
fn a_correction_is_refused_where_it_does_not_belong() {
    let encoder = open(builder());
    let provenance = encoder.provenance(Level::Sentence).unwrap();
    let mut gathered = Accumulator::new(provenance.width, Method::ZScore.spread());
    for vector in encoder.pool(&["one", "two", "three"]).unwrap() {
        gathered.push(&vector).unwrap();
    }
    let fitted = FittedCorrection::fit(Method::ZScore, provenance, gathered.finish()).unwrap();
    let layers = |text| States::Layers(Layers::parse(text).unwrap());
    // The last layer by another name is the same layer.
    open(builder().states(layers("6"))).with_correction(fitted.clone()).unwrap();
    for (params, field) in [
        (builder().states(layers("5")), "layers"),
        (builder().pooling(Poolings::from(Pooling::Cls)), "pooling"),
        (builder().states(States::Static), "static"),
    ] {
        let error = open(params).with_correction(fitted.clone()).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    let corrected = open(builder()).with_correction(fitted).unwrap();
    assert!(corrected.encode_pieces(&["one"], Level::Token, false).is_err());
}

/// A service shares one encoder between its threads.
#[test]
fn threads_share_an_encoder() {
    let encoder = open(builder());
    let expected = encoder.encode("The cat sits outside.").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    assert!(encoder.encode("The cat sits outside.").unwrap() == expected);
                }
            });
        }
    });
}

#[test]
fn a_stream_gives_what_a_list_gives() {
    let encoder = open(builder());
    let texts = ["one", "", "three words here", "👍"];
    let list = encoder.encode_matrix(&texts).unwrap();
    let stream: Vec<Vec<f32>> = encoder.encode_iter(texts).collect::<Result<_, _>>().unwrap();
    assert!(stream.iter().map(Vec::as_slice).eq(&list));
    let batch: Vec<Vec<f32>> =
        encoder.encode_batch(&texts).unwrap().into_iter().collect::<Result<_, _>>().unwrap();
    assert!(batch.iter().map(Vec::as_slice).eq(&list));
    assert_eq!(encoder.encode_matrix::<&str>(&[]).unwrap().rows(), 0);
    assert_eq!(encoder.encode_iter(Vec::<String>::new()).count(), 0);
}

/// A prompt counts into the text's vector, and has no pieces of its own.
#[test]
fn a_prompt_is_seen_and_not_shown() {
    let plain = open(builder());
    let prompted = open(builder().prompt("query: "));
    let text = "cats sleep";
    assert_eq!(prompted.encode(text).unwrap(), plain.encode("query: cats sleep").unwrap());
    for level in [Level::Word, Level::Token] {
        let found = prompted.encode_pieces(&[text], level, false).unwrap().pop().unwrap();
        let words: Vec<_> = found.pieces.iter().map(|p| p.span.of(text).unwrap()).collect();
        assert_eq!(words, ["cats", "sleep"]);
        assert_eq!(found.vectors.rows(), 2);
    }
}

/// A span's vector is the mean of its tokens': "embeddings" is em ##bed ##ding ##s, of which a span
/// within it has those that it touches. Blanks have none.
#[test]
fn vectors_of_spans_are_means_of_their_tokens() {
    let encoder = open(builder());
    let text = "Élan and  embeddings";
    let tokens = encoder.pieces(&[text], Level::Token, false).unwrap().remove(0);
    let spans: Vec<(usize, usize)> =
        tokens.pieces.iter().map(|p| (p.span.start, p.span.end)).collect();
    assert_eq!(spans, [(0, 3), (3, 5), (6, 9), (11, 13), (13, 16), (16, 20), (20, 21)]);
    let mean = |range: std::ops::Range<usize>| -> Vec<f32> {
        let rows: Vec<&[f32]> = range.map(|i| tokens.vectors.row(i).unwrap()).collect();
        cloze::embed::average(&rows).unwrap()
    };
    let wanted = [(0, 5), (11, 21), (12, 14), (9, 11), (6, 21), (50, 60)];
    let wanted = wanted.map(|(start, end)| cloze::Span::new(start, end));
    let found = encoder.spans(&[("and", &[][..]), (text, &wanted)]).unwrap();
    assert!(found[0].is_empty());
    let expected =
        [Some(mean(0..2)), Some(mean(3..7)), Some(mean(3..5)), None, Some(mean(2..7)), None];
    assert_eq!(found[1], expected);
}
