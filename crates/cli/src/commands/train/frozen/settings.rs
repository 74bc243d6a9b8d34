//! The settings that were not given: C, or with a search also others, by trial.
use cloze::checkpoint::ModelFolder;
use cloze::heads::classify::ValidFeatureParams;
use cloze::{Layers, Matrix, Method, Pooling, Poolings, RowParams};
use cloze_train::search::Strategy;
use cloze_train::{
    ClassWeights, Folds, HeadParams, Kind, Labels, SearchParams, ValidHeadParams, calibrate,
    cross_validate, validate,
};
use serde_json::{Map, json};

use super::{Job, Set, feature_params};
use crate::commands::train::args::labels::ClassWeightsArg;
use crate::commands::train::args::{HeadKindArg, SearchArg, TrainArgs};
use cloze_report::classifier::TrialReport;

/// The values of C that are tried where none is given.
const C: [f64; 6] = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0];
/// More examples than this are not needed to tell which C is best.
const ENOUGH: usize = 20_000;
/// Up to here every example is held out once, and above a fifth is.
const FEW: usize = 2_000;

/// What is fitted.
pub(super) struct Chosen {
    pub(super) features: ValidFeatureParams,
    pub(super) correction: Option<Method>,
    pub(super) head: ValidHeadParams,
    pub(super) trials: Vec<TrialReport>,
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

/// The settings of the head, as far as they are given.
fn given(args: &TrainArgs) -> HeadParams {
    let head = &args.head;
    let mut params =
        HeadParams::new().kind(head.head.value()).class_weights(args.labels.class_weights.value());
    if let Some(n) = head.max_iterations {
        params = params.max_iterations(n);
    }
    match args.fit.threads {
        Some(threads) => params.threads(threads),
        None => params,
    }
}

/// Chooses C where it is not given: the least log loss on examples held out.
pub(super) fn choose(
    args: &TrainArgs,
    params: &RowParams,
    rows: &Matrix,
    labels: &Labels,
) -> anyhow::Result<Chosen> {
    let correction = args.features.correction.method(None, None);
    let features = feature_params(args, params, correction).check()?;
    let head = given(args);
    let rarest = labels.counts().into_iter().min().unwrap_or(0);
    let has_c = matches!(head.kind, Kind::Logistic | Kind::Svm);
    // With a single example of a label none can be held out.
    if args.head.c.is_some() || !has_c || rarest < 2 {
        let c = args.head.c.unwrap_or(1.0);
        let head = head.c(c).check()?;
        return Ok(Chosen { features, correction, head, trials: vec![] });
    }
    let mut trials: Vec<(f64, TrialReport)> = vec![];
    for c in C {
        let candidate = head.clone().c(c).check()?;
        let (logits, own) = hold_out(rows, labels, features, &candidate, args.fit.seed, rarest)?;
        let mean = calibrate(&logits, &own)?.loss_after;
        let settings = Map::from_iter([("c".to_owned(), c.into())]);
        let trial =
            TrialReport { settings, examples: own.len(), figure: "log loss", mean, std: None };
        // Weaker regularisation only makes it worse from here on.
        let worse = trials.last().is_some_and(|(_, last)| last.mean < mean);
        trials.push((c, trial));
        if worse {
            break;
        }
    }
    trials.sort_by(|(_, a), (_, b)| a.mean.total_cmp(&b.mean));
    let head = head.c(trials[0].0).check()?;
    let trials = trials.into_iter().map(|(_, trial)| trial).collect();
    Ok(Chosen { features, correction, head, trials })
}

/// Logits of examples that were held out, with their labels.
fn hold_out(
    rows: &Matrix,
    labels: &Labels,
    features: ValidFeatureParams,
    head: &ValidHeadParams,
    seed: u64,
    rarest: usize,
) -> anyhow::Result<(Vec<Vec<f64>>, Labels)> {
    if labels.len() <= FEW {
        let folds = Folds::stratified(labels, rarest.min(5), seed)?;
        let logits = cross_validate(rows, labels, features, head, &folds)?.logits;
        return Ok((logits, labels.clone()));
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    let share = (ENOUGH as f64 / labels.len() as f64).min(1.0);
    let (rest, out) = cloze_train::folds::hold_out(labels, 0.2 * share, seed)?;
    let training: Vec<usize> = if share < 1.0 {
        let of_rest = labels.subset(&rest);
        let (_, part) = cloze_train::folds::hold_out(&of_rest, share, seed)?;
        part.into_iter().map(|i| rest[i]).collect()
    } else {
        rest
    };
    let (logits, _) = validate(rows, labels, features, head, &training, &out)?;
    Ok((logits, labels.subset(&out)))
}

/// The layers whose average a head sees where none are named: the last three, as far as there are so
/// many, since on every set of the README a head does better on them than on the last alone. A graph
/// that comes as a file gives the last alone.
pub(super) fn layers(model: &ModelFolder) -> anyhow::Result<Layers> {
    let count = model.layers().filter(|_| model.has_weights()).unwrap_or(1).clamp(1, 3);
    let last: Vec<String> = (1..=count).map(|i| format!("-{i}")).collect();
    Ok(Layers::parse(&last.join(","))?)
}

/// What is searched for besides the head's settings.
#[derive(Clone)]
struct Choice {
    params: RowParams,
    correction: Option<Method>,
}

/// Tries settings and takes the best by cross-validation: C, class weights, pooling, layers and
/// correction. Returns also the rows of the best.
pub(super) fn search(
    job: &mut Job<'_>,
    set: &Set,
    strategy: SearchArg,
) -> anyhow::Result<(Chosen, RowParams)> {
    let args = job.args;
    let choices = choices(job)?;
    let rarest = set.labels.counts().into_iter().min().unwrap_or(0);
    let mut base = given(args);
    let kind = base.kind;
    base = base.class_weights(ClassWeights::None);
    let mut weights = vec![ClassWeights::None, ClassWeights::Balanced];
    if let given @ ClassWeights::PerLabel(_) = args.labels.class_weights.value() {
        weights.push(given);
    }
    let found = SearchParams::new(choices.len())
        .kinds(vec![kind])
        .c(args.head.c.map_or(C.to_vec(), |c| vec![c]))
        .class_weights(weights)
        .trials(args.head.trials)
        .strategy(match strategy {
            SearchArg::Random => Strategy::Random,
            SearchArg::Halving => Strategy::Halving { factor: 2 },
        })
        .patience(args.patience())
        .folds(args.judge.folds.unwrap_or(rarest.clamp(2, 5)))
        .seed(args.fit.seed)
        .base(base)
        .check()?
        .run(&set.labels, |i| {
            let Choice { params, correction } = &choices[i];
            let rows = job.rows_like(params, &set.examples)?;
            let features = feature_params(args, params, *correction).check()?;
            anyhow::Ok((rows, features))
        })?;
    let describe = |trial: &cloze_train::search::Trial| {
        let Choice { params, correction } = &choices[trial.candidate.features];
        let head = serde_json::to_value(&trial.candidate.head).unwrap_or_default();
        let settings = json!({
            "pooling": params.pooling.to_string(),
            "layers": params.layers.to_string(),
            "correction": correction.map_or("none", Method::name),
            "c": head["c"],
            "class_weights": head["class_weights"],
        });
        TrialReport {
            settings: settings.as_object().cloned().unwrap_or_default(),
            examples: trial.examples,
            figure: "macro F1",
            mean: trial.mean,
            std: Some(trial.std),
        }
    };
    let best = &found.trials[found.best];
    let mut trials: Vec<TrialReport> = vec![describe(best)];
    let others = found.trials.iter().enumerate().filter(|(i, _)| *i != found.best);
    trials.extend(others.map(|(_, trial)| describe(trial)));
    if found.stopped_early {
        job.messages.note(&format!("search ended after {} trials", found.trials.len()));
    }
    let Choice { params, correction } = choices[best.candidate.features].clone();
    let features = feature_params(args, &params, correction).check()?;
    let head = best.candidate.head.clone().check()?;
    Ok((Chosen { features, correction, head, trials }, params))
}

/// Poolings, layers and corrections to try: those given, and the usual others. Other layers take
/// another pass of the encoder over all texts.
fn choices(job: &Job<'_>) -> anyhow::Result<Vec<Choice>> {
    let mut poolings = vec![job.params.pooling.clone()];
    for other in [Poolings::from(Pooling::Cls), Pooling::Mean.into(), Poolings::parse("cls,mean")?]
    {
        if !poolings.contains(&other) {
            poolings.push(other);
        }
    }
    let mut layers = vec![job.params.layers.clone()];
    for other in [Layers::default(), self::layers(job.encoder.model())?] {
        if !layers.contains(&other) {
            layers.push(other);
        }
    }
    let mut corrections = vec![job.args.features.correction.method(None, None)];
    for other in [None, Some(Method::ZScore)] {
        if !corrections.contains(&other) {
            corrections.push(other);
        }
    }
    let mut choices = vec![];
    // Rows are made anew only where pooling or layers change.
    for layers in &layers {
        for pooling in &poolings {
            for correction in &corrections {
                let (pooling, layers) = (pooling.clone(), layers.clone());
                let params = RowParams { pooling, layers, ..job.params.clone() };
                choices.push(Choice { params, correction: *correction });
            }
        }
    }
    Ok(choices)
}
