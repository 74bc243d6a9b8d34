//! Descriptions of fitted corrections of vectors.
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cloze_embed::correction::{Correct as _, Correction, FittedCorrection, Method};
use cloze_embed::{Level, Poolings};
use serde::Serialize;

use crate::text::{plural, visible};

/// Description of a fitted correction; it serialises as the JSON form.
#[derive(Clone, Debug, Serialize)]
pub struct CorrectionReport {
    file: String,
    method: Method,
    /// Number of vectors it was fitted on.
    vectors: u64,
    /// Number of texts they come from, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    texts: Option<u64>,
    /// Files it was merged from.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Vec<String>>,
    model: String,
    model_sha256: String,
    level: Level,
    pooling: Poolings,
    layers: String,
    /// Widths of a vector before and after.
    width: usize,
    width_out: usize,
    #[serde(flatten)]
    effect: Effect,
}

/// Part of the vectors that a method keeps or removes, under the method's own name.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Effect {
    /// Dimensions that do not vary, which become 0.
    DroppedDimensions(Vec<usize>),
    /// Number of directions that are kept.
    KeptDirections(usize),
    /// Number of directions that are removed.
    RemovedDirections(usize),
}

impl CorrectionReport {
    /// Describes the correction saved in `file`.
    #[must_use]
    pub fn new(file: &Path, fitted: &FittedCorrection) -> Self {
        let made = fitted.fitted();
        Self {
            file: file.display().to_string(),
            method: fitted.method(),
            vectors: fitted.count(),
            texts: None,
            parts: None,
            model: made.model.clone(),
            model_sha256: made.model_sha256.clone(),
            level: made.level,
            pooling: made.pooling.clone(),
            layers: made.layers.to_string(),
            width: fitted.width_in(),
            width_out: fitted.width_out(),
            effect: match fitted.correction() {
                Correction::ZScore(zscore) => Effect::DroppedDimensions(zscore.dropped()),
                Correction::Whitening(whitening) => Effect::KeptDirections(whitening.width_out()),
                Correction::AllButTheTop(top) => Effect::RemovedDirections(top.directions().rows()),
            },
        }
    }

    /// Adds the number of texts that the vectors come from.
    #[must_use]
    pub fn of_texts(mut self, texts: u64) -> Self {
        self.texts = Some(texts);
        self
    }

    /// Adds the files that the correction was merged from.
    #[must_use]
    pub fn of_parts(mut self, parts: &[PathBuf]) -> Self {
        self.parts = Some(parts.iter().map(|part| part.display().to_string()).collect());
        self
    }

    /// Writes the description as plain text, one fact per line.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let vectors = plural(self.vectors, "vector");
        let vectors = match self.texts {
            Some(texts) => format!("{vectors} of {}", plural(texts, "text")),
            None => vectors,
        };
        let mut rows = vec![
            ("file", self.file.clone()),
            ("method", self.method.name().to_owned()),
            ("fitted on", vectors),
        ];
        if let Some(parts) = &self.parts {
            rows.push(("parts", parts.join(", ")));
        }
        rows.extend([
            ("model", self.model.clone()),
            ("sha256", self.model_sha256.clone()),
            ("level", self.level.to_string()),
            ("pooling", self.pooling.to_string()),
            ("layers", self.layers.clone()),
            ("width", self.width.to_string()),
            match &self.effect {
                Effect::DroppedDimensions(dims) => ("dropped", dropped(dims)),
                Effect::KeptDirections(n) => ("kept", directions(*n)),
                Effect::RemovedDirections(n) => ("removed", directions(*n)),
            },
        ]);
        for (what, value) in rows {
            // A file's or model's name may have control characters.
            writeln!(out, "{what:<10} {}", visible(&value))?;
        }
        Ok(())
    }
}

fn directions(n: usize) -> String {
    plural(n as u64, "direction")
}

fn dropped(dims: &[usize]) -> String {
    if dims.is_empty() {
        return "no dimension".into();
    }
    let list: Vec<String> = dims.iter().map(usize::to_string).collect();
    let (n, list) = (plural(dims.len() as u64, "dimension"), list.join(", "));
    format!("{n} without variance: {list}")
}
