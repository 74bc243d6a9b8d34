//! `cloze rerank`, as typed.
use anyhow::anyhow;
use clap::Args;
use cloze::Reranker;

use crate::cli::CommonFlags;
use crate::commands::short_help;
use crate::flags::classifier::PairCutArg;
use crate::flags::find_model_folder;
use crate::flags::format::{FormatFlags, RowFormat};
use crate::flags::out::OutFlags;
use crate::flags::work::WorkFlags;
use crate::terminal::messages::Messages;

/// Flags in the short help.
const RERANK_SHOWN: &[&str] = &["model", "label", "top_k", "format", "json", "output", "force"];
const RERANK_EXAMPLES: &str = "\
Examples:
  cloze rerank hits.jsonl --model ./cross-encoder
  cloze rerank hits.jsonl --model ./pairs --label relevant -k 3";

/// Arguments of `cloze rerank`.
#[derive(Args)]
#[command(mut_arg("json", |a| a.help(
    "Short for --format jsonl: lines like the input's, with the model's score; the search's stays \
     beside it as `search_score`"
)))]
#[command(after_help = RERANK_EXAMPLES, mut_args(|arg| short_help::only(RERANK_SHOWN, arg)))]
pub(crate) struct RerankArgs {
    /// Output of `cloze index search --json`, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// Classifier of pairs or cross-encoder, by name or folder; it is given the query and the text
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    /// Label whose probability is the score [default: of two labels the second; a model with one
    /// gives its logit]
    #[arg(long, value_name = "LABEL", help_heading = "Model")]
    pub(crate) label: Option<String>,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Text of a pair that is cut where both are too long (checkpoints only)
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", help_heading = "Model")]
    pub(crate) cut: PairCutArg,
    /// Number of best results of each query [default: all]
    #[arg(short = 'k', long, alias = "top", value_name = "K", help_heading = "Output")]
    pub(crate) top_k: Option<usize>,
    #[command(flatten)]
    pub(crate) format: FormatFlags<RowFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

impl RerankArgs {
    /// Opens the model that these flags choose.
    pub(crate) fn open(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<Reranker> {
        let builder = Reranker::builder(find_model_folder(&self.model, messages)?)
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
