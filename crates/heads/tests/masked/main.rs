//! Words drawn from logits, from outside.
#![expect(clippy::unwrap_used, reason = "helpers of tests, too")]
use cloze_heads::HeadError;
use cloze_heads::masked::{SampleParams, ValidSampleParams};
use proptest::prelude::*;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng as _;

/// Probabilities 4/10, 3/10, 2/10, 1/10, out of order: ids 2, 0, 3, 1.
fn logits() -> [f32; 4] {
    [3.0, 1.0, 4.0, 2.0].map(f32::ln)
}

fn params() -> SampleParams {
    SampleParams::new().temperature(1.0)
}

/// Ids with their probabilities.
fn drawn_from(params: SampleParams, logits: &[f32], said: &[u32]) -> Vec<(u32, f64)> {
    let all = params.check().unwrap().distribution(logits, said, &[]).unwrap();
    all.into_iter().map(|guess| (guess.id, guess.probability)).collect()
}

#[track_caller]
fn assert_is(found: &[(u32, f64)], expected: &[(u32, f64)]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((id, p), (expected_id, expected_p)) in found.iter().zip(expected) {
        assert!(id == expected_id && (p - expected_p).abs() < 1e-6, "{found:?}: {expected:?}");
    }
}

/// τ = 2: weights √4, √3, √2, √1, of which the sum is 6.146264; τ = 1/2: 16, 9, 4, 1 of 30.
#[test]
fn temperature_is_softmax_of_the_quotient() {
    assert_is(&drawn_from(params(), &logits(), &[]), &[(2, 0.4), (0, 0.3), (3, 0.2), (1, 0.1)]);
    let roots = [4.0_f64, 3.0, 2.0, 1.0].map(|weight| weight.sqrt() / 6.146_264);
    let expected: Vec<(u32, f64)> = [2, 0, 3, 1].into_iter().zip(roots).collect();
    assert_is(&drawn_from(params().temperature(2.0), &logits(), &[]), &expected);
    let expected = [(2, 16.0 / 30.0), (0, 0.3), (3, 4.0 / 30.0), (1, 1.0 / 30.0)];
    assert_is(&drawn_from(params().temperature(0.5), &logits(), &[]), &expected);
}

/// Of two, 4 : 3. A k beyond the vocabulary changes nothing, and 1 is greedy.
#[test]
fn the_k_likeliest_stay() {
    let of = |k| drawn_from(params().top_k(Some(k)), &logits(), &[]);
    assert_is(&of(2), &[(2, 4.0 / 7.0), (0, 3.0 / 7.0)]);
    assert_is(&of(1), &[(2, 1.0)]);
    assert_eq!(of(5), drawn_from(params(), &logits(), &[]));
}

/// 0.4 + 0.3 reach 0.65, and 0.4 alone does not; of p = 0.01 one is left. After k = 3, 4/9 + 3/9
/// reach 0.75 of what is left, where 0.4 + 0.3 of all do not.
#[test]
fn the_fewest_that_make_up_p_stay() {
    let of = |p| drawn_from(params().top_p(p), &logits(), &[]);
    assert_is(&of(0.65), &[(2, 4.0 / 7.0), (0, 3.0 / 7.0)]);
    assert_is(&of(0.75), &[(2, 4.0 / 9.0), (0, 3.0 / 9.0), (3, 2.0 / 9.0)]);
    assert_is(&of(0.01), &[(2, 1.0)]);
    assert_eq!(of(1.0), drawn_from(params(), &logits(), &[]));
    let both = params().top_k(Some(3)).top_p(0.75);
    assert_is(&drawn_from(both, &logits(), &[]), &[(2, 4.0 / 7.0), (0, 3.0 / 7.0)]);
}

/// θ = 2: a logit of 2 becomes 1, one of −1 becomes −2, and 0 stays; said twice is said once.
/// Weights e¹, e⁰, e⁻² of 3.853617; without it e², e⁰, e⁻¹.
#[test]
fn the_penalty_takes_down_what_was_said() {
    let row = [2.0, 0.0, -1.0];
    let e = std::f64::consts::E;
    let sum = e + 1.0 + (-2.0_f64).exp();
    let expected = [(0, e / sum), (1, 1.0 / sum), (2, (-2.0_f64).exp() / sum)];
    assert_is(&drawn_from(params().repetition_penalty(2.0), &row, &[0, 2, 0]), &expected);
    let alone = drawn_from(params(), &row, &[]);
    assert_eq!(drawn_from(params(), &row, &[0, 2]), alone);
    assert_eq!(drawn_from(params().repetition_penalty(2.0), &row, &[]), alone);
}

/// τ = 0 and τ near 0 are the likeliest word; of equals it is the lower id at 0, and either near it.
#[test]
fn the_coldest_is_greedy() {
    for temperature in [0.0, f64::MIN_POSITIVE, 5e-324] {
        assert_is(&drawn_from(params().temperature(temperature), &logits(), &[]), &[(2, 1.0)]);
    }
    assert_is(&drawn_from(params().temperature(0.0), &[1.0, 1.0], &[]), &[(0, 1.0)]);
    assert_is(&drawn_from(params().temperature(5e-324), &[1.0, 1.0], &[]), &[(0, 0.5), (1, 0.5)]);
    // Hotter than anything: all the same.
    let hot = drawn_from(params().temperature(f64::MAX), &logits(), &[]);
    assert!(hot.iter().all(|(_, p)| (p - 0.25).abs() < 1e-12), "{hot:?}");
}

#[test]
fn odd_logits_are_a_result_or_an_error() {
    let draw = |row: &[f32], never: &[u32]| {
        params().check().unwrap().draw(row, &[], never, &mut Pcg64::seed_from_u64(1))
    };
    // What cannot be is never drawn.
    let half = drawn_from(params(), &[0.0, f32::NEG_INFINITY, 0.0], &[1]);
    assert_is(&half, &[(0, 0.5), (2, 0.5)]);
    assert_eq!(draw(&[9.0, 0.0], &[0]).unwrap(), 1);
    for (row, at) in [(&[f32::NAN, 0.0][..], 0), (&[0.0, f32::INFINITY], 1)] {
        let error = draw(row, &[]).unwrap_err();
        assert!(matches!(error, HeadError::NotFinite { index, .. } if index == at), "{error}");
    }
    for (row, never) in [(&[][..], &[][..]), (&[f32::NEG_INFINITY; 3], &[]), (&[0.0], &[0])] {
        assert!(matches!(draw(row, never), Err(HeadError::NoChoice)), "{row:?}");
    }
    assert!(matches!(draw(&[0.0], &[1]), Err(HeadError::Id { found: 1, vocabulary: 1 })));
    let equal = drawn_from(params(), &[3.0; 4], &[]);
    assert_is(&equal, &[(0, 0.25), (1, 0.25), (2, 0.25), (3, 0.25)]);
    let equal = drawn_from(params().top_k(Some(2)), &[3.0; 4], &[]);
    assert_is(&equal, &[(0, 0.5), (1, 0.5)]);
}

#[test]
fn settings_at_their_edges() {
    let ok = |params: SampleParams| params.check().is_ok();
    let p = SampleParams::new;
    assert!(ok(p()) && ok(p().temperature(0.0)) && ok(p().temperature(f64::MAX)));
    for wrong in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(!ok(p().temperature(wrong)), "{wrong}");
    }
    assert!(!ok(p().top_k(Some(0))) && ok(p().top_k(Some(1))) && ok(p().top_k(Some(usize::MAX))));
    assert!(ok(p().top_p(1.0)) && ok(p().top_p(f64::MIN_POSITIVE)));
    for wrong in [0.0, -1.0, 1.000_001, f64::NAN, f64::INFINITY] {
        assert!(!ok(p().top_p(wrong)), "{wrong}");
    }
    assert!(ok(p().repetition_penalty(0.5)) && ok(p().repetition_penalty(1e300)));
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(!ok(p().repetition_penalty(wrong)), "{wrong}");
    }
    let error = p().top_p(0.0).check().unwrap_err().to_string();
    assert_eq!(error, "top-p is 0: expected more than 0, up to 1");
}

/// Distance of 20,000 draws from their distribution: Pearson's χ² = Σ (n − Np)² / Np.
fn chi_square(params: &ValidSampleParams, logits: &[f32], seed: u64) -> f64 {
    let draws = 20_000_u32;
    let mut random = Pcg64::seed_from_u64(seed);
    let mut counts = vec![0_u32; logits.len()];
    for _ in 0..draws {
        counts[params.draw(logits, &[], &[], &mut random).unwrap() as usize] += 1;
    }
    let all = params.distribution(logits, &[], &[]).unwrap();
    let kept: u32 = all.iter().map(|guess| counts[guess.id as usize]).sum();
    assert_eq!(kept, draws, "something was drawn that cannot be");
    let term = |(id, p): (u32, f64)| {
        let expected = p * f64::from(draws);
        (f64::from(counts[id as usize]) - expected).powi(2) / expected
    };
    all.into_iter().map(|guess| term((guess.id, guess.probability))).sum()
}

/// Of 7 degrees of freedom 24.3 is passed by one of a thousand; of 2, 13.8.
#[test]
fn draws_are_as_frequent_as_they_are_likely() {
    let logits = [0.3, -1.0, 2.0, 0.0, 1.1, -0.4, 0.7, 1.9];
    for seed in 0..5 {
        for temperature in [0.5, 1.0, 3.0] {
            let params = params().temperature(temperature).check().unwrap();
            let found = chi_square(&params, &logits, seed);
            assert!(found < 24.3, "seed {seed}, temperature {temperature}: {found}");
        }
        let three = params().top_k(Some(3)).check().unwrap();
        let found = chi_square(&three, &logits, seed);
        assert!(found < 13.8, "seed {seed}, three: {found}");
        let nucleus = params().top_p(0.7).check().unwrap();
        let kept = nucleus.distribution(&logits, &[], &[]).unwrap().len();
        assert_eq!(kept, 3);
        let found = chi_square(&nucleus, &logits, seed);
        assert!(found < 13.8, "seed {seed}, nucleus: {found}");
    }
}

proptest! {
    /// Whatever goes in, there is an error or a distribution; a word that is drawn is in it.
    #[test]
    fn no_logits_and_settings_panic(
        logits in prop::collection::vec(
            prop_oneof![
                5 => -5.0..5.0_f32,
                1 => prop::num::f32::ANY,
                1 => Just(f32::NEG_INFINITY),
            ],
            0..20,
        ),
        temperature in prop_oneof![Just(0.0), 0.0..3.0, prop::num::f64::POSITIVE],
        k in prop::option::of(1..30_usize),
        p in 0.01..=1.0,
        penalty in prop_oneof![0.1..3.0, prop::num::f64::POSITIVE],
        said in prop::collection::vec(0..20_u32, 0..5),
        never in prop::collection::vec(0..20_u32, 0..5),
        seed in any::<u64>(),
    ) {
        let params = SampleParams::new().temperature(temperature).top_k(k).top_p(p);
        let Ok(params) = params.repetition_penalty(penalty).check() else { return Ok(()) };
        let Ok(all) = params.distribution(&logits, &said, &never) else { return Ok(()) };
        let sum: f64 = all.iter().map(|guess| guess.probability).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
        prop_assert!(all.iter().all(|g| g.probability > 0.0 && !never.contains(&g.id)));
        prop_assert!(all.is_sorted_by(|a, b| a.probability >= b.probability));
        prop_assert!(all.len() <= k.unwrap_or(20));
        let mut random = Pcg64::seed_from_u64(seed);
        let drawn = params.draw(&logits, &said, &never, &mut random).unwrap();
        prop_assert!(all.iter().any(|guess| guess.id == drawn));
    }
}
