//! `cloze train`, as typed.
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use cloze::PairRows;
use cloze::embed::{Layers, Poolings};

use super::{CorrectionArg, LabelledArgs, PairCutArg, TrainTagArgs, VECTOR_MODEL, WorkArgs};

/// What is trained.
#[derive(Subcommand)]
pub(crate) enum TrainCommand {
    /// A classifier of texts, from texts with labels
    Classify(Box<TrainArgs>),
    /// A classifier of pairs of texts, from pairs with labels
    Pair(Box<TrainPairArgs>),
    /// A tagger of words, from sentences with a tag a word: the encoder itself is trained
    Tag(Box<TrainTagArgs>),
}

/// What `cloze train classify` is asked for.
#[derive(Args)]
pub(crate) struct TrainArgs {
    /// Labelled texts: csv, tsv or jsonl files; LABEL=FILE with a text a line; a folder with a file,
    /// or a folder of files, a class
    #[arg(required = true, value_name = "DATA")]
    pub(crate) data: Vec<String>,
    /// The folder of the new model
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace a trained model that is there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Where rows are kept, so that a further training need not encode again [default: DIR.rows]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) cache: Option<PathBuf>,
    /// Keep no rows
    #[arg(long, conflicts_with = "cache", help_heading = "Output")]
    pub(crate) no_cache: bool,

    #[command(flatten)]
    pub(crate) card: CardArgs,
    #[command(flatten)]
    pub(crate) features: FeatureArgs,
    #[command(flatten)]
    pub(crate) read: LabelledArgs,
    #[command(flatten)]
    pub(crate) head: HeadArgs,
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
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
    /// Leave texts out of the reports, which else show those that were labelled wrongly
    #[arg(long, help_heading = "Output")]
    pub(crate) no_texts: bool,
}

/// What `cloze train pair` is asked for.
#[derive(Args)]
pub(crate) struct TrainPairArgs {
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    /// How a pair becomes a row
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "Features")]
    pub(crate) pair_rows: PairRowsArg,
    /// Which text of a pair is cut where both are too long (--pair-rows cross)
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", help_heading = "Features")]
    pub(crate) cut: PairCutArg,
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
        match self.pair_rows {
            PairRowsArg::Separate => PairRows::Separate,
            PairRowsArg::Cross => PairRows::Cross(self.cut.value()),
        }
    }
}

/// How texts become features.
#[derive(Args)]
pub(crate) struct FeatureArgs {
    /// The encoder's name or folder
    #[arg(short, long, default_value = VECTOR_MODEL, value_name = "NAME|DIR", help_heading = "Features")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
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
    /// Of texts longer than the model takes, see only the beginning
    #[arg(long, help_heading = "Features")]
    pub(crate) truncate: bool,
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
    /// What an example of a class counts: none (1 each), balanced (classes count alike), or LABEL=W,…
    #[arg(long, default_value = "none", value_name = "HOW", value_parser = ClassWeightsArg::parse, help_heading = "Head")]
    pub(crate) class_weights: ClassWeightsArg,
    /// The most steps of the solver [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Head")]
    pub(crate) max_iterations: Option<u64>,
    /// What every draw, split and search follows from
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Head")]
    pub(crate) seed: u64,
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
    /// Give up after so many settings without a better one
    #[arg(long, value_name = "N", requires = "search", help_heading = "Head")]
    pub(crate) patience: Option<usize>,
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

/// What an example of a class counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ClassWeightsArg {
    None,
    Balanced,
    Given(Vec<(String, f64)>),
}

impl ClassWeightsArg {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "none" => return Ok(Self::None),
            "balanced" => return Ok(Self::Balanced),
            _ => {}
        }
        let weight = |part: &str| {
            let (label, weight) = part.rsplit_once('=')?;
            Some((label.trim().to_owned(), weight.trim().parse().ok()?))
        };
        let given = text.split(',').map(weight).collect::<Option<Vec<_>>>();
        given.map(Self::Given).ok_or_else(|| {
            format!("expected none, balanced or LABEL=WEIGHT,LABEL=WEIGHT, found {text:?}")
        })
    }
}

/// How the result is judged.
#[derive(Args)]
pub(crate) struct JudgeArgs {
    /// Judge by cross-validation over so many parts [default: 5, for more than 20,000 examples a
    /// hold-out of 0.1]
    #[arg(long, value_name = "K", conflicts_with = "hold_out", help_heading = "Judging")]
    pub(crate) folds: Option<usize>,
    /// Judge by a share of the examples that is held out
    #[arg(long, value_name = "SHARE", help_heading = "Judging")]
    pub(crate) hold_out: Option<f64>,
    /// Judge the model on these examples, too
    #[arg(long, value_name = "DATA", help_heading = "Judging")]
    pub(crate) test: Vec<String>,
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
    /// Leave probabilities as the head gives them: by default they are softened or sharpened so that
    /// they are as likely right as they say
    #[arg(long, help_heading = "Judging")]
    pub(crate) no_calibration: bool,
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
        if let Some(share) = self.judge.hold_out.filter(|share| !(*share > 0.0 && *share < 1.0)) {
            bail!("--hold-out is {share}: expected a share between 0 and 1");
        }
        for (flag, value, least) in [
            ("--folds", self.judge.folds, 2),
            ("--shots", self.judge.shots, 1),
            ("--draws", Some(self.judge.draws), 1),
            ("--trials", Some(self.head.trials), 1),
            ("--patience", self.head.patience, 1),
        ] {
            if let Some(value) = value.filter(|&value| value < least) {
                bail!("{flag} is {value}: expected at least {least}");
            }
        }
        Ok(())
    }
}
