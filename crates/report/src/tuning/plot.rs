//! Plot of a figure over the steps.
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::ReportError;
use crate::plot::{Area, BLUE, DrawResult, FONT, VERMILION, svg, tick};

const SIZE: (u32, u32) = (900, 360);
/// Most points with a mark each.
const MARKED: usize = 60;
/// Top of a plot, in multiples of the median: otherwise all other points would lie on the axis.
const OVER_MEDIAN: f64 = 1e3;
/// Largest value of the top: plotters never finishes the ticks of numbers near 1e300.
const HIGHEST: f64 = 1e6;
const LOWEST_TOP: f64 = 1e-9;

/// Steps with the figure at each.
pub(super) type Points = [(u64, f64)];

/// Draws lines over the steps, each with its name, the second one dashed; values that are not numbers are
/// left out, and values far above all others are drawn at the upper edge. A vertical line marks the step
/// of the best score.
pub(super) fn draw(
    title: &str,
    lines: &[(&str, &Points)],
    best: Option<u64>,
) -> Result<String, ReportError> {
    let range = Range::of(lines);
    let lines: Vec<(&str, Vec<(u64, f64)>)> = lines
        .iter()
        .filter(|(_, points)| points.iter().any(|(_, y)| y.is_finite()))
        .map(|(name, points)| (*name, range.clamped(points)))
        .collect();
    svg(SIZE, title, |area| chart(area, &lines, &range, best))
}

/// Returns the number of points above the top of the plot, and the highest.
pub(super) fn beyond(lines: &[(&str, &Points)]) -> Option<(usize, f64)> {
    let range = Range::of(lines);
    let above: Vec<f64> = finite(lines).filter(|y| *y > range.high).collect();
    let highest = above.iter().copied().reduce(f64::max)?;
    Some((above.len(), highest))
}

/// Ranges of the axes.
struct Range {
    last: u64,
    low: f64,
    high: f64,
}

impl Range {
    fn of(lines: &[(&str, &Points)]) -> Self {
        let mut values: Vec<f64> = finite(lines).collect();
        values.sort_unstable_by(f64::total_cmp);
        let (lowest, highest) = (values.first().copied(), values.last().copied());
        let median = values.get(values.len() / 2).copied().unwrap_or(0.0);
        let most = if median > 0.0 { (OVER_MEDIAN * median).min(HIGHEST) } else { HIGHEST };
        let last = lines.iter().flat_map(|(_, points)| *points).map(|(step, _)| *step).max();
        Self {
            last: last.unwrap_or(1).max(1),
            low: lowest.unwrap_or(0.0).clamp(-HIGHEST, 0.0),
            high: highest.unwrap_or(1.0).min(most).max(LOWEST_TOP),
        }
    }

    fn clamped(&self, points: &Points) -> Vec<(u64, f64)> {
        let points = points.iter().filter(|(_, y)| y.is_finite());
        points.map(|&(step, y)| (step, y.clamp(self.low, self.high))).collect()
    }
}

fn finite<'a>(lines: &'a [(&str, &Points)]) -> impl Iterator<Item = f64> + 'a {
    lines.iter().flat_map(|(_, points)| *points).map(|(_, y)| *y).filter(|y| y.is_finite())
}

fn chart(
    area: &Area<'_>,
    lines: &[(&str, Vec<(u64, f64)>)],
    range: &Range,
    best: Option<u64>,
) -> DrawResult {
    let Range { last, low, high } = *range;
    let (margin, height) = (0.05 * (high - low), high - low);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0..last, low..high + margin)?;
    chart
        .configure_mesh()
        .x_desc("step")
        .y_labels(6)
        .y_label_formatter(&|y| number(*y, height))
        .label_style((FONT, 13))
        .light_line_style(TRANSPARENT)
        .draw()?;
    if let Some(best) = best.filter(|best| *best <= last) {
        let line = [(best, low), (best, high + margin)];
        chart.draw_series([DashedPathElement::new(line, 3, 3, BLACK.mix(0.6))])?;
        // On the side where there is room.
        let side = if 2 * best > last { HPos::Right } else { HPos::Left };
        let style = (FONT, 13).into_text_style(area).pos(Pos::new(side, VPos::Top));
        let text = format!(" best: step {best} ");
        chart.draw_series([Text::new(text, (best, high + margin), style)])?;
    }
    for (i, (name, points)) in lines.iter().enumerate() {
        let color = if i == 0 { BLUE } else { VERMILION };
        let style = color.stroke_width(2);
        let drawn = points.iter().copied();
        if i == 0 {
            chart
                .draw_series(LineSeries::new(drawn, style))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
        } else {
            chart
                .draw_series(DashedLineSeries::new(drawn, 6, 4, style))?
                .label(*name)
                .legend(move |(x, y)| DashedPathElement::new([(x, y), (x + 16, y)], 6, 4, style));
        }
        if points.len() <= MARKED {
            let marks = points.iter().map(|point| Circle::new(*point, 3, color.filled()));
            chart.draw_series(marks)?;
        }
    }
    if !lines.is_empty() {
        let labels = &mut chart.configure_series_labels();
        labels.label_font((FONT, 13)).background_style(WHITE.mix(0.8)).draw()?;
    }
    Ok(())
}

/// Formats a loss for a table: four digits, or an exponent where four digits are not enough.
pub(super) fn shown(y: f64) -> String {
    if y != 0.0 && !(1e-4..HIGHEST).contains(&y.abs()) {
        format!("{y:.3e}")
    } else {
        format!("{y:.4}")
    }
}

/// Formats a number for an axis of this height.
fn number(y: f64, height: f64) -> String {
    if height < 1e-3 && y != 0.0 { format!("{y:.1e}") } else { tick(y, height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A loss of 1e300 among losses near 1: the plot reaches to the others' height.
    #[test]
    fn a_loss_beyond_all_measure_is_drawn_at_the_edge() {
        for points in [
            vec![(1, 0.5), (2, 1e300), (3, 0.25), (4, 0.125)],
            vec![(1, f64::MAX), (2, f64::MAX), (3, 1e300)],
            vec![(1, -f64::MAX), (2, f64::NAN), (3, f64::INFINITY)],
            vec![(1, 0.0), (2, 5e-324)],
            vec![],
        ] {
            let svg = draw("loss", &[("of a step", &points), ("held out", &[])], Some(2)).unwrap();
            assert!(svg.contains("<title>loss</title>") && !svg.contains("NaN"), "{svg}");
        }
        let points = [(1, 0.5), (2, 1e300), (3, 0.25), (4, 0.125)];
        // The median of 0.125, 0.25, 0.5 and 1e300, the upper of the two in the middle, is 0.5.
        assert!((Range::of(&[("", &points)]).high - 500.0).abs() < 1e-9);
        assert_eq!(beyond(&[("", &points)]), Some((1, 1e300)));
        assert_eq!(beyond(&[("", &points[..1])]), None);
    }

    #[test]
    fn the_best_step_is_marked_and_lines_are_told_apart() {
        let (first, second) = ([(1, 0.5), (2, 0.25)], [(2, 0.5)]);
        let svg = draw("t", &[("one", &first), ("other", &second)], Some(2)).unwrap();
        for text in ["best: step 2", "one", "other", "<circle"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        let without = draw("t", &[("one", &first)], None).unwrap();
        assert!(!without.contains("best"), "{without}");
    }

    #[test]
    fn small_numbers_have_exponents() {
        let cases = [(0.5, 1.0), (0.0, 1e-4), (2.5e-5, 1e-4)];
        assert_eq!(cases.map(|(y, height)| number(y, height)), ["0.5", "0", "2.5e-5"]);
    }
}
