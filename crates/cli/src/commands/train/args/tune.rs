//! Flags of fine-tuning, and `cloze train tag`, as typed.
use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};
use cloze::train::learning_rate;
use cloze_tune::encoder::{LoraParams, Module, Targets, TrainableEncoderParams, Tuning};
use cloze_tune::training::{Schedule, TrainingParams};

use crate::commands::short_help;
use crate::commands::train::args::training::{GivenFlags, TrainingArgs};
use crate::flags::dtype::DtypeArg;
use crate::flags::tagged::{TaggedFlags, renamed};
use crate::flags::values;

/// Flags of the short help of `cloze train tag`.
const SHOWN: &[&str] =
    &["tune", "model", "output", "epochs", "batch", "learning_rate", "dev", "test"];

const EXAMPLES: &str = "\
Examples:
  cloze train tag train.conll --output ner
  cloze train tag train.conll --dev dev.conll --test test.conll --tune full --output ner
  cloze train tag train.conll --crf --map PERSON=PER,MISC= --epochs 5 --output ner";

/// Arguments of `cloze train tag`.
#[derive(Args)]
#[command(after_help = EXAMPLES, mut_args(|arg| short_help::only(SHOWN, arg)))]
pub(crate) struct TrainTagArgs {
    /// Tagged sentences, one word and its tag per line (CoNLL); several files are mixed
    #[arg(required = true, value_name = "FILE")]
    pub(crate) data: Vec<String>,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) evaluation: HeldOutArgs,
    #[command(flatten)]
    pub(crate) columns: TaggedFlags,
    /// Name by which sentences belong together: document (-DOCSTART-, # newdoc), or that of comments such
    /// as # author = Lena; none of them is held out from the others. Equal sentences always belong together
    #[arg(long, value_name = "NAME", conflicts_with = "dev", help_heading = "Evaluation")]
    pub(crate) group_by: Option<String>,
    /// Rename the label A of the files to B; with nothing after =, its words get the tag O
    #[arg(long, value_delimiter = ',', value_parser = renamed, value_name = "A=B", help_heading = "Input")]
    pub(crate) map: Vec<(String, String)>,
    /// Only the first N sentences of each file
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) limit: Option<usize>,
    /// Leave words that match this as a whole out of the loss: where files disagree on them, such as
    /// '@\S+' for user names, or one file tags them wrongly
    #[arg(long, value_name = "REGEX", help_heading = "Input")]
    pub(crate) skip_words: Option<String>,
    /// Drop training entities whose text matches this as a whole: those that one file tags and others
    /// do not, such as 'Americans?'
    #[arg(long, value_name = "REGEX", help_heading = "Input")]
    pub(crate) drop_entities: Option<String>,
    /// Minimum score of an entity that the model uses by default; the metrics of the report do not use
    /// it [default: none]
    #[arg(long, value_name = "SCORE", help_heading = "Task")]
    pub(crate) min_score: Option<f32>,
    /// Recognisers beside the model, by name or group: email,iban, all, none; the metrics of the report do
    /// not use them [default: those in the card of the base]
    #[arg(
        long,
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_name = "NAME,…",
        help_heading = "Task"
    )]
    pub(crate) recognizers: Option<Vec<String>>,
    /// Also train the transitions between tags (conditional random field)
    #[arg(long, help_heading = "Task")]
    pub(crate) crf: bool,
    /// Add the casing of words as a feature, for encoders that lower-case their texts
    #[arg(long, help_heading = "Task")]
    pub(crate) casing: bool,
    /// Fraction of training sentences also trained on in lower case, and the same fraction in upper
    /// case
    #[arg(long, default_value_t = 0.0, value_name = "FRACTION", help_heading = "Task")]
    pub(crate) vary_case: f64,
}

/// Flags of the evaluation during and after training.
#[derive(Args)]
#[command(next_help_heading = "Evaluation")]
pub(crate) struct HeldOutArgs {
    /// Examples for evaluation during training, instead of held-out ones
    #[arg(long, value_name = "FILE")]
    pub(crate) dev: Vec<String>,
    /// Examples for evaluation of the trained model
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Vec<String>,
    /// Fraction of examples held out for evaluation during training, without --dev; 0 for none
    #[arg(long, default_value_t = 0.1, value_name = "FRACTION")]
    pub(crate) hold_out: f64,
}

impl HeldOutArgs {
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let share = self.hold_out;
        ensure!((0.0..1.0).contains(&share), "--hold-out is {share}: expected 0 to below 1");
        Ok(())
    }
}

/// Flags of fine-tuning an encoder.
#[derive(Args)]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    pub(crate) fit: TrainingArgs,
    /// Parameters to train
    ///
    /// Adapters, the whole encoder, or only the head
    #[arg(long, value_enum, default_value_t, value_name = "PART", help_heading = "Training")]
    pub(crate) tune: TuningArg,
    #[command(flatten)]
    pub(crate) tuned: TunedArgs,
}

/// Flags of gradient steps.
#[derive(Args)]
pub(crate) struct TunedArgs {
    /// Storage type of the weights
    #[arg(long, value_enum, default_value_t = DtypeArg::F32, value_name = "TYPE", help_heading = "Output")]
    pub(crate) dtype: DtypeArg,
    #[command(flatten)]
    pub(crate) what: WhatArgs,
    #[command(flatten)]
    pub(crate) steps: StepArgs,
}

/// Flags of the trained parameters.
#[derive(Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct WhatArgs {
    #[command(flatten)]
    given: GivenFlags,
    #[command(flatten)]
    pub(crate) lora: LoraArgs,
    /// Number of frozen layers, counted from the lowest
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) freeze_layers: usize,
    /// Also train the embeddings: word, position, token type, relative position (--tune full)
    #[arg(long)]
    pub(crate) train_embeddings: bool,
}

/// Flags of adapters.
#[derive(Args)]
#[command(next_help_heading = "Adapters (--tune lora)")]
pub(crate) struct LoraArgs {
    /// Rank of the adapters
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub(crate) rank: usize,
    /// LoRA alpha: adapters are scaled by alpha / rank [default: twice the rank]
    #[arg(long, value_name = "X")]
    pub(crate) alpha: Option<f64>,
    /// Dropout probability of the adapters' inputs
    #[arg(long, default_value_t = 0.0, value_name = "P")]
    pub(crate) lora_dropout: f32,
    /// Divide alpha by the square root of the rank (rank-stabilized LoRA)
    #[arg(long)]
    pub(crate) rslora: bool,
    /// Matrices with adapters: query, key, value, attention, up, down, or all-linear
    #[arg(long, value_delimiter = ',', default_value = "query,value", value_name = "A,B")]
    pub(crate) targets: Vec<String>,
}

/// Trained parameters of the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TuningArg {
    /// Low-rank adapters (LoRA); only they are stored, not the base model
    #[default]
    Lora,
    /// All layers of the encoder
    Full,
    /// Only the head; the encoder stays frozen
    Head,
}

values! { ScheduleArg => Schedule {
    /// Linear decay to 0
    #[default]
    Linear => Schedule::Linear,
    /// No decay
    Constant => Schedule::Constant,
    /// Cosine decay to 0
    Cosine => Schedule::Cosine,
} }

/// Flags of the optimizer and its steps.
#[derive(Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct StepArgs {
    /// Number of passes over the training data
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(crate) epochs: u64,
    /// Stop after N optimizer steps
    #[arg(long, value_name = "N")]
    pub(crate) max_steps: Option<u64>,
    /// Batch size, in examples
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub(crate) batch: usize,
    /// Peak learning rate [default: full 2e-4, lora 5e-4, head 1e-3]
    #[arg(long, value_name = "RATE")]
    pub(crate) learning_rate: Option<f64>,
    /// Learning rate of the head [default: of a new one by the spread of the hidden states, at most 2e-2;
    /// else --learning-rate, at least 1e-3]
    #[arg(long, value_name = "RATE")]
    pub(crate) head_learning_rate: Option<f64>,
    /// Decay of the learning rate
    #[arg(long, value_enum, default_value_t, value_name = "NAME")]
    pub(crate) schedule: ScheduleArg,
    /// Fraction of the steps used for learning-rate warm-up
    #[arg(long, default_value_t = 0.1, value_name = "FRACTION")]
    pub(crate) warmup: f64,
    /// Weight decay
    #[arg(long, default_value_t = 0.01, value_name = "X")]
    pub(crate) weight_decay: f64,
    /// Clip gradients to this L2 norm (0: off)
    #[arg(long, default_value_t = 1.0, value_name = "NORM")]
    pub(crate) clip: f64,
    /// Dropout probability
    #[arg(long, default_value_t = 0.1, value_name = "P")]
    pub(crate) dropout: f32,
    /// Maximum tokens per forward pass: a larger batch is split (gradient accumulation), with the same
    /// result
    #[arg(long, default_value_t = 1024, value_name = "N")]
    pub(crate) part_tokens: usize,
    /// Sort examples by length within N batches; nothing is padded, so there is little to gain
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) length_window: usize,
    /// Maximum sequence length, in tokens [default: the model's limit, at most 256]
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
    /// Evaluate every N steps, and at the end of each epoch
    #[arg(long, alias = "judge-every", value_name = "N")]
    pub(crate) eval_every: Option<u64>,
    /// Save a checkpoint for --resume every N steps, in addition to every five minutes
    #[arg(long, value_name = "N")]
    pub(crate) save_every: Option<u64>,
    /// Resume a stopped training from the checkpoint beside --output
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
        let mut modules = vec![];
        for name in &self.targets {
            modules.extend_from_slice(match name.as_str() {
                "query" => &[Module::Query],
                "key" => &[Module::Key],
                "value" => &[Module::Value],
                "attention" => &[Module::Attention],
                "up" => &[Module::Up],
                "down" => &[Module::Down],
                "all-linear" => &Module::ALL,
                _ => bail!(
                    "--targets {name}: expected query, key, value, attention, up, down or all-linear"
                ),
            });
        }
        Ok(Targets(modules))
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
            .head_learning_rate(self.head_learning_rate)
            .schedule(self.schedule.value())
            .warmup_share(self.warmup)
            .weight_decay(self.weight_decay)
            .max_gradient_norm(Some(self.clip).filter(|&clip| clip > 0.0))
            .dropout(self.dropout)
            .part_tokens(self.part_tokens)
            .length_window(self.length_window)
            .judge_every(self.eval_every)
            .patience(fit.patience)
            .seed(fit.seed)
            .save_every(self.save_every)
            .threads(fit.threads))
    }
}
