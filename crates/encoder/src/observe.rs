//! Activation maxima of the inputs of a model's matrices, by layer and channel, over calibration
//! texts.
use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::quantize::Observed;
use cloze_graph::construct::Inside;

use crate::output::{Output, WindowStates};
use crate::{Encoder, EncoderError, EncoderParams, Runtime};

/// Watches texts on their way through the layers.
#[derive(Debug)]
pub struct Observer {
    encoder: Encoder,
    layers: usize,
}

impl Observer {
    /// Opens a model with weights.
    ///
    /// # Errors
    /// As [`Encoder::open_for`]; [`EncoderError::GraphOutput`] for a model without weights.
    pub fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        params: EncoderParams,
    ) -> Result<Self, EncoderError> {
        let layers = model.layers().unwrap_or(0);
        let of_layer = |i: usize| {
            let inside = Inside::ALL.map(|part| Output::Inside(i, part));
            [Output::Hidden(i - 1)].into_iter().chain(inside)
        };
        let outputs: Vec<Output> = (1..=layers).flat_map(of_layer).collect();
        Ok(Self { encoder: Encoder::open_for(runtime, model, &outputs, params)?, layers })
    }

    /// Activation maxima of each text, by layer from the lowest.
    ///
    /// # Errors
    /// As [`Encoder::map_windows`].
    pub fn observe(&self, texts: &[&str]) -> Result<Vec<Vec<Observed>>, EncoderError> {
        let texts = self.encoder.map_windows(texts, |window: &WindowStates<'_>| {
            (0..self.layers).map(|layer| observe_layer(window, layer)).collect::<Vec<_>>()
        })?;
        let mut maxima = Vec::with_capacity(texts.len());
        for text in texts {
            let mut seen = self.nothing();
            for window in text.windows {
                merge(&mut seen, &window);
            }
            maxima.push(seen);
        }
        Ok(maxima)
    }

    /// Activation maxima over no texts: zeros for each layer.
    #[must_use]
    pub fn nothing(&self) -> Vec<Observed> {
        vec![Observed::default(); self.layers]
    }
}

/// Activation maxima of a layer, from 0, in a window.
fn observe_layer(window: &WindowStates<'_>, layer: usize) -> Observed {
    Observed {
        layer: channel_maxima(window, 4 * layer),
        context: channel_maxima(window, 4 * layer + 1),
        attended: channel_maxima(window, 4 * layer + 2),
        active: channel_maxima(window, 4 * layer + 3),
    }
}

/// Largest absolute value of each channel of an output, over a window's tokens.
fn channel_maxima(window: &WindowStates<'_>, output: usize) -> Vec<f32> {
    let mut maxima = vec![0.0_f32; window.width(output)];
    for row in window.rows(output).chunks_exact(window.width(output)) {
        maxima.iter_mut().zip(row).for_each(|(max, x)| *max = max.max(x.abs()));
    }
    maxima
}

/// Takes what another text makes of the layers into account.
pub fn merge(seen: &mut [Observed], of: &[Observed]) {
    seen.iter_mut().zip(of).for_each(|(seen, of)| seen.merge(of));
}
