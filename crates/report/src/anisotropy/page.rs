//! HTML page of the report, which needs no other file: the plot, and a table with every number.
use std::io::{self, Write};

use cloze_embed::anisotropy::Report as Anisotropy;

use super::table::{rows, shares, signed};
use super::{AnisotropyReport, no_shares};
use crate::page;

pub(super) fn write(report: &AnisotropyReport, plot: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "{}<p>{}.</p>\n{plot}\n",
        page::head(&report.title(), ""),
        page::text(&report.subject())
    )?;
    if !report.notes.is_empty() {
        writeln!(out, "<ul>")?;
        for note in &report.notes {
            writeln!(out, "<li>{}</li>", page::text(note))?;
        }
        writeln!(out, "</ul>")?;
    }
    write!(
        out,
        "<div class=\"table\">\n<table>\n<thead><tr><th>layer</th><th></th><th>mean cosine</th>\
         <th>95&nbsp;% interval</th><th>IsoScore</th><th>largest shares of dimensions in the mean \
         cosine</th><th>variance in the first components, together</th></tr></thead>\n"
    )?;
    for layer in &report.layers {
        let rows = rows(report, layer);
        write!(out, "<tbody>\n<tr><th rowspan=\"{}\">{}</th>", rows.len(), layer.layer)?;
        for (i, (name, measured)) in rows.into_iter().enumerate() {
            if i > 0 {
                write!(out, "<tr>")?;
            }
            match measured {
                Some(measured) => row(name, measured, out)?,
                None => write!(out, "<td>{name}</td><td colspan=\"5\" class=\"list\">none</td>")?,
            }
            writeln!(out, "</tr>")?;
        }
        writeln!(out, "</tbody>")?;
    }
    write!(out, "</table>\n</div>\n</body>\n</html>\n")
}

fn row(name: &str, measured: &Anisotropy, out: &mut dyn Write) -> io::Result<()> {
    let (from, to) = measured.interval;
    let shares = if no_shares(measured) { vec![] } else { shares(measured) };
    let shares = if shares.is_empty() { "none".into() } else { shares.join(", ") };
    let explained: Vec<String> =
        measured.explained.iter().map(|share| format!("{:.1}", 100.0 * share)).collect();
    let explained =
        if explained.is_empty() { "none".into() } else { format!("{} %", explained.join(", ")) };
    write!(
        out,
        "<td>{name}</td><td>{}</td><td>{} to {}</td><td>{}</td><td class=\"list\">{shares}</td>\
         <td class=\"list\">{explained}</td>",
        signed(measured.mean_cosine),
        signed(from),
        signed(to),
        measured.iso_score.map_or("none".into(), |score| format!("{score:.4}")),
    )
}
