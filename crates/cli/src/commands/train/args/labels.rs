//! Flags of classifiers that are trained by steps.
use clap::{Args, ValueEnum};

use crate::commands::train::args::tune::TuningArg;

/// What is trained where texts get labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LabelTuningArg {
    /// A head fitted on vectors: takes seconds, and does with few examples
    #[default]
    Frozen,
    /// Adapters of low rank beside matrices (LoRA), and a head; the model is stored as what differs
    Lora,
    /// Every layer of the encoder, and a head
    Full,
    /// The head alone that the encoder's family has for labels
    Head,
}

impl LabelTuningArg {
    /// What is trained by steps; `None` where a head is fitted on vectors.
    pub(crate) fn by_steps(self) -> Option<TuningArg> {
        match self {
            Self::Frozen => None,
            Self::Lora => Some(TuningArg::Lora),
            Self::Full => Some(TuningArg::Full),
            Self::Head => Some(TuningArg::Head),
        }
    }
}

/// How labels are learned and judged, whatever is trained.
#[derive(Args)]
pub(crate) struct LabelFitArgs {
    /// Of texts longer than the model takes, see only the beginning
    #[arg(long, help_heading = "Input")]
    pub(crate) truncate: bool,
    /// What an example of a class counts: none (1 each), balanced (classes count alike), or LABEL=W,…
    #[arg(long, default_value = "none", value_name = "HOW", value_parser = ClassWeightsArg::parse, help_heading = "Training")]
    pub(crate) class_weights: ClassWeightsArg,
    /// Judge by a share of the examples that is held out [default by steps: 0.1; there 0 is none]
    #[arg(long, value_name = "SHARE", help_heading = "Judging")]
    pub(crate) hold_out: Option<f64>,
    /// Judge the model on these examples, too
    #[arg(long, value_name = "DATA", help_heading = "Judging")]
    pub(crate) test: Vec<String>,
    /// Leave probabilities as the head gives them: by default they are softened or sharpened so that
    /// they are as likely right as they say
    #[arg(long, help_heading = "Judging")]
    pub(crate) no_calibration: bool,
}

/// What is only for labels that are learned step by step.
#[derive(Args)]
pub(crate) struct TunedLabelArgs {
    /// Examples to judge by while training, in place of some that are held out
    #[arg(long, value_name = "DATA", conflicts_with = "hold_out", help_heading = "Judging")]
    pub(crate) dev: Vec<String>,
    /// The share of what is to be predicted that is spread over all labels evenly
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", help_heading = "Training")]
    pub(crate) label_smoothing: f32,
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
