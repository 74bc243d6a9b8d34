//! Texts and pairs of texts as rows of numbers for a head: how they are made, kept beside the head.
use cloze_embed::{EmbedError, Layers, Poolings};
use cloze_encoder::PairCut;
use serde::{Deserialize, Serialize};

use crate::sentence::SentenceEncoderBuilder;
use crate::{Error, ModelRef, SentenceEncoder, States};

/// A text, or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Input<'t> {
    /// The text, or a pair's first.
    pub text: &'t str,
    /// A pair's second text.
    pub second: Option<&'t str>,
}

impl<'t> Input<'t> {
    /// A text.
    #[must_use]
    pub fn text(text: &'t str) -> Self {
        Self { text, second: None }
    }

    /// Whether the text has nothing but white space, or one of a pair.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty() || self.second.is_some_and(|text| text.trim().is_empty())
    }

    /// A pair of texts.
    #[must_use]
    pub fn pair(text: &'t str, second: &'t str) -> Self {
        Self { text, second: Some(second) }
    }

    /// Texts of the input: one or two.
    #[must_use]
    pub fn texts(self) -> Vec<&'t str> {
        [self.text].into_iter().chain(self.second).collect()
    }
}

/// Rows made of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairRows {
    /// Both texts in one sequence, so that each is seen with the other: `[hidden]` a pooling. A pair
    /// that is too long is cut.
    Cross(PairCut),
    /// Each text by itself, `u ‖ v`, `[2 · hidden]` a pooling; long ones go through several windows.
    Separate,
}

/// Settings of making rows: hidden states, pooled. Modules of the folder behind the pooling, which are
/// for comparing vectors, are left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RowParams {
    /// Pooling of token rows.
    pub pooling: Poolings,
    /// Hidden states to average.
    pub layers: Layers,
    /// Prompt before every text.
    #[serde(default)]
    pub prompt: String,
    /// Whether of a long text only the beginning is seen.
    #[serde(default)]
    pub truncate: bool,
    /// Rows made of a pair; `None` if rows are of single texts.
    #[serde(default)]
    pub pairs: Option<PairRows>,
}

impl RowParams {
    /// Settings of an encoder for such rows; how much work is done at once is left to set.
    #[must_use]
    pub fn builder(&self, model: impl Into<ModelRef>) -> SentenceEncoderBuilder {
        SentenceEncoder::builder(model)
            .pooling(self.pooling.clone())
            .states(States::Layers(self.layers.clone()))
            .prompt(self.prompt.clone())
            .without_modules()
            .truncate(self.truncate)
    }

    /// The rows of these inputs, by an encoder that was opened by its [`builder`](Self::builder).
    ///
    /// # Errors
    /// As [`input_rows`].
    pub fn rows(
        &self,
        encoder: &SentenceEncoder,
        inputs: &[Input<'_>],
    ) -> Result<Vec<Vec<f32>>, Error> {
        input_rows(encoder, self.pairs, inputs)
    }
}

/// The rows of these inputs, `[poolings · hidden]` each, or twice that for texts of pairs apart;
/// neither corrected nor brought to length 1.
///
/// # Errors
/// [`Error::Conflict`] for a pair where single texts are expected, and the other way round; else as
/// [`SentenceEncoder::pool`] and [`SentenceEncoder::pool_pairs`].
pub fn input_rows(
    encoder: &SentenceEncoder,
    pairs: Option<PairRows>,
    inputs: &[Input<'_>],
) -> Result<Vec<Vec<f32>>, Error> {
    let Some(pairs) = pairs else {
        if inputs.iter().any(|input| input.second.is_some()) {
            return Err(Error::Conflict("expected single texts, found a pair"));
        }
        let texts: Vec<&str> = inputs.iter().map(|input| input.text).collect();
        return encoder.pool(&texts);
    };
    let inputs = inputs.iter().map(|input| {
        let alone = Error::Conflict("expected pairs of texts, found a single one");
        Ok((input.text, input.second.ok_or(alone)?))
    });
    let inputs = inputs.collect::<Result<Vec<_>, Error>>()?;
    match pairs {
        PairRows::Cross(cut) => encoder.pool_pairs(&inputs, cut),
        PairRows::Separate => {
            // Together, so that texts of one length meet in a batch.
            let texts: Vec<&str> =
                inputs.iter().flat_map(|&(first, second)| [first, second]).collect();
            let rows = encoder.pool(&texts)?;
            Ok(rows.chunks_exact(2).map(<[Vec<f32>]>::concat).collect())
        }
    }
}

/// Refuses a row with a number that is not finite: heads are fitted on numbers alone, and such a row costs
/// its example, not the whole fit.
///
/// # Errors
/// [`Error::Embed`] with the first such number.
pub fn check_finite(row: &[f32]) -> Result<(), Error> {
    match row.iter().position(|x| !x.is_finite()) {
        Some(dim) => Err(EmbedError::NotFinite { dim, value: row[dim] }.into()),
        None => Ok(()),
    }
}
