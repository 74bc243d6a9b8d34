//! `cloze fill-mask`, as typed.
use anyhow::bail;
use clap::{ArgGroup, Args, ValueEnum};
use cloze::heads::masked::{FillOrder, SampleParams};
use cloze::{GenerateParams, ValidGenerateParams};

use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::scorer::MASKED_MODEL;
use crate::flags::work::WorkFlags;

/// How often Gibbs draws each mask anew.
const GIBBS_ROUNDS: usize = 10;

/// What `cloze fill-mask` is asked for.
#[derive(Args)]
#[command(group = ArgGroup::new("inputs").args(["given", "texts"]).multiple(true).required(true))]
#[command(group = ArgGroup::new("filling").args(["decode", "words"]).multiple(true))]
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
    /// A masked language model's name or folder
    #[arg(short, long, default_value = MASKED_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// How many words for each mask, the likeliest first [default: 5]
    #[arg(short = 'k', long, value_name = "N", conflicts_with_all = ["targets", "filling"], help_heading = "Words")]
    pub(crate) top_k: Option<usize>,
    /// Only these words, each with its probability; one of several tokens is scored as a whole, as many
    /// masks filled from left to right
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "A,B",
        conflicts_with = "filling",
        help_heading = "Words"
    )]
    pub(crate) targets: Vec<String>,
    /// Fill all masks of a text, one after the other, each in view of those before: from left to right,
    /// the surest first, or drawn anew again and again (Gibbs) [default with --words: left-to-right]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Filling")]
    pub(crate) decode: Option<DecodeArg>,
    /// Fill N masks, tokens each, where a text has one, or behind a text without
    #[arg(long, value_name = "N", help_heading = "Filling")]
    pub(crate) words: Option<usize>,
    /// How often a mask is drawn anew once all are filled (gibbs) [default: 10 times --words]
    #[arg(long, value_name = "N", requires = "filling", help_heading = "Filling")]
    pub(crate) steps: Option<usize>,
    /// Draw from softmax(z / T): 1 is what the model says, 0 is always the likeliest word [default: 0;
    /// gibbs: 1]
    #[arg(long, value_name = "T", requires = "filling", help_heading = "Filling")]
    pub(crate) temperature: Option<f64>,
    /// Draw from the fewest words that are P likely together
    #[arg(long, value_name = "P", requires = "filling", help_heading = "Filling")]
    pub(crate) top_p: Option<f64>,
    /// Draw from the N likeliest words
    #[arg(long, value_name = "N", requires = "filling", help_heading = "Filling")]
    pub(crate) sample_top_k: Option<usize>,
    /// Divide the logits of words that stand at the other masks of a text; 1.2 is a good start
    /// [default: 1]
    #[arg(long, value_name = "X", requires = "filling", help_heading = "Filling")]
    pub(crate) repetition_penalty: Option<f64>,
    /// What lots are drawn by, for each text anew
    #[arg(
        long,
        default_value_t = 0,
        value_name = "N",
        requires = "filling",
        help_heading = "Filling"
    )]
    pub(crate) seed: u64,
    /// Print a JSON object a text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// In which order masks are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecodeArg {
    /// From left to right
    LeftToRight,
    /// The mask whose word is the surest comes next
    Confident,
    /// Each once by lot, then again and again
    Gibbs,
}

impl FillMaskArgs {
    /// How masks are filled, where they are.
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
            bail!(
                "--top-p and --sample-top-k say what is drawn from: expected a --temperature above 0"
            );
        }
        let sample = SampleParams::new()
            .temperature(temperature)
            .top_k(self.sample_top_k)
            .top_p(self.top_p.unwrap_or(1.0))
            .repetition_penalty(self.repetition_penalty.unwrap_or(1.0));
        let params = GenerateParams::new().decode(decode).words(self.words);
        Ok(Some(params.sample(sample).seed(self.seed).check()?))
    }

    /// How many words a mask gets.
    pub(crate) fn top(&self) -> anyhow::Result<usize> {
        match self.top_k.unwrap_or(5) {
            0 => bail!("--top-k is 0: expected at least 1"),
            k => Ok(k),
        }
    }
}
