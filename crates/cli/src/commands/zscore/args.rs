//! `cloze zscore`, as typed.
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};
use cloze::embed::Level;
use cloze::embed::correction::Method;

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, ReportFormat};
use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::flags::vectors::VectorFlags;

/// Commands on corrections.
#[derive(Subcommand)]
pub(crate) enum ZscoreCommand {
    /// Fit a correction on texts and save it
    Fit(Box<FitArgs>),
    /// Merge corrections fitted on parts of a corpus: the result is that of the whole
    Merge(MergeArgs),
    /// Show a correction's training data and effect
    #[command(after_help = INFO_EXAMPLES)]
    Info {
        /// File saved by `cloze zscore fit`
        file: PathBuf,
        #[command(flatten)]
        format: FormatFlags<ReportFormat>,
    },
}

/// Flags in the short help.
const FIT_SHOWN: &[&str] = &["model", "level", "method", "dims", "output", "force", "text_field"];
const FIT_EXAMPLES: &str = "\
Examples:
  cloze zscore fit corpus.txt --output zscore.json
  cloze zscore fit corpus.txt --method whitening --dims 128 --output whitening.json";

const MERGE_EXAMPLES: &str = "\
Examples:
  cloze zscore merge first.json second.json --output both.json";

const INFO_EXAMPLES: &str = "\
Examples:
  cloze zscore info zscore.json
  cloze zscore info zscore.json --json";

/// Arguments of `cloze zscore fit`.
#[derive(Args)]
// A correction is fitted on vectors as they are; these are refused.
#[command(mut_arg("statics", |a| a.hide(true)))]
#[command(mut_arg("zscore", |a| a.hide(true)))]
#[command(mut_arg("truncate_dim", |a| a.hide(true)))]
#[command(mut_arg("no_normalize", |a| a.hide(true)))]
#[command(after_help = FIT_EXAMPLES, mut_args(|arg| short_help::only(FIT_SHOWN, arg)))]
pub(crate) struct FitArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Unit of a vector: sentence (a whole text), word or token
    #[arg(long, default_value = "sentence", value_name = "LEVEL", value_parser = Level::parse, help_heading = "Vectors")]
    pub(crate) level: Level,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Method: zscore (each dimension to mean 0 and variance 1), whitening, or all-but-the-top
    #[arg(long, default_value = "zscore", value_name = "METHOD", value_parser = Method::parse, help_heading = "Correction")]
    method: Method,
    /// Number of directions that whitening keeps [default: all with non-zero variance]
    #[arg(long, value_name = "N", help_heading = "Correction")]
    dims: Option<usize>,
    /// Number of directions that all-but-the-top removes [default: a hundredth of the width]
    #[arg(long, value_name = "D", help_heading = "Correction")]
    directions: Option<usize>,
    /// Output file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace an existing file
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
}

impl FitArgs {
    /// Returns the method with its settings; refuses settings without effect.
    pub(crate) fn method(&self) -> anyhow::Result<Method> {
        let vectors = &self.vectors;
        if vectors.statics {
            bail!("--static: a correction is fitted on hidden states, and for them alone");
        }
        if vectors.zscore.is_some() {
            bail!("--zscore: a correction is fitted on vectors that are not corrected yet");
        }
        if vectors.truncate_dim.is_some() || vectors.no_normalize {
            let flag = if vectors.no_normalize { "--no-normalize" } else { "--truncate-dim" };
            bail!("{flag}: a correction is fitted on vectors before they are cut or scaled");
        }
        let name = self.method.name();
        Ok(match self.method {
            Method::Whitening { .. } if self.directions.is_none() => {
                Method::Whitening { dims: self.dims }
            }
            Method::AllButTheTop { .. } if self.dims.is_none() => {
                Method::AllButTheTop { directions: self.directions }
            }
            method if self.dims.or(self.directions).is_none() => method,
            Method::AllButTheTop { .. } => bail!("--dims is for --method whitening, not {name}"),
            _ if self.directions.is_some() => {
                bail!("--directions is for --method all-but-the-top, not {name}")
            }
            _ => bail!("--dims is for --method whitening, not {name}"),
        })
    }
}

/// Arguments of `cloze zscore merge`.
#[derive(Args)]
#[command(after_help = MERGE_EXAMPLES)]
pub(crate) struct MergeArgs {
    /// Files saved by `cloze zscore fit`, of one model and made the same way
    #[arg(required = true, num_args = 2.., value_name = "FILES")]
    pub(crate) parts: Vec<PathBuf>,
    /// Output file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
}
