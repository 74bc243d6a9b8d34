//! Model cards: Markdown with the front matter that Hugging Face reads (its documentation of model
//! cards, 2025).
//!
//! - `markdown`: texts and tables;
//! - `limits`: limits of a model;
//! - `command_line`: the command that trains the model again.
pub mod command_line;
pub mod limits;
pub mod markdown;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::DataFile;
use crate::text::one_line;
use markdown::{escaped, table};

/// Front matter, as Hugging Face reads it.
pub struct FrontMatter<'a> {
    /// Licence, as an SPDX name.
    pub license: Option<&'a str>,
    /// Language code.
    pub language: Option<&'a str>,
    /// Pipeline tag.
    pub pipeline: &'a str,
    /// Base model.
    pub base: &'a str,
    /// Tags besides the pipeline.
    pub tags: &'a [&'a str],
    /// Names of the metrics.
    pub metrics: &'a [&'a str],
}

impl FrontMatter<'_> {
    /// Writes the front matter, with its fences.
    #[must_use]
    pub fn write(&self) -> String {
        let Self { license, language, pipeline, base, tags, metrics } = self;
        // A string of JSON is one of YAML.
        let string = |text: &str| Value::from(one_line(text));
        let license = license.map(|l| format!("license: {}\n", string(&l.to_lowercase())));
        let language = language.map(|code| format!("language: {}\n", string(code)));
        let base = Some(base).filter(|base| !base.is_empty());
        let base = base.map(|base| format!("base_model: {}\n", string(base)));
        let list = |names: &[&str]| names.iter().flat_map(|n| ["- ", n, "\n"]).collect::<String>();
        format!(
            "---\n{}{}library_name: cloze\npipeline_tag: {pipeline}\n{}tags:\n\
             - {pipeline}\n{}- cloze\nmetrics:\n{}---\n\n",
            license.unwrap_or_default(),
            language.unwrap_or_default(),
            base.unwrap_or_default(),
            list(tags),
            list(metrics)
        )
    }
}

/// Writes a table of the training examples by label; empty without labels.
#[must_use]
pub fn labels(labels: &BTreeMap<String, usize>, counted: &str) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> =
        labels.iter().map(|(label, n)| vec![escaped(label), n.to_string()]).collect();
    format!("## Labels\n\n{}\n", table(&["label", counted], 1, &rows))
}

/// Writes a table of files, whose lines or rows are `units`.
#[must_use]
pub fn files(files: &[DataFile], units: &str) -> String {
    let row = |file: &DataFile| {
        let sha256 = file.sha256.clone().unwrap_or_else(|| "–".to_owned());
        vec![escaped(&file.file), file.examples.to_string(), sha256]
    };
    let rows: Vec<Vec<String>> = files.iter().map(row).collect();
    table(&["file", units, "SHA-256"], 1, &rows)
}

/// Writes the licence, the attribution and the source of the data.
#[must_use]
pub fn rights(license: Option<&str>, attribution: Option<&str>, source: Option<&str>) -> String {
    let lines = [("Licence", license), ("Attribution", attribution), ("Source", source)];
    let line = |(name, text): (&str, Option<&str>)| {
        text.map(|text| format!("- {name}: {}\n", escaped(text)))
    };
    let lines: Vec<String> = lines.into_iter().filter_map(line).collect();
    if lines.is_empty() { String::new() } else { format!("\n## Rights\n\n{}", lines.concat()) }
}
