//! Tagging, from logits to entities.
#![expect(clippy::unwrap_used, reason = "what a test made by hand cannot be wrong")]

use cloze_core::{Chain, Entity, Matrix, Scheme, Span, Tag, Token, TokenRows};
use cloze_heads::HeadError;
use cloze_heads::tag::{Aggregation, Decode, TagDecoder, TagParams, Transitions, Unit};
use proptest::prelude::*;
use serde_json::json;

const BIO: [&str; 3] = ["O", "B-PER", "I-PER"];

fn names(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|&t| t.to_owned()).collect()
}

fn params(tags: &[&str]) -> TagParams {
    TagParams::new(names(tags))
}

/// Logits that softmax turns into these probabilities: their logarithms.
fn rows(tokens: &[(usize, usize, u32)], probabilities: &[&[f32]]) -> TokenRows {
    let token = |&(start, end, word)| Token { span: Span::new(start, end), word: Some(word) };
    let logits = probabilities.concat().iter().map(|p: &f32| p.ln()).collect();
    TokenRows {
        tokens: tokens.iter().map(token).collect(),
        rows: Matrix::from_vec(probabilities[0].len(), logits).unwrap(),
    }
}

fn tag(tagger: &TagDecoder, rows: &TokenRows) -> Vec<Entity> {
    tagger.decode("", &tagger.predict(rows).unwrap())
}

/// (label, start, end, score in thousandths, tag)
fn plain(entities: &[Entity]) -> Vec<(&str, usize, usize, i32, Option<&str>)> {
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1000")]
    let thousandths = |score: f32| (score * 1000.0).round() as i32;
    let row = |e: &Entity| (e.span.start, e.span.end, thousandths(e.score));
    entities
        .iter()
        .map(|e| (e.label.as_str(), row(e).0, row(e).1, row(e).2, e.tag.as_deref()))
        .collect()
}

/// "embedding it" as em|bed|ding it. The pieces disagree: .5 .3 .2, .1 .8 .1, .6 .1 .3 over O B I.
/// - none, simple: tokens O, B, O, B: entities 2..5 and 10..12.
/// - first: O (.5). max: the second piece is surest, B (.8). average: O .4, B .4, I .2: the first of
///   the two, O.
#[test]
fn each_aggregation_reads_the_pieces_its_own_way() {
    let rows = rows(
        &[(0, 2, 0), (2, 5, 0), (5, 9, 0), (10, 12, 1)],
        &[&[0.5, 0.3, 0.2], &[0.1, 0.8, 0.1], &[0.6, 0.1, 0.3], &[0.2, 0.7, 0.1]],
    );
    let last = ("PER", 10, 12, 700, None);
    let with_tag = |mut e: (_, _, _, _, Option<_>)| {
        e.4 = Some("B-PER");
        e
    };
    let expected = [
        (Aggregation::None, vec![with_tag(("PER", 2, 5, 800, None)), with_tag(last)]),
        (Aggregation::Simple, vec![("PER", 2, 5, 800, None), last]),
        (Aggregation::First, vec![last]),
        (Aggregation::Average, vec![last]),
        (Aggregation::Max, vec![("PER", 0, 9, 800, None), last]),
    ];
    for (aggregation, expected) in expected {
        let tagger = params(&BIO).aggregation(aggregation).decode(Decode::Argmax).check().unwrap();
        assert_eq!(plain(&tag(&tagger, &rows)), expected, "{aggregation:?}");
    }
}

/// A `▁` of the same bytes as 王 behind it, or of none: (O, B, I) .8 .1 .1, then .2 .7 .1. The mark is
/// passed over where it is outside; of .1 .8 .1 it is the first piece. Average of the two then: .15 .75 .1.
#[test]
fn marks_alone_that_tag_nothing_are_passed_over() {
    let found = |end: usize, mark: &[f32], aggregation| {
        let rows = rows(&[(0, end, 0), (0, 3, 0)], &[mark, &[0.2, 0.7, 0.1]]);
        let tagger = params(&BIO).aggregation(aggregation).check().unwrap();
        plain(&tag(&tagger, &rows)).iter().map(|e| (e.1, e.2, e.3)).collect::<Vec<_>>()
    };
    for end in [0, 3] {
        for aggregation in [Aggregation::First, Aggregation::Average, Aggregation::Max] {
            assert_eq!(found(end, &[0.8, 0.1, 0.1], aggregation), [(0, 3, 700)], "{aggregation:?}");
        }
        assert_eq!(found(end, &[0.1, 0.8, 0.1], Aggregation::First), [(0, 3, 800)]);
        assert_eq!(found(end, &[0.1, 0.8, 0.1], Aggregation::Average), [(0, 3, 750)]);
    }
}

/// The model's own tags, legal or not: (O, B, I) .1 .2 .7, then .1 .6 .3.
#[test]
fn tokens_that_are_not_aggregated_keep_the_models_tags() {
    let rows = rows(&[(0, 1, 0), (1, 2, 0)], &[&[0.1, 0.2, 0.7], &[0.1, 0.6, 0.3]]);
    let tags = |params: TagParams| {
        let tagger = params.aggregation(Aggregation::None).check().unwrap();
        tag(&tagger, &rows).iter().map(|e| e.shown_label().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tags(params(&BIO)), ["I-PER", "B-PER"]);
    // B B .12, B I .06, O B .06.
    assert_eq!(tags(params(&BIO).decode(Decode::Viterbi)), ["B-PER", "B-PER"]);
}

/// Words with (O, B, I): .4 .1 .5 then .1 .2 .7. Argmax: I I, one illegal entity 0..3. Viterbi over
/// IOB2: O B .4×.2 = .08, O O .04, B I .1×.7 = .07, B B .02, B O .01: O B. Over IOB1, I I is legal
/// and the best, .35.
#[test]
fn viterbi_gives_the_likeliest_legal_sequence() {
    let rows = rows(&[(0, 1, 0), (2, 3, 1)], &[&[0.4, 0.1, 0.5], &[0.1, 0.2, 0.7]]);
    let found = |p: TagParams| tag(&p.check().unwrap(), &rows);
    let argmax = found(params(&BIO).decode(Decode::Argmax));
    assert_eq!(plain(&argmax), [("PER", 0, 3, 600, None)]);
    assert_eq!(plain(&found(params(&BIO))), [("PER", 2, 3, 200, None)]);
    let iob1 = found(params(&BIO).scheme(Some(Scheme::Iob1)));
    assert_eq!(plain(&iob1), [("PER", 0, 3, 600, None)]);
}

/// O .6, B .3, I .1: with 2 logits off O its odds against B fall from 2 to 2 / e² = .27.
#[test]
fn recall_is_preferred_when_asked_for() {
    let rows = rows(&[(0, 1, 0)], &[&[0.6, 0.3, 0.1]]);
    assert!(tag(&params(&BIO).check().unwrap(), &rows).is_empty());
    let eager = params(&BIO).recall_bias(2.0).check().unwrap();
    // B: .3 / (.6/e² + .3 + .1) = .3 / .4812 = .623
    assert_eq!(plain(&tag(&eager, &rows)), [("PER", 0, 1, 623, None)]);
}

#[test]
fn scores_and_labels_choose_entities() {
    let tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
    let rows =
        rows(&[(0, 1, 0), (2, 3, 1)], &[&[0.2, 0.8, 0.0, 0.0, 0.0], &[0.4, 0.0, 0.0, 0.6, 0.0]]);
    let labels = |p: TagParams| {
        let found = tag(&p.check().unwrap(), &rows);
        found.into_iter().map(|e| e.label).collect::<Vec<_>>()
    };
    assert_eq!(labels(params(&tags)), ["PER", "LOC"]);
    assert_eq!(labels(params(&tags).min_score(0.7)), ["PER"]);
    assert_eq!(labels(params(&tags).min_score(0.9).min_score_of("LOC".into(), 0.5)), ["LOC"]);
    assert_eq!(labels(params(&tags).labels(Some(vec!["LOC".into()]))), ["LOC"]);
    assert_eq!(labels(params(&tags).labels(Some(vec![]))), Vec::<String>::new());
}

#[test]
fn settings_are_judged() {
    let text = |p: TagParams| p.check().err().map(|e| e.to_string());
    assert_eq!(
        text(params(&BIO).labels(Some(vec!["ORG".into()]))).unwrap(),
        "no label \"ORG\"; the model has PER"
    );
    assert_eq!(
        text(params(&BIO).min_score_of("X".into(), 0.5)).unwrap(),
        "no label \"X\"; the model has PER"
    );
    for bad in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
        assert!(text(params(&BIO).min_score(bad)).unwrap().starts_with("min-score is"), "{bad}");
        let of = text(params(&BIO).min_score_of("PER".into(), bad)).unwrap();
        assert!(of.starts_with("min-score of PER is"), "{of}");
    }
    assert_eq!(text(params(&BIO).min_score(0.0).min_score_of("PER".into(), 1.0)), None);
    assert!(matches!(params(&BIO).recall_bias(f32::NAN).check(), Err(HeadError::Setting { .. })));
    assert_eq!(text(params(&BIO).recall_bias(-3.0)), None);
    assert!(matches!(params(&[]).check(), Err(HeadError::NoLabels)));
    assert!(matches!(params(&["O"]).check(), Err(HeadError::NoLabels)));
    // IOB2 lets no text begin with I; IOB1 does.
    let inside_only = params(&["I-PER", "I-LOC"]);
    let refused = text(inside_only.clone().scheme(Some(Scheme::Iob2))).unwrap();
    assert_eq!(refused, "scheme iob2 allows no tag of I-PER, I-LOC all along a text");
    assert_eq!(text(inside_only.scheme(Some(Scheme::Iob1))), None);
}

#[test]
fn numbers_that_are_none_are_named() {
    let tagger = params(&BIO).check().unwrap();
    let mut broken = rows(&[(0, 1, 0), (4, 7, 1)], &[&[0.2, 0.7, 0.1], &[0.2, 0.7, 0.1]]);
    for bad in [[f32::NAN, 0.0, 0.0], [f32::INFINITY, 0.0, 0.0], [f32::NEG_INFINITY; 3]] {
        let data = [&[0.0; 3][..], &bad].concat();
        broken.rows = Matrix::from_vec(3, data).unwrap();
        let error = tagger.predict(&broken).unwrap_err().to_string();
        assert_eq!(error, "the logits of token 1 (bytes 4..7) are not all numbers");
    }
    broken.rows = Matrix::from_vec(2, vec![0.0; 4]).unwrap();
    assert!(matches!(tagger.predict(&broken), Err(HeadError::Width { expected: 3, found: 2 })));
    assert_eq!(tagger.predict(&TokenRows::default()).unwrap(), vec![]);
}

/// Every sequence of these tags, legal by the scheme, with its log-probability; the best of them.
fn best_by_trying_all(units: &[Unit], tags: &[Tag], scheme: Scheme) -> f64 {
    let mut best = f64::NEG_INFINITY;
    let total = tags.len().pow(u32::try_from(units.len()).unwrap());
    for code in 0..total {
        let (mut rest, mut score, mut previous, mut legal) = (code, 0.0, None, true);
        for unit in units {
            let t = rest % tags.len();
            rest /= tags.len();
            legal &= scheme.allows(previous, Some(tags[t]));
            score += f64::from(unit.probabilities[t]).ln();
            previous = Some(tags[t]);
        }
        if legal && scheme.allows(previous, None) {
            best = best.max(score);
        }
    }
    best
}

proptest! {
    /// Up to five units over few tags, so that every sequence can be tried.
    #[test]
    fn viterbi_equals_trying_all(
        probabilities in prop::collection::vec(prop::collection::vec(1..20u32, 9), 1..5),
    ) {
        let bioes = ["O", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "E-B", "S-B"];
        for (tags, scheme) in [(&bioes[..], Scheme::Iobes), (&["O", "B-A", "I-A", "B-B", "I-B"], Scheme::Iob2), (&["O", "B-A", "I-A", "B-B", "I-B"], Scheme::Iob1)] {
            let tagger = params(tags).scheme(Some(scheme)).check().unwrap();
            let units: Vec<Unit> = probabilities.iter().enumerate().map(|(i, p)| {
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let p: Vec<f32> = p[..tags.len()].iter().map(|&p| p as f32).collect();
                let sum: f32 = p.iter().sum();
                Unit { span: Span::new(2 * i, 2 * i + 1), probabilities: p.iter().map(|p| p / sum).collect() }
            }).collect();
            // The entities it found, tagged again, are its sequence.
            let set = tagger.tags();
            let chunks: Vec<_> = tagger.decode("", &units).iter().map(|e| cloze_core::Chunk {
                label: set.labels().iter().position(|l| *l == e.label).unwrap(),
                units: e.span.start / 2..e.span.end.div_ceil(2),
            }).collect();
            let sequence = cloze_core::tags_of_chunks(&chunks, units.len(), scheme);
            let score: f64 = sequence.iter().zip(&units).map(|(tag, unit)| {
                let place = set.tags().iter().position(|t| t == tag).unwrap();
                f64::from(unit.probabilities[place]).ln()
            }).sum();
            let best = best_by_trying_all(&units, set.tags(), scheme);
            prop_assert!((score - best).abs() < 1e-9, "{scheme:?}: {score} is not {best}");
        }
    }

    /// Any logits: no panic, spans in order and from the tokens, scores 0 to 1.
    #[test]
    fn entities_are_sound(
        logits in prop::collection::vec(prop::num::f32::ANY, 15),
        words in prop::collection::vec(0..3u32, 5),
    ) {
        let mut word = 0;
        let tokens: Vec<Token> = words.iter().enumerate().map(|(i, step)| {
            word += step;
            Token { span: Span::new(i, i + 1), word: Some(word) }
        }).collect();
        let rows = TokenRows { tokens, rows: Matrix::from_vec(3, logits).unwrap() };
        for aggregation in [Aggregation::None, Aggregation::Simple, Aggregation::First, Aggregation::Average, Aggregation::Max] {
            for decode in [Decode::Viterbi, Decode::Argmax] {
                let tagger = params(&BIO).aggregation(aggregation).decode(decode).check().unwrap();
                let Ok(units) = tagger.predict(&rows) else { continue };
                let entities = tagger.decode("", &units);
                let mut at = 0;
                for e in entities {
                    prop_assert!(e.span.start >= at && e.span.end > e.span.start && e.span.end <= 5);
                    prop_assert!((0.0..=1.0).contains(&e.score), "{}", e.score);
                    at = e.span.end;
                }
            }
        }
    }
}

fn transitions(tags: &[&str], start: &[f32], end: &[f32], between: &[&[f32]]) -> Transitions {
    let saved = json!({ "tags": tags, "start": start, "end": end, "between": between });
    serde_json::from_value(saved).unwrap()
}

/// Words with (O, B, I): .4 .5 .1, then .3 .1 .6. Alone: B I, mean .55. As exponentials, O O is 6 and
/// a text that ends with B 1/8.
/// - With B I 1/2: OO .4·6·.3 = .72, BI .5·.6/2 = .15, BO .5·.3 = .15: OO, no entity.
/// - With 8 for a text that begins with B: OO .72, OB .4·.1/8 = .005, BO 8·.5·.3 = 1.2, BB 8·.5·.1/8 =
///   .05, BI 8·.5·.6 = 2.4, the best, together 4.375. B is first in 3.65, I second in 2.4: mean .691.
/// - Of illegal ones, too: OI .24, IO .03, IB .00125, II .06, together 4.70625. B is first in 3.65, I
///   second in 2.7: mean .675.
#[test]
fn transitions_change_the_best_sequence_and_its_score() {
    let rows = rows(&[(0, 1, 0), (2, 3, 1)], &[&[0.4, 0.5, 0.1], &[0.3, 0.1, 0.6]]);
    let ln = f32::ln;
    let learned = |begin: f32, inside: f32| {
        let between: [&[f32]; 3] =
            [&[ln(6.0), 0.0, 0.0], &[0.0, 0.0, ln(inside)], &[0.0, 0.0, 0.0]];
        transitions(&BIO, &[0.0, ln(begin), 0.0], &[0.0, ln(1.0 / 8.0), 0.0], &between)
    };
    let found = |t: Option<Transitions>, decode| {
        plain(&tag(&params(&BIO).transitions(t).decode(decode).check().unwrap(), &rows))
            .into_iter()
            .map(|e| (e.1, e.2, e.3))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(None, Decode::Viterbi), [(0, 3, 550)]);
    assert_eq!(found(Some(learned(1.0, 0.5)), Decode::Viterbi), []);
    assert_eq!(found(Some(learned(8.0, 1.0)), Decode::Viterbi), [(0, 3, 691)]);
    assert_eq!(found(Some(learned(8.0, 1.0)), Decode::Argmax), [(0, 3, 675)]);
}

#[test]
fn transitions_are_judged_and_come_back_as_they_were() {
    let zero = |tags: &[&str]| {
        let n = tags.len();
        transitions(tags, &vec![0.1; n], &vec![-2.5e-8; n], &vec![&vec![0.3; n][..]; n])
    };
    let good = zero(&BIO);
    let text = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<Transitions>(&text).unwrap(), good);
    assert_eq!(Transitions::new(names(&BIO), good.chain().clone()).unwrap(), good);
    assert!(text.starts_with(r#"{"tags":["O","B-PER","I-PER"],"start":[0.1,"#), "{text}");

    let refused = |p: TagParams| p.check().map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(refused(params(&BIO).transitions(Some(good.clone()))), Ok(()));
    assert_eq!(
        refused(params(&BIO).transitions(Some(zero(&["B-PER", "O", "I-PER"])))),
        Err("transitions between B-PER, O, I-PER, but the model has O, B-PER, I-PER".into())
    );
    for (aggregation, name) in [(Aggregation::None, "none"), (Aggregation::Simple, "simple")] {
        let refused =
            refused(params(&BIO).transitions(Some(good.clone())).aggregation(aggregation));
        assert!(refused.unwrap_err().starts_with(&format!("aggregation {name} tags tokens")));
    }

    let read = |text: &str| serde_json::from_str::<Transitions>(text).map_err(|e| e.to_string());
    let cases = [
        (
            r#"{"tags":["O"],"start":[],"end":[0],"between":[[0]]}"#,
            "start has 0 numbers, expected 1",
        ),
        (
            r#"{"tags":["O"],"start":[0],"end":[0],"between":[[0,0]]}"#,
            "a row of between has 2 numbers, expected 1",
        ),
        (
            r#"{"tags":["O"],"start":[0],"end":[1e39],"between":[[0]]}"#,
            "number out of range at line 1 column 37",
        ),
        (
            r#"{"tags":[],"start":[],"end":[],"between":[]}"#,
            "the model has no labels (id2label), so it tags nothing",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), Err(expected.to_owned()));
    }
    let infinite = Chain::new(vec![f64::NEG_INFINITY], vec![0.0], vec![0.0]).unwrap();
    assert!(matches!(
        Transitions::new(names(&["O"]), infinite),
        Err(HeadError::NotFinite { part: "start", index: 0, .. })
    ));
}

/// Only I is possible, and it may not begin: of the legal sequences one is chosen, all the same.
#[test]
fn probabilities_of_0_leave_a_legal_sequence() {
    let rows = rows(&[(0, 1, 0), (2, 3, 1)], &[&[0.0, 0.0, 1.0], &[0.0, 0.0, 1.0]]);
    let between: [&[f32]; 3] = [&[0.0; 3]; 3];
    let flat = transitions(&BIO, &[0.0; 3], &[0.0; 3], &between);
    for (learned, score) in [(None, 500), (Some(flat), 1000)] {
        let found = tag(&params(&BIO).transitions(learned).check().unwrap(), &rows);
        assert_eq!(plain(&found), [("PER", 0, 3, score, None)]);
    }
}

proptest! {
    /// Up to four words over IOB2: the sequence found is the best of all legal ones, and each score
    /// the share of the sequences with that tag.
    #[test]
    fn transitions_equal_trying_all(
        logits in prop::collection::vec(prop::collection::vec(-3..3_i8, 3), 1..5),
        scores in prop::collection::vec(-3..3_i8, 15),
    ) {
        let numbers: Vec<f32> = scores.iter().map(|&s| f32::from(s) / 2.0).collect();
        let between: Vec<&[f32]> = numbers[6..].chunks_exact(3).collect();
        let learned = transitions(&BIO, &numbers[..3], &numbers[3..6], &between);
        let tagger = params(&BIO).transitions(Some(learned.clone())).check().unwrap();
        let tokens = (0..logits.len()).map(|i| Token { span: Span::new(2 * i, 2 * i + 1), word: u32::try_from(i).ok() });
        let flat: Vec<f32> = logits.concat().into_iter().map(|l| f32::from(l) / 2.0).collect();
        let rows = TokenRows { tokens: tokens.collect(), rows: Matrix::from_vec(3, flat.clone()).unwrap() };
        let entities = tagger.decode("", &tagger.predict(&rows).unwrap());

        let units: Vec<f64> = flat.iter().copied().map(f64::from).collect();
        let legal = |s: &[usize]| s[0] != 2 && s.windows(2).all(|p| p != [0, 2]);
        let all: Vec<Vec<usize>> = (0..3_usize.pow(u32::try_from(logits.len()).unwrap()))
            .map(|code| (0..logits.len()).scan(code, |rest, _| { let t = *rest % 3; *rest /= 3; Some(t) }).collect())
            .filter(|s: &Vec<usize>| legal(s))
            .collect();
        let score = |s: &[usize]| learned.chain().score(&units, s);
        let best = all.iter().map(|s| score(s)).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = all.iter().map(|s| score(s).exp()).sum();

        let set = tagger.tags();
        let chunks: Vec<_> = entities.iter().map(|e| cloze_core::Chunk {
            label: 0,
            units: e.span.start / 2..e.span.end.div_ceil(2),
        }).collect();
        let sequence: Vec<usize> = cloze_core::tags_of_chunks(&chunks, logits.len(), Scheme::Iob2)
            .iter()
            .map(|tag| set.tags().iter().position(|t| t == tag).unwrap())
            .collect();
        prop_assert!((score(&sequence) - best).abs() < 1e-5, "{sequence:?}: {} is not {best}", score(&sequence));
        for (entity, chunk) in entities.iter().zip(&chunks) {
            let share = |i: usize| {
                let with = all.iter().filter(|s| s[i] == sequence[i]);
                with.map(|s| score(s).exp()).sum::<f64>() / sum
            };
            #[expect(clippy::cast_precision_loss, reason = "few")]
            let expected = chunk.units.clone().map(share).sum::<f64>() / chunk.units.len() as f64;
            prop_assert!((f64::from(entity.score) - expected).abs() < 1e-5, "{} is not {expected}", entity.score);
        }
    }
}
