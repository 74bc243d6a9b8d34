//! `growth.svg`: time and memory by number of texts, both axes of time in powers of ten.
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::growth::{Growth, Point};
use cloze_report::plot::{Area, BLUE, DrawResult, FONT, VERMILION, coloured_text, svg, text};

const SIZE: (u32, u32) = (900, 420);
const HEAD: u32 = 64;

/// Draws the plot.
///
/// # Errors
/// If plotters fails.
pub(crate) fn draw(growth: &Growth) -> anyhow::Result<String> {
    let title = format!(
        "What texts of {} words on average take, {} thread(s)",
        growth.words_on_average, growth.threads
    );
    Ok(svg(SIZE, &title, |root| {
        let (head, body) = root.split_vertically(HEAD);
        let middle = i32::try_from(SIZE.0 / 2)?;
        text(&head, &title, (middle, 18), 20, HPos::Center)?;
        text(&head, &growth.machine.describe(), (middle, 38), 14, HPos::Center)?;
        if growth.disturbed() {
            let what = "DISTURBED: the machine was busy, not to be quoted";
            coloured_text(&head, what, (middle, 55), 13, HPos::Center, VERMILION)?;
        }
        let (left, right) = body.split_horizontally(SIZE.0 / 2);
        time(growth, &left)?;
        memory(growth, &right)
    })?)
}

/// Of the numbers on an axis of powers of ten: the powers below and above all of them.
pub(super) fn decades(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let least = values.clone().fold(f64::INFINITY, f64::min).max(1e-3);
    let most = values.fold(least, f64::max);
    (10_f64.powf(least.log10().floor()), 10_f64.powf(most.log10().floor() + 1.0))
}

#[expect(clippy::cast_precision_loss, reason = "places in a plot")]
fn texts(point: &Point) -> f64 {
    point.texts as f64
}

fn time(growth: &Growth, area: &Area<'_>) -> DrawResult {
    let points = &growth.points;
    let of = |value: fn(&Point) -> f64| points.iter().map(move |p| (texts(p), value(p)));
    let wall = |p: &Point| p.answer.seconds;
    let processor = |p: &Point| p.load.own;
    let (from, to) = decades(points.iter().map(texts));
    let (low, high) = decades(of(wall).chain(of(processor)).map(|(_, y)| y));
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(36)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d((from..to).log_scale(), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("texts")
        .y_desc("seconds")
        .label_style((FONT, 13))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    // A line in proportion to the first point: on it is linear.
    if let Some((x0, y0)) = of(wall).next() {
        let end = to.min(x0 * high / y0);
        chart.draw_series(LineSeries::new([(x0, y0), (end, y0 * end / x0)], BLACK.mix(0.3)))?;
    }
    chart.draw_series(LineSeries::new(of(wall), BLUE.stroke_width(2)).point_size(4))?;
    chart.draw_series(
        of(processor).map(|point| TriangleMarker::new(point, 6, VERMILION.filled())),
    )?;
    let legend = "circles: wall time; triangles: processor time; grey: in proportion";
    text(area, legend, (72, 6), 12, HPos::Left)
}

fn memory(growth: &Growth, area: &Area<'_>) -> DrawResult {
    #[expect(clippy::cast_precision_loss, reason = "places in a plot")]
    let mib = |p: &Point| Some((texts(p), p.peak_memory_bytes? as f64 / f64::from(1 << 20)));
    let points: Vec<(f64, f64)> = growth.points.iter().filter_map(mib).collect();
    let (from, to) = decades(growth.points.iter().map(texts));
    let most = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(36)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d((from..to).log_scale(), 0.0..1.25 * most)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("texts")
        .y_desc("peak memory, MiB")
        .label_style((FONT, 13))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    Ok(chart.draw_series(LineSeries::new(points, BLUE.stroke_width(2)).point_size(4)).map(drop)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_holds_all_its_numbers() {
        let of = |values: &[f64]| decades(values.iter().copied());
        let close =
            |(a, b): (f64, f64), (c, d): (f64, f64)| (a - c).abs() < 1e-9 && (b - d).abs() < 1e-9;
        assert!(close(of(&[2.0, 350.0]), (1.0, 1000.0)));
        assert!(close(of(&[0.25]), (0.1, 1.0)));
        // A number that is a power itself is not at the edge above.
        assert!(close(of(&[1000.0]), (1000.0, 10_000.0)));
    }
}
