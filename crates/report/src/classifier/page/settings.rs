//! Training data, settings, trials, and durations.
use crate::classifier::text::settings as one_line;
use crate::classifier::{ClassifierReport, FewShotReport, TrainingSeconds, TrialReport};
use crate::page::report::{files, settings as table_of};
use crate::page::table::{Numbers, Words, figure, label, long, name, number, row, table, words};
use crate::page::text;
use crate::text::plural;

/// Describes the model and the data.
pub(crate) fn subject(report: &ClassifierReport) -> String {
    let counts: Vec<String> =
        report.labels.iter().map(|(name, n)| format!("{} {n}", label(name))).collect();
    let pairs = report.task == "pair";
    let facts = [
        ("task", if pairs { "labels of pairs of texts" } else { "labels of texts" }.to_owned()),
        (
            "encoder",
            format!("{}, SHA-256 {}", label(&report.model.name), text(&report.model.sha256)),
        ),
        ("examples", report.examples.to_string()),
        ("labels", format!("{}: {}", report.labels.len(), counts.join(", "))),
        ("cloze", text(report.cloze)),
    ];
    let facts = facts.map(|(what, html)| format!("<dt>{what}</dt><dd>{html}</dd>\n"));
    format!("<dl>\n{}</dl>\n{}", facts.concat(), files("Training data", "examples", &report.data))
}

pub(crate) fn draws(draws: &FewShotReport) -> String {
    let rows: Vec<String> = (1..)
        .zip(&draws.accuracy)
        .map(|(i, accuracy): (usize, _)| row(&[number(i), figure(*accuracy)]))
        .collect();
    format!(
        "<p>{} of {} per label, each evaluated on the test data: accuracy {:.4} ± {:.4} (mean and \
         standard deviation). The model is the one of the last draw.</p>\n{}",
        plural(draws.accuracy.len() as u64, "draw"),
        plural(draws.examples_a_label as u64, "example"),
        draws.mean,
        draws.std,
        table("Draws", &[Numbers("draw"), Numbers("accuracy")], &rows)
    )
}

/// Writes the trials, the best first.
pub(crate) fn trials(trials: &[TrialReport]) -> String {
    let mut rows = Vec::with_capacity(trials.len());
    for trial in trials {
        rows.push(row(&[
            long(&one_line(&trial.settings)),
            number(trial.examples),
            words(trial.figure),
            figure(trial.mean),
            trial.std.map_or(number("–"), figure),
        ]));
    }
    let head = [
        Words("settings"),
        Numbers("examples"),
        Words("metric"),
        Numbers("mean"),
        Numbers("standard deviation"),
    ];
    table("Best first; the model uses the best settings", &head, &rows)
}

pub(crate) fn settings(report: &ClassifierReport) -> String {
    let steps = format!(
        "<p>{} of the solver{}.</p>\n",
        plural(report.iterations, "iteration"),
        if report.converged { "" } else { ", which had not converged" }
    );
    let both = [("Features", &report.features), ("Head", &report.head)];
    let tables: String =
        both.iter().map(|(caption, settings)| table_of(caption, settings)).collect();
    tables + &steps
}

/// Writes the durations, the only part that differs from run to run.
pub(crate) fn seconds(seconds: &TrainingSeconds) -> String {
    let TrainingSeconds { reading, encoding, fitting, judging, total, encoded } = *seconds;
    let durations = [
        ("reading", reading),
        ("encoding", encoding),
        ("fitting", fitting),
        ("evaluation", judging),
        ("total", total),
    ];
    let rows: Vec<String> = durations
        .iter()
        .map(|(what, s)| row(&[name(what), number(format_args!("{s:.1}"))]))
        .collect();
    let new = plural(encoded as u64, "text");
    table(
        &format!("{new} encoded, the others read from the cache"),
        &[Words(""), Numbers("seconds")],
        &rows,
    )
}
