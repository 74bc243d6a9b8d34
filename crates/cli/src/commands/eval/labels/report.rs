//! What an evaluation of labels has come to.
use std::io::{self, Write};

use cloze::InputClassifier;
use serde::Serialize;

use crate::terminal::messages::plural;
use cloze::metrics::labels::LabelComparison;
use cloze::metrics::labels::LabelEvaluation;
use cloze_report::DataFile;
use cloze_report::text::one_line;

/// All of it.
#[derive(Serialize)]
pub(super) struct Report {
    files: Vec<DataFile>,
    #[serde(flatten)]
    model: Model,
    #[serde(flatten)]
    judged: LabelEvaluation,
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<Compared>,
}

/// A model and what it had to do.
#[derive(Serialize)]
struct Model {
    #[serde(rename = "model")]
    name: String,
    /// Texts longer than a window, and pairs longer than the model takes.
    long_texts: u64,
    /// Those of which only a part was seen.
    truncated_texts: u64,
}

impl Model {
    fn of(classifier: &InputClassifier) -> Self {
        let counts = classifier.counts();
        Self {
            name: classifier.name().to_owned(),
            long_texts: counts.long,
            truncated_texts: counts.truncated,
        }
    }
}

/// The other model, and how both differ: the first less the second.
#[derive(Serialize)]
pub(super) struct Compared {
    #[serde(flatten)]
    model: Model,
    report: LabelEvaluation,
    #[serde(flatten)]
    comparison: LabelComparison,
}

impl Compared {
    pub(super) fn new(
        other: &InputClassifier,
        report: LabelEvaluation,
        comparison: LabelComparison,
    ) -> Self {
        Self { model: Model::of(other), report, comparison }
    }
}

impl Report {
    pub(super) fn new(
        files: Vec<DataFile>,
        classifier: &InputClassifier,
        judged: LabelEvaluation,
        compare: Option<Compared>,
    ) -> Self {
        Self { files, model: Model::of(classifier), judged, compare }
    }

    /// Writes it for people.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let examples = plural(self.judged.examples(), "example");
        match &self.files[..] {
            [file] => writeln!(out, "{}: {examples}", one_line(&file.file))?,
            files => writeln!(out, "{}: {examples}", plural(files.len() as u64, "file"))?,
        }
        write_model(&self.model, &self.judged, out)?;
        if let Some(Compared { model, report, comparison }) = &self.compare {
            writeln!(out)?;
            write_model(model, report, out)?;
            writeln!(out)?;
            cloze_report::labels::write_comparison(
                comparison,
                [&self.model.name, &model.name],
                out,
            )?;
        }
        Ok(())
    }
}

fn write_model(model: &Model, judged: &LabelEvaluation, out: &mut dyn Write) -> io::Result<()> {
    let Model { name, long_texts, truncated_texts } = model;
    writeln!(out, "{name}: {long_texts} long, {truncated_texts} truncated\n")?;
    cloze_report::labels::write_evaluation(judged, out)
}
