//! Case, clipping, and that neither depends on pieces or threads.
use cloze_testkit::{Random, assert_close};
use cloze_tune::training::{AdamMoments, AdamW, clipping, gradient_norm};
use cloze_tune::{Parameter, Parameters};
use proptest::prelude::*;

use crate::reference::{Case, reference};

fn parameter<'a>(parameters: &'a mut Parameters, name: &str) -> &'a mut Parameter {
    parameters.list_mut().iter_mut().find(|p| p.name == name).expect("it was added")
}

/// The largest difference from `PyTorch`'s f64 is one of rounding in f32.
#[test]
fn steps_are_those_of_pytorch() {
    let reference = reference();
    assert_eq!(reference.adamw.len(), 3);
    for Case { beta1, beta2, epsilon, decay, clip, rates, start, steps } in reference.adamw {
        let mut parameters = Parameters::default();
        let [weight, bias] = start;
        // A frozen one between them: places among all are not places among the trained ones.
        parameters.add("weight", &[3, 5], weight, true);
        parameters.add_frozen("frozen", &[2], vec![7.0, 8.0]);
        parameters.add("bias", &[4], bias, false);
        let mut moments = AdamMoments::new(&parameters);
        assert_eq!((moments.first.len(), moments.second.len()), (19, 19));
        let adamw = AdamW { beta1, beta2, epsilon, decay };
        for step in steps {
            let [weight, bias] = step.gradients;
            parameter(&mut parameters, "weight").gradient = weight;
            parameter(&mut parameters, "bias").gradient = bias;
            let norm = gradient_norm(&parameters);
            assert!((norm - step.norm).abs() < 1e-12 * step.norm, "{norm} {}", step.norm);
            adamw.step(&mut parameters, &mut moments, clipping(norm, clip), |place| {
                rates[place.min(1)]
            });
            let [weight, bias] = step.values;
            assert_close(&parameter(&mut parameters, "weight").value, &weight, 5e-7, 5e-7);
            assert_close(&parameter(&mut parameters, "bias").value, &bias, 5e-7, 5e-7);
            assert!(parameters.list().iter().all(|p| p.gradient.iter().all(|&g| g == 0.0)));
        }
        assert_eq!(parameter(&mut parameters, "frozen").value, [7.0, 8.0]);
        assert_eq!(moments.steps, 12);
    }
}

/// Gradients (3, 0) and (4): 5 long. To be 2.5 long, all halve but for 1e-6 in 5; to be 6 long, none
/// changes.
#[test]
fn clipping_is_by_the_length_of_all_gradients_together() {
    let mut parameters = Parameters::default();
    parameters.add("a", &[2], vec![0.0; 2], true);
    parameters.add("b", &[1], vec![0.0], true);
    parameter(&mut parameters, "a").gradient = vec![3.0, 0.0];
    parameter(&mut parameters, "b").gradient = vec![-4.0];
    let norm = gradient_norm(&parameters);
    assert!((norm - 5.0).abs() < 1e-15);
    assert_close(&[clipping(norm, 2.5), clipping(norm, 6.0)], &[0.5, 1.0], 1e-6, 0.0);
    assert_close(&[clipping(0.0, 2.5)], &[1.0], 0.0, 0.0);
}

#[test]
fn a_gradient_of_large_numbers_has_a_length() {
    let mut parameters = Parameters::default();
    parameters.add("a", &[4], vec![0.0; 4], true);
    parameter(&mut parameters, "a").gradient = vec![3e38; 4];
    let norm = gradient_norm(&parameters);
    assert!((norm / 6e38 - 1.0).abs() < 1e-6, "{norm}");
    parameter(&mut parameters, "a").gradient[2] = f32::NAN;
    assert!(gradient_norm(&parameters).is_nan());
}

/// `len` numbers as parameters of these lengths, after three steps; and their gradients' length.
fn stepped(lengths: &[usize], threads: usize) -> (Vec<f32>, f64) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (mut random, mut norm) = (Random::new(3), 0.0);
    let mut number = || random.unit() as f32 - 0.5;
    let mut parameters = Parameters::default();
    for (i, &length) in lengths.iter().enumerate() {
        let value = (0..length).map(|_| number()).collect();
        parameters.add(i.to_string(), &[length], value, true);
    }
    let mut moments = AdamMoments::new(&parameters);
    for _ in 0..3 {
        for parameter in parameters.list_mut() {
            parameter.gradient.iter_mut().for_each(|g| *g = number());
        }
        pool.install(|| {
            norm = gradient_norm(&parameters);
            AdamW::default().step(&mut parameters, &mut moments, 1.0, |_| 0.01);
        });
    }
    (parameters.list().iter().flat_map(|p| p.value.clone()).collect(), norm)
}

#[test]
fn threads_change_no_bit() {
    let lengths = [20_000, 1, 8192, 8193];
    let (one, three) = (stepped(&lengths, 1), stepped(&lengths, 3));
    assert_eq!(one.0.len(), 36_386);
    assert!(one == three);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    /// Pieces end at other places, and every number is changed alike.
    #[test]
    fn a_parameter_in_two_is_the_same(cut in prop_oneof![0..20_000_usize, 8180..8200_usize]) {
        let (whole, whole_norm) = stepped(&[20_000], 2);
        let (halves, norm) = stepped(&[cut, 20_000 - cut], 2);
        prop_assert!(whole == halves);
        prop_assert!((whole_norm - norm).abs() < 1e-9);
    }
}
