//! `cloze zscore`, as typed.
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};
use cloze::embed::Level;
use cloze::embed::correction::Method;

use crate::flags::read::ReadFlags;
use crate::flags::vectors::VectorFlags;

/// What is done with a correction.
#[derive(Subcommand)]
pub(crate) enum ZscoreCommand {
    /// Learn a correction from texts and save it
    Fit(Box<FitArgs>),
    /// Put corrections together that were fitted on parts of a corpus: the result is that of the whole
    Merge(MergeArgs),
    /// What a correction was fitted on, and what it does
    Info {
        /// A file that `cloze zscore fit` has saved
        file: PathBuf,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
}

/// What `cloze zscore fit` is asked for.
#[derive(Args)]
// A correction is fitted on vectors as they are; these are refused.
#[command(mut_arg("statics", |a| a.hide(true)))]
#[command(mut_arg("zscore", |a| a.hide(true)))]
#[command(mut_arg("truncate_dim", |a| a.hide(true)))]
#[command(mut_arg("no_normalize", |a| a.hide(true)))]
pub(crate) struct FitArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// What a vector stands for: sentence (a whole text), word or token
    #[arg(long, default_value = "sentence", value_name = "LEVEL", value_parser = Level::parse, help_heading = "Vectors")]
    pub(crate) level: Level,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// zscore (each dimension to mean 0 and variance 1), whitening, or all-but-the-top
    #[arg(long, default_value = "zscore", value_name = "METHOD", value_parser = Method::parse, help_heading = "Correction")]
    method: Method,
    /// How many directions whitening keeps [default: all that vectors spread in]
    #[arg(long, value_name = "N", help_heading = "Correction")]
    dims: Option<usize>,
    /// How many directions all-but-the-top takes away [default: a hundredth of the width]
    #[arg(long, value_name = "D", help_heading = "Correction")]
    directions: Option<usize>,
    /// The file to write
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace a file that is there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

impl FitArgs {
    /// The method with its settings; what would be without effect is refused.
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
        let found = self.method.name();
        Ok(match self.method {
            Method::Whitening { .. } if self.directions.is_none() => {
                Method::Whitening { dims: self.dims }
            }
            Method::AllButTheTop { .. } if self.dims.is_none() => {
                Method::AllButTheTop { directions: self.directions }
            }
            method if self.dims.or(self.directions).is_none() => method,
            Method::AllButTheTop { .. } => bail!("--dims is for --method whitening, not {found}"),
            _ if self.directions.is_some() => {
                bail!("--directions is for --method all-but-the-top, not {found}")
            }
            _ => bail!("--dims is for --method whitening, not {found}"),
        })
    }
}

/// What `cloze zscore merge` is asked for.
#[derive(Args)]
pub(crate) struct MergeArgs {
    /// Files that `cloze zscore fit` has saved, of one model and made the same way
    #[arg(required = true, num_args = 2.., value_name = "FILES")]
    pub(crate) parts: Vec<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
