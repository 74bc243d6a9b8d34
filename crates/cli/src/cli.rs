//! The commands, and the flags that all of them take.
use std::path::PathBuf;

use anstream::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};
use cloze_encoder::{Runtime, RuntimeParams};

use crate::commands::anisotropy::args::AnisotropyArgs;
use crate::commands::bias::args::BiasArgs;
use crate::commands::classify::args::ClassifyArgs;
use crate::commands::cluster::args::ClusterArgs;
use crate::commands::data::args::DataCommand;
use crate::commands::duplicates::args::DuplicatesArgs;
use crate::commands::embed::args::EmbedArgs;
use crate::commands::eval::args::EvalCommand;
use crate::commands::fill_mask::args::FillMaskArgs;
use crate::commands::generate::args::GenerateArgs;
use crate::commands::index::args::IndexCommand;
use crate::commands::model::args::ModelCommand;
use crate::commands::next_sentence::args::NextSentenceArgs;
use crate::commands::pair::args::PairClassifyArgs;
use crate::commands::redact::args::RedactArgs;
use crate::commands::rerank::args::RerankArgs;
use crate::commands::restore::args::RestoreArgs;
use crate::commands::score::args::ScoreArgs;
use crate::commands::score_tags::args::ScoreTagsArgs;
use crate::commands::senses::args::SensesCommand;
use crate::commands::similarity::args::SimilarityArgs;
use crate::commands::tag::args::TagArgs;
use crate::commands::train::args::TrainCommand;
use crate::commands::zscore::args::ZscoreCommand;
use crate::flags::format::{FormatFlags, ReportFormat};
use crate::terminal::messages::Messages;

const SETUP_EXAMPLES: &str = "\
Examples:
  cloze setup
  cloze setup --json";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  cloze completions bash > ~/.local/share/bash-completion/completions/cloze
  cloze completions fish > ~/.config/fish/completions/cloze.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  cloze man > cloze.1
  cloze man --output man/";

/// Find entities, embed, classify and search text with BERT encoders, without Python
#[derive(Parser)]
#[command(name = "cloze", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: CommonFlags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Find entities in files, folders or standard input
    Tag(Box<TagArgs>),
    /// Replace personal data in files, so that it can be restored with a key
    Redact(Box<RedactArgs>),
    /// Restore redacted files with the key, byte for byte
    Restore(Box<RestoreArgs>),
    /// List, inspect, verify, install and convert models
    Model {
        #[command(subcommand)]
        command: ModelCommand,
    },
    /// Embed texts, words or tokens as vectors
    Embed(Box<EmbedArgs>),
    /// Measure how similar texts are
    Similarity(Box<SimilarityArgs>),
    /// Build and search a vector index
    Index {
        #[command(subcommand)]
        command: IndexCommand,
    },
    /// Find duplicates and near-duplicates
    Duplicates(Box<DuplicatesArgs>),
    /// Cluster texts by topic
    Cluster(Box<ClusterArgs>),
    /// Rerank search results with a cross-encoder
    Rerank(Box<RerankArgs>),
    /// Fit a correction for anisotropy: z-score, whitening, all-but-the-top
    Zscore {
        #[command(subcommand)]
        command: ZscoreCommand,
    },
    /// Measure anisotropy layer by layer
    Anisotropy(Box<AnisotropyArgs>),
    /// Predict masked words, or generate text by filling masks
    FillMask(Box<FillMaskArgs>),
    /// Generate text with a decoder or encoder–decoder
    Generate(Box<GenerateArgs>),
    /// Classify texts
    Classify(Box<ClassifyArgs>),
    /// Classify pairs of texts
    Pair(Box<PairClassifyArgs>),
    /// Score texts by likelihood and perplexity
    Score(Box<ScoreArgs>),
    /// Score whether one text follows another
    NextSentence(Box<NextSentenceArgs>),
    /// Measure stereotypes as CrowS-Pairs does: the preferred text of each pair
    Bias(Box<BiasArgs>),
    /// Train a classifier, tagger or encoder
    Train {
        #[command(subcommand)]
        command: TrainCommand,
    },
    /// Evaluate on labelled data
    Eval {
        #[command(subcommand)]
        command: EvalCommand,
    },
    /// Check labelled data for errors
    Data {
        #[command(subcommand)]
        command: DataCommand,
    },
    /// Disambiguate word senses
    Senses {
        #[command(subcommand)]
        command: SensesCommand,
    },
    /// Score the tags of one CoNLL file against another's
    ScoreTags(Box<ScoreTagsArgs>),
    /// Fetch ONNX Runtime ahead of time, for runs without network
    #[command(after_help = SETUP_EXAMPLES)]
    Setup {
        #[command(flatten)]
        format: FormatFlags<ReportFormat>,
    },
    /// Print a shell's completion script, which completes commands, flags, models and files
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// Folder to write the pages of all commands into
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
}

#[derive(Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct CommonFlags {
    /// Never download: ONNX Runtime must be on this machine
    #[arg(long, global = true, env = "CLOZE_OFFLINE", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) offline: bool,
    /// ONNX Runtime library to load [default: the one found]
    #[arg(long, global = true, value_name = "FILE")]
    runtime: Option<PathBuf>,
    /// Print neither progress nor summary; failures are still named
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

impl CommonFlags {
    /// Loads ONNX Runtime with the settings of these flags; reports a download.
    pub(crate) fn load_runtime(&self, messages: &Messages) -> anyhow::Result<Runtime> {
        let params = RuntimeParams::default()
            .library(self.runtime.clone())
            .fetch(true)
            .offline(self.offline);
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
