//! `cloze anisotropy`, as typed.
use std::path::PathBuf;

use anyhow::bail;
use clap::{ArgGroup, Args};
use cloze::embed::Level;
use cloze::embed::anisotropy::AnisotropyParams;

use crate::commands::short_help;
use crate::flags::format::{FigureFormat, FormatFlags};
use crate::flags::read::ReadFlags;
use crate::flags::texts::GivenTextFlags;
use crate::flags::vectors::{CorrectionArg, VectorFlags};

/// Fewest vectors: fewer make less than two pairs, which have no interval.
const MIN_VECTORS: usize = 4;

/// Flags in the short help.
const ANISOTROPY_SHOWN: &[&str] = &[
    "model",
    "level",
    "layers",
    "sample",
    "correction",
    "format",
    "json",
    "svg",
    "html",
    "output",
];
const ANISOTROPY_EXAMPLES: &str = "\
Examples:
  cloze anisotropy corpus.txt
  cloze anisotropy corpus.txt --correction whitening --html report.html";

/// Arguments of `cloze anisotropy`.
#[derive(Args)]
#[command(group = ArgGroup::new("files").args(["output", "svg", "html"]).multiple(true))]
#[command(mut_arg("layers", |a| a.default_value("all").help(
    "Which hidden states, each by itself: all, or numbers as in 0,1,-1; 0 is the embeddings"
)))]
#[command(mut_arg("pooling", |a| a.help(
    "How token rows become one vector (with --level sentence) [default: as for cloze embed]"
)))]
// Vectors are measured as they are; these are refused.
#[command(mut_arg("statics", |a| a.hide(true)))]
#[command(mut_arg("zscore", |a| a.hide(true)))]
#[command(mut_arg("truncate_dim", |a| a.hide(true)))]
#[command(mut_arg("no_normalize", |a| a.hide(true)))]
#[command(mut_arg("sample", |a| short_help::brief(
    "Maximum number of vectors per layer, a random sample",
    a
)))]
#[command(
    after_help = ANISOTROPY_EXAMPLES,
    mut_args(|arg| short_help::only(ANISOTROPY_SHOWN, arg)),
    mut_arg("layers", |arg| short_help::brief("Hidden states: all, or numbers as in 0,1,-1 [default: all]", arg))
)]
pub(crate) struct AnisotropyArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) given: GivenTextFlags,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Unit of a vector: token (special ones left out) or sentence (a whole text)
    #[arg(long, default_value = "token", value_name = "LEVEL", value_parser = Level::parse, help_heading = "Vectors")]
    pub(crate) level: Level,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Maximum number of vectors measured per layer: a random sample, the same in every layer;
    /// memory grows with it
    #[arg(long, default_value_t = 10_000, value_name = "N", help_heading = "Measure")]
    pub(crate) sample: usize,
    /// Random seed of the sample and the pairs
    #[arg(long, default_value_t = 0, value_name = "S", help_heading = "Measure")]
    pub(crate) seed: u64,
    /// Maximum number of pairs compared; no vector is in two, so at most half as many as vectors
    #[arg(long, default_value_t = 5_000, value_name = "N", help_heading = "Measure")]
    pub(crate) pairs: usize,
    /// Number of dimensions listed, by their share in the mean cosine
    #[arg(long, default_value_t = 5, value_name = "K", help_heading = "Measure")]
    pub(crate) top: usize,
    /// Number of principal components reported
    #[arg(long, default_value_t = 10, value_name = "C", help_heading = "Measure")]
    pub(crate) components: usize,
    /// Correction to compare with, fitted on the sample itself
    #[arg(
        long,
        value_enum,
        default_value = "zscore",
        value_name = "METHOD",
        help_heading = "Measure"
    )]
    pub(crate) correction: CorrectionArg,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    /// Output file of the report [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Write a plot by layer (SVG)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) svg: Option<PathBuf>,
    /// Write an HTML page with the report and the plot
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) html: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, requires = "files", help_heading = "Output")]
    pub(crate) force: bool,
}

impl AnisotropyArgs {
    /// Settings of the measurement; settings without effect are refused.
    pub(crate) fn measure(&self) -> anyhow::Result<AnisotropyParams> {
        if self.paths.is_empty() && self.given.text.is_empty() {
            bail!(
                "no texts to measure vectors of: give files, folders, patterns, or - for standard \
                 input\nhint: some thousand sentences of the kind the model is used on"
            );
        }
        let vectors = &self.vectors;
        if vectors.statics {
            bail!("--static: hidden states are measured, 0 being the embeddings: --layers 0");
        }
        if vectors.zscore.is_some() {
            bail!("--zscore: --correction fits one on the sample, and compares before and after");
        }
        if vectors.truncate_dim.is_some() || vectors.no_normalize {
            let flag = if vectors.no_normalize { "--no-normalize" } else { "--truncate-dim" };
            bail!("{flag}: vectors are measured as they are, neither cut nor scaled");
        }
        match self.level {
            Level::Word => bail!("--level word: expected token or sentence"),
            Level::Token if vectors.pooling.is_some() => {
                bail!("--pooling is for --level sentence")
            }
            // Its tokens would be in the sample, or not, with no word of the user's.
            Level::Token if vectors.prompt.is_some() || vectors.prompt_name.is_some() => {
                let flag = if vectors.prompt.is_some() { "--prompt" } else { "--prompt-name" };
                bail!("{flag} is for --level sentence")
            }
            Level::Token | Level::Sentence => {}
        }
        if self.sample < MIN_VECTORS {
            bail!("--sample is {}: expected at least {MIN_VECTORS}", self.sample);
        }
        if self.pairs < 2 {
            bail!("--pairs is {}: expected at least 2", self.pairs);
        }
        let files = [&self.output, &self.svg, &self.html];
        let files: Vec<&PathBuf> = files.into_iter().flatten().collect();
        if let Some(file) = (1..files.len()).find(|&i| files[..i].contains(&files[i])) {
            bail!("{}: named for two results", files[file].display());
        }
        Ok(AnisotropyParams::new()
            .max_pairs(self.pairs)
            .top(self.top)
            .components(self.components)
            .seed(self.seed))
    }
}
