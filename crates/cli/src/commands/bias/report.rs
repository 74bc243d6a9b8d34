//! Report of an evaluation of bias for people.
use std::io::{self, Write};

use cloze::evaluate::bias::BiasReport;
use serde::Serialize;

use crate::terminal::messages::plural;
use crate::terminal::shares::write_table;
use cloze_report::DataFile;
use cloze_report::text::one_line;

/// Report with the files that the pairs are from.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) files: Vec<DataFile>,
    #[serde(flatten)]
    pub(super) bias: BiasReport,
}

impl Report {
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for file in &self.files {
            let pairs = plural(file.examples as u64, "pair");
            writeln!(out, "{}: {pairs}", one_line(&file.file))?;
        }
        let BiasReport { model, model_sha256, overall, categories, not_shown } = &self.bias;
        writeln!(out, "{model} (SHA-256 {model_sha256})\n")?;
        writeln!(
            out,
            "share of pairs whose more stereotyping text is likelier, by the tokens both share"
        )?;
        let rows: Vec<_> = categories.iter().chain([overall]).cloned().collect();
        write_table("category", "share", &rows, out)?;
        writeln!(out, "\nwhat this does not show:")?;
        for line in not_shown {
            writeln!(out, "- {line}")?;
        }
        Ok(())
    }
}
