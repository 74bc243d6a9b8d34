//! `cloze eval redact`, as typed.
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::commands::redact::args::PREFER_RECALL;
use crate::commands::short_help;
use crate::flags::format::{FigureFormat, FormatFlags};
use crate::flags::out::OutFilesFlags;
use crate::flags::tagger::TaggerFlags;

const SHOWN: &[&str] =
    &["model", "predicted", "prefer_recall", "sweep", "format", "json", "output"];

const EXAMPLES: &str = "\
Examples:
  cloze eval redact gold.jsonl
  cloze eval redact gold.jsonl --model ./own --format markdown
  cloze eval redact gold.jsonl --sweep 0,1,2,3 --sweep-windows 64,128,full --svg curve.svg
  cloze eval redact gold.jsonl --predicted presidio.jsonl --json --output presidio.json";

/// Arguments of `cloze eval redact`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("model", |arg| arg.default_value("pii")),
    mut_arg("predicted", |arg| short_help::brief(
        "Items that another program found, in place of a model",
        arg
    )),
    mut_arg("sweep", |arg| short_help::brief("Compare strengths of --prefer-recall", arg)),
    mut_arg("prefer_recall", |arg| arg.help(PREFER_RECALL)),
    mut_args(|arg| short_help::only(SHOWN, arg))
)]
pub(crate) struct EvalRedactArgs {
    /// Texts with marked items: JSON lines with offsets, Presidio's evaluation data, or i2b2's XML
    ///
    /// JSON lines are {"text", "entities": [{"label", "start", "end"}]} with offsets in characters, or in
    /// bytes with "offsets": "byte". An item labelled OPTIONAL may be hidden or not. A field "kind" groups
    /// texts.
    #[arg(value_name = "GOLD")]
    pub(crate) file: PathBuf,
    /// Items that another program found, in place of a model: the same texts in the same order, in a form
    /// that GOLD has
    #[arg(long, value_name = "FILE", conflicts_with = "model", help_heading = "Evaluation")]
    pub(crate) predicted: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) tagger: TaggerFlags,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFilesFlags,
    /// Compare strengths of --prefer-recall, in logits, for each of which the figures are a row
    #[arg(
        long,
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_name = "LOGITS,…",
        conflicts_with_all = ["prefer_recall", "predicted"],
        help_heading = "Evaluation"
    )]
    pub(crate) sweep: Vec<f32>,
    /// With each strength, compare windows of so many tokens, or full for the model's limit (--sweep)
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "N,…",
        requires = "sweep",
        conflicts_with_all = ["window", "predicted", "prefer_recall"],
        help_heading = "Evaluation"
    )]
    pub(crate) sweep_windows: Vec<WindowArg>,
    /// Choose the settings that leak least among those with at most this share of wrong spans (--sweep)
    #[arg(
        long,
        value_name = "SHARE",
        requires = "sweep",
        conflicts_with_all = ["predicted", "prefer_recall"],
        help_heading = "Evaluation"
    )]
    pub(crate) max_wrong: Option<f64>,
    /// Write the curve of items hidden whole against wrong spans (SVG; --sweep)
    #[arg(
        long,
        value_name = "FILE",
        requires = "sweep",
        conflicts_with_all = ["predicted", "prefer_recall"],
        help_heading = "Output"
    )]
    pub(crate) svg: Option<PathBuf>,
}

/// Size of a window; `None` for the model's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowArg(pub(crate) Option<usize>);

impl FromStr for WindowArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "full" => Ok(Self(None)),
            number => match number.parse() {
                Ok(tokens) if tokens > 0 => Ok(Self(Some(tokens))),
                _ => Err(format!("expected a number of tokens or full, found {text:?}")),
            },
        }
    }
}
