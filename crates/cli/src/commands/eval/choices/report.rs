//! Report of an evaluation on questions for people.
use std::io::{self, Write};

use cloze::evaluate::choices::{ChoiceScore, ChoicesReport};
use cloze::metrics::choices::AccuracyShare;
use cloze_report::grid::{Grid, GridCell};
use cloze_report::text::one_line;

use crate::terminal::messages::plural;

/// Tables by subject, where there are several, and of all questions.
pub(super) fn grids(report: &ChoicesReport) -> Vec<Grid> {
    let columns = vec!["group", "accuracy", "95 % from", "95 % to", "questions"];
    let row = |share: &AccuracyShare| {
        let (low, high) = share.interval;
        let name = GridCell::from(share.name.as_str());
        vec![name, share.accuracy.into(), low.into(), high.into(), share.questions.into()]
    };
    let figures = &report.figures;
    let mut grids = vec![];
    if figures.groups.len() > 1 {
        let rows = figures.groups.iter().map(row).collect();
        grids.push(Grid { title: "subjects".into(), columns: columns.clone(), rows });
    }
    let mut rows = vec![row(&figures.overall)];
    for (name, figure) in baselines(report) {
        let cells = [GridCell::from(name), figure.into()];
        rows.push(cells.into_iter().chain([const { GridCell::Empty }; 3]).collect());
    }
    grids.push(Grid { title: "all".into(), columns, rows });
    grids
}

/// Other figures by their names.
fn baselines(report: &ChoicesReport) -> Vec<(&'static str, f64)> {
    let figures = &report.figures;
    let mut rows = vec![];
    if figures.groups.len() > 1 {
        rows.push(("mean over subjects", figures.mean_over_groups));
    }
    if report.score == ChoiceScore::Text {
        rows.push(("by sum of text", figures.accuracy_of_likeliest));
    }
    rows.extend([("chance", figures.chance), ("longest choice", figures.longest)]);
    let calibration = &figures.calibration;
    rows.extend([
        ("calibration error", calibration.expected_calibration_error),
        ("Brier score", calibration.brier),
        ("log loss", calibration.log_loss),
    ]);
    rows
}

pub(super) fn write(report: &ChoicesReport, out: &mut dyn Write) -> io::Result<()> {
    let ChoicesReport { model, model_sha256, score, shots, figures, .. } = report;
    writeln!(out, "{model} (SHA-256 {model_sha256})")?;
    let shots = plural(*shots as u64, "solved question");
    writeln!(out, "choices scored by {}, behind {shots}\n", score.name())?;
    let groups = if figures.groups.len() > 1 { figures.groups.as_slice() } else { &[] };
    let names: Vec<String> = groups.iter().map(|group| one_line(&group.name)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = longest.max("mean over subjects".len());
    let row = |name: &str, share: &AccuracyShare, out: &mut dyn Write| {
        let (low, high) = share.interval;
        let between = format!("{low:.4} to {high:.4}");
        let (accuracy, n) = (share.accuracy, share.questions);
        writeln!(out, "{name:width$}  {accuracy:>8.4}  {between:>17}  {n:>9}")
    };
    writeln!(
        out,
        "{:width$}  {:>8}  {:>17}  {:>9}",
        "questions", "accuracy", "95 % interval", "questions"
    )?;
    for (name, group) in names.iter().zip(groups) {
        row(name, group, out)?;
    }
    row("overall", &figures.overall, out)?;
    writeln!(out)?;
    for (name, figure) in baselines(report) {
        writeln!(out, "{name:width$}  {figure:>8.4}")?;
    }
    Ok(())
}
