//! Evaluations as tables of figures.
use std::collections::BTreeMap;
use std::iter::repeat;

use cloze_metrics::compare::Interval;
use cloze_metrics::entity::{ByMatch, EntityReport, F1Intervals, PartialScores};
use cloze_metrics::labels::{LabelEvaluation, LabelReport};
use cloze_metrics::preference::PreferenceShare;
use cloze_metrics::redaction::{ItemCounts, RedactionPoint, RedactionReport};
use cloze_metrics::retrieval::RetrievalFigures;
use cloze_metrics::{Averages, Scores};

use super::{Grid, GridCell};
use crate::labels::ComparisonRow;
use crate::tuning::{Figures as _, LanguageFigures};

/// Tables of an evaluation of labels: by label with the averages, and the figures over all examples.
#[must_use]
pub fn label_grids(evaluation: &LabelEvaluation) -> Vec<Grid> {
    let (labels, averages) = match &evaluation.report {
        LabelReport::Single(report) => (&report.labels, &report.averages),
        LabelReport::Multi(report) => (&report.labels, &report.averages),
    };
    let ranked = |label: &str| evaluation.ranking.get(label).map(|r| r.average_precision);
    let mut by_label = score_grid(labels, averages);
    by_label.columns.push("average precision");
    for (row, label) in
        by_label.rows.iter_mut().zip(labels.keys().map(Some).chain([None, None, None]))
    {
        row.push(label.and_then(|label| ranked(label)).into());
    }
    let mut rows = vec![];
    let intervals = &evaluation.intervals;
    let mut between = |name: &str, i: &Interval| {
        rows.push(vec![name.into(), i.estimate.into(), i.low.into(), i.high.into()]);
    };
    let accuracy = match &evaluation.report {
        LabelReport::Single(_) => "accuracy",
        LabelReport::Multi(_) => "exact match",
    };
    between(accuracy, &intervals.accuracy);
    between("macro F1", &intervals.macro_f1);
    let mut figure = |name: &str, value: f64| {
        rows.push(vec![name.into(), value.into(), GridCell::Empty, GridCell::Empty]);
    };
    match &evaluation.report {
        LabelReport::Single(report) => figure("Matthews", report.matthews),
        LabelReport::Multi(report) => figure("Hamming loss", report.hamming_loss),
    }
    if let Some(p) = &evaluation.probability {
        figure("log loss", p.log_loss);
        figure("Brier", p.brier);
        figure("calibration error", p.expected_calibration_error);
    }
    let columns = vec!["figure", "value", "95 % from", "95 % to"];
    vec![by_label, Grid { title: "figures".to_owned(), columns, rows }]
}

/// Tables of an evaluation of redaction: items by gold label, hidden spans by their own label, and both by
/// kind of text, where texts have kinds.
#[must_use]
pub fn redaction_grids(
    total: &RedactionReport,
    kinds: &BTreeMap<String, RedactionReport>,
) -> Vec<Grid> {
    let items = |name: &str, items: &ItemCounts| -> Vec<GridCell> {
        vec![
            name.into(),
            items.gold.into(),
            items.whole.into(),
            items.partly.into(),
            items.missed.into(),
            items.whole_rate().into(),
            items.leak_rate().into(),
        ]
    };
    let item_columns = ["items", "whole", "partly", "missed", "whole rate", "leak rate"];
    let columns = |first, others: &[&'static str]| [&[first], others].concat();
    let mut by_label: Vec<_> = total.labels.iter().map(|(name, i)| items(name, i)).collect();
    by_label.push(items("total", &total.items));
    let hidden = total.hidden_labels.iter().map(|(name, counts)| (name.as_str(), counts));
    let hidden = hidden.chain([("total", &total.hidden)]).map(|(name, counts)| {
        vec![name.into(), counts.spans.into(), counts.wrong.into(), counts.wrong_rate().into()]
    });
    let mut grids = vec![
        Grid {
            title: "items".to_owned(),
            columns: columns("gold label", &item_columns),
            rows: by_label,
        },
        Grid {
            title: "hidden spans".to_owned(),
            columns: vec!["hidden label", "spans", "wrong", "wrong rate"],
            rows: hidden.collect(),
        },
    ];
    if !kinds.is_empty() {
        let kind = |(name, report): (&String, &RedactionReport)| {
            let counts =
                [report.texts.into(), report.hidden.spans.into(), report.hidden.wrong.into()];
            [items(name, &report.items), counts.to_vec()].concat()
        };
        let columns = columns("kind", &[&item_columns[..], &["texts", "spans", "wrong"]].concat());
        let rows = kinds.iter().map(kind).collect();
        grids.push(Grid { title: "kinds".to_owned(), columns, rows });
    }
    grids
}

/// Table of redaction with several settings, one row each.
#[must_use]
pub fn redaction_sweep_grid(points: &[RedactionPoint]) -> Grid {
    let row = |point: &RedactionPoint| {
        let window = point.window.map_or_else(|| "full".to_owned(), |window| window.to_string());
        vec![
            GridCell::Text(window),
            f64::from(point.recall_bias).into(),
            point.items.gold.into(),
            point.items.whole.into(),
            point.items.partly.into(),
            point.items.missed.into(),
            point.whole_rate.into(),
            point.leak_rate.into(),
            point.hidden.spans.into(),
            point.hidden.wrong.into(),
            point.wrong_rate.into(),
        ]
    };
    let columns = vec![
        "window",
        "prefer recall",
        "items",
        "whole",
        "partly",
        "missed",
        "whole rate",
        "leak rate",
        "spans",
        "wrong",
        "wrong rate",
    ];
    Grid { title: "settings".to_owned(), columns, rows: points.iter().map(row).collect() }
}

fn score_grid(labels: &BTreeMap<String, Scores>, averages: &Averages) -> Grid {
    let row = |name: &str, s: &Scores| {
        vec![name.into(), s.precision.into(), s.recall.into(), s.f1.into(), s.support.into()]
    };
    let mut rows: Vec<Vec<GridCell>> = labels.iter().map(|(name, s)| row(name, s)).collect();
    rows.push(row("micro", &averages.micro));
    rows.push(row("macro", &averages.r#macro));
    rows.push(row("weighted", &averages.weighted));
    let columns = vec!["label", "precision", "recall", "f1", "support"];
    Grid { title: "labels".to_owned(), columns, rows }
}

/// Tables of an evaluation of entities: by label with the averages and the intervals of F1, and partial
/// matches if they are counted.
#[must_use]
pub fn entity_grids(
    report: &EntityReport,
    intervals: &F1Intervals,
    partial: Option<&ByMatch<PartialScores>>,
) -> Vec<Grid> {
    let mut by_label = score_grid(&report.labels, &report.averages);
    by_label.columns.extend(["f1 95 % from", "f1 95 % to"]);
    // Rows are the labels in their order, then the micro average.
    let by_row = intervals.labels.values().chain([&intervals.micro]).map(Some).chain(repeat(None));
    for (row, interval) in by_label.rows.iter_mut().zip(by_row) {
        row.extend(match interval {
            Some(interval) => [interval.low.into(), interval.high.into()],
            None => [GridCell::Empty, GridCell::Empty],
        });
    }
    let mut grids = vec![by_label];
    if let Some(partial) = partial {
        let kinds = [
            ("strict", partial.strict),
            ("exact", partial.exact),
            ("partial", partial.partial),
            ("type", partial.r#type),
        ];
        let row = |(name, PartialScores { counts: c, precision, recall, f1 }): (&str, _)| {
            let mut row: Vec<GridCell> =
                vec![name.into(), precision.into(), recall.into(), f1.into()];
            let counts = [c.correct, c.incorrect, c.partial, c.missed, c.spurious];
            row.extend(counts.map(GridCell::from));
            row
        };
        grids.push(Grid {
            title: "matches".to_owned(),
            columns: vec![
                "match",
                "precision",
                "recall",
                "f1",
                "correct",
                "incorrect",
                "partial",
                "missed",
                "spurious",
            ],
            rows: kinds.into_iter().map(row).collect(),
        });
    }
    grids
}

/// Table of the figures of two models, the first less the second.
#[must_use]
pub fn comparison_grid(rows: &[ComparisonRow<'_>]) -> Grid {
    let row = |row: &ComparisonRow<'_>| {
        let (both, difference) = (row.both, &row.both.difference);
        vec![
            row.figure.into(),
            both.first.into(),
            both.second.into(),
            difference.estimate.into(),
            difference.low.into(),
            difference.high.into(),
            both.p_value.into(),
        ]
    };
    Grid {
        title: "comparison".to_owned(),
        columns: vec![
            "figure",
            "first",
            "second",
            "difference",
            "95 % from",
            "95 % to",
            "p (bootstrap)",
        ],
        rows: rows.iter().map(row).collect(),
    }
}

/// Table of the figures of a search, by cutoff.
#[must_use]
pub fn retrieval_grid(figures: &RetrievalFigures<Interval>) -> Grid {
    let row = |name: String, i: &Interval| {
        vec![GridCell::Text(name), i.estimate.into(), i.low.into(), i.high.into()]
    };
    let mut rows = vec![];
    for (name, by_cutoff) in [
        ("nDCG", &figures.ndcg),
        ("recall", &figures.recall),
        ("precision", &figures.precision),
        ("MRR", &figures.reciprocal_rank_at),
    ] {
        rows.extend(by_cutoff.iter().map(|(k, interval)| row(format!("{name}@{k}"), interval)));
    }
    rows.push(row("MRR".to_owned(), &figures.reciprocal_rank));
    rows.push(row("MAP".to_owned(), &figures.average_precision));
    let columns = vec!["figure", "mean", "95 % from", "95 % to"];
    Grid { title: "figures".to_owned(), columns, rows }
}

/// Table of shares of pairs, each a group's.
#[must_use]
pub fn share_grid(title: &str, shares: &[PreferenceShare]) -> Grid {
    let row = |share: &PreferenceShare| {
        let (low, high) = share.interval;
        vec![
            share.name.as_str().into(),
            share.first.into(),
            low.into(),
            high.into(),
            share.pairs.into(),
            share.ties.into(),
        ]
    };
    let columns = vec!["group", "accuracy", "95 % from", "95 % to", "pairs", "ties"];
    Grid { title: title.to_owned(), columns, rows: shares.iter().map(row).collect() }
}

/// Table of the figures of a language model.
#[must_use]
pub fn language_grid(figures: &LanguageFigures) -> Grid {
    let rows = figures.rows().into_iter().map(|row| {
        let cell = |text: &String| {
            text.parse::<f64>().map_or_else(|_| GridCell::from(&**text), GridCell::Number)
        };
        row.iter().map(cell).collect()
    });
    Grid { title: "figures".to_owned(), columns: figures.head(), rows: rows.collect() }
}
