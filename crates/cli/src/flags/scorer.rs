//! Flags of the commands that score texts by a language model.
use anyhow::bail;
use clap::Args;
use cloze::heads::score::Masking;
use cloze::{
    CausalScorer, Generator, MaskedLm, ModelFolder, ScoreMethod, Scorer, Task, TextScorer, tasks,
};

use crate::cli::CommonFlags;
use crate::flags::find_model;
use crate::flags::work::WorkFlags;
use crate::terminal::messages::Messages;

/// Default masked language model.
pub(crate) const MASKED_MODEL: &str = "mlm-en";

/// Model that scores texts.
#[derive(Args)]
pub(crate) struct ScorerFlags {
    /// Masked language model, by name or folder
    #[arg(short, long, default_value = MASKED_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
}

impl ScorerFlags {
    /// Opens the scorer that these flags choose, and returns the folder of its model.
    pub(crate) fn open(
        &self,
        masking: Masking,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<(Scorer, ModelFolder)> {
        let model = find_model(&self.model, messages)?;
        let lm = self.open_model(&model, common, messages)?;
        Ok((Scorer::new(lm, masking), model))
    }

    /// Opens the scorer of a masked or a causal language model, by the kind of the model; `masking` is the
    /// one asked for, `stride` that of windows.
    pub(crate) fn open_any(
        &self,
        masking: Option<Masking>,
        stride: Option<usize>,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<(Box<dyn TextScorer>, ModelFolder)> {
        let model = find_model(&self.model, messages)?;
        if !tasks(&model)?.contains(&Task::Generate) {
            if stride.is_some() {
                bail!(
                    "--stride is for causal language models; {} is a masked language model, which sees a token \
                     from both sides",
                    model.name()
                );
            }
            let lm = self.open_model(&model, common, messages)?;
            return Ok((Box::new(Scorer::new(lm, masking.unwrap_or(Masking::Token))), model));
        }
        if masking.is_some() {
            bail!(
                "--within-word is for masked language models; {} is a causal language model, which masks nothing",
                model.name()
            );
        }
        let builder = Generator::builder(model.clone()).threads(self.work.threads);
        let generator = builder.runtime(common.load_runtime(messages)?).open()?;
        let scorer = CausalScorer::new(generator)?.stride(stride)?;
        Ok((Box::new(scorer.batch_tokens(self.work.batch_tokens)), model))
    }

    /// Opens the masked language model in a folder, with the settings of these flags.
    pub(crate) fn open_model(
        &self,
        model: &ModelFolder,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<MaskedLm> {
        let builder = MaskedLm::builder(model.clone())
            .threads(self.work.threads)
            .batch_tokens(self.work.batch_tokens);
        Ok(builder.runtime(common.load_runtime(messages)?).open()?)
    }
}

/// Masking while scoring.
#[derive(Args)]
pub(crate) struct MaskingFlags {
    /// While a token is masked, mask the later tokens of its word, too, which else give it away
    /// (Kauf & Ivanova 2023)
    #[arg(long, help_heading = "Score")]
    within_word: bool,
}

impl MaskingFlags {
    /// Masking, if one is asked for.
    pub(crate) fn given(&self) -> Option<Masking> {
        self.within_word.then_some(Masking::WithinWord)
    }

    pub(crate) fn value(&self) -> Masking {
        if self.within_word { Masking::WithinWord } else { Masking::Token }
    }
}

/// A way of scoring, for people: `masked by token`.
pub(crate) fn described(method: &ScoreMethod) -> String {
    match method {
        ScoreMethod::Masked { masking } => format!("masked by {}", masking.name()),
        ScoreMethod::Causal { stride, window, start_token } => {
            let start = match start_token {
                Some(token) => format!("first tokens behind {token}"),
                None => "first tokens not scored".to_owned(),
            };
            format!("windows of {window} tokens, {stride} apart, {start}")
        }
    }
}
