//! The folder of a trained model.
use std::path::Path;

use anyhow::Context as _;
use cloze::checkpoint::ModelFolder;
use cloze::checkpoint::card::{BaseRef, Card};
use cloze::classifier::{HEAD, HeadCard, relative};
use cloze::heads::classify::Classifier;
use cloze::{Method, RowParams};
use cloze_store::{AtomicFolder, Existing, checksum};
use serde_json::{Value, json};

use cloze_report::classifier::ClassifierReport;
use cloze_report::classifier::{card, page};

/// What goes into it.
pub(super) struct Saved<'a> {
    pub(super) report: &'a ClassifierReport,
    pub(super) classifier: &'a Classifier,
    pub(super) params: &'a RowParams,
    pub(super) correction: Option<Method>,
    pub(super) seed: u64,
    pub(super) base: &'a ModelFolder,
}

impl Saved<'_> {
    /// Writes all files, and gives the folder its name.
    pub(super) fn write(&self, folder: AtomicFolder, output: &Path) -> anyhow::Result<()> {
        let path = folder.path();
        let write = |name: &str, bytes: &[u8]| {
            fs_err::write(path.join(name), bytes).with_context(|| output.display().to_string())
        };
        self.classifier.save(&path.join(HEAD), Existing::Refuse)?;
        let mut report = serde_json::to_vec_pretty(self.report)?;
        report.push(b'\n');
        write("report.json", &report)?;
        write("report.html", page::page(self.report).as_bytes())?;
        if !self.report.curve.is_empty() {
            write("curve.svg", page::curve(self.report)?.as_bytes())?;
        }
        let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
        write("README.md", card::card(&name, self.report).as_bytes())?;
        let hash =
            |name: &str| anyhow::Ok((name.to_owned(), checksum::sha256_file(&path.join(name))?));
        let settings = self.report.head.clone();
        let base = BaseRef {
            name: self.base.name(),
            // The temporary folder lies where the final one will.
            folder: relative(path, self.base.folder())?.to_string_lossy().into_owned(),
            sha256: self.report.model.sha256.clone(),
        };
        let description = format!(
            "{} to {}",
            if self.params.pairs.is_some() { "Pairs of texts" } else { "Texts" },
            self.report.labels.keys().take(6).cloned().collect::<Vec<_>>().join(", ")
        );
        let card = HeadCard {
            card: Card {
                task: Some(self.report.task.to_owned()),
                description: self.report.description.clone().or(Some(description)),
                license: self.report.license.clone(),
                attribution: self.report.attribution.clone(),
                source: self.report.source.clone(),
                sha256: [hash(HEAD)?].into(),
                base: Some(base),
                ..Card::default()
            },
            rows: self.params.clone(),
            head: self.classifier.spec(self.correction, settings, self.seed),
            training: self.training(),
        };
        card.write(path)?;
        Ok(folder.commit()?)
    }

    /// What it was trained on.
    fn training(&self) -> Value {
        json!({
            "cloze": self.report.cloze,
            "data": self.report.data,
            "examples": self.report.examples,
            "labels": self.report.labels,
        })
    }
}
