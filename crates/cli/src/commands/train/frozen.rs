//! `cloze train classify` and `pair` with a head fitted on vectors: flags become settings, and the
//! library trains.
use anyhow::anyhow;
use cloze::PairRows;
use cloze::train::{
    ClassifierTrainParams, FitContext, FitData, FitError, FitEvent, ThresholdGoal,
    TrainedClassifier, beside,
};
use cloze_report::classifier::TrainingSeconds;
use cloze_report::tuning::CardWords;
use cloze_train::search::Strategy;
use cloze_train::{ClassWeights, Kind};

use super::args::labels::ClassWeightsArg;
use super::args::{HeadKindArg, SearchArg, TrainArgs};
use super::steps::{self, command_words, create};
use crate::cli::CommonFlags;
use crate::flags::find_model;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use crate::terminal::training::show;

pub(super) fn train(
    common: &CommonFlags,
    args: &TrainArgs,
    pairs: Option<PairRows>,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.check()?;
    let params = ClassifierTrainParams::from(args).pairs(pairs).check().map_err(in_flags)?;
    let group_by = args.labels.group_by.clone();
    let read = args.read.params()?.pairs(pairs.is_some()).group_field(group_by);
    let model = find_model(&args.fit.model, messages)?;
    let output = create(&args.fit, &model)?;
    let observer = |event: &FitEvent<'_>| show(event, messages);
    let context = FitContext::new().observer(&observer);
    let test = match &args.labels.test[..] {
        [] => None,
        paths => Some(FitData::files(paths.iter().cloned(), read.clone().group_field(None))),
    };
    let data = FitData::files(args.data.iter().cloned(), read);
    let data = params.read(data, test, &context).map_err(in_flags)?;
    let context = context.runtime(common.load_runtime(messages)?);
    let trained = params.fit(model, data, &context).map_err(in_flags)?;
    trained.save_to(output, &args.fit.output).map_err(in_flags)?;
    let mut out = Out::stdout(false);
    if args.fit.format.is_json() {
        json_line(&mut out, trained.report())?;
    } else {
        trained.report().write(&mut out)?;
    }
    out.finish()?;
    say_done(args, &trained, messages);
    Ok(())
}

fn say_done(args: &TrainArgs, trained: &TrainedClassifier, messages: &Messages) {
    let report = trained.report();
    let TrainingSeconds { encoding, total, encoded, .. } = report.seconds;
    let n = plural(report.examples as u64, "example");
    messages.note(&format!(
        "{}: {n} in {total:.1} s, {encoding:.1} s of it in the encoder for {}",
        args.fit.output.display(),
        plural(encoded as u64, "text")
    ));
    if trained.truncated() > 0 {
        let n = plural(trained.truncated(), "text");
        messages.note(&format!("{n} longer than the model's limit, truncated"));
    }
}

impl From<&TrainArgs> for ClassifierTrainParams {
    fn from(args: &TrainArgs) -> Self {
        let cache = args.rows.cache.clone();
        let cache = cache.unwrap_or_else(|| beside(&args.fit.output, ".rows"));
        let goal = match (&args.evaluation.precision, &args.evaluation.recall) {
            (Some((label, share)), _) => {
                Some(ThresholdGoal::Precision { label: label.clone(), share: *share })
            }
            (None, Some((label, share))) => {
                Some(ThresholdGoal::Recall { label: label.clone(), share: *share })
            }
            (None, None) => None,
        };
        Self::new()
            .pooling(args.features.pooling.clone())
            .layers(args.features.layers.clone())
            .prompt(args.features.prompt.clone())
            .truncate(args.labels.truncate)
            .threads(args.fit.threads)
            .batch_tokens(args.features.batch_tokens)
            .cache(Some(cache).filter(|_| !args.rows.no_cache))
            .correction(args.features.correction.method(None, None))
            .normalize(args.features.normalize)
            .head(args.head.head.value())
            .c(args.head.c)
            .max_iterations(args.head.max_iterations)
            .class_weights(args.labels.class_weights.value())
            .search(args.head.search.map(SearchArg::value))
            .trials(args.head.trials)
            .patience(args.patience())
            .multi_label(args.multi_label())
            .folds(args.evaluation.folds)
            .hold_out(args.labels.hold_out)
            .calibrate(!args.labels.no_calibration)
            .threshold(goal)
            .shots(args.evaluation.shots)
            .draws(args.evaluation.draws)
            .curve(args.evaluation.curve)
            .seed(args.fit.seed)
            .card(CardWords::from(&args.fit.card))
            .command(command_words())
            .texts(!args.fit.card.no_texts)
    }
}

impl HeadKindArg {
    fn value(self) -> Kind {
        match self {
            Self::Logistic => Kind::Logistic,
            Self::Svm => Kind::Svm,
            Self::NaiveBayes => Kind::NaiveBayes,
            Self::NearestCentroid => Kind::NearestCentroid,
        }
    }
}

impl ClassWeightsArg {
    pub(crate) fn value(&self) -> ClassWeights {
        match self {
            Self::None => ClassWeights::None,
            Self::Balanced => ClassWeights::Balanced,
            Self::Given(weights) => ClassWeights::PerLabel(weights.clone()),
        }
    }
}

impl SearchArg {
    fn value(self) -> Strategy {
        match self {
            Self::Random => Strategy::Random,
            Self::Halving => Strategy::Halving { factor: 2 },
        }
    }
}

/// Translates an error into the terms of the command, where settings are flags.
pub(crate) fn in_flags(error: FitError) -> anyhow::Error {
    match error {
        FitError::OutOfRange { setting, found, expected } => {
            anyhow!("--{} is {found}: expected {expected}", setting.replace('_', "-"))
        }
        FitError::Unfit { setting, source } => {
            anyhow::Error::new(source).context(format!("--{setting}"))
        }
        FitError::Threshold { goal, label, share, source } => {
            anyhow::Error::new(source).context(format!("--{goal} {label}={share}"))
        }
        FitError::NoLabel { .. } | FitError::OneOfMany { .. } => anyhow!("--{error}"),
        FitError::Quantity { .. } => {
            anyhow!("{error}\nhint: --label-field sets the column of the labels")
        }
        FitError::Folder(error) => steps::in_flags(*error),
        error => error.into(),
    }
}
