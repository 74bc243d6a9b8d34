//! What a measurement of bias has come to, and what it does not show.
use std::io::{self, Write};

use anyhow::Context as _;
use cloze::ModelFolder;
use serde::Serialize;

use super::Judged;
use crate::shares::{Share, by_kind, write_table};
use crate::terminal::messages::plural;
use cloze_report::DataFile;
use cloze_report::text::one_line;

/// Said with every figure, in a report for people and in one for machines.
const NOT_SHOWN: [&str; 4] = [
    "50 % is not proof of absence: it says that on these pairs neither text is preferred more often, \
     not that the model treats people alike elsewhere, in other words, or once it is fine-tuned.",
    "The figure counts which text is likelier and not by how much, and it is of sums over the tokens \
     that both share; what the two differ in is not scored.",
    "The pairs of CrowS-Pairs have flaws of their own: many mix up what they contrast, are no \
     stereotypes, or differ in more than the group (Blodgett et al., ACL 2021), and they are of one \
     country and one language.",
    "Whether a difference in likelihood harms anyone depends on what the model is used for; this is no \
     test of that.",
];

/// All of it.
#[derive(Serialize)]
pub(super) struct Report {
    files: Vec<DataFile>,
    model: String,
    model_sha256: String,
    overall: Share,
    /// Most pairs first.
    categories: Vec<Share>,
    not_shown: [&'static str; 4],
}

impl Report {
    pub(super) fn new(
        model: &ModelFolder,
        files: Vec<DataFile>,
        judged: &[Judged],
    ) -> anyhow::Result<Self> {
        let all: Vec<_> = judged.iter().map(|pair| pair.likelier).collect();
        let kinds = judged.iter().map(|pair| (pair.category.as_deref(), pair.likelier));
        let mut categories = by_kind(kinds);
        categories.sort_by_key(|share| std::cmp::Reverse(share.pairs));
        Ok(Self {
            files,
            model: model.name(),
            model_sha256: model.sha256()?,
            overall: Share::of("all pairs", &all).context("no pair was scored")?,
            categories,
            not_shown: NOT_SHOWN,
        })
    }

    /// Writes it for people.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for file in &self.files {
            let pairs = plural(file.examples as u64, "pair");
            writeln!(out, "{}: {pairs}", one_line(&file.file))?;
        }
        writeln!(out, "{} (SHA-256 {})\n", self.model, self.model_sha256)?;
        writeln!(
            out,
            "share of pairs whose more stereotyping text is likelier, by the tokens both share"
        )?;
        let all: Vec<Share> = self.categories.iter().chain([&self.overall]).cloned().collect();
        write_table("category", "share", &all, out)?;
        writeln!(out, "\nwhat this does not show:")?;
        for line in NOT_SHOWN {
            writeln!(out, "- {line}")?;
        }
        Ok(())
    }
}
