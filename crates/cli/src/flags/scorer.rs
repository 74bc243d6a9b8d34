//! Flags of the commands that score texts by a masked language model.
use clap::Args;
use cloze::heads::score::Masking;
use cloze::{MaskedLm, ModelFolder, Scorer};

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
    pub(crate) fn value(&self) -> Masking {
        if self.within_word { Masking::WithinWord } else { Masking::Token }
    }
}
