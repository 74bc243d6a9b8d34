//! Clusters of texts: as plain text, JSON Lines, CSV, and a page with a map.
mod form;
mod map;
mod page;

use std::io::{self, Write};

use cloze_core::Matrix;

use crate::cells::Table;
use crate::text::plural;
use crate::{PlacedText, ReportError};

/// Clusters of texts with their descriptions.
#[derive(Clone, Debug)]
pub struct ClusterReport<'a> {
    /// Noun for one of the texts: `text`, `occurrence`.
    pub unit: &'a str,
    /// Texts, and the cluster of each, from 0; `None` for a text in no cluster.
    pub texts: Vec<(PlacedText<'a>, Option<usize>)>,
    /// Descriptions of the clusters, in order.
    pub clusters: Vec<ClusterSection>,
    /// Mean silhouette, where it was computed.
    pub silhouette: Option<f64>,
    /// Method, and how the number of clusters was chosen.
    pub method: String,
}

/// Description of one cluster in a [`ClusterReport`].
#[derive(Clone, Debug)]
pub struct ClusterSection {
    /// Number of texts.
    pub size: usize,
    /// Words that distinguish it from the others.
    pub words: Vec<String>,
    /// Indices of the texts nearest to the centre with their cosines, the nearest first.
    pub nearest: Vec<(usize, f64)>,
}

impl ClusterReport<'_> {
    /// Number of texts in no cluster.
    fn in_none(&self) -> usize {
        self.texts.iter().filter(|(_, cluster)| cluster.is_none()).count()
    }

    /// Returns the report in one line: `126 texts in 12 clusters, mean silhouette 0.1234 (k-means)`.
    #[must_use]
    pub fn summary(&self) -> String {
        let texts = plural(self.texts.len() as u64, self.unit);
        let clusters = plural(self.clusters.len() as u64, "cluster");
        let none = match self.in_none() {
            0 => String::new(),
            none => format!(", {none} of them in none"),
        };
        let silhouette =
            self.silhouette.map_or(String::new(), |s| format!(", mean silhouette {s:.4}"));
        format!("{texts} in {clusters}{none}{silhouette} ({})", self.method)
    }

    /// Returns the report as an HTML page. `plane` holds the first two principal components of each
    /// text's vector, `[texts, 2]`, as the points of the map.
    ///
    /// # Errors
    /// [`ReportError::Format`] if the text cannot be formatted.
    pub fn page(&self, plane: &Matrix) -> Result<String, ReportError> {
        page::page(self, plane)
    }

    /// Writes the report as plain text.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        form::text(self, out)
    }

    /// Writes one JSON object per text: path, line, id, cluster (from 1, or null).
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_jsonl(&self, out: &mut dyn Write) -> io::Result<()> {
        form::jsonl(self, out)
    }

    /// Writes one row of CSV per text: path, line, id, cluster (from 1, or empty).
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_csv(&self, table: Table, out: &mut dyn Write) -> io::Result<()> {
        form::csv(self, table, out)
    }
}
