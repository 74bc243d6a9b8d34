//! Report of an evaluation of labels for people.
use std::io::{self, Write};

use cloze::data_check::NearDuplicateSummary;
use cloze::evaluate::classifier::{ClassifierEvaluationReport, ComparedClassifier, EvaluatedModel};
use cloze::metrics::labels::LabelEvaluation;
use serde::Serialize;

use crate::terminal::messages::plural;
use cloze_report::DataFile;
use cloze_report::grid::{Grid, comparison_grid, label_grids};
use cloze_report::labels::comparison_rows;
use cloze_report::text::one_line;

/// Report with the files that the examples are from.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) files: Vec<DataFile>,
    #[serde(flatten)]
    pub(super) evaluated: ClassifierEvaluationReport,
    /// Examples that are like training examples, where these are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) near_duplicates: Option<NearDuplicateSummary>,
}

impl Report {
    /// Tables of the models, and of their comparison.
    pub(super) fn grids(&self) -> Vec<Grid> {
        let ClassifierEvaluationReport { model: first, evaluation, compare } = &self.evaluated;
        let Some(ComparedClassifier { model, report, comparison }) = compare else {
            return label_grids(evaluation);
        };
        let under = |name: &str, evaluation| {
            let name = name.to_owned();
            label_grids(evaluation).into_iter().map(move |grid| grid.under(&name))
        };
        let mut grids: Vec<Grid> =
            under(&first.name, evaluation).chain(under(&model.name, report)).collect();
        grids.push(comparison_grid(&comparison_rows(comparison)));
        grids
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let ClassifierEvaluationReport { model: first, evaluation, compare } = &self.evaluated;
        let examples = plural(evaluation.examples(), "example");
        match &self.files[..] {
            [file] => writeln!(out, "{}: {examples}", one_line(&file.file))?,
            files => writeln!(out, "{}: {examples}", plural(files.len() as u64, "file"))?,
        }
        write_model(first, evaluation, out)?;
        if let Some(ComparedClassifier { model, report, comparison }) = compare {
            writeln!(out)?;
            write_model(model, report, out)?;
            writeln!(out)?;
            cloze_report::labels::write_comparison(comparison, [&first.name, &model.name], out)?;
        }
        Ok(())
    }
}

fn write_model(
    model: &EvaluatedModel,
    evaluation: &LabelEvaluation,
    out: &mut dyn Write,
) -> io::Result<()> {
    let EvaluatedModel { name, long_texts, truncated_texts } = model;
    writeln!(out, "{name}: {long_texts} long, {truncated_texts} truncated\n")?;
    cloze_report::labels::write_evaluation(evaluation, out)
}
