//! The report as a page that needs nothing else, on a screen, a phone and on paper.
//!
//! - `words`: the summary;
//! - `figures`: tables of figures, by label and on the whole;
//! - `confusion`: which label is taken for which;
//! - `doubts`: mistakes and likely label errors, text by text;
//! - `settings`: what was set, tried and spent;
//! - `plot`: plots, whose numbers are in the tables, too;
//! - `table`: tables and their cells.
mod confusion;
mod doubts;
mod figures;
mod plot;
mod settings;
mod table;
#[cfg(test)]
pub(super) mod tests;
mod words;

use super::report::{Calibration, ConfidentError, Report};
use crate::judge::{Judged, Labels};
use crate::messages::plural;
use crate::page::{head, text};

const STYLE: &str = "\
h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; border-bottom: 1px solid GrayText; }
p, li { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem .8rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { background: #fff; border-radius: .4rem; min-width: 36rem; }
.table { margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding-bottom: .2rem; }
th.list { text-align: left; }
.averages th { font-weight: 400; font-style: italic; }
th[colspan] { text-align: center; }
th bdi, td bdi { display: inline-block; width: max-content; max-width: 18rem;
                 overflow-wrap: break-word; }
td.long bdi { max-width: 41rem; }
td.text { text-align: start; min-width: 16rem; max-width: 45rem; white-space: pre-line;
          overflow-wrap: anywhere; }
td.text hr { border: 0; border-top: 1px dotted GrayText; margin: .2rem 0; }
.doubts tbody tr + tr { border-top: 1px dotted GrayText; }
.matrix tbody td { min-width: 2rem; background: rgb(0 114 178 / calc(var(--share) * .5));
                   border: 1px solid rgb(128 128 128 / .4); }
.matrix td.right { font-weight: 700; outline: 2px solid; outline-offset: -3px; }
.matrix thead th { border-bottom: 0; }
.matrix.many thead th { writing-mode: vertical-rl; text-align: left; }
.matrix.many thead bdi { width: auto; max-width: none; max-height: 12rem; }
@media print {
  body { max-width: none; font-size: 10pt; }
  .table, figure { overflow: visible; }
  td.long bdi { max-width: 20rem; }
  figure svg { min-width: 0; }
  .matrix td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  tr, figure { break-inside: avoid; }
  h2, caption { break-after: avoid; }
}
";

/// The page.
pub(super) fn page(report: &Report) -> String {
    let mut parts =
        vec![head(&words::title(report), STYLE), settings::subject(report), words::summary(report)];
    match &report.held_out {
        Some(held_out) => {
            let heading = format!("Judged by {}", held_out.how);
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
        parts.push(section("test", &heading, &settings::files("Test data", &test.data)));
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
pub(super) fn curve(report: &Report) -> anyhow::Result<String> {
    plot::learning::draw(report)
}

fn section(id: &str, heading: &str, body: &str) -> String {
    format!("<h2 id=\"{id}\">{}</h2>\n{body}", text(heading))
}

/// A plot, or why there is none: its numbers stand in a table all the same.
fn figure(drawn: anyhow::Result<String>) -> String {
    match drawn {
        Ok(svg) => format!("<figure>\n{svg}</figure>\n"),
        Err(error) => format!("<p>{}</p>\n", text(&error.to_string())),
    }
}

/// All that is known of one verdict.
fn judged(judged: &Judged, calibration: Option<&Calibration>, errors: &[ConfidentError]) -> String {
    let mut parts = vec![words::unknown_labels(judged), figures::whole(judged)];
    parts.push(figures::by_label(judged));
    parts.push(match &judged.report {
        Labels::Single(report) => confusion::single(&report.confusion),
        Labels::Multi(report) => confusion::multi(report),
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
