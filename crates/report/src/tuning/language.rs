//! Figures of masked words and next-sentence prediction.
use serde::Serialize;

use super::Figures;
use crate::text::shown;

/// Figures of masked words, and of next sentences.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LanguageFigures {
    /// Number of sequences.
    pub sequences: usize,
    /// Figures of masked words; `None` where none are masked.
    pub masked: Option<MaskedWordFigures>,
    /// Figures of next sentences; `None` where there are no pairs.
    pub next: Option<NextSentenceFigures>,
}

/// Figures of masked words.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MaskedWordFigures {
    /// Number of masks.
    pub masks: usize,
    /// Number of masks whose word was the most probable prediction.
    pub first: usize,
    /// Mean of −ln of the probability of the masked word.
    pub loss: f64,
    /// Number of masks that hide the most frequent word.
    pub most_frequent: usize,
}

/// Figures of next sentences.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NextSentenceFigures {
    /// Number of pairs.
    pub pairs: usize,
    /// Number of pairs predicted correctly.
    pub right: usize,
    /// Number of pairs of consecutive texts.
    pub real: usize,
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl MaskedWordFigures {
    /// Returns the share of correct predictions.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        share(self.first, self.masks)
    }
}

impl NextSentenceFigures {
    /// Returns the share of correct predictions.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        share(self.right, self.pairs)
    }
}

impl Figures for LanguageFigures {
    const METRIC: &'static str = "accuracy";
    const PIPELINE: &'static str = "fill-mask";
    const METRICS: &'static [&'static str] = &["accuracy", "perplexity"];

    fn note(&self) -> String {
        let masks = self.masked.as_ref().map(|m| format!("{} masks", m.masks));
        let next = self.next.as_ref();
        let next = next.map(|n| format!("{} pairs, {} of them consecutive", n.pairs, n.real));
        let both: Vec<String> = [masks, next].into_iter().flatten().collect();
        format!("{} in {} sequences", both.join(" and "), self.sequences)
    }

    fn head(&self) -> Vec<&'static str> {
        vec!["figure", "value"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let value = |name: &str, value: f64| vec![name.to_owned(), shown(value)];
        let mut rows = vec![];
        if let Some(masked) = &self.masked {
            let likeliest = share(masked.most_frequent, masked.masks);
            rows.push(value("masked word accuracy", masked.accuracy()));
            rows.push(value("most frequent word baseline", likeliest));
            rows.push(value("loss", masked.loss));
            rows.push(value("perplexity", masked.loss.exp()));
        }
        if let Some(next) = &self.next {
            rows.push(value("next sentence accuracy", next.accuracy()));
        }
        rows
    }
}
