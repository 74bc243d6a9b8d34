//! Vectors as near to each other as somebody says.
//! Source: Reimers & Gurevych, EMNLP 2019; `CosineSimilarityLoss` of sentence-transformers 6.2.
use super::Task;
use super::pool::{TaskPooling, Vectors};
use super::rows::check;
use crate::encoder::DropoutAt;
use crate::{Hidden, Parameters, TrainingSequence, TuneError};

/// Two texts and how alike they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoredExample {
    /// One text.
    pub first: TrainingSequence,
    /// The other.
    pub second: TrainingSequence,
    /// Target cosine: 0 to 1.
    pub score: f32,
}

/// The squared difference of the cosine of two texts' vectors and their score. It has no parameters
/// of its own, and no dropout.
#[derive(Clone, Copy, Debug, Default)]
pub struct CosineTask {
    pool: TaskPooling,
}

impl CosineTask {
    /// With vectors made so.
    #[must_use]
    pub fn new(pool: TaskPooling) -> Self {
        Self { pool }
    }

    /// The cosines of pairs, from the hidden states of their texts: first, second, first, second.
    ///
    /// # Errors
    /// [`TuneError::Sequence`] for an odd number of texts, or an empty one.
    pub fn predict(&self, hidden: &Hidden) -> Result<Vec<f64>, TuneError> {
        let count = hidden.len();
        if let Some(sequence) = (0..count).find(|&i| hidden.range(i).is_empty()) {
            return Err(TuneError::Sequence { sequence, what: "no tokens".into() });
        }
        if !count.is_multiple_of(2) {
            let what = "the first text of a pair without the second".into();
            return Err(TuneError::Sequence { sequence: count - 1, what });
        }
        let vectors = Vectors::of(hidden, self.pool);
        Ok((0..count / 2).map(|pair| cosine(&vectors, pair)).collect())
    }
}

fn cosine(vectors: &Vectors, pair: usize) -> f64 {
    let both = vectors.unit(2 * pair).iter().zip(vectors.unit(2 * pair + 1));
    both.map(|(a, b)| a * b).sum()
}

impl Task for CosineTask {
    type Example = ScoredExample;

    fn sequences<'e>(&self, example: &'e ScoredExample) -> Vec<&'e TrainingSequence> {
        vec![&example.first, &example.second]
    }

    fn weight(&self, _example: &ScoredExample) -> f64 {
        1.0
    }

    fn loss(
        &self,
        _parameters: &mut Parameters,
        examples: &[&ScoredExample],
        hidden: &Hidden,
        _dropout: Option<DropoutAt>,
        mut gradient: Option<(&mut Hidden, f32)>,
    ) -> Result<f64, TuneError> {
        check(examples.iter().flat_map(|e| self.sequences(e)), hidden, hidden.width().max(1))?;
        for (pair, example) in examples.iter().enumerate() {
            if !(0.0..=1.0).contains(&example.score) {
                let what = format!("score {}, expected 0 to 1", example.score);
                return Err(TuneError::Sequence { sequence: 2 * pair, what });
            }
        }
        let vectors = Vectors::of(hidden, self.pool);
        let mut loss = 0.0;
        for (pair, example) in examples.iter().enumerate() {
            let off = cosine(&vectors, pair) - f64::from(example.score);
            loss += off * off;
            if let Some((into, scale)) = &mut gradient {
                let scale = 2.0 * off * f64::from(*scale);
                let (first, second) = (2 * pair, 2 * pair + 1);
                vectors.backward(first, vectors.unit(second), scale, into);
                vectors.backward(second, vectors.unit(first), scale, into);
            }
        }
        Ok(loss)
    }
}
