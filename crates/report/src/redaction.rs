//! Curve of redaction's settings: items hidden whole against wrong spans.
use cloze_metrics::redaction::RedactionPoint;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::ReportError;
use crate::plot::{self, Area, BLUE, DrawResult, VERMILION, tick};

const SIZE: (u32, u32) = (900, 560);
/// Height above the chart, for the title and the legend.
const HEAD: u32 = 78;
/// Colours that colour-blind readers distinguish (Okabe & Ito 2008), dark enough on white.
const COLOURS: [RGBColor; 5] =
    [BLUE, VERMILION, RGBColor(0, 120, 90), RGBColor(150, 80, 130), RGBColor(90, 90, 90)];
/// Most windows in a plot.
pub const MAX_WINDOWS: usize = COLOURS.len();

/// Draws a sweep: a line per window, a point per strength, named beside it. `chosen` is ringed.
///
/// # Errors
/// [`ReportError::Plot`] from drawing, and for more than [`MAX_WINDOWS`] windows.
pub fn plot_sweep(
    title: &str,
    points: &[RedactionPoint],
    chosen: Option<usize>,
) -> Result<String, ReportError> {
    let mut windows: Vec<Option<usize>> = vec![];
    for point in points {
        if !windows.contains(&point.window) {
            windows.push(point.window);
        }
    }
    if windows.len() > MAX_WINDOWS {
        let what = format!("at most {MAX_WINDOWS} windows, found {}", windows.len());
        return Err(ReportError::Plot { what });
    }
    let chosen = chosen.and_then(|index| points.get(index));
    plot::svg(SIZE, title, |root| draw(title, points, &windows, chosen, root))
}

fn draw(
    title: &str,
    points: &[RedactionPoint],
    windows: &[Option<usize>],
    chosen: Option<&RedactionPoint>,
    root: &Area<'_>,
) -> DrawResult {
    let (head, body) = root.split_vertically(HEAD);
    plot::text(&head, title, (i32::try_from(SIZE.0 / 2)?, 20), 22, HPos::Center)?;
    let (mut low, mut high, mut right) = (f64::MAX, f64::MIN, 0.0_f64);
    for point in points {
        (low, high) = (low.min(point.whole_rate), high.max(point.whole_rate));
        right = right.max(point.wrong_rate);
    }
    let (low, high) = if points.is_empty() { (0.0, 1.0) } else { (low, high) };
    let margin = if high > low { 0.1 * (high - low) } else { 0.05 };
    let (bottom, top) = ((low - margin).max(0.0), (high + margin).min(1.02));
    let right = if right > 0.0 { 1.1 * right } else { 0.1 };
    let mut chart = plot::chart(&body, 30).build_cartesian_2d(0.0..right, bottom..top)?;
    let mut mesh = chart.configure_mesh();
    plot::style_mesh(&mut mesh);
    mesh.x_label_formatter(&|x| tick(*x, right))
        .y_label_formatter(&|y| tick(*y, top - bottom))
        .x_desc("share of wrong spans")
        .y_desc("share of items hidden whole")
        .draw()?;
    for (i, window) in windows.iter().enumerate() {
        let colour = COLOURS[i];
        let of_window: Vec<&RedactionPoint> =
            points.iter().filter(|point| point.window == *window).collect();
        let line: Vec<(f64, f64)> = of_window.iter().map(|p| place(p)).collect();
        if i.is_multiple_of(2) {
            chart.draw_series(LineSeries::new(line.clone(), colour.stroke_width(2)))?;
            chart.draw_series(line.iter().map(|&at| Circle::new(at, 5, colour.filled())))?;
        } else {
            chart.draw_series(DashedLineSeries::new(line.clone(), 6, 4, colour.stroke_width(2)))?;
            chart
                .draw_series(line.iter().map(|&at| TriangleMarker::new(at, 6, colour.filled())))?;
        }
        for point in of_window {
            let (x, y) = chart.backend_coord(&place(point));
            let name = tick(f64::from(point.recall_bias), 1.0);
            plot::coloured_text(root, &name, (x + 8, y + 12), 13, HPos::Left, colour)?;
        }
        legend(&head, i, &window_name(*window))?;
    }
    if let Some(point) = chosen {
        chart.draw_series([Circle::new(place(point), 10, BLACK.stroke_width(2))])?;
    }
    Ok(())
}

fn place(point: &RedactionPoint) -> (f64, f64) {
    (point.wrong_rate, point.whole_rate)
}

fn window_name(window: Option<usize>) -> String {
    window.map_or_else(|| "full window".to_owned(), |window| format!("window {window}"))
}

fn legend(head: &Area<'_>, index: usize, name: &str) -> DrawResult {
    let (x, y) = (80 + 160 * i32::try_from(index)?, 56);
    let (colour, line) = (COLOURS[index], [(x, y), (x + 34, y)]);
    if index.is_multiple_of(2) {
        head.draw(&PathElement::new(line, colour.stroke_width(2)))?;
        head.draw(&Circle::new((x + 17, y), 5, colour.filled()))?;
    } else {
        head.draw(&DashedPathElement::new(line, 6, 4, colour.stroke_width(2)))?;
        head.draw(&TriangleMarker::new((x + 17, y), 6, colour.filled()))?;
    }
    plot::text(head, name, (x + 42, y), 15, HPos::Left)
}

#[cfg(test)]
mod tests {
    use cloze_metrics::redaction::RedactionReport;

    use super::*;

    fn point(window: Option<usize>, bias: f32, wrong_rate: f64, whole_rate: f64) -> RedactionPoint {
        let point = RedactionPoint::new(window, bias, &RedactionReport::default());
        RedactionPoint { wrong_rate, whole_rate, ..point }
    }

    #[test]
    fn each_window_has_a_line_and_each_strength_a_name() {
        let points = [
            point(None, 0.0, 0.01, 0.7),
            point(None, 1.5, 0.04, 0.8),
            point(Some(64), 0.0, 0.02, 0.75),
        ];
        let svg = plot_sweep("pii", &points, Some(1)).unwrap();
        for part in ["<title>pii</title>", "full window", "window 64", "1.5", "wrong spans"] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        let many: Vec<_> = (1..=6).map(|window| point(Some(window), 0.0, 0.0, 0.0)).collect();
        assert!(matches!(plot_sweep("pii", &many, None), Err(ReportError::Plot { .. })));
        assert!(plot_sweep("pii", &[], None).is_ok());
    }
}
