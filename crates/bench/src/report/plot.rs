//! `bench.svg`: a panel a workload, a bar a system and number of threads, with its least and its greatest.
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::table::spread;
use super::{Described, Figure, Report};
use crate::stats::Spread;
use cloze_report::plot::{Area, BLUE, DrawResult, VERMILION, coloured_text, svg, text};

const WIDTH: u32 = 960;
/// Above the panels: title and machine.
const HEAD: i32 = 88;
const PANEL_HEAD: i32 = 34;
const BAR: i32 = 15;
const GAP: i32 = 8;
/// Left edge of the bars.
const NAMES: i32 = 270;
const LONGEST: i32 = 380;

/// A bar: texts or words a second, or of queries the milliseconds of half of them.
struct Bar<'a> {
    system: &'a str,
    threads: usize,
    middle: f64,
    reach: (f64, f64),
    told: String,
}

struct Panel<'a> {
    title: String,
    bars: Vec<Bar<'a>>,
}

/// Draws the plot.
///
/// # Errors
/// If plotters fails.
pub(crate) fn draw(report: &Report) -> anyhow::Result<String> {
    let panels: Vec<Panel<'_>> =
        report.workloads.iter().map(|workload| panel(report, workload)).collect();
    let height: i32 = HEAD + panels.iter().map(Panel::height).sum::<i32>();
    let title = "cloze and its peers, the same texts in turns";
    Ok(svg((WIDTH, u32::try_from(height)?), title, |area| {
        let middle = i32::try_from(WIDTH / 2)?;
        text(area, title, (middle, 18), 22, HPos::Center)?;
        let machine = format!("{}, {}", report.machine.describe(), report.measured_at);
        text(area, &machine, (middle, 40), 14, HPos::Center)?;
        let what = "bars are medians, lines reach from the least to the greatest; 1×, 2×: threads; \
                    %: of the rate of a matrix product";
        text(area, what, (middle, 58), 14, HPos::Center)?;
        if report.disturbed {
            let what = "DISTURBED: the machine was busy, not to be quoted";
            coloured_text(area, what, (middle, 76), 14, HPos::Center, VERMILION)?;
        }
        let mut top = HEAD;
        for panel in &panels {
            panel.draw(area, top)?;
            top += panel.height();
        }
        Ok(())
    })?)
}

fn panel<'a>(report: &'a Report, workload: &Described) -> Panel<'a> {
    let figures: Vec<&Figure> =
        report.figures.iter().filter(|f| f.workload == workload.name).collect();
    // Bars of a system stand together.
    let of = |&system: &&'static str| figures.iter().filter(move |f| f.system == system);
    let unit = match workload.name {
        "queries" => "milliseconds a text, half and 95 of 100 at most: less is better",
        "tag" => "words/s",
        _ => "texts/s",
    };
    let systems: Vec<&'static str> =
        figures.iter().map(|f| f.system).fold(vec![], |mut names, name| {
            if !names.contains(&name) {
                names.push(name);
            }
            names
        });
    let bars = systems.iter().flat_map(of).map(|figure| bar(figure)).collect();
    let Described { name, texts, what, .. } = workload;
    Panel { title: format!("{name}: {texts} {what}; {unit}"), bars }
}

fn bar(figure: &Figure) -> Bar<'_> {
    let Figure { system, threads, .. } = figure;
    if let Some([p50, p95, _]) = figure.latency {
        let (middle, reach) = (1e3 * p50, (1e3 * p50, 1e3 * p95));
        let told = format!("{middle:.2} (95 %: {:.2})", reach.1);
        return Bar { system, threads: *threads, middle, reach, told };
    }
    let rate: Spread = if figure.workload == "tag" { figure.words } else { figure.texts };
    let share = figure.share.map_or(String::new(), |s| format!(", {:.0} %", 100.0 * s));
    let told = format!("{}{share}", spread(rate).trim_start());
    Bar { system, threads: *threads, middle: rate.median, reach: (rate.min, rate.max), told }
}

impl Panel<'_> {
    fn height(&self) -> i32 {
        let bars = i32::try_from(self.bars.len()).unwrap_or(i32::MAX / 1000);
        let systems = self.bars.chunk_by(|a, b| a.system == b.system).count();
        PANEL_HEAD + bars * BAR + i32::try_from(systems).unwrap_or(i32::MAX / 1000) * GAP + 10
    }

    fn draw(&self, area: &Area<'_>, top: i32) -> DrawResult {
        text(area, &self.title, (12, top + PANEL_HEAD / 2), 16, HPos::Left)?;
        let most = self.bars.iter().map(|bar| bar.reach.1).fold(f64::MIN_POSITIVE, f64::max);
        #[expect(clippy::cast_possible_truncation, reason = "0 to the longest")]
        let long =
            |value: f64| (f64::from(LONGEST) * (value / most).clamp(0.0, 1.0)).round() as i32;
        let mut y = top + PANEL_HEAD;
        for bars in self.bars.chunk_by(|a, b| a.system == b.system) {
            let middle = y + BAR * i32::try_from(bars.len())? / 2;
            text(area, bars[0].system, (NAMES - 30, middle), 14, HPos::Right)?;
            for bar in bars {
                let centre = y + BAR / 2;
                let colour = if bar.threads == 1 { BLUE } else { VERMILION };
                let threads = format!("{}×", bar.threads);
                text(area, &threads, (NAMES - 6, centre), 12, HPos::Right)?;
                let corners = [(NAMES, y + 1), (NAMES + long(bar.middle), y + BAR - 1)];
                area.draw(&Rectangle::new(corners, colour.mix(0.75).filled()))?;
                let [from, to] = [bar.reach.0, bar.reach.1].map(|x| NAMES + long(x));
                area.draw(&PathElement::new(
                    [(from, centre), (to, centre)],
                    BLACK.stroke_width(1),
                ))?;
                for x in [from, to] {
                    area.draw(&PathElement::new([(x, centre - 3), (x, centre + 3)], BLACK))?;
                }
                text(area, &bar.told, (to.max(corners[1].0) + 8, centre), 12, HPos::Left)?;
                y += BAR;
            }
            y += GAP;
        }
        Ok(())
    }
}
