//! Folder of a trained classifier.
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::card::Card;
use cloze_embed::correction::Method;
use cloze_heads::classify::Classifier;
use cloze_report::classifier::{ClassifierReport, card, page};
use cloze_store::{AtomicFolder, Existing, checksum};
use serde_json::{Value, json};

use super::FitError;
use crate::RowParams;
use crate::classifier::{HEAD_FILE, HeadCard, base_ref};
use crate::train::create_folder;

/// A classifier that was trained, with its report.
#[derive(Clone, Debug)]
pub struct TrainedClassifier {
    pub(super) report: ClassifierReport,
    pub(super) classifier: Classifier,
    pub(super) rows: RowParams,
    pub(super) correction: Option<Method>,
    pub(super) seed: u64,
    pub(super) truncated: u64,
    pub(super) base: ModelFolder,
}

impl TrainedClassifier {
    /// Report on the training.
    #[must_use]
    pub fn report(&self) -> &ClassifierReport {
        &self.report
    }

    /// Head with its features, for rows made by [`row_params`](Self::row_params).
    #[must_use]
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Settings of the rows.
    #[must_use]
    pub fn row_params(&self) -> &RowParams {
        &self.rows
    }

    /// Number of texts that were cut since they are longer than the model takes.
    #[must_use]
    pub fn truncated(&self) -> u64 {
        self.truncated
    }

    /// Writes the model's folder, with report, page and card; [`TextClassifier`](crate::TextClassifier)
    /// opens it.
    ///
    /// # Errors
    /// As [`create_folder`] where nothing may be there, and [`save_to`](Self::save_to).
    pub fn save(&self, output: impl AsRef<Path>) -> Result<(), FitError> {
        let output = output.as_ref();
        self.save_to(create_folder(output, false, &self.base)?, output)
    }

    /// Writes the model's folder `output`, which [`create_folder`] began before the training.
    ///
    /// # Errors
    /// [`FitError::Write`] and [`FitError::Model`] for files that cannot be written;
    /// [`FitError::Report`] for a plot that cannot be drawn. Then there is no new folder.
    pub fn save_to(&self, temporary: AtomicFolder, output: &Path) -> Result<(), FitError> {
        let folder = temporary.path();
        let write = |name: &str, bytes: &[u8]| {
            let written = fs_err::write(folder.join(name), bytes);
            written.map_err(|source| FitError::Write { path: output.to_owned(), source })
        };
        self.classifier.save(&folder.join(HEAD_FILE), Existing::Refuse)?;
        let mut report = serde_json::to_vec_pretty(&self.report)?;
        report.push(b'\n');
        write("report.json", &report)?;
        write("report.html", page::page(&self.report).as_bytes())?;
        if !self.report.curve.is_empty() {
            write("curve.svg", page::curve(&self.report)?.as_bytes())?;
        }
        let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
        write("README.md", card::card(&name, &self.report).as_bytes())?;
        self.head_card(folder)?.write(folder)?;
        Ok(temporary.commit()?)
    }

    /// The `cloze.json` of the folder, in which the head is.
    fn head_card(&self, folder: &Path) -> Result<HeadCard, FitError> {
        let report = &self.report;
        let sha256 = checksum::sha256_file(folder.join(HEAD_FILE))?;
        // The temporary folder lies where the final one will.
        let base = base_ref(folder, &self.base, report.model.sha256.clone())?;
        let description = format!(
            "{} to {}",
            if self.rows.pairs.is_some() { "Pairs of texts" } else { "Texts" },
            report.labels.keys().take(6).cloned().collect::<Vec<_>>().join(", ")
        );
        Ok(HeadCard {
            card: Card {
                task: Some(report.task.to_owned()),
                description: report.description.clone().or(Some(description)),
                license: report.license.clone(),
                attribution: report.attribution.clone(),
                source: report.source.clone(),
                sha256: [(HEAD_FILE.to_owned(), sha256)].into(),
                base: Some(base),
                ..Card::default()
            },
            rows: self.rows.clone(),
            head: self.classifier.spec(self.correction, report.head.clone(), self.seed),
            training: self.training(),
        })
    }

    /// Provenance of the head, for people.
    fn training(&self) -> Value {
        json!({
            "cloze": self.report.cloze,
            "data": self.report.data,
            "examples": self.report.examples,
            "labels": self.report.labels,
        })
    }
}
