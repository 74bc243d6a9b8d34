//! Scores of a corpus: saved, shown, and compared where both are comparable.
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;
use cloze::heads::score::Sums;
use cloze::{ModelFolder, ScoreMethod, TextScore};
use cloze_store::{Existing, checksum};
use serde::{Deserialize, Serialize};

use crate::commands::score::args::UnitArg;
use crate::commands::score::figures::Figures;
use crate::flags::scorer::described;
use crate::terminal::messages::plural;

const KIND: &str = "cloze-score";
const VERSION: u32 = 1;

/// Model, tokenizer and method of the scores.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Made {
    model: String,
    model_sha256: String,
    tokenizer_sha256: String,
    #[serde(flatten)]
    method: ScoreMethod,
}

impl Made {
    pub(super) fn by(model: &ModelFolder, method: ScoreMethod) -> anyhow::Result<Self> {
        Ok(Self {
            model: model.name(),
            model_sha256: model.sha256()?,
            tokenizer_sha256: checksum::sha256_file(model.tokenizer_path())?,
            method,
        })
    }

    /// Checks that the figures of both are comparable.
    pub(super) fn check_comparable(
        &self,
        saved: &Summary,
        path: &Path,
        by: UnitArg,
    ) -> anyhow::Result<()> {
        let (path, file, saved) = (path.display(), saved, &saved.made);
        match (&saved.method, &self.method) {
            (ScoreMethod::Masked { masking: saved }, ScoreMethod::Masked { masking })
                if saved != masking =>
            {
                bail!(
                    "{path}: masked by {}, but these texts by {}: the scores are not comparable",
                    saved.name(),
                    masking.name()
                )
            }
            (one, other) if one.name() != other.name() => bail!(
                "{path}: {} of {}, but these are of {}, a {}: the scores are not comparable",
                one.name(),
                saved.model,
                self.model,
                other.name()
            ),
            _ => {}
        }
        if by == UnitArg::Byte && file.sums.bytes == 0 && file.sums.texts > 0 {
            bail!(
                "{path}: made before bytes were counted\n\
                 hint: --by word compares per word, or score its texts again"
            );
        }
        if by == UnitArg::Token && saved.tokenizer_sha256 != self.tokenizer_sha256 {
            bail!(
                "{path}: scored by {} with a tokenizer of SHA-256 {}, but {} has one of {}: their tokens \
                 differ, so perplexities per token are not comparable\n\
                 hint: --by word compares per word, --by byte per byte",
                saved.model,
                saved.tokenizer_sha256,
                self.model,
                self.tokenizer_sha256
            );
        }
        Ok(())
    }
}

/// Sums over the texts scored so far.
#[derive(Default)]
pub(super) struct Corpus {
    sums: Sums,
    long_texts: u64,
    texts: checksum::Text,
}

impl Corpus {
    pub(super) fn add(&mut self, text: &str, score: &TextScore) {
        self.sums.merge(&score.sums);
        self.long_texts += u64::from(score.windows > 1);
        // With its length before it, so that texts cut at other places are others.
        let _ = write!(self.texts, "{}:{text}", text.len()); // a checksum takes all text
    }

    pub(super) fn summary(self, made: Made) -> Summary {
        Summary {
            figures: Some(Figures::new(&self.sums, &made.method)),
            made,
            sums: self.sums,
            long_texts: self.long_texts,
            texts_sha256: self.texts.sha256(),
        }
    }
}

/// Saved scores of a corpus.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Summary {
    #[serde(flatten)]
    made: Made,
    #[serde(flatten)]
    pub(super) sums: Sums,
    /// Written for readers; what is read is computed again from the sums.
    #[serde(flatten, skip_deserializing)]
    figures: Option<Figures>,
    /// Number of texts longer than the model's limit.
    pub(super) long_texts: u64,
    /// SHA-256 of all texts, each with its length before it.
    texts_sha256: String,
}

impl Summary {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(cloze_store::envelope::read_json(path, KIND, VERSION)?)
    }

    pub(super) fn save(&self, path: &Path, force: bool) -> anyhow::Result<()> {
        let existing = if force { Existing::Replace } else { Existing::Refuse };
        Ok(cloze_store::envelope::write_json(path, KIND, VERSION, self, existing)?)
    }

    /// Name of the perplexity.
    pub(super) fn name(&self) -> &'static str {
        if self.is_causal() { "perplexity" } else { "pseudo-perplexity" }
    }

    fn is_causal(&self) -> bool {
        matches!(self.made.method, ScoreMethod::Causal { .. })
    }

    fn by(&self, unit: UnitArg) -> Option<f64> {
        match unit {
            UnitArg::Token => self.sums.per_token(),
            UnitArg::Word => self.sums.per_word(),
            UnitArg::Byte => self.sums.per_byte(),
        }
    }

    /// Writes the summary for people.
    pub(super) fn write(&self, compared: Option<&Compared>, out: &mut dyn Write) -> io::Result<()> {
        let Sums { texts, tokens, words, unknown, log_probability, .. } = self.sums;
        let Made { model, model_sha256, tokenizer_sha256, method } = &self.made;
        let counted = [(texts, "text"), (words, "word"), (tokens, "token")];
        let counted = counted.map(|(n, what)| plural(n, what)).join(", ");
        writeln!(out, "{counted}, {unknown} of them unknown")?;
        writeln!(out, "{model} (SHA-256 {model_sha256}), {}", described(method))?;
        writeln!(out, "tokenizer of SHA-256 {tokenizer_sha256}\n")?;
        let figure = |figure: Option<f64>| figure.map_or("-".into(), shown);
        let name = self.name();
        let width = name.len() + " per word".len() + 2;
        writeln!(out, "{:width$}{log_probability:.4}", method.name())?;
        let mut units = vec![("", self.sums.per_token()), (" per word", self.sums.per_word())];
        if let ScoreMethod::Causal { .. } = method {
            units.push((" per byte", self.sums.per_byte()));
        }
        for (unit, perplexity) in units {
            writeln!(out, "{:width$}{}", format!("{name}{unit}"), figure(perplexity))?;
        }
        let Some(compared) = compared else { return Ok(()) };
        writeln!(out, "\nper {}:", compared.by)?;
        writeln!(
            out,
            "  {:>12}  {model}",
            figure(compared.pseudo_perplexity.or(compared.perplexity))
        )?;
        writeln!(out, "  {:>12}  {}", figure(compared.other), compared.file)?;
        if !compared.same_texts {
            writeln!(out, "the texts differ, so this compares texts as well as models")?;
        }
        Ok(())
    }
}

/// Two corpora compared.
#[derive(Serialize)]
pub(super) struct Compared {
    file: String,
    by: &'static str,
    /// Of masked models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pseudo_perplexity: Option<f64>,
    /// Of causal models.
    #[serde(skip_serializing_if = "Option::is_none")]
    perplexity: Option<f64>,
    other: Option<f64>,
    other_model: String,
    same_texts: bool,
}

impl Compared {
    pub(super) fn new(summary: &Summary, saved: &Summary, path: &Path, by: UnitArg) -> Self {
        Self {
            file: path.display().to_string(),
            by: match by {
                UnitArg::Token => "token",
                UnitArg::Word => "word",
                UnitArg::Byte => "byte",
            },
            pseudo_perplexity: summary.by(by).filter(|_| !summary.is_causal()),
            perplexity: summary.by(by).filter(|_| summary.is_causal()),
            other: saved.by(by),
            other_model: saved.made.model.clone(),
            same_texts: saved.texts_sha256 == summary.texts_sha256,
        }
    }
}

/// A summary as it is printed.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    #[serde(flatten)]
    pub(super) summary: &'a Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compare: Option<&'a Compared>,
}

/// Formats a perplexity, which may be anything from 1 up.
pub(super) fn shown(perplexity: f64) -> String {
    if perplexity < 1e7 { format!("{perplexity:.4}") } else { format!("{perplexity:.4e}") }
}
