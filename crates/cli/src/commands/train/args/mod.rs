//! `cloze train`, as typed.
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

use crate::commands::train::args::labels::{LabelFitArgs, LabelTuningArg, TunedLabelArgs};
use crate::commands::train::args::language::{TrainMlmArgs, TrainNspArgs};
use crate::commands::train::args::similarity::TrainSimilarityArgs;
use crate::commands::train::args::training::{Given, TrainingArgs};
use crate::commands::train::args::tune::{TrainTagArgs, TunedArgs};
use crate::flags::classifier::PairCutArg;
use crate::flags::labelled::LabelledFlags;
use crate::flags::vectors::CorrectionArg;

/// What is trained.
#[derive(Subcommand)]
pub(crate) enum TrainCommand {
    /// A classifier of texts, from texts with labels
    Classify(Box<TrainArgs>),
    /// A classifier of pairs of texts, from pairs with labels
    Pair(Box<TrainPairArgs>),
    /// A tagger of words, from sentences with a tag a word: the encoder itself is trained
    Tag(Box<TrainTagArgs>),
    /// An encoder whose vectors say how alike texts are, from pairs: the encoder itself is trained
    Similarity(Box<TrainSimilarityArgs>),
    /// A language model, from running text: words are masked and guessed, the encoder itself is trained
    Mlm(Box<TrainMlmArgs>),
    /// Whether one text follows another, from running text: the encoder itself is trained
    Nsp(Box<TrainNspArgs>),
}

/// What `cloze train classify` is asked for.
#[derive(Args)]
#[command(mut_arg("patience", |arg| arg.help(
    "Stop when so many judgings in a row (with --search, so many settings) are no better"
)))]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    given: Given,
    /// Labelled texts: csv, tsv or jsonl files; LABEL=FILE with a text a line; a folder with a file,
    /// or a folder of files, a class
    #[arg(required = true, value_name = "DATA")]
    pub(crate) data: Vec<String>,
    /// A head fitted on the vectors of an encoder that stays as it is; or adapters, the whole encoder,
    /// or the head of the encoder's family alone, trained step by step
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHAT",
        help_heading = "What is trained"
    )]
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

/// Where rows are kept.
#[derive(Args)]
pub(crate) struct KeptRowsArgs {
    /// Where rows are kept, so that a further training need not encode again [default: DIR.rows]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) cache: Option<PathBuf>,
    /// Keep no rows
    #[arg(long, conflicts_with = "cache", help_heading = "Output")]
    pub(crate) no_cache: bool,
}

/// What `cloze train pair` is asked for.
#[derive(Args)]
pub(crate) struct TrainPairArgs {
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    #[command(flatten)]
    pub(crate) pair: PairRowArgs,
    /// Which text of a pair is cut where both are too long for one sequence (--pair-rows cross, and
    /// whatever is trained by steps)
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", help_heading = "Input")]
    pub(crate) cut: PairCutArg,
}

/// How a pair becomes a row of vectors.
#[derive(Args)]
pub(crate) struct PairRowArgs {
    /// How a pair becomes a row
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "Features")]
    pub(crate) pair_rows: PairRowsArg,
}

/// How a pair becomes a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PairRowsArg {
    /// Each text by itself: u, v, |u − v| and u · v
    #[default]
    Separate,
    /// Both in one sequence, as models trained on pairs want it
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

/// How texts become features.
#[derive(Args)]
pub(crate) struct FeatureArgs {
    /// The most tokens in a batch, padding included
    #[arg(long, default_value_t = 512, value_name = "N", help_heading = "Features")]
    pub(crate) batch_tokens: usize,
    /// How token rows become one: cls, mean, max, …, or several, joined
    #[arg(long, alias = "pool", default_value = "cls,mean", value_name = "HOW", value_parser = Poolings::parse, help_heading = "Features")]
    pub(crate) pooling: Poolings,
    /// Which hidden states, averaged: -1 is the last; -1,-2,-3,-4; first+last; all [default: the last
    /// three, of an .onnx file the last]
    #[arg(long, value_name = "LAYERS", value_parser = Layers::parse, allow_hyphen_values = true, help_heading = "Features")]
    pub(crate) layers: Option<Layers>,
    /// Put this before every text
    #[arg(
        long,
        default_value = "",
        value_name = "TEXT",
        hide_default_value = true,
        help_heading = "Features"
    )]
    pub(crate) prompt: String,
    /// The correction of vectors, learned from the training texts
    #[arg(
        long,
        value_enum,
        default_value = "zscore",
        value_name = "HOW",
        help_heading = "Features"
    )]
    pub(crate) correction: CorrectionArg,
    /// Bring vectors to length 1, after the correction
    #[arg(long, help_heading = "Features")]
    pub(crate) normalize: bool,
}

/// How the head is fitted.
#[derive(Args)]
pub(crate) struct HeadArgs {
    /// What is fitted
    #[arg(long, value_enum, default_value_t, value_name = "KIND", help_heading = "Head")]
    pub(crate) head: HeadKindArg,
    /// How much the examples count against small weights: the inverse of the regularisation, as
    /// scikit-learn's C (logistic, svm) [default: the best of 0.001, 0.01, … 100 on examples held out]
    #[arg(long, value_name = "C", help_heading = "Head")]
    pub(crate) c: Option<f64>,
    /// The most steps of the solver [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Head")]
    pub(crate) max_iterations: Option<u64>,
    /// Try settings, and take the best by cross-validation: C, class weights, pooling, layers and
    /// correction, besides those that are given
    #[arg(long, value_enum, value_name = "HOW", conflicts_with = "shots", help_heading = "Head")]
    pub(crate) search: Option<SearchArg>,
    /// How many settings are tried
    #[arg(
        long,
        default_value_t = 20,
        value_name = "N",
        requires = "search",
        help_heading = "Head"
    )]
    pub(crate) trials: usize,
}

/// What is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeadKindArg {
    /// Multinomial logistic regression
    #[default]
    Logistic,
    /// A linear support vector machine a class
    Svm,
    /// Gaussian naive Bayes
    NaiveBayes,
    /// The class whose mean is nearest
    NearestCentroid,
}

/// How settings are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchArg {
    /// Drawn at random, each on all examples
    Random,
    /// Many on few examples, the better half on twice as many, and so on
    Halving,
}

/// How the result is judged.
#[derive(Args)]
pub(crate) struct EvaluationArgs {
    /// Judge by cross-validation over so many parts [default: 5, for more than 20,000 examples a
    /// hold-out of 0.1]
    #[arg(long, value_name = "K", conflicts_with = "hold_out", help_heading = "Judging")]
    pub(crate) folds: Option<usize>,
    /// Train on so many examples a class only, drawn at random; with --test
    #[arg(long, value_name = "N", requires = "test", help_heading = "Judging")]
    pub(crate) shots: Option<usize>,
    /// How often they are drawn: the table gives mean and spread, and the last draw is the model
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        requires = "shots",
        help_heading = "Judging"
    )]
    pub(crate) draws: usize,
    /// The score at 1, 2, 4, … 100 % of the examples, in the report and as curve.svg
    #[arg(long, help_heading = "Judging")]
    pub(crate) curve: bool,
    /// Choose a label's threshold so that it is right so often: LABEL=0.95 (two labels, or several a
    /// text)
    #[arg(long, value_name = "LABEL=SHARE", value_parser = wanted, conflicts_with = "recall", help_heading = "Judging")]
    pub(crate) precision: Option<(String, f64)>,
    /// Choose a label's threshold so that so many of its texts are found: LABEL=0.95, likewise
    #[arg(long, value_name = "LABEL=SHARE", value_parser = wanted, help_heading = "Judging")]
    pub(crate) recall: Option<(String, f64)>,
}

/// `LABEL=0.95`.
fn wanted(text: &str) -> Result<(String, f64), String> {
    let parse = || {
        let (label, share) = text.rsplit_once('=')?;
        let share: f64 = share.trim().parse().ok()?;
        (share > 0.0 && share <= 1.0).then(|| (label.trim().to_owned(), share))
    };
    parse().ok_or_else(|| format!("expected LABEL=SHARE with a share up to 1, found {text:?}"))
}

impl TrainArgs {
    /// What flags exclude one another, and cannot say so themselves.
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

    /// Whether a text may have any number of labels.
    pub(crate) fn multi_label(&self) -> bool {
        self.read.label_separator.is_some()
    }

    /// After how many settings without a better one a search ends.
    pub(crate) fn patience(&self) -> Option<usize> {
        self.fit.patience.map(|n| usize::try_from(n).unwrap_or(usize::MAX))
    }
}
