//! HTML page of the report, which needs no other file, for a screen, a phone and paper.
//!
//! - `sentences`: the summary;
//! - `figures`: tables of figures, by label and over all;
//! - `confusion`: the confusion matrix;
//! - `errors`: misclassified texts and likely label errors;
//! - `settings`: data, settings, trials and durations;
//! - `plot`: plots, whose numbers are in the tables, too.
mod confusion;
mod errors;
mod figures;
mod plot;
mod sentences;
mod settings;
#[cfg(test)]
pub(crate) mod tests;

use crate::ReportError;
use crate::classifier::{CalibrationReport, ClassifierReport, ConfidentError};
use crate::page::head;
use crate::page::report::{STYLE, figure, files, section};
use crate::text::plural;
use cloze_metrics::labels::{LabelEvaluation, LabelReport};

/// Writes the page.
#[must_use]
pub fn page(report: &ClassifierReport) -> String {
    let mut parts = vec![
        head(&sentences::title(report), STYLE),
        settings::subject(report),
        sentences::summary(report),
    ];
    match &report.held_out {
        Some(held_out) => {
            let heading = format!("Evaluated by {}", held_out.how);
            parts.push(section("held-out", &heading, &sentences::how(held_out)));
            parts.push(evaluation(
                &held_out.evaluation,
                held_out.calibration.as_ref(),
                &held_out.confident_errors,
            ));
        }
        None => parts.push(section(
            "held-out",
            "Not evaluated",
            "<p>No examples were held out, so the quality of the model is unknown.</p>\n",
        )),
    }
    if let Some(threshold) = &report.threshold {
        parts.push(section("threshold", "Threshold", &sentences::threshold(threshold)));
    }
    if let Some(test) = &report.test {
        let heading = format!("On test data: {}", plural(test.evaluation.examples(), "example"));
        parts.push(section("test", &heading, &files("Test data", "examples", &test.data)));
        parts.push(evaluation(&test.evaluation, None, &test.confident_errors));
    }
    if let Some(draws) = &report.draws {
        parts.push(section("draws", "Draws of the training examples", &settings::draws(draws)));
    }
    if !report.curve.is_empty() {
        let drawn = figure(plot::learning::draw(report));
        let body = format!("{drawn}{}", figures::curve(&report.curve));
        parts.push(section("curve", "Learning curve", &body));
    }
    if !report.trials.is_empty() {
        parts.push(section("trials", "Settings tried", &settings::trials(&report.trials)));
    }
    if !report.likely_label_errors.is_empty() {
        let body = errors::likely(&report.likely_label_errors, report.likely_label_errors_found);
        parts.push(section("label-errors", "Likely label errors", &body));
    }
    parts.push(section("settings", "Settings", &settings::settings(report)));
    parts.push(section("seconds", "Seconds", &settings::seconds(&report.seconds)));
    parts.push("</body>\n</html>\n".to_owned());
    parts.concat()
}

/// Draws the learning curve as SVG.
///
/// # Errors
/// [`ReportError::Plot`] if it cannot be drawn.
pub fn curve(report: &ClassifierReport) -> Result<String, ReportError> {
    plot::learning::draw(report)
}

/// Writes all parts of an evaluation.
fn evaluation(
    evaluation: &LabelEvaluation,
    calibration: Option<&CalibrationReport>,
    errors: &[ConfidentError],
) -> String {
    let mut parts = vec![sentences::unknown_labels(evaluation), figures::whole(evaluation)];
    parts.push(figures::by_label(evaluation));
    parts.push(details(evaluation, calibration, errors));
    parts.concat()
}

/// Writes the parts of an evaluation beside its figures: confusion matrix, reliability, precision by
/// recall, and the most confident errors.
#[must_use]
pub fn details(
    evaluation: &LabelEvaluation,
    calibration: Option<&CalibrationReport>,
    errors: &[ConfidentError],
) -> String {
    let mut parts = vec![];
    parts.push(match &evaluation.report {
        LabelReport::Single(report) => confusion::single(&report.confusion),
        LabelReport::Multi(report) => confusion::multi(report),
    });
    let reliability = match (calibration, &evaluation.probability) {
        (Some(c), _) => vec![("before", &c.before), ("after", &c.after)],
        (None, Some(probability)) => vec![("uncalibrated", probability)],
        (None, None) => vec![],
    };
    if reliability.iter().any(|(_, report)| report.examples > 0) {
        parts.push(figure(plot::reliability::draw(&reliability)));
        parts.push(figures::reliability(calibration, &reliability));
    }
    if !evaluation.ranking.is_empty() {
        parts.push(figure(plot::recall::draw(&evaluation.ranking)));
    }
    if !errors.is_empty() {
        parts.push(errors::confident(evaluation, errors));
    }
    parts.concat()
}
