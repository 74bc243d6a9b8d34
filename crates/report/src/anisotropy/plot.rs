//! Plot of the report by layer. Before and after differ in shape, not in colour alone: circles on a
//! solid line, triangles on a dashed one.
use cloze_embed::anisotropy::Report as Anisotropy;
use cloze_embed::anisotropy::layers::LayerAnisotropy;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::AnisotropyReport;
use crate::ReportError;
use crate::plot::{self, Area, BLUE as BEFORE, DrawResult, FONT, VERMILION as AFTER, tick};

const SIZE: (u32, u32) = (900, 700);
/// Height above the panels, for the title and the legend.
const HEAD: u32 = 78;

/// A value of a hidden state, with its interval if it has one.
struct Point {
    layer: i32,
    value: f64,
    interval: Option<(f64, f64)>,
}

/// A line of a panel.
struct Series {
    after: bool,
    points: Vec<Point>,
}

/// Draws the plot.
pub(super) fn draw(report: &AnisotropyReport) -> Result<String, ReportError> {
    plot::svg(SIZE, &report.title(), |root| panels(report, root))
}

fn panels(report: &AnisotropyReport, root: &Area<'_>) -> DrawResult {
    let (head, body) = root.split_vertically(HEAD);
    let middle = i32::try_from(SIZE.0 / 2)?;
    let centred = |size: i32| {
        use plotters::style::text_anchor::{HPos, Pos, VPos};
        (FONT, size).into_text_style(&head).pos(Pos::new(HPos::Center, VPos::Top))
    };
    head.draw(&Text::new(report.title(), (middle, 10), centred(25)))?;
    head.draw(&Text::new(report.subject(), (middle, 34), centred(17)))?;
    legend(report, &head)?;

    let (above, below) = body.split_vertically((SIZE.1 - HEAD) / 2);
    let cosine = |a: &Anisotropy| Some((a.mean_cosine, Some(a.interval)));
    let iso = |a: &Anisotropy| a.iso_score.map(|score| (score, None));
    panel(report, &above, "mean cosine of pairs", &series(report, cosine))?;
    panel(report, &below, "IsoScore", &series(report, iso))
}

fn series(
    report: &AnisotropyReport,
    value: impl Fn(&Anisotropy) -> Option<(f64, Option<(f64, f64)>)>,
) -> Vec<Series> {
    let point = |layer: usize, measured: &Anisotropy| {
        let (value, interval) = value(measured)?;
        Some(Point { layer: i32::try_from(layer).ok()?, value, interval })
    };
    let before = report.layers.iter().filter_map(|l| point(l.layer, &l.before)).collect();
    let after = report.layers.iter().filter_map(|l| point(l.layer, l.after.as_ref()?)).collect();
    [(false, before), (true, after)].map(|(after, points)| Series { after, points }).into()
}

fn legend(report: &AnisotropyReport, head: &Area<'_>) -> DrawResult {
    let y = 66;
    let bars = "bars: 95 % interval of the mean";
    let text = |text: &str, x: i32| {
        use plotters::style::text_anchor::{HPos, Pos, VPos};
        let style = (FONT, 17).into_text_style(head).pos(Pos::new(HPos::Left, VPos::Center));
        Text::new(text.to_owned(), (x, y), style)
    };
    let Some(correction) = &report.correction else {
        head.draw(&text(bars, 345))?;
        return Ok(());
    };
    head.draw(&PathElement::new([(75, y), (115, y)], BEFORE.stroke_width(2)))?;
    head.draw(&Circle::new((95, y), 5, BEFORE.filled()))?;
    head.draw(&text("before", 122))?;
    head.draw(&DashedPathElement::new([(200, y), (240, y)], 6, 4, AFTER.stroke_width(2)))?;
    head.draw(&TriangleMarker::new((220, y), 7, AFTER.filled()))?;
    let after = format!("after: {}, fitted on this sample", correction.method.name());
    head.draw(&text(&after, 247))?;
    head.draw(&text(bars, 630))?;
    Ok(())
}

fn panel(report: &AnisotropyReport, area: &Area<'_>, what: &str, series: &[Series]) -> DrawResult {
    let layer = |l: Option<&LayerAnisotropy>| i32::try_from(l.map_or(0, |l| l.layer));
    let (first, last) = (layer(report.layers.first())?, layer(report.layers.last())?);
    let points = || series.iter().flat_map(|s| &s.points);
    let lows = points().map(|p| p.interval.map_or(p.value, |(low, _)| low));
    let highs = points().map(|p| p.interval.map_or(p.value, |(_, high)| high));
    // 0 is always in sight: it is where isotropy is, or its opposite.
    let (low, high) = (lows.fold(0.0, f64::min), highs.fold(0.0, f64::max));
    let room = if high > low { 0.06 * (high - low) } else { 0.5 };
    let low = if low < 0.0 { low - room } else { low };
    let mut chart = ChartBuilder::on(area)
        .margin_right(25)
        .margin_left(16)
        .margin_top(12)
        .x_label_area_size(48)
        .y_label_area_size(72)
        .build_cartesian_2d(first - 1..last + 1, low..high + room)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.15))
        .label_style((FONT, 16))
        .axis_desc_style((FONT, 18))
        .x_labels(30)
        .y_labels(7)
        .x_label_formatter(&|x| match x {
            x if (first..=last).contains(x) => x.to_string(),
            _ => String::new(), // beside the outer layers there are none
        })
        .y_label_formatter(&|y| tick(*y, high - low))
        .x_desc("layer (0: embeddings)")
        .y_desc(what)
        .draw()?;
    if low < 0.0 {
        let zero = [(first - 1, 0.0), (last + 1, 0.0)];
        chart.draw_series(LineSeries::new(zero, BLACK.mix(0.5)))?;
    }
    for Series { after, points } in series {
        let color = if *after { AFTER } else { BEFORE };
        let line = points.iter().map(|p| (p.layer, p.value));
        if *after {
            chart.draw_series(DashedLineSeries::new(line.clone(), 6, 4, color.stroke_width(2)))?;
        } else {
            chart.draw_series(LineSeries::new(line.clone(), color.stroke_width(2)))?;
        }
        for p in points {
            if let Some((low, high)) = p.interval {
                let bar =
                    PathElement::new([(p.layer, low), (p.layer, high)], color.stroke_width(1));
                chart.draw_series([bar])?;
                let cap = |y| {
                    EmptyElement::at((p.layer, y))
                        + PathElement::new([(-5, 0), (5, 0)], color.stroke_width(1))
                };
                chart.draw_series([cap(low), cap(high)])?;
            }
        }
        if *after {
            let marks = line.map(|point| TriangleMarker::new(point, 7, color.filled()));
            chart.draw_series(marks)?;
        } else {
            chart.draw_series(line.map(|point| Circle::new(point, 5, color.filled())))?;
        }
    }
    if points().next().is_none() {
        let (x, y) = (first.midpoint(last), high.midpoint(low));
        chart.draw_series([Text::new("not defined in any layer", (x, y), (FONT, 18))])?;
    }
    Ok(())
}
