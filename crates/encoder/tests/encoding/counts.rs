//! Batches and their padding, in numbers that do not depend on the machine.
use cloze_encoder::{EncoderParams, EncodingCounts, Order};
use cloze_testkit::{Random, texts};

const BUDGET: usize = 1024;

/// The work of 600 texts of log-normal lengths, mean 32 words.
fn counts(order: Order) -> EncodingCounts {
    let mut random = Random::new(3);
    let texts: Vec<String> = (0..600)
        .map(|_| {
            let words = random.log_normal(32.0).clamp(1.0, 120.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 120")]
            texts::prose(&mut random, words as usize)
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // Words are letters to this model, of which the longest text has about 700.
    let params = EncoderParams::new().batch_tokens(BUDGET).order(order);
    let encoder = super::open_unlimited("tiny", params);
    let longest = super::encode(&encoder, &texts).iter().map(|rows| rows.tokens.len()).max();
    assert!(longest.unwrap() + 2 < BUDGET, "no window goes over the budget by itself");
    encoder.counts()
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn efficiency(counts: EncodingCounts) -> f64 {
    counts.tokens as f64 / counts.padded as f64
}

#[test]
fn sorted_batches_keep_to_the_budget_and_waste_little() {
    let (sorted, as_given) = (counts(Order::Sorted), counts(Order::AsGiven));
    for counts in [sorted, as_given] {
        println!("{counts:?}: {:.3} of it tokens", efficiency(counts));
        assert!(counts.padded <= counts.batches * BUDGET as u64, "{counts:?}");
        assert_eq!((counts.texts, counts.windows), (600, 600));
    }
    assert_eq!(sorted.tokens, as_given.tokens);
    assert!(sorted.batches < as_given.batches, "{sorted:?} {as_given:?}");
    assert!(efficiency(sorted) > 0.95, "{sorted:?}");
    assert!(efficiency(sorted) > efficiency(as_given), "{sorted:?} {as_given:?}");
}

/// Texts of 3, 10 and 1 tokens, and two special ones each: 5, 12 and 3. 12 + 2 × 5 and two batches cost
/// less than 3 × 12 and one, or 20 and three. Of a budget of 5, the longest goes over it alone, and the
/// others do not fit together: 12 + 5 + 3.
#[test]
fn counts_are_what_was_done() {
    let texts = ["a b c", "a b c d e f g h i j", "a"];
    for (budget, batches, padded) in [(100, 2, 22), (24, 2, 22), (5, 3, 20)] {
        let params = EncoderParams::new().batch_tokens(budget);
        let encoder = super::open(&cloze_testkit::model("tiny"), params);
        super::encode(&encoder, &texts);
        let tokens = 3 + 10 + 1 + 3 * 2;
        let expected =
            EncodingCounts { texts: 3, windows: 3, batches, tokens, padded, truncated: 0, long: 0 };
        assert_eq!(encoder.counts(), expected, "budget {budget}");
        super::encode(&encoder, &["", ""]);
        assert_eq!(encoder.counts(), EncodingCounts { texts: 5, ..expected });
    }
}
