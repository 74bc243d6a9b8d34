//! What an evaluation on minimal pairs has come to.
use std::io::{self, Write};

use anyhow::Context as _;
use cloze::ModelFolder;
use cloze::heads::score::Masking;
use cloze_store::checksum;
use serde::Serialize;

use super::Judged;
use crate::commands::eval::args::minimal_pairs::MinimalPairsArgs;
use crate::shares::{Share, by_kind, write_table};
use crate::terminal::messages::plural;

/// All of it. The share of pairs in which the acceptable sentence is likelier is the accuracy.
#[derive(Serialize)]
pub(super) struct Report {
    model: String,
    model_sha256: String,
    tokenizer_sha256: String,
    masking: Masking,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    /// Tokens for words that the vocabulary does not have.
    unknown: u64,
    overall: Share,
    /// The mean over paradigms, each as much as another: BLiMP's own figure.
    mean_over_paradigms: f64,
    fields: Vec<Share>,
    phenomena: Vec<Share>,
    paradigms: Vec<Share>,
}

impl Report {
    pub(super) fn new(
        model: &ModelFolder,
        judged: &[Judged],
        unknown: u64,
        args: &MinimalPairsArgs,
    ) -> anyhow::Result<Self> {
        let all: Vec<_> = judged.iter().map(|pair| pair.likelier).collect();
        let kinds = |kind: fn(&Judged) -> Option<&str>| {
            by_kind(judged.iter().map(|pair| (kind(pair), pair.likelier)))
        };
        let paradigms = kinds(|pair| Some(&pair.paradigm));
        #[expect(clippy::cast_precision_loss, reason = "there are few paradigms")]
        let n = paradigms.len() as f64;
        Ok(Self {
            model: model.name(),
            model_sha256: model.sha256()?,
            tokenizer_sha256: checksum::sha256_file(&model.tokenizer_path())?,
            masking: args.masking.value(),
            limit: args.limit,
            unknown,
            overall: Share::of("overall", &all).context("no pair was scored")?,
            mean_over_paradigms: paradigms.iter().map(|p| p.first).sum::<f64>() / n,
            fields: kinds(|pair| pair.field.as_deref()),
            phenomena: kinds(|pair| pair.term.as_deref()),
            paradigms,
        })
    }

    /// Writes it for people.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { model, model_sha256, masking, unknown, overall, .. } = self;
        writeln!(out, "{model} (SHA-256 {model_sha256}), masked by {}", masking.name())?;
        if *unknown > 0 {
            writeln!(out, "{} for unknown words", plural(*unknown, "token"))?;
        }
        for (title, shares) in [
            ("paradigm", &self.paradigms),
            ("phenomenon", &self.phenomena),
            ("field", &self.fields),
        ] {
            if !shares.is_empty() {
                writeln!(out)?;
                write_table(title, "accuracy", shares, out)?;
            }
        }
        writeln!(out)?;
        write_table("pairs", "accuracy", std::slice::from_ref(overall), out)?;
        writeln!(out, "mean over paradigms  {:.4}", self.mean_over_paradigms)?;
        if overall.ties > 0 {
            writeln!(out, "a pair whose sentences are exactly as likely counts as wrong")?;
        }
        Ok(())
    }
}
