//! `cloze model`, as typed.
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use cloze_checkpoint::ModelFolder;
use cloze_store::Location;

use crate::commands::short_help;
use crate::flags::dtype::DtypeArg;
use crate::flags::find_model_folder;
use crate::flags::format::{FormatFlags, ReportFormat};
use crate::flags::read::ReadFlags;
use crate::terminal::messages::Messages;

const LIST_EXAMPLES: &str = "\
Examples:
  cloze model list
  cloze model list --json";

const INFO_EXAMPLES: &str = "\
Examples:
  cloze model info ner-en
  cloze model info ./tickets --json";

const CHECK_EXAMPLES: &str = "\
Examples:
  cloze model check minilm-l6-v2
  cloze model check ./downloaded --run
  cloze model check ./tickets --json";

const ADD_EXAMPLES: &str = "\
Examples:
  cloze model add ./tickets
  cloze model add tickets.tar.gz --name tickets --force";

const CONVERT_EXAMPLES: &str = "\
Examples:
  cloze model convert ./tickets --dtype f16 --output tickets-f16
  cloze model convert ./tickets --to onnx --output tickets-onnx";

const MERGE_EXAMPLES: &str = "\
Examples:
  cloze model merge ./tickets --output tickets-merged
  cloze model merge minilm-l6-v2 --adapter a --adapter b --weight 0.7 --weight 0.3 --output both";

const QUANTIZE_EXAMPLES: &str = "\
Examples:
  cloze model quantize minilm-l6-v2 --output minilm-int8
  cloze model quantize minilm-l6-v2 --calibrate texts/ --output minilm-int8";

/// Flags of the short help of `cloze model quantize`.
const QUANTIZE_SHOWN: &[&str] =
    &["calibrate", "fixed", "input", "text_field", "output", "force", "format", "json"];

#[derive(Subcommand)]
pub(crate) enum ModelCommand {
    /// List the models that can be used by name
    #[command(after_help = LIST_EXAMPLES)]
    List {
        #[command(flatten)]
        format: FormatFlags<ReportFormat>,
    },
    /// Show inputs, outputs, labels, limits, size, hash and licence of a model
    #[command(after_help = INFO_EXAMPLES)]
    Info {
        /// Model name or folder
        model: String,
        #[command(flatten)]
        format: FormatFlags<ReportFormat>,
    },
    /// Verify a model's files, and with --run that it runs
    #[command(after_help = CHECK_EXAMPLES)]
    Check {
        /// Model name or folder
        model: String,
        /// Also run the model on a short text
        #[arg(long)]
        run: bool,
        #[command(flatten)]
        format: FormatFlags<ReportFormat>,
    },
    /// Install a model, so that it is found by its name
    Add(ModelAddArgs),
    /// Convert a model to a smaller storage type, or to ONNX
    Convert(ConvertArgs),
    /// Merge adapters (LoRA) into their base model
    Merge(ModelMergeArgs),
    /// Quantize a model to 8 bits: smaller and faster
    Quantize(ModelQuantizeArgs),
}

/// Arguments of `cloze model convert`.
#[derive(Args)]
#[command(after_help = CONVERT_EXAMPLES)]
pub(crate) struct ConvertArgs {
    /// Model name or folder, with model.safetensors
    pub(crate) model: String,
    /// Storage type of the weights [default: unchanged, or f32 for onnx]
    #[arg(long, value_enum, value_name = "TYPE", help_heading = "Conversion")]
    pub(crate) dtype: Option<DtypeArg>,
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Conversion")]
    pub(crate) to: ConvertTo,
    /// Output folder: a whole model folder for safetensors, one with a graph for onnx
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace existing files
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
}

/// Format of a converted model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConvertTo {
    /// Weights and configuration, in a model folder
    #[default]
    Safetensors,
    /// Graph with its weights inside, for ONNX Runtime
    Onnx,
}

/// Arguments of `cloze model merge`.
#[derive(Args)]
#[command(after_help = MERGE_EXAMPLES)]
pub(crate) struct ModelMergeArgs {
    /// Model name or folder: a model with an adapter, or with --adapter any with model.safetensors
    pub(crate) model: String,
    /// Adapter folder to merge into a model without one; can be repeated
    #[arg(long, value_name = "DIR", help_heading = "Adapters")]
    pub(crate) adapter: Vec<PathBuf>,
    /// Weight of each --adapter, in their order [default: 1]
    #[arg(
        long,
        value_name = "W",
        requires = "adapter",
        allow_negative_numbers = true,
        help_heading = "Adapters"
    )]
    pub(crate) weight: Vec<f64>,
    /// Storage type of the weights [default: that of the base model]
    #[arg(long, value_enum, value_name = "TYPE", help_heading = "Output")]
    pub(crate) dtype: Option<DtypeArg>,
    /// Output model folder
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace an existing folder
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
}

/// Arguments of `cloze model add`.
#[derive(Args)]
#[command(after_help = ADD_EXAMPLES)]
pub(crate) struct ModelAddArgs {
    /// Model folder, or archive of one: .zip, .tar, .tar.gz or .tgz
    #[arg(value_name = "FOLDER|ARCHIVE")]
    pub(crate) source: PathBuf,
    /// Name of the model [default: that of the folder or archive]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Replace a model of this name
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
}

impl ModelMergeArgs {
    /// Model to merge.
    pub(crate) fn open(&self, messages: &Messages) -> anyhow::Result<ModelFolder> {
        if self.adapter.is_empty() {
            return crate::flags::find_model(&self.model, messages);
        }
        let (adapters, weights) = (self.adapter.len(), self.weight.len());
        if weights != 0 && weights != adapters {
            bail!("{weights} --weight for {adapters} --adapter; expected one for each, or none");
        }
        let weights = self.weight.iter().copied().chain(std::iter::repeat(1.0));
        let adapters: Vec<_> = self.adapter.iter().map(Location::from).zip(weights).collect();
        Ok(ModelFolder::with_adapters(find_model_folder(&self.model, messages)?, &adapters)?)
    }
}

/// Arguments of `cloze model quantize`.
#[derive(Args)]
#[command(
    after_help = QUANTIZE_EXAMPLES,
    mut_args(|arg| short_help::only(QUANTIZE_SHOWN, arg))
)]
pub(crate) struct ModelQuantizeArgs {
    /// Model name or folder, with model.safetensors; adapters are merged in
    pub(crate) model: String,
    /// Calibration texts, similar to those to be encoded later: files or folders. Activation channels with
    /// outliers on them are smoothed before rounding, which is more accurate
    #[arg(long, value_name = "PATH", help_heading = "Calibration")]
    pub(crate) calibrate: Vec<String>,
    /// Static scales from --calibrate instead of one scale per token: a little faster and less accurate;
    /// activations above the calibrated maximum are clipped
    #[arg(long, requires = "calibrate", help_heading = "Calibration")]
    pub(crate) fixed: bool,
    /// Also store the word embeddings in 8 bits, one scale per row: a smaller file, the same speed
    #[arg(long, help_heading = "Output")]
    pub(crate) embeddings: bool,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Output model folder
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace an existing folder
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
}
