//! `cloze eval`, as typed.
pub(crate) mod decoder;
pub(crate) mod language;
pub(crate) mod minimal_pairs;
pub(crate) mod redact;
pub(crate) mod search;
mod sweep;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cloze::Metric;
use cloze::embed::Poolings;
use cloze::metrics::entity::TagScheme;

use crate::commands::eval::args::decoder::{EvalChoicesArgs, EvalGenerateArgs};
use crate::commands::eval::args::language::{EvalMlmArgs, EvalTextArgs};
use crate::commands::eval::args::minimal_pairs::MinimalPairsArgs;
use crate::commands::eval::args::redact::EvalRedactArgs;
use crate::commands::eval::args::search::EvalSearchArgs;
use crate::commands::short_help;
use crate::flags::classifier::ClassifierFlags;
use crate::flags::format::{FigureFormat, FormatFlags};
use crate::flags::labelled::LabelledFlags;
use crate::flags::out::OutFlags;
use crate::flags::pairs::PairFlags;
use crate::flags::tagged::{TaggedFlags, renamed};
use crate::flags::tagger::TaggerFlags;
use crate::flags::vectors::{CorrectionArg, VectorFlags};

pub(crate) use sweep::Sweep;

const STS_SHOWN: &[&str] =
    &["model", "pooling", "correction", "fit", "metric", "format", "json", "output"];

const STS_EXAMPLES: &str = "\
Examples:
  cloze eval sts stsb-test.tsv
  cloze eval sts stsb-test.tsv --model ./sts --pooling cls --json --output sts.json
  cloze eval sts stsb-test.tsv --correction none,zscore,whitening --fit stsb-train.tsv
  cloze eval sts stsb-test.tsv --sweep-layers each --sweep-pooling 'cls;mean' --format markdown";

const LABELS_SHOWN: &[&str] = &[
    "model",
    "labels",
    "compare",
    "text_field",
    "label_field",
    "format",
    "json",
    "output",
    "errors",
];

const CLASSIFY_EXAMPLES: &str = "\
Examples:
  cloze eval classify test.csv --model ./tickets
  cloze eval classify test.csv --model ./tickets --compare ./other --errors errors.jsonl
  cloze eval classify test.csv --labels billing,shipping,returns";

const PAIR_EXAMPLES: &str = "\
Examples:
  cloze eval pair test.tsv --model ./nli
  cloze eval pair test.tsv --model ./nli --compare ./other --errors errors.jsonl";

const TAG_SHOWN: &[&str] =
    &["model", "compare", "tag_column", "labels", "map", "partial", "format", "json", "output"];

const TAG_EXAMPLES: &str = "\
Examples:
  cloze eval tag test.conll --model ./ner
  cloze eval tag test.conll --map PER=PERSON,MISC= --strict --partial
  cloze eval tag test.conll --model ./ner --compare ner-en --json --output tags.json";

/// Commands of `cloze eval`.
#[derive(Subcommand)]
pub(crate) enum EvalCommand {
    /// Evaluate sentence similarity (STS) on pairs with gold scores
    Sts(Box<StsArgs>),
    /// Evaluate a text classifier on labelled texts
    #[command(after_help = CLASSIFY_EXAMPLES)]
    Classify(Box<EvalLabelsArgs>),
    /// Evaluate a text pair classifier on labelled pairs
    #[command(after_help = PAIR_EXAMPLES)]
    Pair(Box<EvalLabelsArgs>),
    /// Evaluate a tagger (named entities) on sentences with gold tags
    Tag(Box<EvalTagArgs>),
    /// Evaluate redaction on texts with personal data marked by hand
    Redact(Box<EvalRedactArgs>),
    /// Evaluate a masked language model on running text
    Mlm(Box<EvalMlmArgs>),
    /// Evaluate next-sentence prediction on pairs from running text
    #[command(after_help = language::NSP_EXAMPLES)]
    Nsp(Box<EvalTextArgs>),
    /// Evaluate a language model on minimal pairs (BLiMP): is the acceptable sentence likelier?
    MinimalPairs(Box<MinimalPairsArgs>),
    /// Evaluate search on queries with relevance judgements
    Search(Box<EvalSearchArgs>),
    /// Evaluate a decoder on multiple-choice questions (MMLU)
    Choices(Box<EvalChoicesArgs>),
    /// Evaluate the texts that a decoder generates against references (exact match, BLEU, chrF)
    Generate(Box<EvalGenerateArgs>),
}

/// Arguments of `cloze eval sts`.
#[derive(Args)]
#[command(
    after_help = STS_EXAMPLES,
    mut_args(|arg| short_help::only(STS_SHOWN, arg)),
    mut_arg("json", |arg| arg.long_help(
        "Short for --format json: one object, or one per line for several corrections"
    )),
    mut_arg("pooling", |arg| short_help::brief(
        "Pooling of token vectors: cls, mean, max, … [default: the model's]",
        arg
    )),
    mut_arg("fit", |arg| short_help::brief("Fit the corrections on the texts of this file", arg)),
    mut_arg("metric", |arg| short_help::brief("Similarity metric: cosine, dot, euclid", arg))
)]
pub(crate) struct StsArgs {
    /// Pairs of texts with a score (csv, tsv, jsonl), or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Layers to compare, each as --layers has them, separated by semicolons; each: every hidden state
    /// by itself
    #[arg(
        long,
        value_delimiter = ';',
        value_name = "L;L",
        allow_hyphen_values = true,
        conflicts_with_all = ["layers", "statics", "zscore"],
        help_heading = "Vectors"
    )]
    pub(crate) sweep_layers: Vec<String>,
    /// Poolings to compare, each as --pooling has them, separated by semicolons
    #[arg(
        long,
        value_delimiter = ';',
        value_name = "P;P",
        value_parser = Poolings::parse,
        conflicts_with_all = ["pooling", "statics", "zscore"],
        help_heading = "Vectors"
    )]
    pub(crate) sweep_pooling: Vec<Poolings>,
    /// Corrections to compare: none, zscore, whitening, all-but-the-top [default: the one of --zscore,
    /// else none]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "A,B", help_heading = "Vectors")]
    pub(crate) correction: Vec<CorrectionArg>,
    /// Fit the corrections on both texts of every pair of this file; its scores are not used
    #[arg(long, value_name = "FILE", conflicts_with = "zscore", help_heading = "Vectors")]
    pub(crate) fit: Option<PathBuf>,
    /// Number of dimensions kept by whitening [default: all with non-zero variance]
    #[arg(
        long,
        value_name = "N",
        requires = "fit",
        conflicts_with = "zscore",
        help_heading = "Vectors"
    )]
    pub(crate) dims: Option<usize>,
    /// Number of principal components removed by all-but-the-top [default: dimensions / 100]
    #[arg(
        long,
        value_name = "D",
        requires = "fit",
        conflicts_with = "zscore",
        help_heading = "Vectors"
    )]
    pub(crate) directions: Option<usize>,
    /// Similarity metric: cosine, dot, euclid (negated distance). The last two depend on the norms of
    /// the vectors, which are 1 without --no-normalize [default: the model's own, else cosine]
    #[arg(long, value_name = "METRIC", value_parser = Metric::parse, help_heading = "Vectors")]
    pub(crate) metric: Option<Metric>,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Arguments of `cloze eval classify` and `cloze eval pair`.
#[derive(Args)]
#[command(
    mut_args(|arg| short_help::only(LABELS_SHOWN, arg)),
    mut_arg("compare", |arg| short_help::brief("Second classifier, compared on the same examples", arg)),
    mut_arg("model", |arg| short_help::brief(
        "Classifier name or folder [default: sentiment-en; with --labels minilm-l6-v2]",
        arg
    )),
    mut_arg("labels", |arg| short_help::brief(
        "Zero-shot labels, without training: A,B or A=DESCRIPTION",
        arg
    )),
    mut_arg("text_field", |arg| short_help::brief("Column or field of the text", arg)),
    mut_arg("label_field", |arg| short_help::brief("Column or field of the label", arg)),
    mut_arg("errors", |arg| short_help::brief(
        "Also write the misclassified examples as JSON lines",
        arg
    ))
)]
pub(crate) struct EvalLabelsArgs {
    /// Labelled texts or pairs: csv, tsv or jsonl files; LABEL=FILE with one text per line; a folder with
    /// one file, or one folder of files, per class; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) classifier: ClassifierFlags,
    /// Second classifier, compared on the same examples with a significance test; an encoder without
    /// labels of its own gets those of --labels
    #[arg(long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) compare: Option<String>,
    #[command(flatten)]
    pub(crate) read: LabelledFlags,
    /// Training data of the model: examples that are equal to theirs, or nearly, are counted and named;
    /// can be repeated
    #[arg(long, value_name = "DATA", help_heading = "Evaluation")]
    pub(crate) against: Vec<String>,
    /// Random seed of the bootstrap intervals and the comparison
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Evaluation")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    /// Output file [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Also write every example that --model misclassifies, the most confident errors first, as JSON
    /// lines
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) errors: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

/// Arguments of `cloze eval tag`.
#[derive(Args)]
#[command(after_help = TAG_EXAMPLES, mut_args(|arg| short_help::only(TAG_SHOWN, arg)))]
pub(crate) struct EvalTagArgs {
    /// Tagged sentences, one word and its tag per line (CoNLL), or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) tagger: TaggerFlags,
    /// Second tagger, compared on the same sentences with a significance test
    #[arg(long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) compare: Option<String>,
    #[command(flatten)]
    pub(crate) columns: TaggedFlags,
    /// Tagging scheme of the gold tags: iob1, iob2, ioe1, ioe2, iobes, bilou [default: detected]
    #[arg(long, value_name = "SCHEME", value_parser = crate::commands::score_tags::args::scheme, help_heading = "Entities")]
    pub(crate) scheme: Option<TagScheme>,
    /// Count only gold entities that follow the scheme exactly, as seqeval's strict mode does; without
    /// this, every sequence of tags is read as entities, as conlleval does
    #[arg(long, help_heading = "Entities")]
    pub(crate) strict: bool,
    /// Only entities with these labels, gold or predicted
    #[arg(long, value_delimiter = ',', value_name = "A,B", help_heading = "Entities")]
    pub(crate) labels: Option<Vec<String>>,
    /// Rename the model's label A to the gold label B; with nothing after =, it is dropped. Adjacent
    /// entities A and C that both become B are merged
    #[arg(long, value_delimiter = ',', value_parser = renamed, value_name = "A=B", help_heading = "Entities")]
    pub(crate) map: Vec<(String, String)>,
    /// Training data of the model: sentences that are equal to theirs, or nearly, are counted and named;
    /// can be repeated
    #[arg(long, value_name = "FILE", help_heading = "Evaluation")]
    pub(crate) against: Vec<String>,
    /// Random seed of the comparison
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Evaluation")]
    pub(crate) seed: u64,
    /// Also count partial matches of entities, as SemEval-2013 does
    #[arg(long, help_heading = "Output")]
    pub(crate) partial: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}
