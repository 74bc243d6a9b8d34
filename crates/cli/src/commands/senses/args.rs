//! `cloze senses`, as typed.
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use cloze::embed::Layers;
use cloze::{Runtime, Senses, SentenceEncoder, States};
use cloze_corpus::{SenseParams, TextUnit, ValidSenseParams};
use cloze_heads::senses::SensePredictParams;

use crate::cli::CommonFlags;
use crate::commands::short_help;
use crate::flags::find_model;
use crate::flags::format::{FormatFlags, OutputFormat, ReportFormat};
use crate::flags::grouping::{ClusterOutFlags, GroupingFlags};
use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::flags::vectors::{CorrectionArg, VECTOR_MODEL};
use crate::flags::work::WorkFlags;
use crate::terminal::messages::Messages;

const FIT_SHOWN: &[&str] = &["model", "layers", "correction", "output", "force", "format", "json"];

const FIT_EXAMPLES: &str = "\
Examples:
  cloze senses fit semcor/ --output senses
  cloze senses fit words.jsonl --model ./adapted --correction zscore --output senses";

const TELL_EXAMPLES: &str = "\
Examples:
  cloze senses tell 'She sat on the bank of the river.' bank
  cloze senses tell 'They banked the money.' bank --pos VERB --top 3 --senses ./senses";

const INDUCE_SHOWN: &[&str] =
    &["word", "method", "clusters", "model", "text_field", "format", "output", "html", "force"];

const INDUCE_EXAMPLES: &str = "\
Examples:
  cloze senses induce news.txt --word bank
  cloze senses induce texts/ --word bank --clusters 3 --html bank.html";

const EVAL_SHOWN: &[&str] =
    &["senses", "correction", "hold_out", "on", "seed", "model", "format", "json", "output"];

const EVAL_EXAMPLES: &str = "\
Examples:
  cloze senses eval semcor/
  cloze senses eval semcor/ --on dev --correction whitening --prior 0.1
  cloze senses eval test.xml --senses ./senses --json";

const COMPARE_SHOWN: &[&str] = &["senses", "model", "layers", "format", "json", "output", "force"];

const COMPARE_EXAMPLES: &str = "\
Examples:
  cloze senses compare bank news.txt --output bank.html
  cloze senses compare bank texts/ --senses ./senses --output bank.html";

/// Commands of `cloze senses`.
#[derive(Subcommand)]
pub(crate) enum SensesCommand {
    /// Fit one vector per word sense on texts with annotated senses
    Fit(Box<SensesFitArgs>),
    /// Predict the sense of a word in a text
    Tell(Box<SensesTellArgs>),
    /// Cluster the occurrences of a word by use, without annotated senses (word sense induction)
    Induce(Box<SensesInduceArgs>),
    /// Evaluate sense prediction against the most frequent sense and static vectors
    Eval(Box<SensesEvalArgs>),
    /// Plot the static vector of a word and its vectors in context on one map
    Compare(Box<SensesCompareArgs>),
}

/// Flags of word vectors.
#[derive(Args, Clone)]
pub(crate) struct WordVectorArgs {
    /// Model name or folder
    #[arg(short, long, default_value = VECTOR_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Layers whose hidden states are averaged: -1 is the last, 0 the embeddings; -1,-2,-3,-4; all
    #[arg(long, default_value = "-1,-2,-3,-4", value_name = "LAYERS", value_parser = Layers::parse, allow_hyphen_values = true, help_heading = "Vectors")]
    pub(crate) layers: Layers,
}

/// Opens the senses in a folder, with the model that they were fitted on.
pub(crate) fn open_senses(
    folder: &Path,
    work: &WorkFlags,
    runtime: Runtime,
) -> anyhow::Result<Senses> {
    let builder = Senses::builder(folder).threads(work.threads).batch_tokens(work.batch_tokens);
    Ok(builder.runtime(runtime).open()?)
}

impl WordVectorArgs {
    /// Opens the encoder for the layers of these flags.
    pub(crate) fn open(
        &self,
        states: States,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<SentenceEncoder> {
        let model = find_model(&self.model, messages)?;
        let builder = SentenceEncoder::builder(model)
            .states(states)
            .threads(self.work.threads)
            .batch_tokens(self.work.batch_tokens);
        Ok(builder.runtime(common.load_runtime(messages)?).open()?)
    }

    /// Opens the encoder for the given layers.
    pub(crate) fn open_layers(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<SentenceEncoder> {
        self.open(States::Layers(self.layers.clone()), common, messages)
    }
}

/// Flags of texts with annotated senses.
#[derive(Args)]
pub(crate) struct SenseReadArgs {
    /// Texts with annotated senses (xml, jsonl): files, folders or patterns
    ///
    /// XML with one `<word text lemma pos sense gloss break_level>` per word, or JSONL with one object per word
    /// (text, start, end, lemma, pos, sense), also from standard input with -
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// Unit of a document encoded at once (xml)
    #[arg(long, value_enum, default_value_t, value_name = "UNIT", help_heading = "Input")]
    unit: UnitArg,
    /// Maximum size of a text in MiB; longer ones are refused
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Input")]
    max_text: usize,
}

impl SenseReadArgs {
    /// Returns the settings of the reader.
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
    /// One sentence
    #[default]
    Sentence => TextUnit::Sentence,
    /// One paragraph
    Paragraph => TextUnit::Paragraph,
} }

/// Flags of the scores of senses.
#[derive(Args)]
pub(crate) struct PriorArgs {
    /// Weight of a sense's frequency
    ///
    /// The score of a sense is its cosine plus this weight times the natural logarithm of its share of
    /// the word's occurrences in training
    #[arg(long, default_value_t = SensePredictParams::PRIOR, allow_negative_numbers = true, value_name = "W", help_heading = "Senses")]
    pub(crate) prior: f64,
    /// Number of dimensions kept by whitening [default: all with non-zero variance]
    #[arg(long, value_name = "N", help_heading = "Senses")]
    pub(crate) dims: Option<usize>,
    /// Number of principal components removed by all-but-the-top [default: dimensions / 100]
    #[arg(long, value_name = "D", help_heading = "Senses")]
    pub(crate) directions: Option<usize>,
}

impl PriorArgs {
    /// Refuses settings that apply to none of these corrections.
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

    /// Returns the settings with this correction.
    pub(crate) fn params(&self, correction: CorrectionArg) -> SensePredictParams {
        SensePredictParams::new()
            .prior(self.prior)
            .correction(correction.method(self.dims, self.directions))
    }
}

/// Arguments of `cloze senses fit`.
#[derive(Args)]
#[command(after_help = FIT_EXAMPLES, mut_args(|arg| short_help::only(FIT_SHOWN, arg)))]
pub(crate) struct SensesFitArgs {
    #[command(flatten)]
    pub(crate) read: SenseReadArgs,
    #[command(flatten)]
    pub(crate) vectors: WordVectorArgs,
    /// Correction of vectors, fitted on all occurrences [default: whitening; zscore with fewer than four
    /// occurrences per dimension]
    #[arg(long, value_enum, value_name = "METHOD", help_heading = "Senses")]
    pub(crate) correction: Option<CorrectionArg>,
    #[command(flatten)]
    pub(crate) prior: PriorArgs,
    /// Output folder
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace an existing folder
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
}

/// Arguments of `cloze senses tell`.
#[derive(Args)]
#[command(after_help = TELL_EXAMPLES)]
pub(crate) struct SensesTellArgs {
    /// Text with the word
    pub(crate) text: String,
    /// Word to disambiguate: its lemma, or a form seen in training. It is searched for as written, then
    /// ignoring case, then in the forms of its lemma seen in training
    pub(crate) word: String,
    /// Only senses with this part of speech
    #[arg(long, value_name = "POS", help_heading = "Senses")]
    pub(crate) pos: Option<String>,
    /// Folder written by `cloze senses fit`
    #[arg(long, default_value = "senses", value_name = "DIR", help_heading = "Senses")]
    pub(crate) senses: PathBuf,
    /// Number of senses to show, the most likely first [default: all]
    #[arg(short = 'k', long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Senses")]
    pub(crate) top: Option<u64>,
    /// Model that the senses were fitted on, if it is not found
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Arguments of `cloze senses induce`.
#[derive(Args)]
#[command(
    after_help = INDUCE_EXAMPLES,
    mut_args(|arg| short_help::only(INDUCE_SHOWN, arg)),
    mut_arg("clusters", |arg| short_help::brief(
        "Number of clusters (kmeans) [default: chosen by the silhouette]",
        arg
    ))
)]
pub(crate) struct SensesInduceArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    /// Word to cluster, in any case
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

/// Arguments of `cloze senses eval`.
#[derive(Args)]
#[command(after_help = EVAL_EXAMPLES, mut_args(|arg| short_help::only(EVAL_SHOWN, arg)))]
pub(crate) struct SensesEvalArgs {
    #[command(flatten)]
    pub(crate) read: SenseReadArgs,
    /// Evaluate this folder, written by `cloze senses fit`
    ///
    /// All texts are used then. By default, some documents are held out for the evaluation, and senses
    /// fitted on the others
    #[arg(long, value_name = "DIR", conflicts_with_all = ["model", "layers", "correction", "prior", "dims", "directions", "hold_out", "on", "seed"], help_heading = "Senses")]
    pub(crate) senses: Option<PathBuf>,
    /// Corrections to evaluate, one after the other
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
    /// Fraction of the documents held out as test set
    ///
    /// Half as many of the others are the development set for choosing settings (--on dev), and part of
    /// the training set with --on test
    #[arg(long, default_value_t = 0.2, value_name = "FRACTION", help_heading = "Split")]
    pub(crate) hold_out: f64,
    /// Documents to evaluate on: test, or dev, which leaves the test set unseen
    #[arg(long, value_enum, default_value_t, value_name = "PART", help_heading = "Split")]
    pub(crate) on: PartArg,
    /// Random seed of the split
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Split")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) vectors: WordVectorArgs,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Documents of the evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartArg {
    /// Held-out test set
    #[default]
    Test,
    /// Development set, for choosing settings
    Dev,
}

/// Arguments of `cloze senses compare`.
#[derive(Args)]
#[command(after_help = COMPARE_EXAMPLES, mut_args(|arg| short_help::only(COMPARE_SHOWN, arg)))]
pub(crate) struct SensesCompareArgs {
    /// Word to plot, in any case
    pub(crate) word: String,
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    /// Colour occurrences by the sense predicted from this folder, written by `cloze senses fit`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["layers", "model"], help_heading = "Senses")]
    pub(crate) senses: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) vectors: WordVectorArgs,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) format: FormatFlags<CompareFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Output formats of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareFormat {
    /// One page with the map
    Html,
    /// One JSON object with the points
    #[value(alias = "jsonl")]
    Json,
}

impl OutputFormat for CompareFormat {
    const JSON: Self = Self::Json;
    const HELP: &'static str = "Output format [default: html]";
    const JSON_HELP: &'static str = "Short for --format json";
}
