//! What losses and scores did over the steps, drawn.
use plotters::prelude::*;

use crate::plot::{BLUE, FONT, VERMILION, svg};

/// Lines over the steps, each by its name; what is no number is left out.
pub(super) fn plot(title: &str, lines: &[(&str, &[(u64, f64)])]) -> anyhow::Result<String> {
    let points = || lines.iter().flat_map(|(_, points)| *points).filter(|(_, y)| y.is_finite());
    let last = points().map(|(step, _)| *step).max().unwrap_or(1).max(1);
    let top = points().map(|(_, y)| *y).fold(0.0, f64::max).max(1e-9);
    svg((900, 360), title, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(56)
            .build_cartesian_2d(0..last, 0.0..top * 1.05)?;
        let mesh = &mut chart.configure_mesh();
        mesh.x_desc("step").label_style((FONT, 13)).light_line_style(TRANSPARENT).draw()?;
        for ((name, points), color) in lines.iter().zip([BLUE, VERMILION]) {
            let points = points.iter().copied().filter(|(_, y)| y.is_finite());
            chart.draw_series(LineSeries::new(points, color.stroke_width(2)))?.label(*name).legend(
                move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)),
            );
        }
        let labels = &mut chart.configure_series_labels();
        labels.label_font((FONT, 13)).background_style(WHITE.mix(0.8)).draw()?;
        Ok(())
    })
}
