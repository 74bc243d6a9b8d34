//! Layers of an encoder that a vector is made of.
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::EmbedError;
use crate::pool::{as_f64, same_width, sum};

/// The hidden states that are averaged, element by element, before pooling. Number 0 is what the
/// embedding layer puts out, n what the last of n layers does; −1 is the last too, and so on
/// backwards.
///
/// As text, in files too:
/// - `-1`: the last layer, the default;
/// - `-1,-2,-3,-4`: the last four;
/// - `first+last`: the embeddings and the last layer, `0,-1`, as `avg_first_last` of `SimCSE` (Gao,
///   Yao & Chen, EMNLP 2021); what BERT-whitening (Su et al. 2021) calls so is `1,-1`;
/// - `all`: the embeddings and every layer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Layers(Choice);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Choice {
    All,
    /// At least one.
    These(Vec<i32>),
}

impl Default for Layers {
    fn default() -> Self {
        Self(Choice::These(vec![-1]))
    }
}

impl Layers {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`EmbedError::LayersText`] if it is invalid.
    pub fn parse(text: &str) -> Result<Self, EmbedError> {
        let bad = || EmbedError::LayersText { found: text.to_owned() };
        Ok(Self(match text.trim() {
            "all" => Choice::All,
            "first+last" => Choice::These(vec![0, -1]),
            numbers => {
                let parsed = numbers.split(',').map(|n| n.trim().parse().map_err(|_| bad()));
                Choice::These(parsed.collect::<Result<_, _>>()?)
            }
        }))
    }

    /// The numbers of the hidden states, from 0, in the order they are named in, of a model of
    /// `layer_count` layers, which has `layer_count + 1` hidden states.
    ///
    /// # Errors
    /// [`EmbedError::NoLayer`] for a number outside the model; [`EmbedError::LayerTwice`] where two
    /// mean the same layer.
    pub fn resolve(&self, layer_count: usize) -> Result<Vec<usize>, EmbedError> {
        let Choice::These(numbers) = &self.0 else {
            return Ok((0..=layer_count).collect());
        };
        let mut resolved = vec![];
        for &number in numbers {
            let distance = usize::try_from(number.unsigned_abs()).ok();
            let layer = if number < 0 {
                distance.and_then(|distance| (layer_count + 1).checked_sub(distance))
            } else {
                distance.filter(|layer| *layer <= layer_count)
            };
            let layer = layer.ok_or(EmbedError::NoLayer { found: number, layer_count })?;
            if resolved.contains(&layer) {
                return Err(EmbedError::LayerTwice { found: number });
            }
            resolved.push(layer);
        }
        Ok(resolved)
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Choice::All => f.write_str("all"),
            Choice::These(numbers) => {
                f.write_str(&numbers.iter().map(i32::to_string).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl TryFrom<String> for Layers {
    type Error = EmbedError;

    fn try_from(text: String) -> Result<Self, EmbedError> {
        Self::parse(&text)
    }
}

impl From<Layers> for String {
    fn from(layers: Layers) -> Self {
        layers.to_string()
    }
}

/// The mean of hidden states of one shape, element by element, summed in f64; a single one is
/// untouched, bit for bit. Of none it is empty.
///
/// # Errors
/// [`EmbedError::Width`] if one has not as many numbers as the first.
pub fn average(states: &[&[f32]]) -> Result<Vec<f32>, EmbedError> {
    let len = same_width(states.iter().copied())?;
    Ok(match states {
        [only] => only.to_vec(),
        _ => sum(states.iter().map(|state| (*state, 1.0)), len, as_f64(states.len())),
    })
}
