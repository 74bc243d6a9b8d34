//! `decoding.svg`: milliseconds of a new token by the tokens before it, both axes in powers.
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::growth_plot::decades;
use crate::decoding::{Cost, Decoding};
use cloze_report::plot::{BLUE, FONT, VERMILION, coloured_text, svg, text};

const SIZE: (u32, u32) = (720, 440);
const HEAD: u32 = 64;
/// Colours of systems, in their order; after the last, black.
const COLOURS: [RGBColor; 3] = [BLUE, VERMILION, RGBColor(0, 158, 115)];

/// Draws the plot: a line for each system with the cache, and a thinner one without.
///
/// # Errors
/// If plotters fails.
pub(crate) fn draw(decoding: &Decoding) -> anyhow::Result<String> {
    let title = format!("A new token of {}, {} thread(s)", decoding.model, decoding.threads);
    let mut lines: Vec<(&str, bool)> = vec![];
    for cost in &decoding.costs {
        if !lines.contains(&(cost.system, cost.cache)) {
            lines.push((cost.system, cost.cache));
        }
    }
    let mut systems: Vec<&str> = lines.iter().map(|line| line.0).collect();
    systems.dedup();
    Ok(svg(SIZE, &title, |root| {
        let (head, body) = root.split_vertically(HEAD);
        let middle = i32::try_from(SIZE.0 / 2)?;
        text(&head, &title, (middle, 18), 20, HPos::Center)?;
        text(&head, &decoding.machine.describe(), (middle, 38), 14, HPos::Center)?;
        if decoding.disturbed() {
            let what = "DISTURBED: the machine was busy, not to be quoted";
            coloured_text(&head, what, (middle, 55), 13, HPos::Center, VERMILION)?;
        }
        let costs = &decoding.costs;
        let (low, high) = decades(costs.iter().map(|cost| cost.milliseconds.median));
        let most = costs.iter().map(before).fold(2.0, f64::max);
        let least = costs.iter().map(before).fold(most, f64::min).max(1.0);
        let mut chart = ChartBuilder::on(&body)
            .margin(12)
            .margin_right(36)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d(
                (least..most * 1.02).log_scale().base(2.0),
                (low..high).log_scale(),
            )?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("tokens before it")
            .y_desc("milliseconds")
            .label_style((FONT, 13))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y}"))
            .draw()?;
        for (place, (system, cache)) in (0_i32..).zip(&lines) {
            let number = systems.iter().position(|name| name == system).unwrap_or(0);
            let colour = COLOURS.get(number).copied().unwrap_or(BLACK);
            let of = |cost: &&Cost| (cost.system, cost.cache) == (*system, *cache);
            let points: Vec<(f64, f64)> =
                costs.iter().filter(of).map(|c| (before(c), c.milliseconds.median)).collect();
            let width = if *cache { 2 } else { 1 };
            chart.draw_series(LineSeries::new(points, colour.stroke_width(width)).point_size(4))?;
            let what = if *cache { "with its cache" } else { "everything anew" };
            let legend = format!("{system}, {what}");
            coloured_text(&body, &legend, (90, 14 + 16 * place), 12, HPos::Left, colour)?;
        }
        Ok(())
    })?)
}

#[expect(clippy::cast_precision_loss, reason = "places in a plot")]
fn before(cost: &Cost) -> f64 {
    cost.before as f64
}
