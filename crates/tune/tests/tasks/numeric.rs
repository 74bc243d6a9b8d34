//! Gradients by central differences, and what they are tried on.
use cloze_testkit::{Random, assert_close};
use cloze_tune::encoder::DropoutAt;
use cloze_tune::task::{DenseLayer, Task};
use cloze_tune::{Hidden, Parameters, TrainingSequence};

/// `len` numbers from −1 to 1 in steps of 2⁻⁸, so that those a power of two beside them are numbers
/// of 32 bits, too.
#[expect(clippy::cast_precision_loss, reason = "small")]
pub(crate) fn numbers(random: &mut Random, len: usize) -> Vec<f32> {
    (0..len).map(|_| (random.below(513) as f32 - 256.0) / 256.0).collect()
}

pub(crate) fn dense(
    parameters: &mut Parameters,
    stem: &str,
    inputs: usize,
    outputs: usize,
    random: &mut Random,
) -> DenseLayer {
    let (weight, bias) = (numbers(random, inputs * outputs), numbers(random, outputs));
    DenseLayer::add(parameters, stem, inputs, weight, bias).unwrap()
}

pub(crate) fn text(tokens: usize) -> TrainingSequence {
    TrainingSequence { ids: vec![7; tokens], types: vec![] }
}

pub(crate) fn hidden(lengths: &[usize], width: usize, random: &mut Random) -> Hidden {
    let mut hidden = Hidden::zeros(width, lengths.iter().copied());
    let values = numbers(random, hidden.rows().len());
    hidden.rows_mut().copy_from_slice(&values);
    hidden
}

pub(crate) const DROPOUT: Option<DropoutAt> = Some(DropoutAt { seed: 3, rate: 0.25 });

/// Holds if every element of the gradient is what differences of the loss say. The loss of all
/// elements moved by `step` and twice that: an error of the order of step⁴ (Abramowitz & Stegun
/// 1964, 25.3.6).
#[track_caller]
pub(crate) fn check<T: Task>(
    task: &T,
    parameters: &mut Parameters,
    examples: &[T::Example],
    hidden: &Hidden,
    dropout: Option<DropoutAt>,
    step: f32,
    abs: f32,
) {
    const SCALE: f32 = 0.5;
    let examples: Vec<&T::Example> = examples.iter().collect();
    let mut gradient = hidden.clone();
    gradient.rows_mut().fill(0.0);
    // Gradients are added to what is there.
    for parameter in parameters.list_mut() {
        parameter.gradient.fill(1.0);
    }
    let with = Some((&mut gradient, SCALE));
    let loss = task.loss(parameters, &examples, hidden, dropout, with).unwrap();
    let again = task.loss(parameters, &examples, hidden, dropout, None).unwrap();
    assert_eq!(loss.to_bits(), again.to_bits(), "the loss depends on whether a gradient is asked");
    assert!(loss.is_finite() && loss > 0.0, "{loss}");

    let mut moved = hidden.clone();
    let expected: Vec<f32> = (0..hidden.rows().len())
        .map(|i| {
            slope(step, SCALE, |by| {
                moved.rows_mut()[i] = hidden.rows()[i] + by;
                let loss = task.loss(parameters, &examples, &moved, dropout, None).unwrap();
                moved.rows_mut()[i] = hidden.rows()[i];
                loss
            })
        })
        .collect();
    compare("hidden", gradient.rows(), &expected, abs);

    for p in 0..parameters.list().len() {
        let parameter = parameters.list()[p].clone();
        if !parameter.is_trained() {
            continue;
        }
        let expected: Vec<f32> = (0..parameter.value.len())
            .map(|i| {
                slope(step, SCALE, |by| {
                    parameters.list_mut()[p].value[i] = parameter.value[i] + by;
                    let loss = task.loss(parameters, &examples, hidden, dropout, None).unwrap();
                    parameters.list_mut()[p].value[i] = parameter.value[i];
                    loss
                })
            })
            .collect();
        let found: Vec<f32> = parameter.gradient.iter().map(|g| g - 1.0).collect();
        compare(&parameter.name, &found, &expected, abs);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "compared in f32")]
fn slope(step: f32, scale: f32, mut loss: impl FnMut(f32) -> f64) -> f32 {
    let near = loss(step) - loss(-step);
    let far = loss(2.0 * step) - loss(-2.0 * step);
    (f64::from(scale) * (8.0 * near - far) / (12.0 * f64::from(step))) as f32
}

#[track_caller]
fn compare(name: &str, found: &[f32], expected: &[f32], abs: f32) {
    let worst = found.iter().zip(expected).map(|(f, e)| (f - e).abs()).fold(0.0, f32::max);
    let largest = expected.iter().map(|e| e.abs()).fold(0.0, f32::max);
    println!("{name}: worst difference {worst:.1e} of numbers up to {largest:.1e}");
    assert!(largest > 1e-3, "{name}: a gradient of 0 shows nothing");
    assert_close(found, expected, abs, 0.0);
}
