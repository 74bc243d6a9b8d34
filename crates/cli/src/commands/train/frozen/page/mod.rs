//! The report as a page that needs nothing else, on a screen, a phone and on paper.
//!
//! - `words`: the summary;
//! - `figures`: tables of figures, by label and on the whole;
//! - `confusion`: which label is taken for which;
//! - `doubts`: mistakes and likely label errors, text by text;
//! - `settings`: what was set, tried and spent;
//! - `plot`: plots, whose numbers are in the tables, too.
mod confusion;
mod doubts;
mod figures;
mod plot;
mod settings;
#[cfg(test)]
pub(super) mod tests;
mod words;

use super::report::{Calibration, ConfidentError, Report};
use crate::terminal::messages::plural;
use cloze::metrics::labels::{LabelEvaluation, LabelReport};
use cloze_report::page::head;
use cloze_report::page::report::{STYLE, figure, files, section};

/// The page.
pub(super) fn page(report: &Report) -> String {
    let mut parts =
        vec![head(&words::title(report), STYLE), settings::subject(report), words::summary(report)];
    match &report.held_out {
        Some(held_out) => {
            let heading = format!("LabelEvaluation by {}", held_out.how);
            parts.push(section("held-out", &heading, &words::how(held_out)));
            parts.push(judged(
                &held_out.judged,
                held_out.calibration.as_ref(),
                &held_out.confident_errors,
            ));
        }
        None => parts.push(section(
            "held-out",
            "Not judged",
            "<p>No examples were held out, so these data do not tell how good the model is.</p>\n",
        )),
    }
    if let Some(threshold) = &report.threshold {
        parts.push(section("threshold", "Threshold", &words::threshold(threshold)));
    }
    if let Some(test) = &report.test {
        let heading = format!("On test data: {}", plural(test.judged.examples(), "example"));
        parts.push(section("test", &heading, &files("Test data", "examples", &test.data)));
        parts.push(judged(&test.judged, None, &test.confident_errors));
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
        let body = doubts::likely(&report.likely_label_errors, report.likely_label_errors_found);
        parts.push(section("label-errors", "Labels that are likely wrong", &body));
    }
    parts.push(section("settings", "Settings", &settings::settings(report)));
    parts.push(section("seconds", "Seconds", &settings::seconds(&report.seconds)));
    parts.push("</body>\n</html>\n".to_owned());
    parts.concat()
}

/// The learning curve as SVG.
pub(super) fn curve(report: &Report) -> Result<String, cloze_report::ReportError> {
    plot::learning::draw(report)
}

/// All that is known of one verdict.
fn judged(
    judged: &LabelEvaluation,
    calibration: Option<&Calibration>,
    errors: &[ConfidentError],
) -> String {
    let mut parts = vec![words::unknown_labels(judged), figures::whole(judged)];
    parts.push(figures::by_label(judged));
    parts.push(details(judged, calibration, errors));
    parts.concat()
}

/// What of one verdict is more than its figures: what is taken for what, probabilities, mistakes.
pub(crate) fn details(
    judged: &LabelEvaluation,
    calibration: Option<&Calibration>,
    errors: &[ConfidentError],
) -> String {
    let mut parts = vec![];
    parts.push(match &judged.report {
        LabelReport::Single(report) => confusion::single(&report.confusion),
        LabelReport::Multi(report) => confusion::multi(report),
    });
    let reliability = match (calibration, &judged.probability) {
        (Some(c), _) => vec![("before", &c.before), ("after", &c.after)],
        (None, Some(probability)) => vec![("as predicted", probability)],
        (None, None) => vec![],
    };
    if reliability.iter().any(|(_, report)| report.examples > 0) {
        parts.push(figure(plot::reliability::draw(&reliability)));
        parts.push(figures::reliability(calibration, &reliability));
    }
    if !judged.ranking.is_empty() {
        parts.push(figure(plot::recall::draw(&judged.ranking)));
    }
    if !errors.is_empty() {
        parts.push(doubts::confident(judged, errors));
    }
    parts.concat()
}
