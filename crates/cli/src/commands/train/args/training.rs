//! Flags of every training, and which are only for some ways of training.
use std::path::PathBuf;

use anyhow::bail;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::flags::vectors::VECTOR_MODEL;

/// What every training takes.
#[derive(Args)]
pub(crate) struct TrainingArgs {
    /// The encoder to start from: a name or folder
    #[arg(short, long, default_value = VECTOR_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    /// How many threads [default: the cores this process may use]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) threads: Option<usize>,
    /// The folder of the new model
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace a trained model that is there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) card: CardArgs,
    /// What all that is drawn follows from
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Training")]
    pub(crate) seed: u64,
    /// Stop when so many judgings in a row are no better
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(crate) patience: Option<u64>,
}

/// What the model's card and reports say besides figures.
#[derive(Args)]
pub(crate) struct CardArgs {
    /// What the model is for, in a sentence, for its card
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) description: Option<String>,
    /// The model's licence by its SPDX name, for its card
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(crate) license: Option<String>,
    /// Whom the data's or the base model's licence wants named, for its card
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) attribution: Option<String>,
    /// Where the model's data come from, for its card
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) source: Option<String>,
    /// The language of the data by its code (en, de, …), for its card
    #[arg(long, value_name = "CODE", help_heading = "Output")]
    pub(crate) language: Option<String>,
    /// Leave texts out of the reports, which else show those that were labelled wrongly
    #[arg(long, help_heading = "Output")]
    pub(crate) no_texts: bool,
}

/// Which flags were typed. Must stand before all other fields, which take them away.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(Vec<String>);

impl FromArgMatches for Given {
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

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl Given {
    /// That none of the flags of `A` was typed, which are for `what`.
    pub(crate) fn refuse<A: Args>(&self, what: &str) -> anyhow::Result<()> {
        let command = A::augment_args(Command::new("cloze"));
        let typed = command.get_arguments().find(|arg| self.0.iter().any(|id| arg.get_id() == id));
        match typed {
            Some(arg) => bail!("--{} is for {what}", arg.get_long().unwrap_or_default()),
            None => Ok(()),
        }
    }
}
