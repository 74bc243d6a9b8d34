//! Flags of classifiers that are trained by gradient steps.
use clap::{Args, ValueEnum};

use crate::commands::train::args::tune::TuningArg;

/// Trained parameters of a classifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LabelTuningArg {
    /// A head fitted on vectors of a frozen encoder: takes seconds, and few examples are enough
    #[default]
    Frozen,
    /// Low-rank adapters (LoRA) and a head; only they are stored, not the base model
    Lora,
    /// All layers of the encoder, and a head
    Full,
    /// Only the classification head of the encoder's family
    Head,
}

impl LabelTuningArg {
    /// Parameters trained by gradient steps; `None` for a head fitted on vectors.
    pub(crate) fn by_steps(self) -> Option<TuningArg> {
        match self {
            Self::Frozen => None,
            Self::Lora => Some(TuningArg::Lora),
            Self::Full => Some(TuningArg::Full),
            Self::Head => Some(TuningArg::Head),
        }
    }
}

/// Flags of training and evaluation for every `--tune`.
#[derive(Args)]
pub(crate) struct LabelFitArgs {
    /// Truncate texts longer than the model's limit
    #[arg(long, help_heading = "Input")]
    pub(crate) truncate: bool,
    /// Weights of classes in the loss: none (1 each), balanced (every class has the same total weight),
    /// or LABEL=W,…
    #[arg(long, default_value = "none", value_name = "WEIGHTS", value_parser = ClassWeightsArg::parse, help_heading = "Training")]
    pub(crate) class_weights: ClassWeightsArg,
    /// Fraction of examples held out for evaluation
    ///
    /// [default: 0.1 with --tune lora, full or head, where 0 holds none out; else --folds]
    #[arg(long, value_name = "FRACTION", help_heading = "Evaluation")]
    pub(crate) hold_out: Option<f64>,
    /// Field or column by which examples belong together (author, document): none of them is held out
    /// from the others. Equal texts always belong together
    #[arg(long, value_name = "NAME", conflicts_with = "no_header", help_heading = "Evaluation")]
    pub(crate) group_by: Option<String>,
    /// Also evaluate the model on these examples
    #[arg(long, value_name = "DATA", help_heading = "Evaluation")]
    pub(crate) test: Vec<String>,
    /// Skip calibration: by default a temperature is fitted, so that a label with probability 0.8 is
    /// correct 80 % of the time
    #[arg(long, help_heading = "Evaluation")]
    pub(crate) no_calibration: bool,
}

/// Flags of classifiers trained by gradient steps only.
#[derive(Args)]
pub(crate) struct TunedLabelArgs {
    /// Examples for evaluation during training, instead of held-out ones
    #[arg(long, value_name = "DATA", conflicts_with_all = ["hold_out", "group_by"], help_heading = "Evaluation")]
    pub(crate) dev: Vec<String>,
    /// Label smoothing: probability spread evenly over all labels
    #[arg(long, default_value_t = 0.0, value_name = "X", help_heading = "Training")]
    pub(crate) label_smoothing: f32,
}

/// Weights of the classes.
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
