//! `cloze senses`, as typed.
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use cloze::embed::Layers;
use cloze::{Runtime, Senses, SentenceEncoder, States};
use cloze_corpus::{SenseParams, TextUnit, ValidSenseParams};
use cloze_heads::senses::SensePredictParams;

use crate::cli::CommonFlags;
use crate::flags::find_model;
use crate::flags::grouping::{ClusterOutFlags, GroupingFlags};
use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::vectors::{CorrectionArg, VECTOR_MODEL};
use crate::flags::work::WorkFlags;
use crate::terminal::messages::Messages;

/// What is done with senses.
#[derive(Subcommand)]
pub(crate) enum SensesCommand {
    /// Learn a vector for each sense of each word, from texts whose words have their sense beside them
    Fit(Box<SensesFitArgs>),
    /// Which sense a word has in a text
    Tell(Box<SensesTellArgs>),
    /// A word's occurrences put together by how it is used, where no senses are known
    Induce(Box<SensesInduceArgs>),
    /// How often the right sense is told, beside the most frequent one and static vectors
    Eval(Box<SensesEvalArgs>),
    /// The one static vector of a word and its vectors in context, on a map
    Compare(Box<SensesCompareArgs>),
}

/// How vectors of words are made.
#[derive(Args, Clone)]
pub(crate) struct WordVectorArgs {
    /// A model's name or folder
    #[arg(short, long, default_value = VECTOR_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Which hidden states, averaged: -1 is the last, 0 the embeddings; -1,-2,-3,-4; all
    #[arg(long, default_value = "-1,-2,-3,-4", value_name = "LAYERS", value_parser = Layers::parse, allow_hyphen_values = true, help_heading = "Vectors")]
    pub(crate) layers: Layers,
}

/// The senses in a folder, with the model that they were fitted on.
pub(crate) fn open_senses(
    folder: &Path,
    work: &WorkFlags,
    runtime: Runtime,
) -> anyhow::Result<Senses> {
    let builder = Senses::builder(folder).threads(work.threads).batch_tokens(work.batch_tokens);
    Ok(builder.runtime(runtime).open()?)
}

impl WordVectorArgs {
    /// The encoder for these states.
    pub(crate) fn open(
        &self,
        states: States,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<SentenceEncoder> {
        let model = find_model(&self.model)?;
        let builder = SentenceEncoder::builder(model)
            .states(states)
            .threads(self.work.threads)
            .batch_tokens(self.work.batch_tokens);
        Ok(builder.runtime(common.load_runtime(messages)?).open()?)
    }

    /// The same for the layers asked for.
    pub(crate) fn open_layers(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<SentenceEncoder> {
        self.open(States::Layers(self.layers.clone()), common, messages)
    }
}

/// Texts whose words have their sense beside them.
#[derive(Args)]
pub(crate) struct SenseReadArgs {
    /// Files, folders or patterns: XML with a `<word text lemma pos sense break_level>` a word, or JSONL
    /// with an object a word (text, start, end, lemma, pos, sense), which - reads, too
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// What is seen of a document at once (xml)
    #[arg(long, value_enum, default_value_t, value_name = "UNIT", help_heading = "Input")]
    unit: UnitArg,
    /// Texts longer than this many MiB are refused
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Input")]
    max_text: usize,
}

impl SenseReadArgs {
    /// The settings of the reader.
    pub(crate) fn params(&self) -> anyhow::Result<ValidSenseParams> {
        if self.max_text == 0 {
            bail!("--max-text is 0: expected at least 1");
        }
        let max = self.max_text.saturating_mul(1 << 20);
        Ok(SenseParams::default().unit(self.unit.value()).max_text_bytes(max).check()?)
    }

    pub(crate) fn unit(&self) -> &'static str {
        match self.unit {
            UnitArg::Sentence => "sentence",
            UnitArg::Paragraph => "paragraph",
        }
    }
}

crate::flags::values! { UnitArg => TextUnit {
    /// A sentence
    #[default]
    Sentence => TextUnit::Sentence,
    /// A paragraph
    Paragraph => TextUnit::Paragraph,
} }

/// How senses are told apart.
#[derive(Args)]
pub(crate) struct PriorArgs {
    /// How much a sense counts for being frequent: its score is its cosine, and this times the natural
    /// logarithm of its share of the word's occurrences in training
    #[arg(long, default_value_t = SensePredictParams::PRIOR, allow_negative_numbers = true, value_name = "W", help_heading = "Senses")]
    pub(crate) prior: f64,
    /// How many directions whitening keeps [default: all that vectors spread in]
    #[arg(long, value_name = "N", help_heading = "Senses")]
    pub(crate) dims: Option<usize>,
    /// How many directions all-but-the-top takes away [default: a hundredth of the width]
    #[arg(long, value_name = "D", help_heading = "Senses")]
    pub(crate) directions: Option<usize>,
}

impl PriorArgs {
    /// Whether each setting is for one of these corrections.
    pub(crate) fn check(&self, corrections: &[CorrectionArg]) -> anyhow::Result<()> {
        for (flag, given, name, needs) in [
            ("--dims", self.dims, "whitening", CorrectionArg::Whitening),
            ("--directions", self.directions, "all-but-the-top", CorrectionArg::AllButTheTop),
        ] {
            if given.is_some() && !corrections.contains(&needs) {
                bail!("{flag} is for --correction {name}");
            }
        }
        Ok(())
    }

    /// The settings with this correction.
    pub(crate) fn params(&self, correction: CorrectionArg) -> SensePredictParams {
        SensePredictParams::new()
            .prior(self.prior)
            .correction(correction.method(self.dims, self.directions))
    }
}

/// What `cloze senses fit` is asked for.
#[derive(Args)]
pub(crate) struct SensesFitArgs {
    #[command(flatten)]
    pub(crate) read: SenseReadArgs,
    #[command(flatten)]
    pub(crate) vectors: WordVectorArgs,
    /// How vectors are corrected by all occurrences together [default: whitening; zscore where there are
    /// fewer than four occurrences for each number of a vector]
    #[arg(long, value_enum, value_name = "METHOD", help_heading = "Senses")]
    pub(crate) correction: Option<CorrectionArg>,
    #[command(flatten)]
    pub(crate) prior: PriorArgs,
    /// The folder to write
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace a folder that is there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// What `cloze senses tell` is asked for.
#[derive(Args)]
pub(crate) struct SensesTellArgs {
    /// The text
    pub(crate) text: String,
    /// The word: its lemma, or a form that was there in training. It is looked for as it is written,
    /// then in any case, then in the forms its lemma had in training
    pub(crate) word: String,
    /// Only as this part of speech
    #[arg(long, value_name = "POS", help_heading = "Senses")]
    pub(crate) pos: Option<String>,
    /// A folder that `cloze senses fit` has written
    #[arg(long, default_value = "senses", value_name = "DIR", help_heading = "Senses")]
    pub(crate) senses: PathBuf,
    /// Only the K likeliest
    #[arg(short = 'k', long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Senses")]
    pub(crate) top: Option<u64>,
    /// Where the model lies that the senses were fitted on, if it is not found
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Print the result as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// What `cloze senses induce` is asked for.
#[derive(Args)]
pub(crate) struct SensesInduceArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// The word, in any case
    #[arg(long, value_name = "WORD")]
    pub(crate) word: String,
    #[command(flatten)]
    pub(crate) grouping: GroupingFlags,
    #[command(flatten)]
    pub(crate) vectors: WordVectorArgs,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) out: ClusterOutFlags,
}

/// What `cloze senses eval` is asked for.
#[derive(Args)]
pub(crate) struct SensesEvalArgs {
    #[command(flatten)]
    pub(crate) read: SenseReadArgs,
    /// Judge these, a folder that `cloze senses fit` has written, on all texts; else documents are
    /// held out, and senses fitted on the others
    #[arg(long, value_name = "DIR", conflicts_with_all = ["model", "layers", "correction", "prior", "dims", "directions", "hold_out", "on", "seed"], help_heading = "Senses")]
    pub(crate) senses: Option<PathBuf>,
    /// Which corrections, one after the other
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "none,zscore,whitening",
        value_name = "METHODS",
        help_heading = "Senses"
    )]
    pub(crate) correction: Vec<CorrectionArg>,
    #[command(flatten)]
    pub(crate) prior: PriorArgs,
    /// Which share of the documents is held out to judge by; of the others half as many are for
    /// choosing settings (--on dev), and then part of what is learned from
    #[arg(long, default_value_t = 0.2, value_name = "SHARE", help_heading = "Split")]
    pub(crate) hold_out: f64,
    /// What is judged: test, or dev, where nothing of test is seen
    #[arg(long, value_enum, default_value_t, value_name = "PART", help_heading = "Split")]
    pub(crate) on: PartArg,
    /// What documents are drawn by
    #[arg(long, default_value_t = 0, value_name = "S", help_heading = "Split")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) vectors: WordVectorArgs,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Which documents are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartArg {
    /// Those held out
    #[default]
    Test,
    /// Those for choosing settings
    Dev,
}

/// What `cloze senses compare` is asked for.
#[derive(Args)]
pub(crate) struct SensesCompareArgs {
    /// The word, in any case
    pub(crate) word: String,
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// Colour occurrences by the sense they have by this folder, which `cloze senses fit` has written
    #[arg(long, value_name = "DIR", conflicts_with_all = ["layers", "model"], help_heading = "Senses")]
    pub(crate) senses: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) vectors: WordVectorArgs,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Print the points as JSON in place of a page
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}
