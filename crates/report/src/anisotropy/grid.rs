//! The figures by layer as one table.
use cloze_embed::anisotropy::Report as Anisotropy;

use super::{AnisotropyReport, no_shares, table};
use crate::grid::{Grid, GridCell};

pub(super) fn grid(report: &AnisotropyReport) -> Grid {
    let mut rows = vec![];
    for layer in &report.layers {
        for (name, measured) in table::rows(report, layer) {
            let mut row = vec![GridCell::Count(layer.layer as u64), correction(report, name)];
            row.extend(figures(measured));
            rows.push(row);
        }
    }
    let columns = vec![
        "layer",
        "correction",
        "mean cosine",
        "95 % from",
        "95 % to",
        "IsoScore",
        "variance in 1",
        "variance in all",
        "dimension",
        "share",
    ];
    Grid { title: "layers".to_owned(), columns, rows }
}

/// Name of the correction of a row: `none` before it.
fn correction(report: &AnisotropyReport, row: &str) -> GridCell {
    match &report.correction {
        Some(correction) if row == "after" => correction.method.name().into(),
        _ => "none".into(),
    }
}

/// Figures of a row; all empty where there is no correction of the layer.
fn figures(measured: Option<&Anisotropy>) -> [GridCell; 8] {
    let Some(measured) = measured else { return std::array::from_fn(|_| GridCell::Empty) };
    let (from, to) = measured.interval;
    let top = measured.top_dimensions.first().filter(|_| !no_shares(measured));
    [
        measured.mean_cosine.into(),
        from.into(),
        to.into(),
        measured.iso_score.into(),
        measured.explained.first().copied().into(),
        measured.explained.last().copied().into(),
        top.map(|top| top.dim as u64).into(),
        top.map(|top| top.share).into(),
    ]
}
