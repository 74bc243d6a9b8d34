//! Texts to similarities, uncorrected and corrected.
use anyhow::bail;
use cloze::batch::isolate;
use cloze::embed::{FittedCorrection, Level};
use cloze::{Metric, SentenceEncoder};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::similarity::args::SimilarityArgs;
use crate::flags::vectors::VectorFlags;
use crate::terminal::messages::Messages;

/// What similarities are measured with.
pub(super) struct Measure {
    pub(super) encoder: SentenceEncoder,
    pub(super) correction: Option<FittedCorrection>,
    pub(super) metric: Metric,
}

/// A text's vector without and with correction.
pub(super) struct Vectors {
    plain: Vec<f32>,
    corrected: Option<Vec<f32>>,
}

/// How alike two texts are.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Similarity {
    pub(super) similarity: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) corrected: Option<f64>,
}

/// How vectors were made, for reports.
#[derive(Serialize)]
pub(super) struct Settings {
    metric: Metric,
    model: String,
    pooling: String,
    layers: String,
    correction: &'static str,
}

impl Measure {
    pub(super) fn open(
        common: &CommonFlags,
        args: &SimilarityArgs,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let VectorFlags { zscore, .. } = &args.vectors;
        let correction = zscore.as_deref().map(FittedCorrection::open).transpose()?;
        let encoder = args.vectors.open_uncorrected(common, messages)?;
        if let Some(correction) = &correction {
            let level = correction.fitted().level;
            let usable = level == Level::Sentence || (args.word.is_some() && level == Level::Word);
            if !usable {
                let hint = if level == Level::Word { ": that is for --word" } else { "" };
                bail!("--zscore was fitted for --level {level}, not sentence{hint}");
            }
            correction.check_fits(&encoder.provenance(level)?)?;
        }
        Ok(Self { encoder, correction, metric: args.metric })
    }

    /// Whether there is a correction of this level.
    pub(super) fn corrects(&self, level: Level) -> bool {
        self.correction.as_ref().is_some_and(|c| c.fitted().level == level)
    }

    /// The texts' vectors.
    pub(super) fn encode(
        &self,
        texts: &[&str],
    ) -> anyhow::Result<Vec<Result<Vectors, cloze::Error>>> {
        Ok(isolate(texts, |texts| self.vectors(texts))?)
    }

    /// The same, of all or of none.
    pub(super) fn vectors(&self, texts: &[&str]) -> Result<Vec<Vectors>, cloze::Error> {
        let pooled = self.encoder.pool(texts)?;
        pooled.into_iter().map(|vector| self.finish(vector, Level::Sentence)).collect()
    }

    /// A pooled vector, or a piece's, made comparable.
    pub(super) fn finish(&self, vector: Vec<f32>, level: Level) -> Result<Vectors, cloze::Error> {
        let correction = self.correction.as_ref().filter(|_| self.corrects(level));
        let corrected = correction
            .map(|correction| self.encoder.finish_with(Some(correction), vector.clone(), level))
            .transpose()?;
        Ok(Vectors { plain: self.encoder.finish_with(None, vector, level)?, corrected })
    }

    pub(super) fn similarity(&self, a: &Vectors, b: &Vectors) -> anyhow::Result<Similarity> {
        let corrected = match (&a.corrected, &b.corrected) {
            (Some(a), Some(b)) => Some(compare(self.metric, a, b)?),
            _ => None,
        };
        Ok(Similarity { similarity: compare(self.metric, &a.plain, &b.plain)?, corrected })
    }

    pub(super) fn settings(&self, args: &VectorFlags) -> Settings {
        Settings {
            metric: self.metric,
            model: self.encoder.model().name(),
            pooling: self.encoder.poolings().to_string(),
            layers: if args.statics { "static".into() } else { args.layers.to_string() },
            correction: self.correction.as_ref().map_or("none", |c| c.method().name()),
        }
    }
}

impl Similarity {
    /// What is ranked by: the corrected one where there is one.
    pub(super) fn key(self) -> f64 {
        self.corrected.unwrap_or(self.similarity)
    }
}

/// How alike two vectors are. The distance of equal ones is negated to −0, which nobody wants to
/// read.
pub(crate) fn compare(metric: Metric, a: &[f32], b: &[f32]) -> Result<f64, cloze::Error> {
    Ok(metric.similarity(a, b)? + 0.0)
}
