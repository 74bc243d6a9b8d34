//! A decoder that learns to predict the next token.
use super::{CausalExample, DecoderTape, TrainableDecoder};
use crate::encoder::DropoutAt;
use crate::training::Learner;
use crate::{Parameters, TuneError};

/// A decoder with its parameters, as something that can be trained.
#[derive(Debug)]
pub struct CausalLearner {
    /// The decoder.
    pub decoder: TrainableDecoder,
    /// Parameters of the decoder.
    pub parameters: Parameters,
    tape: DecoderTape,
}

impl CausalLearner {
    /// Learner of a decoder that has added its `parameters`.
    #[must_use]
    pub fn new(decoder: TrainableDecoder, parameters: Parameters) -> Self {
        Self { decoder, parameters, tape: DecoderTape::default() }
    }
}

impl Learner for CausalLearner {
    type Example = CausalExample;

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn tokens(&self, example: &CausalExample) -> usize {
        example.predicted()
    }

    #[expect(clippy::cast_precision_loss, reason = "rows are short")]
    fn weight(&self, example: &CausalExample) -> f64 {
        example.predicted() as f64
    }

    fn accumulate(
        &mut self,
        examples: &[&CausalExample],
        scale: f32,
        dropout: DropoutAt,
    ) -> Result<f64, TuneError> {
        let Self { decoder, parameters, tape } = self;
        let texts = examples.iter().flat_map(|example| &example.texts);
        let texts: Vec<&[u32]> = texts.map(Vec::as_slice).collect();
        let dropout = Some(dropout).filter(|dropout| dropout.rate > 0.0);
        decoder.accumulate(parameters, &texts, scale, dropout, tape)
    }
}
