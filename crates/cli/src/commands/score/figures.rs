//! Sums and perplexities of texts.
use cloze::ScoreMethod;
use cloze::heads::score::Sums;
use serde::Serialize;

/// Figures of texts, under the names of their method.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Figures {
    Masked {
        pll: f64,
        pseudo_perplexity: Option<f64>,
        pseudo_perplexity_per_word: Option<f64>,
    },
    Causal {
        log_likelihood: f64,
        perplexity: Option<f64>,
        perplexity_per_word: Option<f64>,
        perplexity_per_byte: Option<f64>,
    },
}

impl Figures {
    pub(super) fn new(sums: &Sums, method: &ScoreMethod) -> Self {
        match method {
            ScoreMethod::Masked { .. } => Self::Masked {
                pll: sums.log_probability,
                pseudo_perplexity: sums.per_token(),
                pseudo_perplexity_per_word: sums.per_word(),
            },
            ScoreMethod::Causal { .. } => Self::Causal {
                log_likelihood: sums.log_probability,
                perplexity: sums.per_token(),
                perplexity_per_word: sums.per_word(),
                perplexity_per_byte: sums.per_byte(),
            },
        }
    }

    /// By the names of columns.
    pub(super) fn columns(&self) -> Vec<(&'static str, Option<f64>)> {
        match *self {
            Self::Masked { pll, pseudo_perplexity, pseudo_perplexity_per_word } => vec![
                ("pll", Some(pll)),
                ("pseudo_perplexity", pseudo_perplexity),
                ("pseudo_perplexity_per_word", pseudo_perplexity_per_word),
            ],
            Self::Causal {
                log_likelihood,
                perplexity,
                perplexity_per_word,
                perplexity_per_byte,
            } => vec![
                ("log_likelihood", Some(log_likelihood)),
                ("perplexity", perplexity),
                ("perplexity_per_word", perplexity_per_word),
                ("perplexity_per_byte", perplexity_per_byte),
            ],
        }
    }
}
