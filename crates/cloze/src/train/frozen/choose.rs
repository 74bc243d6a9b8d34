//! Settings that were not given: C, or with a search also others, by trial.
use cloze_checkpoint::ModelFolder;
use cloze_core::Matrix;
use cloze_embed::correction::Method;
use cloze_embed::{Layers, Pooling, Poolings};
use cloze_heads::classify::ValidFeatureParams;
use cloze_report::classifier::TrialReport;
use cloze_train::calibrate;
use cloze_train::search::{Search, SearchParams, Strategy, Trial};
use cloze_train::{ClassWeights, Folds, Kind, Labels, ValidHeadParams, cross_validate, validate};
use serde_json::{Map, json};

use super::fit::{EncodedSet, Job};
use super::{ClassifierTrainParams, FitError, FitEvent};
use crate::RowParams;

/// Values of C that are tried where none is given.
const C: [f64; 6] = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0];
/// Number of examples that are enough to tell which C is best.
const ENOUGH: usize = 20_000;
/// Up to here every example is held out once, and above a fifth is.
const FEW: usize = 2_000;

/// Settings to fit with.
pub(super) struct Chosen {
    pub(super) features: ValidFeatureParams,
    pub(super) correction: Option<Method>,
    pub(super) head: ValidHeadParams,
    pub(super) trials: Vec<TrialReport>,
}

/// Chooses C where it is not given: the least log loss on examples held out.
pub(super) fn choose_c(
    params: &ClassifierTrainParams,
    row_params: &RowParams,
    rows: &Matrix,
    labels: &Labels,
) -> Result<Chosen, FitError> {
    let correction = params.correction;
    let features = params.feature_params(row_params, correction).check()?;
    let head = params.head_params();
    let rarest = labels.group_counts().into_iter().min().unwrap_or(0);
    let has_c = matches!(head.kind, Kind::Logistic | Kind::Svm);
    // With a single example of a label, or a single group, none can be held out.
    if params.c.is_some() || !has_c || rarest < 2 {
        let head = head.c(params.c.unwrap_or(1.0)).check()?;
        return Ok(Chosen { features, correction, head, trials: vec![] });
    }
    let mut trials: Vec<(f64, TrialReport)> = vec![];
    for c in C {
        let candidate = head.clone().c(c).check()?;
        let (logits, gold) = hold_out(rows, labels, features, &candidate, params.seed, rarest)?;
        let mean = calibrate(&logits, &gold)?.loss_after;
        let settings = Map::from_iter([("c".to_owned(), c.into())]);
        let examples = gold.len();
        let trial = TrialReport { settings, examples, figure: "log loss", mean, std: None };
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
) -> Result<(Vec<Vec<f64>>, Labels), FitError> {
    if labels.len() <= FEW {
        let folds = Folds::stratified(labels, rarest.min(5), seed)?;
        let logits = cross_validate(rows, labels, features, head, &folds)?.logits;
        return Ok((logits, labels.clone()));
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    let share = (ENOUGH as f64 / labels.len() as f64).min(1.0);
    let (rest, out) = cloze_train::hold_out(labels, 0.2 * share, seed)?;
    let training: Vec<usize> = if share < 1.0 {
        let of_rest = labels.subset(&rest);
        let (_, part) = cloze_train::hold_out(&of_rest, share, seed)?;
        part.into_iter().map(|i| rest[i]).collect()
    } else {
        rest
    };
    let (logits, _) = validate(rows, labels, features, head, &training, &out)?;
    Ok((logits, labels.subset(&out)))
}

/// Layers whose average a head gets where none are named: the last three, as far as there are so
/// many, since on every set of `crates/bench/README.md` a head does better on them than on the last
/// alone. A graph that comes as a file gives the last alone.
pub(super) fn default_layers(model: &ModelFolder) -> Result<Layers, FitError> {
    let count = model.layers().filter(|_| model.has_weights()).unwrap_or(1).clamp(1, 3);
    let last: Vec<String> = (1..=count).map(|i| format!("-{i}")).collect();
    Ok(Layers::parse(&last.join(","))?)
}

/// Settings that are searched for besides those of the head.
#[derive(Clone)]
struct FeatureChoice {
    rows: RowParams,
    correction: Option<Method>,
}

/// Tries settings and takes the best by cross-validation: C, class weights, pooling, layers and
/// correction. Returns also the settings of the best one's rows.
pub(super) fn search(
    job: &mut Job<'_>,
    set: &EncodedSet,
    strategy: Strategy,
) -> Result<(Chosen, RowParams), FitError> {
    let params = job.params;
    let choices = choices(job)?;
    let rarest = set.labels.group_counts().into_iter().min().unwrap_or(0);
    let mut weights = vec![ClassWeights::None, ClassWeights::Balanced];
    if let given @ ClassWeights::PerLabel(_) = &params.class_weights {
        weights.push(given.clone());
    }
    let search = SearchParams::new(choices.len())
        .kinds(vec![params.head])
        .c(params.c.map_or(C.to_vec(), |c| vec![c]))
        .class_weights(weights)
        .trials(params.trials)
        .strategy(strategy)
        .patience(params.patience)
        .folds(params.folds.unwrap_or(rarest.clamp(2, 5)))
        .seed(params.seed)
        .base(params.head_params().class_weights(ClassWeights::None))
        .check()?
        .run(&set.labels, |i| {
            let FeatureChoice { rows: row_params, correction } = &choices[i];
            let rows = job.rows_like(row_params, &set.examples)?;
            let features = params.feature_params(row_params, *correction).check()?;
            Ok::<_, FitError>((rows, features))
        })?;
    if search.stopped_early {
        job.context.event(&FitEvent::SearchEnded { trials: search.trials.len() });
    }
    let best = &search.trials[search.best];
    let FeatureChoice { rows, correction } = choices[best.candidate.features].clone();
    let features = params.feature_params(&rows, correction).check()?;
    let head = best.candidate.head.clone().check()?;
    let trials = trial_reports(&search, &choices);
    Ok((Chosen { features, correction, head, trials }, rows))
}

/// The trials of a search, the best first.
fn trial_reports(search: &Search, choices: &[FeatureChoice]) -> Vec<TrialReport> {
    let others = search.trials.iter().enumerate().filter(|(i, _)| *i != search.best);
    let trials = [&search.trials[search.best]].into_iter().chain(others.map(|(_, trial)| trial));
    trials.map(|trial| trial_report(trial, &choices[trial.candidate.features])).collect()
}

fn trial_report(trial: &Trial, features: &FeatureChoice) -> TrialReport {
    let FeatureChoice { rows, correction } = features;
    let head = serde_json::to_value(&trial.candidate.head).unwrap_or_default();
    let settings = json!({
        "pooling": rows.pooling.to_string(),
        "layers": rows.layers.to_string(),
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
}

/// Poolings, layers and corrections to try: those given, and the usual others. Other layers take
/// another pass of the encoder over all texts.
fn choices(job: &Job<'_>) -> Result<Vec<FeatureChoice>, FitError> {
    let mut poolings = vec![job.rows.pooling.clone()];
    let cls_mean = Poolings::from(Pooling::Cls).and(Pooling::Mean);
    for other in [Poolings::from(Pooling::Cls), Pooling::Mean.into(), cls_mean] {
        if !poolings.contains(&other) {
            poolings.push(other);
        }
    }
    let mut layers = vec![job.rows.layers.clone()];
    for other in [Layers::default(), default_layers(job.encoder.model())?] {
        if !layers.contains(&other) {
            layers.push(other);
        }
    }
    let mut corrections = vec![job.params.correction];
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
                let rows = RowParams { pooling, layers, ..job.rows.clone() };
                choices.push(FeatureChoice { rows, correction: *correction });
            }
        }
    }
    Ok(choices)
}
