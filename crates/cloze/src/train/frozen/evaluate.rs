//! Evaluation of a fitted head: on held-out examples, on test data, by the number of examples.
use std::time::Instant;

use cloze_core::Matrix;
use cloze_heads::classify::Classifier;
use cloze_metrics::labels::{LabelOutcome, evaluate_labels};
use cloze_report::classifier::{HeldOutEvaluation, LearningPoint, TestEvaluation};
use cloze_train::curve;

use super::errors::{confident_errors, likely_label_errors};
use super::fit::{EncodedSet, FittedHead, Job};
use super::{FitError, FitWarning, HeldOutLogits, LabelledText, LabelledTexts};
use crate::data_check::{NearDuplicateSummary, SplitText};

/// Share of the examples that the learning curve is evaluated on.
const CURVE_SHARE: f64 = 0.2;

/// Figures of a fitted head.
pub(super) struct Evaluation {
    pub(super) held_out: Option<HeldOutEvaluation>,
    pub(super) test: Option<TestEvaluation>,
    pub(super) curve: Vec<LearningPoint>,
    pub(super) likely_label_errors: (usize, Vec<cloze_report::classifier::LikelyLabelError>),
}

impl Job<'_> {
    pub(super) fn evaluate(
        &mut self,
        set: &EncodedSet,
        fitted: &FittedHead,
        test: Option<LabelledTexts>,
    ) -> Result<Evaluation, FitError> {
        let evaluating = Instant::now();
        let held_out = self.evaluate_held_out(set, fitted)?;
        let test = test.map(|test| self.evaluate_test(set, fitted, test)).transpose()?;
        let curve = self.curve(set, fitted)?;
        let likely_label_errors = match &fitted.held_out {
            Some(held_out) if !self.params.multi_label => {
                let texts = self.params.texts;
                likely_label_errors(held_out, set, &fitted.classifier, texts)?
            }
            _ => (0, vec![]),
        };
        self.seconds.judging = evaluating.elapsed().as_secs_f64();
        Ok(Evaluation { held_out, test, curve, likely_label_errors })
    }

    fn evaluate_held_out(
        &self,
        set: &EncodedSet,
        fitted: &FittedHead,
    ) -> Result<Option<HeldOutEvaluation>, FitError> {
        let Some(held_out) = &fitted.held_out else { return Ok(None) };
        let params = self.params;
        let outcomes = held_out.outcomes(&set.labels, &fitted.cross_fitted)?;
        self.warn_of_near_duplicates(set, held_out);
        let names = set.labels.names();
        let evaluation = evaluate_labels(names, params.multi_label, &outcomes, params.seed)?;
        let examples = held_out.examples.iter().map(|&i| &set.examples[i]);
        let confident_errors = confident_errors(&outcomes, examples, params.texts);
        let (how, calibration) = (held_out.how.clone(), fitted.calibration.clone());
        Ok(Some(HeldOutEvaluation { how, evaluation, calibration, confident_errors }))
    }

    /// Warns of held-out examples that are nearly the same as examples that their head was fitted on.
    fn warn_of_near_duplicates(&self, set: &EncodedSet, held_out: &HeldOutLogits) {
        let texts: Vec<SplitText> = set.examples.iter().map(LabelledText::split_text).collect();
        // With folds each is held out from the others; else all are held out from one training part.
        let folds = held_out.examples.len() == texts.len();
        let mut parts = vec![0; texts.len()];
        let mut evaluated = vec![false; texts.len()];
        for (&example, group) in held_out.examples.iter().zip(&held_out.groups) {
            parts[example] = if folds { *group } else { 1 };
            evaluated[example] = true;
        }
        let (unit, evaluated) = ("held-out example", |example: usize| evaluated[example]);
        let found = NearDuplicateSummary::of_parts(unit, &texts, &parts, evaluated);
        if found.is_warning() {
            self.context.warn(FitWarning::NearDuplicates(found));
        }
    }

    fn evaluate_test(
        &mut self,
        set: &EncodedSet,
        fitted: &FittedHead,
        test: LabelledTexts,
    ) -> Result<TestEvaluation, FitError> {
        let (examples, rows) = self.encoded(test.examples)?;
        let texts = |examples: &[LabelledText]| -> Vec<SplitText> {
            examples.iter().map(LabelledText::split_text).collect()
        };
        let (training, tested) = (texts(&set.examples), texts(&examples));
        let found = NearDuplicateSummary::of_test("test example", &training, &tested);
        if found.is_warning() {
            self.context.warn(FitWarning::NearDuplicates(found));
        }
        let outcomes = outcomes(&fitted.classifier, &examples, &rows)?;
        let params = self.params;
        let names = set.labels.names();
        let evaluation = evaluate_labels(names, params.multi_label, &outcomes, params.seed)?;
        if !evaluation.unknown_labels.is_empty() {
            self.context.warn(FitWarning::UnknownTestLabels(evaluation.unknown_labels.clone()));
        }
        let confident_errors = confident_errors(&outcomes, examples.iter(), params.texts);
        Ok(TestEvaluation { data: test.files, evaluation, confident_errors })
    }

    fn curve(&self, set: &EncodedSet, fitted: &FittedHead) -> Result<Vec<LearningPoint>, FitError> {
        if !self.params.curve {
            return Ok(vec![]);
        }
        let (features, head) = (fitted.chosen.features, &fitted.chosen.head);
        let points = curve(&set.rows, &set.labels, features, head, CURVE_SHARE, self.params.seed);
        let point = |p: cloze_train::CurvePoint| LearningPoint {
            examples: p.examples,
            accuracy: p.report.score.accuracy,
            macro_f1: p.report.score.macro_f1,
        };
        let unfit = |source| FitError::Unfit { setting: "curve", source };
        Ok(points.map_err(unfit)?.into_iter().map(point).collect())
    }
}

/// Gold and predicted labels of examples by their rows.
pub(super) fn outcomes(
    classifier: &Classifier,
    examples: &[LabelledText],
    rows: &Matrix,
) -> Result<Vec<LabelOutcome>, FitError> {
    let labels = classifier.head().labels();
    let outcome = |(example, row): (&LabelledText, &[f32])| {
        let predicted = classifier.classify(row)?;
        let gold = example.labels.clone();
        Ok(LabelOutcome::new(gold, predicted.labels, &predicted.probabilities, labels))
    };
    examples.iter().zip(rows).map(outcome).collect()
}
