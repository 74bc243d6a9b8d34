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
use crate::commands::index::args::IndexCommand;
use crate::commands::model::args::ModelCommand;
use crate::commands::next_sentence::args::NextSentenceArgs;
use crate::commands::pair::args::PairClassifyArgs;
use crate::commands::rerank::args::RerankArgs;
use crate::commands::score::args::ScoreArgs;
use crate::commands::score_tags::args::ScoreTagsArgs;
use crate::commands::senses::args::SensesCommand;
use crate::commands::similarity::args::SimilarityArgs;
use crate::commands::tag::args::TagArgs;
use crate::commands::train::args::TrainCommand;
use crate::commands::zscore::args::ZscoreCommand;
use crate::terminal::messages::Messages;

/// Entities and vectors from text files: a BERT encoder on ONNX Runtime, without Python
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
    /// Print the manual page, or write those of all commands
    Man {
        /// Folder to write the pages of all commands into
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
}

#[derive(Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct CommonFlags {
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

impl CommonFlags {
    /// ONNX Runtime as these flags want it; says so when it was fetched.
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

/// A shell's completion script. Not written by `generate` itself, which panics where it cannot.
pub(crate) fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    use clap::CommandFactory as _;
    let mut script = vec![];
    clap_complete::generate(shell, &mut Cli::command(), "cloze", &mut script);
    script
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
