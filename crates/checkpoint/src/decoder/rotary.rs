//! Rotary position embeddings: the angles by which queries and keys are turned.
//!
//! Source: Su et al. 2021 (`RoFormer`); scaling as in transformers 5, `modeling_rope_utils.py`.
use std::f64::consts::TAU;

use serde_json::Value;

/// Angles of rotation.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotary {
    /// Base of the frequencies, θ.
    pub theta: f64,
    /// Change of the frequencies for longer contexts.
    pub scaling: Scaling,
}

/// Change of the frequencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scaling {
    /// None.
    None,
    /// All are divided by a factor.
    Linear {
        /// The factor.
        factor: f64,
    },
    /// Llama 3.1: low frequencies are divided by a factor, high ones stay, those between are blended.
    Llama3 {
        /// The factor.
        factor: f64,
        /// Wavelengths above `context / low` are divided.
        low: f64,
        /// Wavelengths below `context / high` stay.
        high: f64,
        /// Context that the model was first trained with.
        context: f64,
    },
}

impl Rotary {
    /// Reads what `config.json` says: `rope_parameters` (transformers 5), or `rope_theta` with
    /// `rope_scaling` (before).
    ///
    /// # Errors
    /// The setting at fault.
    pub(super) fn of(
        theta: Option<f64>,
        scaling: Option<&Value>,
        parameters: Option<&Value>,
    ) -> Result<Self, String> {
        let table = parameters.or(scaling).filter(|value| !value.is_null());
        let number = |name: &str| table.and_then(|table| table.get(name)).and_then(Value::as_f64);
        let theta = theta.or_else(|| number("rope_theta")).unwrap_or(10_000.0);
        if !(theta.is_finite() && theta > 1.0) {
            return Err(format!("rope_theta: expected a number above 1, found {theta}"));
        }
        let needed = |name: &str| match number(name) {
            Some(found) if found.is_finite() && found > 0.0 => Ok(found),
            Some(found) => Err(format!("{name} of the rotary positions is {found}")),
            None => Err(format!("{name} of the rotary positions is missing")),
        };
        let kind = table.and_then(|table| table.get("rope_type").or_else(|| table.get("type")));
        let scaling = match kind.map(|kind| kind.as_str().unwrap_or_default()) {
            None | Some("default") => Scaling::None,
            Some("linear") => Scaling::Linear { factor: needed("factor")? },
            Some("llama3") => Scaling::Llama3 {
                factor: needed("factor")?,
                low: needed("low_freq_factor")?,
                high: needed("high_freq_factor")?,
                context: needed("original_max_position_embeddings")?,
            },
            Some(other) => {
                return Err(format!("rope_type is {other:?}; expected default, linear or llama3"));
            }
        };
        Ok(Self { theta, scaling })
    }

    /// Cosines and sines of the angles of `positions` positions, `[positions, head_size / 2]` each.
    #[must_use]
    pub fn table(&self, positions: usize, head_size: usize) -> (Vec<f32>, Vec<f32>) {
        let half = head_size / 2;
        let mut cosines = Vec::with_capacity(positions * half);
        let mut sines = Vec::with_capacity(positions * half);
        let frequencies: Vec<f64> = (0..half).map(|i| self.frequency(i, head_size)).collect();
        for position in 0..positions {
            for frequency in &frequencies {
                #[expect(clippy::cast_precision_loss, reason = "positions are below 2^52")]
                let angle = position as f64 * frequency;
                #[expect(clippy::cast_possible_truncation, reason = "numbers of the graph are f32")]
                let (sine, cosine) = (angle.sin() as f32, angle.cos() as f32);
                cosines.push(cosine);
                sines.push(sine);
            }
        }
        (cosines, sines)
    }

    /// Radians a position of the `i`th pair of a head.
    #[expect(clippy::cast_precision_loss, reason = "sizes of heads are small")]
    fn frequency(&self, i: usize, head_size: usize) -> f64 {
        let plain = self.theta.powf(-(2.0 * i as f64) / head_size as f64);
        match self.scaling {
            Scaling::None => plain,
            Scaling::Linear { factor } => plain / factor,
            Scaling::Llama3 { factor, low, high, context } => {
                let length = TAU / plain;
                if length < context / high {
                    plain
                } else if length > context / low {
                    plain / factor
                } else {
                    let share = (context / length - low) / (high - low);
                    (1.0 - share) * plain / factor + share * plain
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// θ = 100, heads of 4: frequencies 1 and 100^(−1/2) = 0.1.
    #[test]
    fn angles_are_position_times_frequency() {
        let rotary = Rotary { theta: 100.0, scaling: Scaling::None };
        let (cosines, sines) = rotary.table(3, 4);
        for (position, angles) in [[0.0, 0.0], [1.0, 0.1], [2.0, 0.2]].into_iter().enumerate() {
            for (i, angle) in angles.into_iter().enumerate() {
                let angle: f32 = angle;
                assert!((cosines[2 * position + i] - angle.cos()).abs() < 1e-6);
                assert!((sines[2 * position + i] - angle.sin()).abs() < 1e-6);
            }
        }
    }

    /// Wavelengths 2π/1 = 6.28 and 2π/0.01 = 628 with a context of 100, low 1 and high 4: the first is below
    /// 25 and stays, the second above 100 and is divided by 8. Of 2π/0.1 = 62.8 the share is
    /// (100/62.8 − 1)/3 = 0.1972: 0.8028 · 0.0125 + 0.1972 · 0.1 = 0.02975.
    #[test]
    fn low_frequencies_are_divided_and_high_ones_stay() {
        let scaling = Scaling::Llama3 { factor: 8.0, low: 1.0, high: 4.0, context: 100.0 };
        let of = |theta: f64| Rotary { theta, scaling }.frequency(1, 2 * 2);
        assert!((Rotary { theta: 100.0, scaling }.frequency(0, 4) - 1.0).abs() < 1e-12);
        assert!((of(1e4) - 0.01 / 8.0).abs() < 1e-9);
        assert!((of(100.0) - 0.029_75).abs() < 1e-4, "{}", of(100.0));
    }

    #[test]
    fn what_is_not_followed_is_named() {
        let yarn = serde_json::json!({ "rope_type": "yarn", "factor": 4.0 });
        let error = Rotary::of(None, Some(&yarn), None).unwrap_err();
        assert!(error.contains("\"yarn\""), "{error}");
        let linear = serde_json::json!({ "type": "linear" });
        assert!(Rotary::of(None, Some(&linear), None).unwrap_err().contains("factor"));
        let new = serde_json::json!({ "rope_type": "default", "rope_theta": 5e5 });
        assert_eq!(Rotary::of(None, None, Some(&new)).unwrap().theta.to_bits(), 5e5_f64.to_bits());
        assert!(Rotary::of(Some(0.5), None, None).unwrap_err().contains("0.5"));
    }
}
