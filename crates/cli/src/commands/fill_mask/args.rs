//! `cloze fill-mask`, as typed.
use anyhow::bail;
use clap::{ArgGroup, Args, ValueEnum};
use cloze::heads::masked::{FillOrder, SampleParams};
use cloze::{GenerateParams, ValidGenerateParams};

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, RowFormat};
use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::scorer::MASKED_MODEL;
use crate::flags::work::WorkFlags;

/// Default number of Gibbs sweeps.
const GIBBS_ROUNDS: usize = 10;

/// Flags in the short help.
const FILL_MASK_SHOWN: &[&str] =
    &["model", "top_k", "targets", "decode", "words", "format", "json"];
const FILL_MASK_EXAMPLES: &str = "\
Examples:
  cloze fill-mask 'Paris is the capital of [MASK].'
  cloze fill-mask 'The ferry was [MASK].' --targets late,early
  cloze fill-mask 'It was a dark night.' --words 8 --decode gibbs";

/// Arguments of `cloze fill-mask`.
#[derive(Args)]
#[command(group = ArgGroup::new("inputs").args(["given", "texts"]).multiple(true).required(true))]
#[command(group = ArgGroup::new("filling").args(["decode", "words"]).multiple(true))]
#[command(after_help = FILL_MASK_EXAMPLES, mut_args(|arg| short_help::only(FILL_MASK_SHOWN, arg)))]
pub(crate) struct FillMaskArgs {
    /// Texts with masks: [MASK] or <mask>, or the model's own
    #[arg(value_name = "TEXTS")]
    pub(crate) given: Vec<String>,
    /// More texts, from files, folders, patterns such as 'notes/*.txt', or - for standard input;
    /// can be repeated
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub(crate) texts: Vec<String>,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Masked language model, by name or folder
    #[arg(short, long, default_value = MASKED_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Number of words for each mask, most probable first [default: 5]
    #[arg(short = 'k', long, value_name = "N", conflicts_with_all = ["targets", "filling"], help_heading = "Words")]
    pub(crate) top_k: Option<usize>,
    /// Candidate words, each with its probability; one of several tokens is scored as a whole, as many
    /// masks filled from left to right
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "A,B",
        conflicts_with = "filling",
        help_heading = "Words"
    )]
    pub(crate) targets: Vec<String>,
    /// Fill all masks of a text one after the other: from left to right, the most confident first, or
    /// by Gibbs sampling [default with --words: left-to-right]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Filling")]
    pub(crate) decode: Option<DecodeArg>,
    /// Generate N tokens in place of a text's mask, or after a text without one
    #[arg(long, value_name = "N", help_heading = "Filling")]
    pub(crate) words: Option<usize>,
    /// Number of Gibbs draws once all masks are filled (gibbs) [default: 10 times --words]
    #[arg(long, value_name = "N", requires = "filling", help_heading = "Filling")]
    pub(crate) steps: Option<usize>,
    /// Temperature T of softmax(z / T): 1 is the model's own, 0 always takes the most probable [default: 0;
    /// gibbs: 1]
    #[arg(long, value_name = "T", requires = "filling", help_heading = "Filling")]
    pub(crate) temperature: Option<f64>,
    /// Sample from the smallest set of words with total probability P (nucleus)
    #[arg(long, value_name = "P", requires = "filling", help_heading = "Filling")]
    pub(crate) top_p: Option<f64>,
    /// Sample from the N most probable words
    #[arg(long, value_name = "N", requires = "filling", help_heading = "Filling")]
    pub(crate) sample_top_k: Option<usize>,
    /// Repetition penalty: divides the logits of words at the text's other masks; 1.2 is a good start
    /// [default: 1]
    #[arg(long, value_name = "X", requires = "filling", help_heading = "Filling")]
    pub(crate) repetition_penalty: Option<f64>,
    /// Random seed, for each text anew
    #[arg(
        long,
        default_value_t = 0,
        value_name = "N",
        requires = "filling",
        help_heading = "Filling"
    )]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) format: FormatFlags<RowFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Order of filling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecodeArg {
    /// From left to right
    LeftToRight,
    /// Most confident mask next
    Confident,
    /// Gibbs sampling: each mask once at random, then again and again
    Gibbs,
}

impl FillMaskArgs {
    /// Settings of filling, if asked for.
    pub(crate) fn filling(&self) -> anyhow::Result<Option<ValidGenerateParams>> {
        if self.decode.is_none() && self.words.is_none() {
            return Ok(None);
        }
        let gibbs = self.decode == Some(DecodeArg::Gibbs);
        if self.steps.is_some() && !gibbs {
            bail!("--steps is for --decode gibbs");
        }
        let decode = match self.decode {
            None | Some(DecodeArg::LeftToRight) => FillOrder::LeftToRight,
            Some(DecodeArg::Confident) => FillOrder::Confident,
            Some(DecodeArg::Gibbs) => {
                let each = || self.words.unwrap_or(1).saturating_mul(GIBBS_ROUNDS);
                FillOrder::Gibbs { steps: self.steps.unwrap_or_else(each) }
            }
        };
        let temperature = self.temperature.unwrap_or(if gibbs { 1.0 } else { 0.0 });
        if temperature == 0.0 && (self.top_p.is_some() || self.sample_top_k.is_some()) {
            bail!("--top-p and --sample-top-k are for sampling: expected a --temperature above 0");
        }
        let sample = SampleParams::new()
            .temperature(temperature)
            .top_k(self.sample_top_k)
            .top_p(self.top_p.unwrap_or(1.0))
            .repetition_penalty(self.repetition_penalty.unwrap_or(1.0));
        let params = GenerateParams::new().decode(decode).words(self.words);
        Ok(Some(params.sample(sample).seed(self.seed).check()?))
    }

    /// Number of words of a mask.
    pub(crate) fn top(&self) -> anyhow::Result<usize> {
        match self.top_k.unwrap_or(5) {
            0 => bail!("--top-k is 0: expected at least 1"),
            k => Ok(k),
        }
    }
}
