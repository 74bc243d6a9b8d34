//! What was typed.
use std::path::PathBuf;

use anstream::ColorChoice;
use anyhow::bail;
use clap::{Args, Parser, Subcommand, ValueEnum};
use cloze_core::{OffsetUnit, Scheme};
use cloze_corpus::{Encoding, Format, ReadParams, ValidReadParams};
use cloze_encoder::{EncoderParams, ModelFolder, Runtime, RuntimeParams};

use crate::messages::Messages;
use crate::out::Out;

mod anisotropy;
mod bias;
mod classify;
mod cluster;
mod convert;
mod data;
mod duplicates;
mod eval;
mod eval_language;
mod eval_search;
mod fill_mask;
mod index;
mod labelled;
mod minimal_pairs;
mod model_merge;
mod model_quantize;
mod next_sentence;
mod pairs;
mod rerank;
mod score;
mod score_tags;
mod senses;
mod similarity;
mod tagged;
mod tagger;
mod train;
mod train_labels;
mod train_language;
mod train_similarity;
mod training;
mod tune;
mod vectors;
mod zscore;

pub(crate) use anisotropy::AnisotropyArgs;
pub(crate) use bias::BiasArgs;
pub(crate) use classify::{
    ClassifierArgs, ClassifyArgs, LabelFormat, LabelOutArgs, PairClassifyArgs, PairCutArg,
};
pub(crate) use cluster::{ClusterArgs, ClusterFormat, ClusterMethod, ClusterOutArgs, GroupingArgs};
pub(crate) use convert::{ConvertArgs, ConvertTo, DtypeArg};
pub(crate) use data::{CheckArgs, DataCommand};
pub(crate) use duplicates::DuplicatesArgs;
pub(crate) use eval::{EvalCommand, EvalLabelsArgs, EvalTagArgs, StsArgs, renamed};
pub(crate) use eval_language::{EvalMlmArgs, EvalTextArgs};
pub(crate) use eval_search::EvalSearchArgs;
pub(crate) use fill_mask::FillMaskArgs;
pub(crate) use index::{
    EngineArg, FilterArgs, IndexAddArgs, IndexBuildArgs, IndexCommand, IndexCompactArgs,
    IndexDeleteArgs, IndexExportArgs, IndexFormat, IndexReportArgs, IndexSearchArgs,
    IndexShellArgs, IndexTextArgs, IndexUseArgs, ids_of,
};
pub(crate) use labelled::LabelledArgs;
pub(crate) use minimal_pairs::MinimalPairsArgs;
pub(crate) use model_merge::ModelMergeArgs;
pub(crate) use model_quantize::ModelQuantizeArgs;
pub(crate) use next_sentence::{NeighboursArg, NextMethodArg, NextSentenceArgs};
pub(crate) use pairs::{PairArgs, PairFields, PairInputArg};
pub(crate) use rerank::RerankArgs;
pub(crate) use score::{MaskingArgs, ScoreArgs, ScorerArgs, UnitArg};
pub(crate) use score_tags::ScoreTagsArgs;
pub(crate) use senses::{
    PartArg, SenseReadArgs, SensesCommand, SensesCompareArgs, SensesEvalArgs, SensesFitArgs,
    SensesInduceArgs, SensesTellArgs,
};
pub(crate) use similarity::SimilarityArgs;
pub(crate) use tagged::TaggedArgs;
pub(crate) use tagger::TaggerArgs;
pub(crate) use train::{HeadKindArg, JudgeArgs, SearchArg, TrainArgs, TrainCommand};
pub(crate) use train_labels::{ClassWeightsArg, LabelFitArgs, LabelTuningArg, TunedLabelArgs};
pub(crate) use train_language::{
    DocumentsArg, MaskArgs, RunningTextArgs, TrainMlmArgs, TrainNspArgs, TrainTextArgs,
};
pub(crate) use train_similarity::{LossArg, TrainSimilarityArgs};
pub(crate) use training::TrainingArgs;
pub(crate) use tune::{HeldOutArgs, StepArgs, TrainTagArgs, TuneArgs, TunedArgs, TuningArg};
pub(crate) use vectors::{
    CorrectionArg, EmbedArgs, EmbedFormat, MODEL as VECTOR_MODEL, VectorArgs,
};
pub(crate) use zscore::{FitArgs, MergeArgs, ZscoreCommand};

/// Entities and vectors from text files: a BERT encoder on ONNX Runtime, without Python
#[derive(Parser)]
#[command(name = "cloze", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Find entities in files, folders or standard input
    Tag(Box<TagArgs>),
    /// Show the models there are, what is in one, and whether it is sound
    Model {
        #[command(subcommand)]
        command: ModelCommand,
    },
    /// Vectors of texts, words or tokens
    Embed(Box<EmbedArgs>),
    /// How alike texts are
    Similarity(Box<SimilarityArgs>),
    /// What is like this, of many texts: an index on the disk
    Index {
        #[command(subcommand)]
        command: IndexCommand,
    },
    /// Texts that are the same or nearly so
    Duplicates(Box<DuplicatesArgs>),
    /// Texts put together by what they are about
    Cluster(Box<ClusterArgs>),
    /// Order what a search has found anew, by a model that looks at query and text together
    Rerank(Box<RerankArgs>),
    /// Corrections for anisotropy, learned from texts
    Zscore {
        #[command(subcommand)]
        command: ZscoreCommand,
    },
    /// How narrow the cone is that vectors lie in, layer by layer
    Anisotropy(Box<AnisotropyArgs>),
    /// Words for masks in texts, and texts written by filling masks
    FillMask(Box<FillMaskArgs>),
    /// Label texts
    Classify(Box<ClassifyArgs>),
    /// Label pairs of texts
    Pair(Box<PairClassifyArgs>),
    /// How likely texts are to a masked language model: pseudo-log-likelihood and -perplexity
    Score(Box<ScoreArgs>),
    /// Whether a text goes on from another
    NextSentence(Box<NextSentenceArgs>),
    /// Which text of a pair a masked language model prefers, as CrowS-Pairs measures stereotypes
    Bias(Box<BiasArgs>),
    /// Learn to label from examples
    Train {
        #[command(subcommand)]
        command: TrainCommand,
    },
    /// How good results are, on labelled data
    Eval {
        #[command(subcommand)]
        command: EvalCommand,
    },
    /// Labelled data, before anything is learned from it
    Data {
        #[command(subcommand)]
        command: DataCommand,
    },
    /// Which sense a word has where it stands
    Senses {
        #[command(subcommand)]
        command: SensesCommand,
    },
    /// How good the tags of one CoNLL file are by those of another
    ScoreTags(Box<ScoreTagsArgs>),
    /// Get ONNX Runtime ready, so that later runs need no network
    Setup {
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a shell's completion script
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Subcommand)]
pub(crate) enum ModelCommand {
    /// The models that can be named
    List {
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Inputs, outputs, labels, limits, size, hash and licence of a model
    Info {
        /// A model's name or folder
        model: String,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Judge a model's files without running it
    Check {
        /// A model's name or folder
        model: String,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a model's weights smaller, or its graph as an .onnx file
    Convert(ConvertArgs),
    /// Write a model with adapters as one that needs neither them nor its base
    Merge(ModelMergeArgs),
    /// Write a model with the matrices of its layers in 8 bits: smaller, and faster
    Quantize(ModelQuantizeArgs),
}

#[derive(Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct CommonArgs {
    /// Do not fetch anything: ONNX Runtime must be on this machine
    #[arg(long, global = true, env = "CLOZE_OFFLINE", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) offline: bool,
    /// The ONNX Runtime library to use, in place of the one found
    #[arg(long, global = true, value_name = "FILE")]
    runtime: Option<PathBuf>,
    /// No progress bar and no summary; failures are still named
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

impl CommonArgs {
    /// ONNX Runtime as these flags want it; says so when it was fetched.
    pub(crate) fn load_runtime(&self, messages: &Messages) -> anyhow::Result<Runtime> {
        let params = RuntimeParams::default().library(self.runtime.clone()).offline(self.offline);
        Ok(Runtime::load(&params, &mut |line| messages.note(line))?)
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn write_global(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

#[derive(Args)]
pub(crate) struct TagArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,

    #[command(flatten)]
    pub(crate) tagger: TaggerArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    /// Which sequences of tags are legal; auto reads it off the model's tags
    #[arg(long, value_enum, default_value_t, value_name = "SCHEME", help_heading = "Entities")]
    pub(crate) scheme: SchemeArg,
    /// Only entities with these labels
    #[arg(long, value_delimiter = ',', value_name = "A,B", help_heading = "Entities")]
    pub(crate) labels: Option<Vec<String>>,
    /// The form of the results
    #[arg(
        short,
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) format: OutputArg,
    /// What offsets count (jsonl, tsv)
    #[arg(long, value_enum, default_value_t, value_name = "UNIT", help_heading = "Output")]
    pub(crate) offsets: OffsetsArg,
    /// What stands in place of an entity; {label} is its label (redact) [default: [{label}]]
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) mask: Option<String>,
    /// Write to a file, or into a folder as a tree like the input's: PATH is a folder if it is one, if
    /// it ends in /, or if a folder is read and PATH has no ending
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, requires = "output", help_heading = "Output")]
    pub(crate) force: bool,
}

/// Where results go.
#[derive(Args)]
pub(crate) struct OutArgs {
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "output", help_heading = "Output")]
    force: bool,
}

impl OutArgs {
    /// The file, or standard output.
    pub(crate) fn open(&self) -> anyhow::Result<Out> {
        Out::to(self.output.as_deref(), self.force)
    }
}

/// Where results go, where a command writes another file, too.
#[derive(Args)]
pub(crate) struct OutFilesArgs {
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

impl OutFilesArgs {
    /// That there is a file to replace: that of the results, or the one that `flag` names, if `other`
    /// says so.
    pub(crate) fn check(&self, flag: &str, other: bool) -> anyhow::Result<()> {
        if self.force && self.output.is_none() && !other {
            bail!("--force is for --output or {flag}");
        }
        Ok(())
    }

    /// The file, or standard output.
    pub(crate) fn open(&self) -> anyhow::Result<Out> {
        Out::to(self.output.as_deref(), self.force)
    }
}

/// How much work is done at once.
#[derive(Args, Clone)]
pub(crate) struct WorkArgs {
    /// How many batches are worked on at once [default: the cores this process may use]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) threads: Option<usize>,
    /// The most tokens in a batch, padding included
    #[arg(long, default_value_t = 512, value_name = "N", help_heading = "Model")]
    pub(crate) batch_tokens: usize,
}

impl WorkArgs {
    /// The settings of an encoder, changed as these flags ask.
    pub(crate) fn encoder(&self, encoder: EncoderParams) -> EncoderParams {
        encoder.threads(self.threads).batch_tokens(self.batch_tokens)
    }
}

/// How files of text are read.
#[derive(Args, Clone)]
pub(crate) struct ReadArgs {
    /// What the files are; auto goes by their endings, and takes standard input as lines
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) input: InputArg,
    /// The field or column that holds the text (jsonl, csv, tsv)
    #[arg(long, default_value = "text", value_name = "NAME", help_heading = "Input")]
    pub(crate) text_field: String,
    /// The field or column that holds the record's id (jsonl, csv, tsv)
    #[arg(long, default_value = "id", value_name = "NAME", help_heading = "Input")]
    pub(crate) id_field: String,
    /// The column that holds the token, counted from 1 (conll)
    #[arg(long, default_value_t = 1, value_name = "N", help_heading = "Input")]
    pub(crate) token_column: usize,
    /// The files' encoding: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Input")]
    pub(crate) encoding: String,
    /// Texts longer than this many MiB are refused; working memory grows with the longest
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Input")]
    pub(crate) max_text: usize,
    /// Whether records carry the fields beside text and id, which the command decides.
    #[arg(skip)]
    pub(crate) metadata: bool,
}

impl ReadArgs {
    /// The settings of the reader.
    pub(crate) fn params(&self) -> anyhow::Result<ValidReadParams> {
        if self.max_text == 0 {
            bail!("--max-text is 0: expected at least 1");
        }
        Ok(ReadParams::default()
            .format(self.input.value())
            .encoding(self.encoding()?)
            .text_field(self.text_field.clone())
            .id_field(self.id_field.clone())
            .token_column(self.token_column)
            .metadata(self.metadata)
            .max_text_bytes(self.max_text.saturating_mul(1 << 20))
            .check()?)
    }

    pub(crate) fn encoding(&self) -> anyhow::Result<Encoding> {
        Ok(Encoding::parse(&self.encoding)?)
    }
}

/// A flag's values beside the library's: the first is the default.
macro_rules! values {
    ($name:ident => $of:ty { $($(#[$doc:meta])* $value:ident => $meaning:expr,)+ }) => {
        #[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
        pub(crate) enum $name { $($(#[$doc])* $value),+ }

        impl $name {
            pub(crate) fn value(self) -> $of {
                match self { $(Self::$value => $meaning),+ }
            }
        }
    };
}
use values;

values! { InputArg => Option<Format> {
    /// By the file's ending
    #[default]
    Auto => None,
    /// A file is a text
    Text => Some(Format::Text),
    /// A line is a text
    Lines => Some(Format::Lines),
    /// A line is a JSON object
    Jsonl => Some(Format::Jsonl),
    /// Comma-separated, with a header
    Csv => Some(Format::Csv),
    /// Tab-separated, with a header
    Tsv => Some(Format::Tsv),
    /// A token a line, a blank line between sentences
    Conll => Some(Format::Conll),
} }

values! { SchemeArg => Option<Scheme> {
    #[default]
    Auto => None,
    Io => Some(Scheme::Io),
    Iob1 => Some(Scheme::Iob1),
    Iob2 => Some(Scheme::Iob2),
    /// The same as bilou
    Iobes => Some(Scheme::Iobes),
    Bilou => Some(Scheme::Iobes),
} }

values! { OffsetsArg => OffsetUnit {
    /// Unicode code points, as Python counts
    #[default]
    Char => OffsetUnit::Char,
    /// Bytes of the text as UTF-8
    Byte => OffsetUnit::Byte,
    /// UTF-16 units, as browsers count
    Utf16 => OffsetUnit::Utf16,
} }

/// The forms results are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputArg {
    /// The text with its entities marked, for reading
    #[default]
    Pretty,
    /// A JSON object a record
    Jsonl,
    /// A word and its tag a line
    Conll,
    /// A row an entity
    Tsv,
    /// The text with <LABEL>…</LABEL> around entities
    Inline,
    /// One page with a legend, counts and filters
    Html,
    /// The text with entities replaced
    Redact,
}

/// A shell's completion script. Not written by `generate` itself, which panics where it cannot.
pub(crate) fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    use clap::CommandFactory as _;
    let mut script = vec![];
    clap_complete::generate(shell, &mut Cli::command(), "cloze", &mut script);
    script
}

/// A model by name or folder.
pub(crate) fn find_model(name: &str) -> anyhow::Result<ModelFolder> {
    Ok(ModelFolder::find(name)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
