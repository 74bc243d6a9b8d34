//! Parts of plots: SVG with a description, the font, colours.
use html_escape::encode_text;
use plotters::chart::MeshStyle;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::ReportError;
use crate::text::one_line;
use crate::text::visible;

/// Drawing area of a plot.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Result of drawing: errors of plotters have many types.
pub type DrawResult = Result<(), Box<dyn std::error::Error>>;

/// Font family of all text in plots.
pub const FONT: &str = "sans-serif";
/// Blue, which colour-blind readers distinguish from [`VERMILION`] (Okabe & Ito 2008).
pub const BLUE: RGBColor = RGBColor(0, 114, 178);
/// Vermilion, beside [`BLUE`].
pub const VERMILION: RGBColor = RGBColor(190, 75, 0);

/// Draws a plot on white, of this size in pixels, with a title for screen readers.
///
/// # Errors
/// [`ReportError::Plot`] if `draw` fails.
pub fn svg(
    size: (u32, u32),
    title: &str,
    draw: impl FnOnce(&Area<'_>) -> DrawResult,
) -> Result<String, ReportError> {
    let mut svg = canvas(size, draw)?;
    let title = characters(&visible(title));
    let offset = svg.find('>').map_or(0, |end| end + 1);
    svg.insert_str(offset, &format!("\n<title>{}</title>\n", encode_text(&title)));
    Ok(svg.replacen("<svg ", "<svg role=\"img\" ", 1))
}

/// Draws on white, `size` pixels, without a title.
///
/// # Errors
/// [`ReportError::Plot`] if `draw` fails.
pub fn canvas(
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> DrawResult,
) -> Result<String, ReportError> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)
            .map_err(Into::into)
            .and_then(|()| draw(&root))
            .map_err(|error| ReportError::Plot { what: error.to_string() })?;
    }
    Ok(svg)
}

/// Returns a chart in `area` with room for ticks and names at both axes, and `right` pixels beside it.
pub(crate) fn chart<'a, 'b>(
    area: &'a Area<'b>,
    right: u32,
) -> ChartBuilder<'a, 'a, SVGBackend<'b>> {
    let mut chart = ChartBuilder::on(area);
    chart.margin_left(12).margin_top(6).margin_right(right);
    chart.x_label_area_size(46).y_label_area_size(64);
    chart
}

/// Sets the style of a chart's lines, ticks and names.
pub(crate) fn style_mesh<X, Y>(mesh: &mut MeshStyle<'_, '_, X, Y, SVGBackend<'_>>)
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    mesh.light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.15))
        .label_style((FONT, 15))
        .axis_desc_style((FONT, 17));
}

/// One of two series, distinct without colour: the first a solid line with circles, the second a
/// dashed one with triangles.
#[derive(Clone, Copy)]
pub(crate) enum Series {
    First,
    Second,
}

impl Series {
    /// Returns the colour of the series.
    pub(crate) fn color(self) -> RGBColor {
        match self {
            Self::First => BLUE,
            Self::Second => VERMILION,
        }
    }

    /// Draws the series into a chart, with triangles of that size.
    pub(crate) fn draw<X, Y>(
        self,
        chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, Y>>,
        points: Vec<(f64, f64)>,
        triangle: i32,
    ) -> DrawResult
    where
        X: Ranged<ValueType = f64>,
        Y: Ranged<ValueType = f64>,
    {
        let color = self.color();
        let line = points.clone();
        match self {
            Self::First => {
                chart.draw_series(LineSeries::new(line, color.stroke_width(2)))?;
                let circle = |point| Circle::new(point, 5, color.filled());
                chart.draw_series(points.into_iter().map(circle))?;
            }
            Self::Second => {
                chart.draw_series(DashedLineSeries::new(line, 6, 4, color.stroke_width(2)))?;
                let triangle = |point| TriangleMarker::new(point, triangle, color.filled());
                chart.draw_series(points.into_iter().map(triangle))?;
            }
        }
        Ok(())
    }

    /// Draws the series' entry of a legend, which begins at a point.
    pub(crate) fn legend(self, area: &Area<'_>, x: i32, y: i32, name: &str) -> DrawResult {
        let (color, line) = (self.color(), [(x, y), (x + 40, y)]);
        match self {
            Self::First => {
                area.draw(&PathElement::new(line, color.stroke_width(2)))?;
                area.draw(&Circle::new((x + 20, y), 5, color.filled()))?;
            }
            Self::Second => {
                area.draw(&DashedPathElement::new(line, 6, 4, color.stroke_width(2)))?;
                area.draw(&TriangleMarker::new((x + 20, y), 7, color.filled()))?;
            }
        }
        text(area, name, (x + 48, y), 16, HPos::Left)
    }
}

/// Draws a line of black text, at a point of its left end, middle or right end.
///
/// # Errors
/// Errors of the drawing library.
pub fn text(
    area: &Area<'_>,
    text: &str,
    position: (i32, i32),
    size: i32,
    anchor: HPos,
) -> DrawResult {
    coloured_text(area, text, position, size, anchor, BLACK)
}

/// Draws a line of text in a colour, at a point of its left end, middle or right end.
///
/// # Errors
/// Errors of the drawing library.
pub fn coloured_text(
    area: &Area<'_>,
    text: &str,
    position: (i32, i32),
    size: i32,
    anchor: HPos,
    colour: RGBColor,
) -> DrawResult {
    let style =
        (FONT, size).into_text_style(area).color(&colour).pos(Pos::new(anchor, VPos::Center));
    Ok(area.draw(&Text::new(characters(text), position, style))?)
}

/// Shortens a text to the room of a label.
#[must_use]
pub fn label(text: &str, chars: usize) -> String {
    let line = one_line(text);
    let mut label: String = line.chars().take(chars).collect();
    if label.len() < line.len() {
        label.push('…');
    }
    characters(&label)
}

/// Replaces the characters that XML cannot hold, escaped or not.
fn characters(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// Formats a tick, `0.25`, `0`, with digits enough to distinguish neighbours.
#[must_use]
pub fn tick(value: f64, range: f64) -> String {
    let digits = if range < 0.01 { 6 } else { 4 };
    let text = format!("{value:.digits$}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".into(),
        text => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_such_as_xml_can_hold() {
        let draw = |root: &Area<'_>| text(root, "a<b\u{ffff}", (5, 5), 12, HPos::Left);
        let svg = svg((10, 10), "c & d\u{fffe}\u{1}", draw).unwrap();
        assert!(svg.starts_with("<svg role=\"img\" ") && svg.contains("a&lt;b\u{fffd}"), "{svg}");
        assert!(svg.contains("\n<title>c &amp; d\u{fffd}\\u{1}</title>\n"), "{svg}");
    }

    #[test]
    fn a_label_is_the_beginning_in_one_line() {
        let texts = [("αβγ", 3), ("αβγδ", 3), ("a\nb", 9), ("\u{fffe}", 1), ("", 0)];
        let labels = texts.map(|(text, chars)| label(text, chars));
        assert_eq!(labels, ["αβγ", "αβγ…", "a\\nb", "\u{fffd}", ""]);
    }

    #[test]
    fn ticks_have_no_more_digits_than_they_need() {
        let cases = [(0.25, 1.0), (0.0, 1.0), (-0.0, 1.0), (10.0, 1.0), (0.001_25, 0.001)];
        assert_eq!(cases.map(|(y, range)| tick(y, range)), ["0.25", "0", "0", "10", "0.00125"]);
    }
}
