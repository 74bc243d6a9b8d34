//! The encoder to start from, and its tokenizer.
use anyhow::bail;
use cloze_core::Casing;
use cloze_encoder::{ModelFolder, Sequence as Pieces, TokenCounter};
use cloze_graph::Checkpoint;
use cloze_graph::checkpoint::Family;
use cloze_tune::encoder::ValidEncoderParams;
use cloze_tune::{Encoder, Parameters, Sequence};

use crate::args::{StepArgs, find_model};

/// Sequences are no longer than this where nobody says: memory goes by the square of it.
const MAX_TOKENS: usize = 256;

/// What a training starts from.
pub(crate) struct Base {
    pub(crate) folder: ModelFolder,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) tokenizer: TokenCounter,
    /// The longest sequence, special tokens included.
    pub(crate) max_tokens: usize,
}

impl Base {
    pub(crate) fn open(name: &str, steps: &StepArgs) -> anyhow::Result<Self> {
        let folder = find_model(name)?;
        if !folder.has_weights() {
            bail!(
                "{}: model.onnx cannot be trained; expected weights, model.safetensors",
                folder.folder().display()
            );
        }
        let most = folder.max_tokens();
        let max_tokens = match steps.max_tokens {
            None => most.min(MAX_TOKENS),
            Some(n) if (3..=most).contains(&n) => n,
            Some(n) => bail!("--max-tokens is {n}: expected 3 to {most}"),
        };
        let checkpoint = Checkpoint::open(folder.folder())?;
        let tokenizer = TokenCounter::open(&folder)?;
        Ok(Self { folder, checkpoint, tokenizer, max_tokens })
    }

    /// The encoder; its numbers are the first of `parameters`.
    pub(crate) fn encoder(
        &self,
        params: &ValidEncoderParams,
        seed: u64,
        parameters: &mut Parameters,
    ) -> anyhow::Result<Encoder> {
        Ok(Encoder::open(&self.checkpoint, params, seed, parameters)?)
    }

    /// What names of the encoder begin with in a model that has a head beside it.
    pub(crate) fn body(&self) -> &'static str {
        match self.checkpoint.config().family {
            Family::Bert => "bert.",
            Family::Roberta => "roberta.",
            Family::DistilBert => "distilbert.",
            Family::Electra => "electra.",
        }
    }

    /// The class that transformers has for such a model: `BertForTokenClassification`.
    pub(crate) fn architecture(&self, task: &str) -> String {
        let family = match self.checkpoint.config().family {
            Family::Bert => "Bert",
            Family::Roberta => "Roberta",
            Family::DistilBert => "DistilBert",
            Family::Electra => "Electra",
        };
        // XLM-RoBERTa and CamemBERT have classes of their own, which config.json tells apart.
        let own = self.checkpoint.config().architecture.as_deref().unwrap_or_default();
        let own = ["XLMRoberta", "Camembert"].into_iter().find(|name| own.starts_with(name));
        format!("{}For{task}", own.unwrap_or(family))
    }
}

/// A sequence as an encoder with so many classes of casing takes it.
pub(crate) fn sequence(pieces: &Pieces, classes: usize) -> Sequence {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let types = pieces.types.iter().copied();
    let types = if classes == Casing::COUNT {
        let cased = types.zip(&pieces.casing);
        cased.map(|(kind, casing)| kind * narrow(classes) + narrow(casing.class())).collect()
    } else {
        types.collect()
    };
    Sequence { ids: pieces.ids.clone(), types }
}
