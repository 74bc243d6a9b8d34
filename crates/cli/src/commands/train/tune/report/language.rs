//! What judging has found, of masked words and of what follows.
use serde::Serialize;

use super::Verdict;
use cloze_report::text::shown;

/// How well masked words are guessed, and whether one text follows another.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct LanguageVerdict {
    pub(crate) sequences: usize,
    /// `None` where no words are masked.
    pub(crate) masked: Option<Masked>,
    /// `None` where nothing follows.
    pub(crate) next: Option<Next>,
}

/// Masked words.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Masked {
    pub(crate) masks: usize,
    /// How many of them no other word was likelier at.
    pub(crate) first: usize,
    /// The mean of −ln of the probability of what stood there.
    pub(crate) loss: f64,
    /// How often the most frequent word stood there.
    pub(crate) most_frequent: usize,
}

/// Pairs of texts.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Next {
    pub(crate) pairs: usize,
    pub(crate) right: usize,
    /// How many of the pairs are of texts that follow each other.
    pub(crate) real: usize,
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

impl Masked {
    pub(crate) fn accuracy(&self) -> f64 {
        share(self.first, self.masks)
    }
}

impl Next {
    pub(crate) fn accuracy(&self) -> f64 {
        share(self.right, self.pairs)
    }
}

impl Verdict for LanguageVerdict {
    const METRIC: &'static str = "accuracy";
    const PIPELINE: &'static str = "fill-mask";
    const METRICS: &'static [&'static str] = &["accuracy", "perplexity"];

    fn note(&self) -> String {
        let masks = self.masked.as_ref().map(|m| format!("{} masks", m.masks));
        let next = self.next.as_ref();
        let next = next.map(|n| format!("{} pairs, of which {} are real", n.pairs, n.real));
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
            rows.push(value("masked words guessed first", masked.accuracy()));
            rows.push(value("with the most frequent word alone", likeliest));
            rows.push(value("loss", masked.loss));
            rows.push(value("exp(loss)", masked.loss.exp()));
        }
        if let Some(next) = &self.next {
            rows.push(value("next sentence", next.accuracy()));
        }
        rows
    }
}
