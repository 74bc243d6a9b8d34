//! A batch is its examples.
use cloze_checkpoint::family::{BERT, ELECTRA};
use cloze_testkit::Random;
use cloze_tune::task::{
    CosineTask, CrfTask, LabelledExample, ScoredExample, SequenceParams, TaggedExample, Task,
    TaskPooling, TokenTask,
};
use cloze_tune::{Hidden, Parameters, TrainingSequence};
use proptest::prelude::*;

use crate::numeric::{dense, hidden, text};

const WIDTH: usize = 3;
const LABELS: usize = 3;

/// The loss, and all gradients: of the hidden states, then of the parameters.
fn learned<T: Task>(
    task: &T,
    parameters: &mut Parameters,
    examples: &[&T::Example],
    hidden: &Hidden,
) -> (f64, Vec<f32>, Vec<f32>) {
    parameters.clear_gradients();
    let mut gradient = hidden.clone();
    gradient.rows_mut().fill(0.0);
    let with = Some((&mut gradient, 1.0));
    let loss = task.loss(parameters, examples, hidden, None, with).unwrap();
    let own = parameters.list().iter().flat_map(|p| p.gradient.clone()).collect();
    (loss, gradient.rows().to_vec(), own)
}

fn is_its_examples<T: Task>(
    task: &T,
    parameters: &mut Parameters,
    examples: &[T::Example],
    random: &mut Random,
) -> Result<(), TestCaseError> {
    let lengths = |example| task.sequences(example).into_iter().map(TrainingSequence::len);
    let all: Vec<usize> = examples.iter().flat_map(lengths).collect();
    let whole = hidden(&all, WIDTH, random);
    let expected = learned(task, parameters, &examples.iter().collect::<Vec<_>>(), &whole);
    let (mut loss, mut rows, mut own) = (0.0, vec![], vec![0.0; expected.2.len()]);
    for example in examples {
        let mut one = Hidden::zeros(WIDTH, lengths(example));
        let values = &whole.rows()[rows.len()..rows.len() + one.rows().len()];
        one.rows_mut().copy_from_slice(values);
        let found = learned(task, parameters, &[example], &one);
        loss += found.0;
        rows.extend(found.1);
        own.iter_mut().zip(found.2).for_each(|(sum, x)| *sum += x);
    }
    prop_assert!((loss - expected.0).abs() < 1e-5, "{loss}, in a batch {}", expected.0);
    for (found, expected) in [(rows, expected.1), (own, expected.2)] {
        prop_assert_eq!(found.len(), expected.len());
        for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
            prop_assert!((f - e).abs() < 1e-5, "{i}: {f}, in a batch {e}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_batch_is_its_examples(
        // Whether each token is a word, and its label.
        texts in prop::collection::vec(
            prop::collection::vec((any::<bool>(), 0..LABELS), 1..5), 0..5,
        ),
        seed in 0..1000_u64,
    ) {
        let mut random = Random::new(seed);
        let mut parameters = Parameters::default();
        let inner = dense(&mut parameters, "pooler.dense", WIDTH, WIDTH, &mut random);
        let classifier = dense(&mut parameters, "classifier", WIDTH, LABELS, &mut random);
        let places = |t: &[(bool, usize)]| {
            t.iter().enumerate().filter(|(_, w)| w.0).map(|(i, w)| (i, w.1)).collect()
        };
        let tagged: Vec<_> = texts
            .iter()
            .map(|t| TaggedExample { sequence: text(t.len()), places: places(t) })
            .collect();
        is_its_examples(&TokenTask::new(classifier), &mut parameters, &tagged, &mut random)?;
        let crf = CrfTask::add(&mut parameters, classifier, None).unwrap();
        is_its_examples(&crf, &mut parameters, &tagged, &mut random)?;

        let labelled: Vec<_> = texts
            .iter()
            .map(|t| LabelledExample { sequence: text(t.len()), labels: vec![t[0].1] })
            .collect();
        for family in [&BERT, &ELECTRA] {
            for several in [false, true] {
                let params = SequenceParams::default().multi_label(several);
                let task = params.check(family, inner, classifier).unwrap();
                is_its_examples(&task, &mut parameters, &labelled, &mut random)?;
            }
        }

        let pairs: Vec<_> = texts
            .iter()
            .map(|t| ScoredExample { first: text(t.len()), second: text(t[0].1 + 1), score: 0.5 })
            .collect();
        for pool in [TaskPooling::Mean, TaskPooling::Cls] {
            is_its_examples(&CosineTask::new(pool), &mut parameters, &pairs, &mut random)?;
        }
    }
}
