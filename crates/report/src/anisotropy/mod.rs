//! Anisotropy of hidden states, layer by layer, before and after a correction.
//!
//! - `table`, `plot`, `page`: plain text, SVG, HTML.
mod page;
mod plot;
mod table;

use std::io::{self, Write};

use cloze_embed::anisotropy::Report as Anisotropy;
use cloze_embed::anisotropy::layers::LayerAnisotropy;
use cloze_embed::correction::Method;
use cloze_embed::{Level, Poolings};
use serde::Serialize;

use crate::ReportError;
use crate::text::{plural, visible};

/// Anisotropy of a sample of vectors in several layers of a model.
#[derive(Clone, Debug, Serialize)]
pub struct AnisotropyReport {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of the model's graph in hexadecimal.
    pub model_sha256: String,
    /// Level of a vector.
    pub level: Level,
    /// Pooling; `None` for tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Poolings>,
    /// Number of texts that have vectors.
    pub texts: u64,
    /// Number of vectors of these texts, per layer.
    pub vectors: u64,
    /// Number of vectors measured.
    pub sample: usize,
    /// Random seed of the sample and the pairs.
    pub seed: u64,
    /// Correction to compare with.
    pub correction: Option<ComparedCorrection>,
    /// Remarks needed to read the numbers; [`AnisotropyReport::with_notes`] writes them.
    pub notes: Vec<String>,
    /// Layers, rising.
    pub layers: Vec<LayerAnisotropy>,
}

/// Correction that an [`AnisotropyReport`] compares with.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedCorrection {
    /// Method with its settings.
    #[serde(flatten)]
    pub method: Method,
    /// Vectors that it was fitted on: `this sample`.
    pub fitted_on: &'static str,
}

impl AnisotropyReport {
    /// Returns the report with notes on its numbers.
    #[must_use]
    pub fn with_notes(mut self) -> Self {
        self.notes = self.all_notes();
        self
    }

    /// Draws the report as an SVG plot by layer.
    ///
    /// # Errors
    /// [`ReportError::Plot`] if drawing fails.
    pub fn plot(&self) -> Result<String, ReportError> {
        plot::draw(self)
    }

    /// Writes the report as an HTML page around its `plot`.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_page(&self, plot: &str, out: &mut dyn Write) -> io::Result<()> {
        page::write(self, plot, out)
    }

    /// Writes the report as plain text, in 100 columns.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        table::write(self, out)
    }

    /// Returns the noun of a vector's unit: `token`, `text`.
    fn unit(&self) -> &'static str {
        if self.level == Level::Token { "token" } else { "text" }
    }

    /// Returns the title of the plot and the page.
    fn title(&self) -> String {
        format!("Anisotropy of {} vectors by layer, {}", self.unit(), visible(&self.model))
    }

    /// Describes the sample in one line.
    fn subject(&self) -> String {
        let of = match self.level {
            Level::Token => {
                let tokens = plural(self.vectors, self.unit());
                format!("{} of {tokens} in {}", self.sample, plural(self.texts, "text"))
            }
            _ => format!("{} of {}", self.sample, plural(self.vectors, self.unit())),
        };
        let pairs = self.layers.first().map_or(0, |layer| layer.before.pairs);
        let pooling = self.pooling.as_ref().map_or(String::new(), |p| format!(", pooling {p}"));
        format!("{of}{pooling}; {}, seed {}", plural(pairs as u64, "pair"), self.seed)
    }

    fn all_notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if let Some(correction) = &self.correction {
            notes.push(format!(
                "after: {}, fitted on this sample itself, not on texts set apart",
                correction.method.name()
            ));
        }
        let dims = self.layers.first().map_or(0, |layer| layer.before.dims);
        if self.sample <= dims {
            notes.push(format!(
                "{} vectors cannot span {dims} dimensions: IsoScore and variance reflect the \
                 sample's size, too",
                self.sample
            ));
        }
        let measurements =
            || self.layers.iter().flat_map(|layer| [Some(&layer.before), layer.after.as_ref()]);
        if measurements().flatten().any(no_shares) {
            notes.push(
                "no shares: the mean cosine may be 0 (its interval includes it), and shares of \
                 0 are undefined"
                    .into(),
            );
        }
        if measurements().flatten().any(|measured| measured.iso_score.is_none()) {
            notes.push("no IsoScore: all vectors are the same, or have one dimension".into());
        }
        for layer in &self.layers {
            if let Some(error) = &layer.after_error {
                notes.push(format!("layer {}: no correction: {error}", layer.layer));
            }
        }
        notes
    }
}

/// Returns whether the shares of dimensions in the mean cosine are meaningless.
fn no_shares(measured: &Anisotropy) -> bool {
    measured.interval.0 <= 0.0 && measured.interval.1 >= 0.0
}
