//! `cloze rerank`, as typed.
use anyhow::anyhow;
use clap::Args;
use cloze::Reranker;

use crate::cli::CommonFlags;
use crate::flags::classifier::PairCutArg;
use crate::flags::out::OutFlags;
use crate::flags::work::WorkFlags;
use crate::terminal::messages::Messages;

/// What `cloze rerank` is asked for.
#[derive(Args)]
pub(crate) struct RerankArgs {
    /// What `cloze index search --json` has printed, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// The name or folder of a classifier of pairs, or of a cross-encoder; it is given the query and the
    /// text
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    /// The label whose probability is the score [default: of two labels the second; a model with one
    /// gives its logit]
    #[arg(long, value_name = "LABEL", help_heading = "Model")]
    pub(crate) label: Option<String>,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Which text of a pair is cut where both are too long. For checkpoints; a trained head does as it
    /// was trained
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", help_heading = "Model")]
    pub(crate) cut: PairCutArg,
    /// Only the K best of each query [default: all]
    #[arg(short = 'k', long, alias = "top", value_name = "K", help_heading = "Output")]
    pub(crate) top_k: Option<usize>,
    /// Print JSON lines like those that were read, with the model's score; the search's stays beside it
    /// as `search_score`
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

impl RerankArgs {
    /// The model that these flags ask for.
    pub(crate) fn open(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<Reranker> {
        let builder = Reranker::builder(&self.model)
            .threads(self.work.threads)
            .batch_tokens(self.work.batch_tokens)
            .cut(self.cut.value())
            .label(self.label.clone())
            .runtime(common.load_runtime(messages)?);
        builder.open().map_err(|error| match error {
            cloze::Error::TakesTexts { model } => {
                anyhow!("{model} takes single texts, and a query with a text is a pair")
            }
            cloze::Error::RerankLabel { model, label: Some(label), labels } => {
                anyhow!("--label {label}: expected one of {}, which {model} has", labels.join(", "))
            }
            cloze::Error::RerankLabel { model, label: None, labels } => anyhow!(
                "{model} has the labels {}: --label says which one means that a text answers",
                labels.join(", ")
            ),
            error => error.into(),
        })
    }
}
