//! Flags of every training.
use std::path::PathBuf;

use anyhow::bail;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::flags::format::{FormatFlags, ReportFormat};
use crate::flags::vectors::VECTOR_MODEL;

/// Flags of every training.
#[derive(Args)]
pub(crate) struct TrainingArgs {
    /// Encoder to start from: a name or folder
    #[arg(short, long, default_value = VECTOR_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    /// Number of threads [default: the cores available to this process]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) threads: Option<usize>,
    /// Folder of the trained model
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace an existing trained model
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
    #[command(flatten)]
    pub(crate) card: CardArgs,
    /// Random seed
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Training")]
    pub(crate) seed: u64,
    /// Stop after N evaluations in a row without improvement
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(crate) patience: Option<u64>,
}

/// Flags of the text in the model card and the reports.
#[derive(Args)]
pub(crate) struct CardArgs {
    /// Purpose of the model in one sentence, for the model card
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) description: Option<String>,
    /// SPDX name of the model's licence, for the model card
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(crate) license: Option<String>,
    /// Credit required by the licence of the data or the base model, for the model card
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) attribution: Option<String>,
    /// Source of the training data, for the model card
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) source: Option<String>,
    /// Language code of the data (en, de, …), for the model card
    #[arg(long, value_name = "CODE", help_heading = "Output")]
    pub(crate) language: Option<String>,
    /// Leave out of the reports the misclassified texts that they show by default
    #[arg(long, help_heading = "Output")]
    pub(crate) no_texts: bool,
}

/// Flags given on the command line. Must stand before all other fields, which take them away.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenFlags(Vec<String>);

impl FromArgMatches for GivenFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let ids = matches.ids().map(clap::Id::as_str);
        let typed = ids.filter(|id| matches.value_source(id) == Some(ValueSource::CommandLine));
        Ok(Self(typed.map(str::to_owned).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for GivenFlags {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl GivenFlags {
    /// Returns whether this flag was given.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|given| given == id)
    }

    /// Refuses the flags of `A`, which are for `what` only.
    pub(crate) fn refuse<A: Args>(&self, what: &str) -> anyhow::Result<()> {
        let command = A::augment_args(Command::new("cloze"));
        let typed = command.get_arguments().find(|arg| self.0.iter().any(|id| arg.get_id() == id));
        match typed {
            Some(arg) => bail!("--{} is for {what}", arg.get_long().unwrap_or_default()),
            None => Ok(()),
        }
    }
}
