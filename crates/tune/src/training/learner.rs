//! Sources of a loss and its gradient.
use crate::encoder::{DropoutAt, Tape, TrainableEncoder};
use crate::random::derive;
use crate::task::Task;
use crate::{Hidden, Parameters, TuneError};

/// The part of a step's seed that examples are drawn by; dropout has small ones.
const DRAWN: u64 = u64::MAX;

/// Trainable parameters, and the gradient of a loss for examples.
pub trait Learner {
    /// A labelled text, or several.
    type Example: Sync;

    /// All parameters.
    fn parameters(&self) -> &Parameters;

    /// All parameters, to be changed.
    fn parameters_mut(&mut self) -> &mut Parameters;

    /// Index of the first head parameter (of a classifier): from it on parameters are new, and
    /// may have a learning rate of their own. The default says that there are none.
    fn head_start(&self) -> usize {
        usize::MAX
    }

    /// Number of tokens of an example, which memory is needed for.
    fn tokens(&self, example: &Self::Example) -> usize;

    /// Weight of an example, as [`Task::weight`].
    fn weight(&self, example: &Self::Example) -> f64;

    /// Whether the loss of a batch is the sum of its examples' losses, so that it can be worked out
    /// in parts; not where examples of a batch are compared with each other. The default says so.
    fn is_divisible(&self) -> bool {
        true
    }

    /// The loss of `examples`, summed; adds `scale` times its gradient to the parameters' gradients.
    /// Random draws and dropout are seeded by `dropout`. The same numbers for any number of
    /// threads.
    ///
    /// # Errors
    /// Errors of the learner, for an example that it has no use for.
    fn accumulate(
        &mut self,
        examples: &[&Self::Example],
        scale: f32,
        dropout: DropoutAt,
    ) -> Result<f64, TuneError>;
}

/// An encoder that learns a task.
#[derive(Debug)]
pub struct TaskLearner<T> {
    /// The encoder.
    pub encoder: TrainableEncoder,
    /// Task that it learns.
    pub task: T,
    /// The parameters of both.
    pub parameters: Parameters,
    /// As [`Learner::head_start`].
    pub head_start: usize,
    /// As [`Learner::is_divisible`].
    pub divisible: bool,
    tape: Tape,
}

impl<T: Task> TaskLearner<T> {
    /// Of an encoder and a task that have added their `parameters`, the encoder first; those from
    /// `head_start` on are the task's.
    #[must_use]
    pub fn new(
        encoder: TrainableEncoder,
        task: T,
        parameters: Parameters,
        head_start: usize,
    ) -> Self {
        Self { encoder, task, parameters, head_start, divisible: true, tape: Tape::default() }
    }

    /// For a task that compares the examples of a batch with each other: batches are not cut into
    /// parts.
    #[must_use]
    pub fn undivided(mut self) -> Self {
        self.divisible = false;
        self
    }
}

impl<T: Task> Learner for TaskLearner<T> {
    type Example = T::Example;

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn head_start(&self) -> usize {
        self.head_start
    }

    fn tokens(&self, example: &T::Example) -> usize {
        self.task.sequences(example).iter().map(|sequence| sequence.len()).sum()
    }

    fn weight(&self, example: &T::Example) -> f64 {
        self.task.weight(example)
    }

    fn is_divisible(&self) -> bool {
        self.divisible
    }

    fn accumulate(
        &mut self,
        examples: &[&T::Example],
        scale: f32,
        dropout: DropoutAt,
    ) -> Result<f64, TuneError> {
        let Self { encoder, task, parameters, tape, .. } = self;
        let seed = derive(dropout.seed, DRAWN);
        let dropout = Some(dropout).filter(|dropout| dropout.rate > 0.0);
        let drawn: Vec<_> =
            examples.iter().zip(0..).map(|(e, i)| task.draw(e, derive(seed, i))).collect();
        let examples = drawn.iter().zip(examples).map(|(drawn, e)| drawn.as_ref().unwrap_or(e));
        let examples: &[_] = &examples.collect::<Vec<_>>();
        let sequences: Vec<_> = examples.iter().flat_map(|e| task.sequences(e)).collect();
        let hidden = encoder.forward(parameters, &sequences, dropout, tape)?;
        let mut gradient =
            Hidden::zeros(hidden.width(), (0..hidden.len()).map(|i| hidden.range(i).len()));
        let into = Some((&mut gradient, scale));
        let loss = task.loss(parameters, examples, &hidden, dropout, into)?;
        encoder.backward(parameters, tape, &gradient);
        Ok(loss)
    }
}
