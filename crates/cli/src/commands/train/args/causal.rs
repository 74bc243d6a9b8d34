//! `cloze train causal`, as typed.
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use cloze::train::NewDecoderParams;

use crate::commands::short_help;
use crate::commands::train::args::training::GivenFlags;
use crate::commands::train::args::tune::{HeldOutArgs, TuneArgs, TuningArg};
use crate::flags::running_text::RunningTextFlags;

/// Flags of the short help.
const SHOWN: &[&str] =
    &["config", "vocabulary", "model", "output", "tune", "block", "epochs", "eval_every", "dev"];

const EXAMPLES: &str = "\
Examples:
  cloze train causal books/ --model my-decoder --dev dev.txt --output adapted
  cloze train causal books/ --config config.json --vocabulary 8000 --output small
  cloze train causal books/ --model my-decoder --tune full --max-steps 500 --output tuned";

/// Arguments of `cloze train causal`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("model", |arg| arg
        .default_value("")
        .hide_default_value(true)
        .help("Decoder to start from: a name or folder")),
    mut_arg("tune", |arg| arg
        .hide_default_value(true)
        .hide_possible_values(true)
        .help("Parameters to train: lora or full [default: lora; full with --config]")
        .long_help(
            "Parameters to train: lora (adapters, merged into the saved weights) or full (all) \
             [default: lora; full with --config]"
        )),
    mut_arg("targets", |arg| arg.help(
        "Matrices with adapters: query, key, value, attention, up (with the gate), down, or all-linear"
    )),
    mut_arg("batch", |arg| arg.help("Batch size, in rows of --block tokens")),
    mut_arg("learning_rate", |arg| arg.help(
        "Peak learning rate [default: lora 5e-4, full 2e-4, with --config 1e-3]"
    )),
    mut_arg("dropout", |arg| arg.default_value("0")),
    mut_arg("part_tokens", |arg| arg.default_value("4096")),
    mut_arg("train_embeddings", |arg| arg.hide(true)),
    mut_arg("head_learning_rate", |arg| arg.hide(true)),
    mut_arg("length_window", |arg| arg.hide(true)),
    mut_arg("max_tokens", |arg| arg.hide(true)),
    mut_arg("no_texts", |arg| arg.hide(true))
)]
#[command(mut_arg("hold_out", |arg| arg.help(
    "Fraction of texts held out for evaluation during training, without --dev; 0 for none"
)))]
#[command(mut_arg("dev", |arg| arg.help(
    "Texts for evaluation during training, instead of held-out ones"
)))]
#[command(mut_arg("test", |arg| arg.help("Texts for evaluation of the trained model")))]
pub(crate) struct TrainCausalArgs {
    #[command(flatten)]
    given: GivenFlags,
    #[command(flatten)]
    pub(crate) text: RunningTextFlags,
    #[command(flatten)]
    pub(crate) new: NewModelArgs,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) evaluation: HeldOutArgs,
    /// Tokens of a row, which one text or several fill; a longer text goes in pieces [default: the
    /// model's limit, at most 512]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(crate) block: Option<usize>,
}

/// Flags of a new model.
#[derive(Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct NewModelArgs {
    /// Train a new model of the shape in this config.json (gpt2, llama, mistral, qwen2, qwen3), from
    /// scratch
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub(crate) config: Option<PathBuf>,
    /// Most tokens of the tokenizer that is trained for a new model [default: the vocabulary size of --config]
    // A flag excludes all that excludes what it requires.
    #[arg(
        long,
        value_name = "N",
        requires = "config",
        conflicts_with_all = ["tokenizer", "model"]
    )]
    pub(crate) vocabulary: Option<usize>,
    /// Tokenizer of a new model, a tokenizer.json, instead of one trained on the texts (byte-level BPE)
    #[arg(long, value_name = "FILE", requires = "config", conflicts_with = "model")]
    pub(crate) tokenizer: Option<PathBuf>,
}

impl TrainCausalArgs {
    /// Refuses flags that do not go together, which clap cannot express.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.evaluation.check()?;
        let steps = &self.tune.tuned.steps;
        if steps.max_tokens.is_some() {
            bail!("--max-tokens is for encoders; --block sets the tokens of a row");
        }
        if steps.head_learning_rate.is_some() {
            bail!("--head-learning-rate is for new heads, which a decoder does not get");
        }
        if self.new.config.is_none() && self.tune.fit.model.is_empty() {
            bail!(
                "neither --model nor --config: expected a decoder to start from, or the shape of a new \
                 one\nhint: --config FILE takes a config.json as transformers writes it"
            );
        }
        Ok(())
    }

    /// Returns the trained parameters.
    pub(crate) fn tuning(&self) -> TuningArg {
        let is_default = !self.given.has("tune");
        if self.new.config.is_some() && is_default { TuningArg::Full } else { self.tune.tune }
    }

    /// Returns the model to make, if there is one.
    pub(crate) fn new_model(&self) -> Option<NewDecoderParams> {
        let NewModelArgs { config, vocabulary, tokenizer } = &self.new;
        let new = config.as_ref().map(NewDecoderParams::new);
        new.map(|new| new.vocabulary(*vocabulary).tokenizer(tokenizer.clone()))
    }
}
