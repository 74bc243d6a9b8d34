//! What is told of a correction.
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::bail;
use cloze::embed::correction::Correct as _;
use cloze::embed::{Correction, FittedCorrection, Level, Method, Poolings};
use serde::Serialize;

use crate::terminal::messages::plural;
use cloze_report::text::visible;

/// A correction, as it is told.
#[derive(Serialize)]
pub(super) struct Report {
    file: String,
    method: Method,
    /// The vectors it was fitted on.
    vectors: u64,
    /// The texts they come from, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    texts: Option<u64>,
    /// The files it was put together from.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Vec<String>>,
    model: String,
    model_sha256: String,
    level: Level,
    pooling: Poolings,
    layers: String,
    /// Numbers of a vector before and after.
    width: usize,
    width_out: usize,
    #[serde(flatten)]
    effect: Effect,
}

/// What a method leaves of vectors, under its own name.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Effect {
    /// The dimensions that do not vary, which become 0.
    DroppedDimensions(Vec<usize>),
    /// How many directions are kept.
    KeptDirections(usize),
    /// How many are taken away.
    RemovedDirections(usize),
}

impl Report {
    pub(super) fn new(file: &Path, fitted: &FittedCorrection) -> Self {
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

    pub(super) fn of_texts(mut self, texts: u64) -> Self {
        self.texts = Some(texts);
        self
    }

    pub(super) fn of_parts(mut self, parts: &[PathBuf]) -> Self {
        self.parts = Some(parts.iter().map(|part| part.display().to_string()).collect());
        self
    }

    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string_pretty(self)?)?;
            return Ok(());
        }
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
    format!("{n} that did not vary: {list}")
}

/// Settings that no vectors of this width could satisfy, said before the work.
pub(super) fn check_settings(method: Method, width: usize) -> anyhow::Result<()> {
    match method {
        Method::Whitening { dims: Some(n) } if !(1..=width).contains(&n) => {
            bail!("--dims is {n}: expected 1 to {width}, the width of a vector")
        }
        Method::AllButTheTop { directions: Some(n) } if n == 0 || n >= width => {
            bail!("--directions is {n}: expected at least 1 and less than the width, {width}")
        }
        _ => Ok(()),
    }
}
