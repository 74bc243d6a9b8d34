//! `cloze train`, as typed.
pub(crate) mod causal;
pub(crate) mod labels;
pub(crate) mod language;
pub(crate) mod similarity;
pub(crate) mod training;
pub(crate) mod tune;

use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use cloze::PairRows;
use cloze::embed::{Layers, Poolings};

use crate::commands::short_help;
use crate::commands::train::args::causal::TrainCausalArgs;
use crate::commands::train::args::labels::{LabelFitArgs, LabelTuningArg, TunedLabelArgs};
use crate::commands::train::args::language::{TrainMlmArgs, TrainNspArgs};
use crate::commands::train::args::similarity::TrainSimilarityArgs;
use crate::commands::train::args::training::{GivenFlags, TrainingArgs};
use crate::commands::train::args::tune::{TrainTagArgs, TunedArgs};
use crate::flags::classifier::PairCutArg;
use crate::flags::labelled::LabelledFlags;
use crate::flags::vectors::CorrectionArg;

/// Flags of the short help of `cloze train classify`.
const SHOWN: &[&str] =
    &["tune", "model", "output", "label_field", "epochs", "learning_rate", "test"];

const CLASSIFY_EXAMPLES: &str = "\
Examples:
  cloze train classify tickets.csv --output tickets
  cloze train classify tickets.csv --test new.csv --class-weights balanced --output tickets
  cloze train classify tickets.csv --tune lora --epochs 5 --seed 7 --output tickets";

const PAIR_EXAMPLES: &str = "\
Examples:
  cloze train pair nli.tsv --output nli
  cloze train pair nli.tsv --pair-rows cross --model cross-encoder --output nli
  cloze train pair nli.tsv --tune lora --dev dev.tsv --output nli";

/// Commands of `cloze train`.
#[derive(Subcommand)]
pub(crate) enum TrainCommand {
    /// Train a text classifier on labelled texts
    Classify(Box<TrainArgs>),
    /// Train a text pair classifier on labelled pairs
    Pair(Box<TrainPairArgs>),
    /// Fine-tune an encoder as a tagger (named entities) on sentences with one tag per word
    Tag(Box<TrainTagArgs>),
    /// Fine-tune an encoder for sentence similarity on pairs of texts
    Similarity(Box<TrainSimilarityArgs>),
    /// Fine-tune a masked language model on running text
    Mlm(Box<TrainMlmArgs>),
    /// Fine-tune a model for next-sentence prediction on running text
    Nsp(Box<TrainNspArgs>),
    /// Train a causal language model (decoder) on running text, from a checkpoint or from scratch
    Causal(Box<TrainCausalArgs>),
}

/// Arguments of `cloze train classify`.
#[derive(Args)]
#[command(
    after_help = CLASSIFY_EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("label_field", |arg| short_help::brief("Column or field of the label", arg))
)]
#[command(mut_arg("patience", |arg| arg.help(
    "Stop after N evaluations (with --search, N trials) in a row without improvement"
)))]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    given: GivenFlags,
    /// Labelled texts: csv, tsv or jsonl files; LABEL=FILE with one text per line; or a folder with one
    /// file, or one folder of files, per class
    #[arg(required = true, value_name = "DATA")]
    pub(crate) data: Vec<String>,
    /// Parameters to train
    ///
    /// A head fitted on the vectors of a frozen encoder; or, by gradient steps, adapters, the whole
    /// encoder, or only the classification head of the encoder's family
    #[arg(long, value_enum, default_value_t, value_name = "PART", help_heading = "Training")]
    pub(crate) tune: LabelTuningArg,
    #[command(flatten)]
    pub(crate) fit: TrainingArgs,
    #[command(flatten)]
    pub(crate) read: LabelledFlags,
    #[command(flatten)]
    pub(crate) labels: LabelFitArgs,
    #[command(flatten)]
    pub(crate) rows: KeptRowsArgs,
    #[command(flatten)]
    pub(crate) features: FeatureArgs,
    #[command(flatten)]
    pub(crate) head: HeadArgs,
    #[command(flatten)]
    pub(crate) evaluation: EvaluationArgs,
    #[command(flatten)]
    pub(crate) tuned: TunedArgs,
    #[command(flatten)]
    pub(crate) tuned_labels: TunedLabelArgs,
}

/// Flags of the cache of encoded texts.
#[derive(Args)]
pub(crate) struct KeptRowsArgs {
    /// Cache of the encoded texts, so that the next training does not encode them again [default:
    /// DIR.rows]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) cache: Option<PathBuf>,
    /// Do not cache the encoded texts
    #[arg(long, conflicts_with = "cache", help_heading = "Output")]
    pub(crate) no_cache: bool,
}

/// Arguments of `cloze train pair`.
#[derive(Args)]
#[command(
    after_help = PAIR_EXAMPLES,
    mut_arg("label_field", |arg| arg.hide_short_help(true)),
    mut_arg("cut", |arg| arg.hide_short_help(true))
)]
pub(crate) struct TrainPairArgs {
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    #[command(flatten)]
    pub(crate) pair: PairRowArgs,
    /// Text of a pair to truncate where both are too long for one sequence (--pair-rows cross, and
    /// --tune lora, full or head)
    #[arg(long, value_enum, default_value_t, value_name = "TEXT", help_heading = "Input")]
    pub(crate) cut: PairCutArg,
}

/// Flags of the features of a pair.
#[derive(Args)]
pub(crate) struct PairRowArgs {
    /// Features of a pair
    #[arg(long, value_enum, default_value_t, value_name = "KIND", help_heading = "Features")]
    pub(crate) pair_rows: PairRowsArg,
}

/// Features of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PairRowsArg {
    /// Each text encoded on its own, joined as u, v, |u − v| and u · v
    #[default]
    Separate,
    /// Both texts encoded in one sequence, for models trained on pairs (cross-encoders)
    Cross,
}

impl TrainPairArgs {
    pub(crate) fn rows(&self) -> PairRows {
        match self.pair.pair_rows {
            PairRowsArg::Separate => PairRows::Separate,
            PairRowsArg::Cross => PairRows::Cross(self.cut.value()),
        }
    }
}

/// Flags of the features of texts.
#[derive(Args)]
pub(crate) struct FeatureArgs {
    /// Maximum tokens per batch, padding included
    #[arg(long, default_value_t = 512, value_name = "N", help_heading = "Features")]
    pub(crate) batch_tokens: usize,
    /// Pooling of token vectors: cls, mean, max, …, or several, concatenated
    #[arg(long, alias = "pool", default_value = "cls,mean", value_name = "NAMES", value_parser = Poolings::parse, help_heading = "Features")]
    pub(crate) pooling: Poolings,
    /// Layers whose hidden states are averaged: -1 is the last; -1,-2,-3,-4; first+last; all [default:
    /// the last three; the last for an .onnx file]
    #[arg(long, value_name = "LAYERS", value_parser = Layers::parse, allow_hyphen_values = true, help_heading = "Features")]
    pub(crate) layers: Option<Layers>,
    /// Prefix added to every text
    #[arg(
        long,
        default_value = "",
        value_name = "TEXT",
        hide_default_value = true,
        help_heading = "Features"
    )]
    pub(crate) prompt: String,
    /// Correction of vectors, fitted on the training texts
    #[arg(
        long,
        value_enum,
        default_value = "zscore",
        value_name = "METHOD",
        help_heading = "Features"
    )]
    pub(crate) correction: CorrectionArg,
    /// Normalize vectors to length 1, after the correction
    #[arg(long, help_heading = "Features")]
    pub(crate) normalize: bool,
}

/// Flags of fitting the head.
#[derive(Args)]
pub(crate) struct HeadArgs {
    /// Classifier fitted on the vectors
    #[arg(long, value_enum, default_value_t, value_name = "KIND", help_heading = "Head")]
    pub(crate) head: HeadKindArg,
    /// Inverse of the regularization strength, as scikit-learn's C (logistic, svm) [default: the best of
    /// 0.001, 0.01, … 100 on held-out examples]
    #[arg(long, value_name = "C", help_heading = "Head")]
    pub(crate) c: Option<f64>,
    /// Maximum iterations of the solver [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Head")]
    pub(crate) max_iterations: Option<u64>,
    /// Hyperparameter search by cross-validation over C, class weights, pooling, layers and correction,
    /// except those set by flags
    #[arg(
        long,
        value_enum,
        value_name = "STRATEGY",
        conflicts_with = "shots",
        help_heading = "Head"
    )]
    pub(crate) search: Option<SearchArg>,
    /// Number of trials of the search
    #[arg(
        long,
        default_value_t = 20,
        value_name = "N",
        requires = "search",
        conflicts_with = "shots",
        help_heading = "Head"
    )]
    pub(crate) trials: usize,
}

/// Classifier fitted on the vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeadKindArg {
    /// Multinomial logistic regression
    #[default]
    Logistic,
    /// Linear support vector machine, one per class
    Svm,
    /// Gaussian naive Bayes
    NaiveBayes,
    /// Class with the nearest mean
    NearestCentroid,
}

/// Strategy of a hyperparameter search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchArg {
    /// Random settings, each on all examples
    Random,
    /// Successive halving: many settings on few examples, the better half on twice as many, and so on
    Halving,
}

/// Flags of the evaluation.
#[derive(Args)]
pub(crate) struct EvaluationArgs {
    /// Number of cross-validation folds [default: 5; with more than 20,000 examples a hold-out of 0.1]
    #[arg(long, value_name = "K", conflicts_with = "hold_out", help_heading = "Evaluation")]
    pub(crate) folds: Option<usize>,
    /// Train on only N random examples per class (few-shot); needs --test
    #[arg(long, value_name = "N", requires = "test", help_heading = "Evaluation")]
    pub(crate) shots: Option<usize>,
    /// Number of random draws for --shots: the report gives mean and standard deviation, and the last
    /// draw is the model
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        requires = "shots",
        conflicts_with = "search",
        help_heading = "Evaluation"
    )]
    pub(crate) draws: usize,
    /// Learning curve: the score at 1, 2, 4, … 100 % of the examples, in the report and as curve.svg
    #[arg(long, help_heading = "Evaluation")]
    pub(crate) curve: bool,
    /// Choose the threshold of a label for this precision: LABEL=0.95 (two labels, or several per text)
    #[arg(long, value_name = "LABEL=SHARE", value_parser = wanted, conflicts_with = "recall", help_heading = "Evaluation")]
    pub(crate) precision: Option<(String, f64)>,
    /// Choose the threshold of a label for this recall: LABEL=0.95 (two labels, or several per text)
    #[arg(long, value_name = "LABEL=SHARE", value_parser = wanted, help_heading = "Evaluation")]
    pub(crate) recall: Option<(String, f64)>,
}

/// Parses `LABEL=0.95`.
fn wanted(text: &str) -> Result<(String, f64), String> {
    let parse = || {
        let (label, share) = text.rsplit_once('=')?;
        let share: f64 = share.trim().parse().ok()?;
        (share > 0.0 && share <= 1.0).then(|| (label.trim().to_owned(), share))
    };
    parse().ok_or_else(|| format!("expected LABEL=SHARE with a share up to 1, found {text:?}"))
}

impl TrainArgs {
    /// Refuses flags that do not go with `--tune`, which clap cannot express.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.tune == LabelTuningArg::Frozen {
            return self.check_frozen();
        }
        let frozen = "--tune frozen";
        self.given.refuse::<KeptRowsArgs>(frozen)?;
        self.given.refuse::<FeatureArgs>(frozen)?;
        self.given.refuse::<PairRowArgs>(frozen)?;
        self.given.refuse::<HeadArgs>(frozen)?;
        self.given.refuse::<EvaluationArgs>(frozen)?;
        let share = self.labels.hold_out.unwrap_or_default();
        ensure!((0.0..1.0).contains(&share), "--hold-out is {share}: expected 0 to below 1");
        Ok(())
    }

    fn check_frozen(&self) -> anyhow::Result<()> {
        let by_steps = "--tune lora, full or head";
        self.given.refuse::<TunedArgs>(by_steps)?;
        self.given.refuse::<TunedLabelArgs>(by_steps)?;
        if self.fit.patience.is_some() && self.head.search.is_none() {
            bail!("--patience is for --search, or for {by_steps}");
        }
        Ok(())
    }

    /// Returns whether a text may have any number of labels.
    pub(crate) fn multi_label(&self) -> bool {
        self.read.label_separator.is_some()
    }

    /// Returns the number of settings without improvement after which a search ends.
    pub(crate) fn patience(&self) -> Option<usize> {
        self.fit.patience.map(|n| usize::try_from(n).unwrap_or(usize::MAX))
    }
}
