//! What both plots share: SVG that also says what it shows, the font, colours; as the plots of `cloze`.
use anyhow::anyhow;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What drawing comes to: errors of plotters have many types.
pub(super) type Drawn = Result<(), Box<dyn std::error::Error>>;

pub(super) const FONT: &str = "sans-serif";
/// Blue and vermilion: told apart by the colour-blind, too (Okabe & Ito 2008).
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const VERMILION: RGBColor = RGBColor(190, 75, 0);

/// A plot on white, of so many pixels, with a title for readers that cannot see it.
pub(super) fn svg(
    size: (u32, u32),
    title: &str,
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)
            .map_err(Into::into)
            .and_then(|()| draw(&root))
            .map_err(|error| anyhow!("the plot cannot be drawn: {error}"))?;
    }
    // Of our own words and numbers, so that there is nothing to escape but this.
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    let at = svg.find('>').map_or(0, |end| end + 1);
    svg.insert_str(at, &format!("\n<title>{title}</title>\n"));
    Ok(svg.replacen("<svg ", "<svg role=\"img\" ", 1))
}

/// A line of text, at a point of its left end, middle or right end.
pub(super) fn text(
    area: &Area<'_>,
    text: &str,
    place: (i32, i32),
    size: i32,
    at: HPos,
    colour: RGBColor,
) -> Drawn {
    let style = (FONT, size).into_text_style(area).color(&colour).pos(Pos::new(at, VPos::Center));
    Ok(area.draw(&Text::new(text.to_owned(), place, style))?)
}
