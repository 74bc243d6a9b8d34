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
        let most = |window: &WindowStates<'_>, i: usize| {
            let mut most = vec![0.0_f32; window.width(i)];
            for row in window.rows(i).chunks_exact(window.width(i)) {
                most.iter_mut().zip(row).for_each(|(most, x)| *most = most.max(x.abs()));
            }
            most
        };
        let of_window = |window: &WindowStates<'_>| {
            let of_layer = |i: usize| Observed {
                layer: most(window, 4 * i),
                context: most(window, 4 * i + 1),
                attended: most(window, 4 * i + 2),
                active: most(window, 4 * i + 3),
            };
            (0..self.layers).map(of_layer).collect::<Vec<_>>()
        };
        let of_text = |windows: Vec<Vec<Observed>>| {
            let mut seen = self.nothing();
            for window in windows {
                merge(&mut seen, &window);
            }
            seen
        };
        let texts = self.encoder.map_windows(texts, of_window)?;
        Ok(texts.into_iter().map(|text| of_text(text.windows)).collect())
    }

    /// Activation maxima over no texts: zeros for each layer.
    #[must_use]
    pub fn nothing(&self) -> Vec<Observed> {
        vec![Observed::default(); self.layers]
    }
}

/// Takes what another text makes of the layers into account.
pub fn merge(seen: &mut [Observed], of: &[Observed]) {
    seen.iter_mut().zip(of).for_each(|(seen, of)| seen.merge(of));
}
