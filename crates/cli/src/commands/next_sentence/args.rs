//! `cloze next-sentence`, as typed.
use clap::{ArgGroup, Args, ValueEnum};

use crate::flags::classifier::PairCutArg;
use crate::flags::out::OutFlags;
use crate::flags::pairs::PairFields;
use crate::flags::read::ReadFlags;
use crate::flags::scorer::{MaskingFlags, ScorerFlags};

/// What `cloze next-sentence` is asked for.
#[derive(Args)]
#[command(group = ArgGroup::new("inputs").args(["texts", "pairs"]).required(true))]
pub(crate) struct NextSentenceArgs {
    /// Two texts; with --neighbours files, folders, patterns such as 'notes/*.txt', or - for standard
    /// input
    #[arg(value_name = "TEXTS")]
    pub(crate) texts: Vec<String>,
    /// Pairs of texts instead (csv, tsv, jsonl), or - for standard input: a line of results a pair
    #[arg(long, value_name = "FILE", conflicts_with = "neighbours", help_heading = "Input")]
    pub(crate) pairs: Option<String>,
    /// Each sentence of a file with the next one, or each line
    #[arg(
        long,
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "sentences",
        value_name = "WHAT",
        help_heading = "Input"
    )]
    pub(crate) neighbours: Option<NeighboursArg>,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    /// How it is told: by the model's own head for it, or by what the first text adds to the likelihood
    /// of the second
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "Model")]
    pub(crate) method: NextMethodArg,
    /// Which text of a pair is cut where both are too long
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", help_heading = "Model")]
    pub(crate) cut: PairCutArg,
    #[command(flatten)]
    pub(crate) masking: MaskingFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) fields: PairFields,
    /// Print a JSON object a pair
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// How it is told that a text follows another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum NextMethodArg {
    /// The head for next-sentence prediction: a probability
    #[default]
    Nsp,
    /// The masked language model: the mean log-probability of the second text's tokens with the first
    /// before them, less that without it; above 0 the first text helps. Each token takes two copies
    Mlm,
}

/// What follows one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NeighboursArg {
    /// The sentences of a text, as Unicode divides them
    Sentences,
    /// The lines of a file, or its records where --input says that it has some
    Lines,
}
