//! Token rows and windows to one vector.
use cloze_embed::{EmbedError, Pooling, PoolingConfig, Poolings};
use cloze_testkit::assert_close;
use proptest::prelude::*;

use crate::chain;

fn pool(pooling: Pooling, rows: &[f32], width: usize) -> Vec<f32> {
    Poolings::from(pooling).pool(rows, width).expect("whole rows")
}

/// Rows (1, 8), (3, −2), (5, −6), (7, 4): sums 16 and 4; weighted 1 + 6 + 15 + 28 = 50 and
/// 8 − 4 − 18 + 16 = 2 over 1 + 2 + 3 + 4 = 10.
#[test]
fn each_mode_by_hand() {
    let rows = [1.0, 8.0, 3.0, -2.0, 5.0, -6.0, 7.0, 4.0];
    for (pooling, expected) in [
        (Pooling::Cls, [1.0, 8.0]),
        (Pooling::Mean, [4.0, 1.0]),
        (Pooling::Max, [7.0, 8.0]),
        (Pooling::MeanSqrtLen, [8.0, 2.0]),
        (Pooling::WeightedMean, [5.0, 0.2]),
        (Pooling::LastToken, [7.0, 4.0]),
    ] {
        assert_eq!(pool(pooling, &rows, 2), expected, "{pooling}");
        assert_eq!(pool(pooling, &[], 2), [0.0, 0.0], "{pooling} of nothing");
        assert_eq!(Pooling::parse(pooling.name()).unwrap(), pooling);
        let json = serde_json::to_string(&pooling).unwrap();
        assert_eq!(json, format!("{:?}", pooling.name()));
    }
}

#[test]
fn several_are_joined_in_their_order() {
    let poolings = Poolings::parse("max, cls").unwrap();
    assert_eq!(poolings.width_out(2), 4);
    assert_eq!(poolings.to_string(), "max,cls");
    assert_eq!(poolings.pool(&[1.0, 2.0, 3.0, 0.0], 2).unwrap(), [3.0, 2.0, 1.0, 2.0]);
    let json = serde_json::to_string(&poolings).unwrap();
    assert_eq!(json, r#""max,cls""#);
    assert_eq!(serde_json::from_str::<Poolings>(&json).unwrap(), poolings);
    assert!(serde_json::from_str::<Poolings>(r#""""#).is_err());
    assert!(matches!(Poolings::new(vec![]), Err(EmbedError::NoPooling)));
}

#[test]
fn names_and_shapes_that_do_not_fit() {
    assert_eq!(
        Poolings::parse("mean,avg").unwrap_err().to_string(),
        r#"no pooling "avg"; there are cls, max, mean, mean-sqrt-len, weighted-mean, last-token"#
    );
    for pooling in Pooling::ALL {
        for (rows, width) in [(&[1.0, 2.0, 3.0][..], 2), (&[1.0], 0), (&[], 0)] {
            let mut out = vec![9.0];
            let error = pooling.pool(rows, width, &mut out).unwrap_err();
            assert!(matches!(error, EmbedError::Rows { .. }), "{error}");
            assert_eq!(out, [9.0]);
        }
    }
}

/// A model that went wrong is seen, not hidden.
#[test]
fn a_nan_stays_one() {
    let rows = [f32::NAN, 1.0, 2.0, 3.0];
    for pooling in Pooling::ALL {
        let found = pool(pooling, &rows, 2);
        assert_eq!(found[0].is_nan(), pooling != Pooling::LastToken, "{pooling}");
        assert!(!found[1].is_nan(), "{pooling}");
    }
    assert!(pool(Pooling::Max, &[2.0, f32::NAN, 3.0], 1)[0].is_nan());
}

/// Sums of f32 in f32 would lose the ones: 2²⁴ + 1 = 2²⁴.
#[test]
fn sums_are_wide() {
    let rows = [16_777_216.0, 1.0, 1.0, -16_777_216.0];
    assert_eq!(pool(Pooling::Mean, &rows, 1), [0.5]);
    // 1 · 2²⁴ + 2 + 3 − 4 · 2²⁴ over 10.
    assert_close(&pool(Pooling::WeightedMean, &rows, 1), &[-5_033_164.3], 0.0, f32::EPSILON);
}

/// 3 tokens of (1, 5) and 1 of (9, −3), and a window without any: means 12 / 4 and 12 / 4.
#[test]
fn windows_by_hand() {
    let windows = [(vec![1.0, 5.0], 3), (vec![9.0, -3.0], 1), (vec![0.0, 99.0], 0)];
    for (pooling, expected) in [
        (Pooling::Cls, [3.0, 3.0]),
        (Pooling::Mean, [3.0, 3.0]),
        (Pooling::Max, [9.0, 5.0]),
        (Pooling::MeanSqrtLen, [3.0, 3.0]),
        (Pooling::WeightedMean, [3.0, 3.0]),
        (Pooling::LastToken, [9.0, -3.0]),
    ] {
        assert_eq!(pooling.combine(&windows).unwrap(), expected, "{pooling}");
        assert_eq!(pooling.combine(&windows[2..]).unwrap(), [0.0, 99.0], "a single one");
        let none = [(vec![3.0], 0), (vec![4.0], 0)];
        assert_eq!(pooling.combine(&none).unwrap(), [0.0], "none counts");
        assert_eq!(pooling.combine::<Vec<f32>>(&[]).unwrap(), [0.0; 0]);
        let error = pooling.combine(&[(vec![1.0], 1), (vec![], 1)]).unwrap_err();
        assert!(matches!(error, EmbedError::Width { expected: 1, found: 0 }), "{error}");
    }
    let both = Poolings::parse("max,mean").unwrap();
    assert_eq!(both.combine(&windows).unwrap(), [9.0, 3.0]);
    let error = both.combine(&[(vec![1.0; 3], 1)]).unwrap_err();
    assert!(matches!(error, EmbedError::Rows { .. }), "{error}");
    assert_eq!(both.combine::<&[f32]>(&[]).unwrap(), [0.0; 0]);
}

#[test]
fn a_single_window_is_untouched() {
    let odd = [-0.0, f32::MIN_POSITIVE / 3.0, f32::MAX, 0.1];
    for pooling in Pooling::ALL {
        for windows in [&[(odd, 7)][..], &[(odd, 7), ([1.0; 4], 0)]] {
            let found = pooling.combine(windows).unwrap();
            assert_eq!(found.map_bits(), odd.to_vec().map_bits(), "{pooling}");
        }
    }
}

trait MapBits {
    fn map_bits(&self) -> Vec<u32>;
}

impl MapBits for Vec<f32> {
    fn map_bits(&self) -> Vec<u32> {
        self.iter().map(|x| x.to_bits()).collect()
    }
}

#[test]
fn configurations() {
    let mean = Poolings::from(Pooling::Mean);
    for (json, expected) in [
        ("{}", PoolingConfig { poolings: mean.clone(), width: None, include_prompt: true }),
        (
            r#"{"word_embedding_dimension":8,"include_prompt":false,"pooling_mode_mean_tokens":true,
                "pooling_mode_new":false,"other":"pooling_mode_max_tokens"}"#,
            PoolingConfig { poolings: mean.clone(), width: Some(8), include_prompt: false },
        ),
        (
            r#"{"pooling_mode_max_tokens":true,"pooling_mode":["lasttoken","cls"]}"#,
            PoolingConfig {
                poolings: Poolings::new(vec![Pooling::LastToken, Pooling::Cls]).unwrap(),
                width: None,
                include_prompt: true,
            },
        ),
    ] {
        assert_eq!(PoolingConfig::parse(json).unwrap(), expected, "{json}");
    }
    let known = "cls, max, mean, mean_sqrt_len_tokens, weightedmean, lasttoken";
    for (json, expected) in [
        ("", "not the JSON of a pooling configuration: EOF".to_owned()),
        ("[]", "not the JSON of a pooling configuration: invalid type: sequence".to_owned()),
        (r#"{"pooling_mode_cls_token":1}"#, "not the JSON of a pooling configuration: ".to_owned()),
        (
            r#"{"pooling_mode_min_tokens":true}"#,
            r#"pooling mode "pooling_mode_min_tokens" is on, which is not known; there are "#
                .to_owned(),
        ),
        (r#"{"pooling_mode":"min"}"#, format!("no pooling_mode \"min\"; there are {known}")),
        (r#"{"pooling_mode":[]}"#, "no pooling is given".to_owned()),
        (r#"{"pooling_mode":7}"#, "not the JSON of a pooling configuration: ".to_owned()),
        (
            r#"{"embedding_dimension":-1}"#,
            "not the JSON of a pooling configuration: invalid value".to_owned(),
        ),
    ] {
        let found = chain(&PoolingConfig::parse(json).unwrap_err());
        assert!(found.starts_with(&expected), "{json}: {found}");
    }
}

/// 1 to 6 rows of 1 to 3 numbers in quarters, so that sums are exact in any order.
fn rows() -> impl Strategy<Value = (usize, Vec<f32>)> {
    (1..4_usize, 1..7_usize).prop_flat_map(|(width, tokens)| {
        let number = (-20..=20_i16).prop_map(|x| f32::from(x) / 4.0);
        (Just(width), prop::collection::vec(number, width * tokens))
    })
}

proptest! {
    /// Each number by itself, along its column.
    #[test]
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]
    fn pooling_is_what_it_says((width, rows) in rows()) {
        for pooling in Pooling::ALL {
            let found = pool(pooling, &rows, width);
            prop_assert_eq!(found.len(), width);
            for (d, found) in found.into_iter().enumerate() {
                let column: Vec<f64> = rows[d..].iter().step_by(width).map(|x| f64::from(*x)).collect();
                let (n, sum) = (column.len() as f64, column.iter().sum::<f64>());
                let expected = match pooling {
                    Pooling::Cls => column[0],
                    Pooling::Mean => sum / n,
                    Pooling::Max => column.iter().copied().fold(f64::MIN, f64::max),
                    Pooling::MeanSqrtLen => sum / n.sqrt(),
                    Pooling::WeightedMean => {
                        // Each row as often as its place says.
                        let often = column.iter().enumerate().flat_map(|(i, x)| vec![*x; i + 1]);
                        let often: Vec<f64> = often.collect();
                        often.iter().sum::<f64>() / often.len() as f64
                    }
                    Pooling::LastToken => column[column.len() - 1],
                };
                prop_assert_eq!(found.to_bits(), (expected as f32).to_bits(), "{} {}", pooling, d);
            }
        }
    }

    /// Windows cut anywhere give what the whole text gives, where the mode allows that.
    #[test]
    fn windows_are_the_whole((width, rows) in rows(), cut in 0..7_usize) {
        let cut = cut * width % (rows.len() + width);
        let parts = [&rows[..cut], &rows[cut..]];
        for pooling in [Pooling::Mean, Pooling::Max, Pooling::LastToken] {
            let windows = parts.map(|part| (pool(pooling, part, width), part.len() / width));
            let found = pooling.combine(&windows).unwrap();
            for (f, e) in found.iter().zip(pool(pooling, &rows, width)) {
                // Rounded once more, to f32, for each window.
                prop_assert!((f - e).abs() <= 2e-6, "{} at {}: {} is not {}", pooling, cut, f, e);
            }
        }
    }

    #[test]
    fn any_text_is_a_configuration_or_an_error(text in r#"[{}\[\]":,a-z_]{0,40}"#) {
        let _ = PoolingConfig::parse(&text);
        let _ = Poolings::parse(&text);
    }
}
