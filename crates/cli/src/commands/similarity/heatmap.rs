//! A matrix as a picture (SVG): a square a pair, a legend of values, and numbers where they fit.
use anyhow::{anyhow, bail};
use cloze::Metric;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::matrix::Matrix;
use cloze_report::plot::{self, Area};
use cloze_report::text::{rounded, shown};

/// More squares than this on a side are no picture any more, but a file of many megabytes.
const MAX_TEXTS: usize = 300;
/// Up to as many, numbers fit into the squares.
const MAX_NUMBERED: usize = 20;
/// How much of a text is in its label, in characters.
const LABEL_CHARS: usize = 32;
/// The legend's steps.
const STEPS: i32 = 64;
/// Lengths in pixels.
const MARGIN: i32 = 16;
const LABEL_WIDTH: i32 = 250;
const TITLE_HEIGHT: i32 = 28;
const LEGEND_WIDTH: i32 = 110;

/// Draws the matrix, and beside it the corrected one.
pub(super) fn draw(matrix: &Matrix<'_>, corrected: bool, metric: Metric) -> anyhow::Result<String> {
    let count = matrix.texts.len();
    if count > MAX_TEXTS {
        bail!("--svg draws at most {MAX_TEXTS} texts, found {count}");
    }
    let side = match count {
        0..=MAX_NUMBERED => 52,
        21..=80 => 16,
        _ => 8,
    };
    let count = i32::try_from(count)?;
    let grid = side * count;
    let panels: &[bool] = if corrected { &[false, true] } else { &[false] };
    let panel = LABEL_WIDTH + grid + LEGEND_WIDTH;
    let width = 2 * MARGIN + panel * i32::try_from(panels.len())?;
    // Room for the numbers of columns, and for the legend's.
    let height = 2 * MARGIN + 2 * TITLE_HEIGHT + grid.max(120);
    let mut svg = String::new();
    {
        let extent = (u32::try_from(width)?, u32::try_from(height)?);
        let root = SVGBackend::with_string(&mut svg, extent).into_drawing_area();
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        for (i, &corrected) in (0..).zip(panels) {
            let at = (MARGIN + i * panel, MARGIN);
            draw_panel(&root, matrix, corrected, metric, at, side)?;
        }
        root.present().map_err(|error| failed(&error))?;
    }
    Ok(svg)
}

fn draw_panel(
    root: &Area<'_>,
    matrix: &Matrix<'_>,
    corrected: bool,
    metric: Metric,
    (left, top): (i32, i32),
    side: i32,
) -> anyhow::Result<()> {
    let rows = (0..matrix.texts.len()).map(|i| matrix.row(i, corrected));
    let rows = rows.collect::<anyhow::Result<Vec<_>>>()?;
    let values = || rows.iter().flatten().copied();
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let (grid_left, grid_top) = (left + LABEL_WIDTH, top + 2 * TITLE_HEIGHT);
    let kind = if corrected { "corrected " } else { "" };
    text(root, &format!("{kind}{}", metric.name()), (grid_left, top + 10), 16, HPos::Left, BLACK)?;
    let font = side.min(13);
    for (i, (input, _)) in (0..).zip(&matrix.texts) {
        let middle = i * side + side / 2;
        let label = label(i + 1, &input.text);
        text(root, &label, (grid_left - 6, grid_top + middle), font, HPos::Right, BLACK)?;
        // Numbers alone above the columns, as many as have room.
        if side >= 16 || i % 5 == 4 {
            let place = (grid_left + middle, grid_top - 8);
            text(root, &(i + 1).to_string(), place, font, HPos::Center, BLACK)?;
        }
    }
    for (i, row) in (0..).zip(&rows) {
        for (j, &value) in (0..).zip(row) {
            let (x, y) = (grid_left + j * side, grid_top + i * side);
            let share = share(value, low, high);
            rectangle(root, (x, y), (x + side, y + side), shade(share))?;
            if rows.len() <= MAX_NUMBERED {
                let ink = if share > 0.55 { WHITE } else { BLACK };
                let middle = (x + side / 2, y + side / 2);
                text(root, &rounded(value, 2), middle, 12, HPos::Center, ink)?;
            }
        }
    }
    let legend_left = grid_left + side * i32::try_from(rows.len())? + 20;
    let height = (side * i32::try_from(rows.len())?).clamp(96, 240);
    for step in 0..STEPS {
        // From the top, the highest, down.
        let (from, to) = (height * step / STEPS, height * (step + 1) / STEPS);
        let share = 1.0 - f64::from(step) / f64::from(STEPS - 1);
        let corners = ((legend_left, grid_top + from), (legend_left + 16, grid_top + to));
        rectangle(root, corners.0, corners.1, shade(share))?;
    }
    for (value, y) in [(high, 0), (f64::midpoint(low, high), height / 2), (low, height)] {
        let place = (legend_left + 22, grid_top + y);
        text(root, &shown(value), place, 12, HPos::Left, BLACK)?;
    }
    Ok(())
}

/// Where between the least and the greatest a value is; the greatest where all are the same.
fn share(value: f64, low: f64, high: f64) -> f64 {
    if high > low { (value - low) / (high - low) } else { 1.0 }
}

/// From nearly white to dark blue, evenly darker, so that it reads in grey, too.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn shade(share: f64) -> RGBColor {
    let between = |from: f64, to: f64| (from + (to - from) * share).round() as u8;
    RGBColor(between(247.0, 8.0), between(251.0, 48.0), between(255.0, 107.0))
}

/// A text's number and its beginning.
fn label(number: i32, text: &str) -> String {
    format!("{number} {}", plot::label(text, LABEL_CHARS))
}

fn rectangle(
    root: &Area<'_>,
    from: (i32, i32),
    to: (i32, i32),
    color: RGBColor,
) -> anyhow::Result<()> {
    root.draw(&Rectangle::new([from, to], color.filled())).map_err(|error| failed(&error))
}

fn text(
    root: &Area<'_>,
    text: &str,
    place: (i32, i32),
    size: i32,
    at: HPos,
    color: RGBColor,
) -> anyhow::Result<()> {
    let style = ("sans-serif", size).into_font().color(&color).pos(Pos::new(at, VPos::Center));
    root.draw(&Text::new(text.to_owned(), place, style)).map_err(|error| failed(&error))
}

fn failed<E: std::error::Error + Send + Sync>(error: &DrawingAreaErrorKind<E>) -> anyhow::Error {
    anyhow!("the heat map: {error}")
}
