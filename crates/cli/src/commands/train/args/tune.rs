//! Flags of fine-tuning, and `cloze train tag`, as typed.
use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};
use cloze::train::learning_rate;
use cloze_tune::encoder::{LoraParams, Module, Targets, TrainableEncoderParams, Tuning};
use cloze_tune::training::{Schedule, TrainingParams};

use crate::commands::train::args::training::{Given, TrainingArgs};
use crate::flags::dtype::DtypeArg;
use crate::flags::tagged::{TaggedFlags, renamed};
use crate::flags::values;

/// What `cloze train tag` is asked for.
#[derive(Args)]
pub(crate) struct TrainTagArgs {
    /// Tagged sentences, a word and its tag a line (CoNLL); several files are mixed
    #[arg(required = true, value_name = "FILE")]
    pub(crate) data: Vec<String>,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) evaluation: HeldOutArgs,
    #[command(flatten)]
    pub(crate) columns: TaggedFlags,
    /// Call the label A of the files B; with nothing behind = its words are outside of every entity
    #[arg(long, value_delimiter = ',', value_parser = renamed, value_name = "A=B", help_heading = "Input")]
    pub(crate) map: Vec<(String, String)>,
    /// Only the first so many sentences of each file
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) limit: Option<usize>,
    /// Words that match this as a whole are not learned from: where files disagree on them, such as
    /// '@\S+' for names of users, or one tags what it should not
    #[arg(long, value_name = "REGEX", help_heading = "Input")]
    pub(crate) skip_words: Option<String>,
    /// Entities whose text matches this as a whole are none where it is learned from: what one file
    /// tags and others do not, such as 'Americans?'
    #[arg(long, value_name = "REGEX", help_heading = "Input")]
    pub(crate) drop_entities: Option<String>,
    /// The least score of an entity, where those who use the model do not name one; the report's figures
    /// are without it [default: any]
    #[arg(long, value_name = "SCORE", help_heading = "Task")]
    pub(crate) min_score: Option<f32>,
    /// Learn which tags stand beside each other, too (a conditional random field)
    #[arg(long, help_heading = "Task")]
    pub(crate) crf: bool,
    /// Show the encoder how words are cased, which one that lower-cases its texts does not see
    #[arg(long, help_heading = "Task")]
    pub(crate) casing: bool,
    /// The share of training sentences that are also seen in lower case, and of those in upper case
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", help_heading = "Task")]
    pub(crate) vary_case: f64,
}

/// What a training is judged by.
#[derive(Args)]
#[command(next_help_heading = "Judging")]
pub(crate) struct HeldOutArgs {
    /// Examples to judge by while training, in place of some that are held out
    #[arg(long, value_name = "FILE")]
    pub(crate) dev: Vec<String>,
    /// Examples to judge the trained model by
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Vec<String>,
    /// The share of examples held out to judge by while training, where no --dev is given; 0 for none
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub(crate) hold_out: f64,
}

impl HeldOutArgs {
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let share = self.hold_out;
        ensure!((0.0..1.0).contains(&share), "--hold-out is {share}: expected 0 to below 1");
        Ok(())
    }
}

/// How an encoder is trained.
#[derive(Args)]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    pub(crate) fit: TrainingArgs,
    /// Adapters, the whole encoder, or only what is put on top of it
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHAT",
        help_heading = "What is trained"
    )]
    pub(crate) tune: TuningArg,
    #[command(flatten)]
    pub(crate) tuned: TunedArgs,
}

/// How an encoder is trained where it is.
#[derive(Args)]
pub(crate) struct TunedArgs {
    /// How numbers are stored
    #[arg(long, value_enum, default_value_t = DtypeArg::F32, value_name = "TYPE", help_heading = "Output")]
    pub(crate) dtype: DtypeArg,
    #[command(flatten)]
    pub(crate) what: WhatArgs,
    #[command(flatten)]
    pub(crate) steps: StepArgs,
}

/// What of an encoder is trained.
#[derive(Args)]
#[command(next_help_heading = "What is trained")]
pub(crate) struct WhatArgs {
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    pub(crate) lora: LoraArgs,
    /// How many layers, from the lowest, stay as they are
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) freeze_layers: usize,
    /// Train the tables of words, positions and types, too (--tune full)
    #[arg(long)]
    pub(crate) train_embeddings: bool,
}

/// What adapters are.
#[derive(Args)]
#[command(next_help_heading = "What is trained")]
pub(crate) struct LoraArgs {
    /// The rank of adapters
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub(crate) rank: usize,
    /// Adapters are scaled by this over the rank [default: twice the rank]
    #[arg(long, value_name = "X")]
    pub(crate) alpha: Option<f64>,
    /// The share of an adapter's inputs that is dropped
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub(crate) lora_dropout: f32,
    /// Scale by alpha over the root of the rank
    #[arg(long)]
    pub(crate) rslora: bool,
    /// The matrices that get adapters: query, key, value, attention, up, down, or all-linear
    #[arg(long, value_delimiter = ',', default_value = "query,value", value_name = "A,B")]
    pub(crate) targets: Vec<String>,
}

/// What of the encoder is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TuningArg {
    /// Adapters of low rank beside matrices (LoRA); the model is stored as what differs
    #[default]
    Lora,
    /// Every layer of the encoder
    Full,
    /// Nothing of the encoder
    Head,
}

values! { ScheduleArg => Schedule {
    /// Down to 0 in a line
    #[default]
    Linear => Schedule::Linear,
    /// As it is
    Constant => Schedule::Constant,
    /// Down to 0 along half a cosine
    Cosine => Schedule::Cosine,
} }

/// How long, how fast, how often.
#[derive(Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct StepArgs {
    /// How often every example is seen
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(crate) epochs: u64,
    /// The most steps
    #[arg(long, value_name = "N")]
    pub(crate) max_steps: Option<u64>,
    /// Examples a step
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub(crate) batch: usize,
    /// The learning rate at its highest [default: 2e-4 for the encoder, 5e-4 for adapters, 1e-3 for a
    /// head alone]
    #[arg(long, value_name = "RATE")]
    pub(crate) learning_rate: Option<f64>,
    /// That of what is put on top of the encoder [default: the same, at least 1e-3]
    #[arg(long, value_name = "RATE")]
    pub(crate) head_learning_rate: Option<f64>,
    /// How the learning rate goes down
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) schedule: ScheduleArg,
    /// The share of steps in which it goes up
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub(crate) warmup: f64,
    /// How much weights are drawn towards 0
    #[arg(long, default_value_t = 0.01, value_name = "X")]
    pub(crate) weight_decay: f64,
    /// The longest a gradient may be; 0 for any
    #[arg(long, default_value_t = 1.0, value_name = "LENGTH")]
    pub(crate) clip: f64,
    /// The share of numbers that is dropped
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub(crate) dropout: f32,
    /// Tokens worked on at once: a step with more goes in parts, and comes to the same
    #[arg(long, default_value_t = 1024, value_name = "N")]
    pub(crate) part_tokens: usize,
    /// Sort examples by length among so many batches; nothing is padded, so there is little to gain
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) length_window: usize,
    /// The longest sequence, in tokens [default: what the model takes, at most 256]
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
    /// Judge every so many steps, and at each epoch's end
    #[arg(long, value_name = "N")]
    pub(crate) judge_every: Option<u64>,
    /// Save the state every so many steps, beside every five minutes
    #[arg(long, value_name = "N")]
    pub(crate) save_every: Option<u64>,
    /// Go on where a training into the same folder was stopped
    #[arg(long)]
    pub(crate) resume: bool,
}

impl TunedArgs {
    pub(crate) fn encoder(&self, tune: TuningArg) -> anyhow::Result<TrainableEncoderParams> {
        self.what.params(tune)
    }
}

impl WhatArgs {
    fn params(&self, tune: TuningArg) -> anyhow::Result<TrainableEncoderParams> {
        if tune != TuningArg::Lora {
            self.given.refuse::<LoraArgs>("--tune lora")?;
        }
        let tuning = match tune {
            TuningArg::Lora => Tuning::Lora(self.lora.params()?),
            TuningArg::Full => Tuning::Full,
            TuningArg::Head => Tuning::Head,
        };
        if self.train_embeddings && tune != TuningArg::Full {
            bail!("--train-embeddings is for --tune full");
        }
        Ok(TrainableEncoderParams::default()
            .tuning(tuning)
            .frozen_layers(self.freeze_layers)
            .embeddings(self.train_embeddings))
    }
}

impl LoraArgs {
    fn params(&self) -> anyhow::Result<LoraParams> {
        #[expect(clippy::cast_precision_loss, reason = "a rank")]
        let twice = 2.0 * self.rank as f64;
        Ok(LoraParams::default()
            .rank(self.rank)
            .alpha(self.alpha.unwrap_or(twice))
            .dropout(self.lora_dropout)
            .rslora(self.rslora)
            .targets(self.targets()?))
    }

    fn targets(&self) -> anyhow::Result<Targets> {
        let named = |name: &String| match name.as_str() {
            "query" => Ok(vec![Module::Query]),
            "key" => Ok(vec![Module::Key]),
            "value" => Ok(vec![Module::Value]),
            "attention" => Ok(vec![Module::Attention]),
            "up" => Ok(vec![Module::Up]),
            "down" => Ok(vec![Module::Down]),
            "all-linear" => Ok(Module::ALL.to_vec()),
            _ => bail!(
                "--targets {name}: expected query, key, value, attention, up, down or all-linear"
            ),
        };
        let found = self.targets.iter().map(named).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Targets(found.concat()))
    }
}

impl StepArgs {
    pub(crate) fn params(
        &self,
        tuning: &Tuning,
        fit: &TrainingArgs,
    ) -> anyhow::Result<TrainingParams> {
        let rate = self.learning_rate.unwrap_or_else(|| learning_rate(tuning));
        ensure!(self.clip >= 0.0, "--clip is {}: expected 0 or more", self.clip);
        Ok(TrainingParams::new()
            .epochs(self.epochs)
            .max_steps(self.max_steps)
            .batch(self.batch)
            .learning_rate(rate)
            .head_learning_rate(Some(self.head_learning_rate.unwrap_or(rate.max(1e-3))))
            .schedule(self.schedule.value())
            .warmup_share(self.warmup)
            .weight_decay(self.weight_decay)
            .max_gradient_norm(Some(self.clip).filter(|&clip| clip > 0.0))
            .dropout(self.dropout)
            .part_tokens(self.part_tokens)
            .length_window(self.length_window)
            .judge_every(self.judge_every)
            .patience(fit.patience)
            .seed(fit.seed)
            .save_every(self.save_every)
            .threads(fit.threads))
    }
}
