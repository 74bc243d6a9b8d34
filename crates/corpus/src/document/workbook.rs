//! A workbook of Excel → its cells: a row is a line, with bars between cells.
use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};

use super::archive::Archive;
use super::text::{Document, Limits, Writer};
use super::xml::{Node, Nodes};
use crate::NotReadReason;

/// Elements that have the place of a cell, or of several.
const PLACED: [&str; 6] = ["row", "c", "dimension", "mergeCell", "table", "f"];

/// Reads a workbook. Empty cells take no place.
pub(crate) fn read(raw: Vec<u8>, limits: Limits) -> Result<Document, NotReadReason> {
    let mut archive = Archive::open(raw, limits)?;
    check_places(&mut archive)?;
    let mut writer = Writer::new(limits);
    let raw = archive.into_raw();
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(raw.as_slice())).map_err(damaged)?;
    for sheet in workbook.sheet_names() {
        writer.end_paragraph()?;
        match workbook.worksheet_cells_reader(&sheet) {
            Ok(mut cells) => {
                let mut row = None;
                while let Some(cell) = cells.next_cell().map_err(damaged)? {
                    let Some(text) = shown(cell.get_value()) else { continue };
                    let (line, column) = cell.get_position();
                    if row != Some(line) {
                        if row.replace(line).is_some() {
                            writer.end_row()?;
                        }
                        writer.begin_row()?;
                    }
                    writer.begin_cell();
                    writer.begin(format!("{sheet}!{}{}", letters(column), u64::from(line) + 1));
                    writer.push(&text)?;
                }
                if row.is_some() {
                    writer.end_row()?;
                }
            }
            Err(XlsxError::NotAWorksheet(kind)) => {
                writer.unread(format!("sheet {sheet:?}"), NotReadReason::Damaged(kind));
            }
            Err(error) => return Err(damaged(error)),
        }
    }
    drop(workbook);
    write_beside(&mut Archive::open(raw, limits)?, &mut writer)?;
    Ok(writer.finish())
}

/// Unpacks every part, which sets the limit that the reader of workbooks lacks, and reads the places
/// of cells in it: that reader multiplies them without looking.
fn check_places(archive: &mut Archive) -> Result<(), NotReadReason> {
    for name in archive.names() {
        let ending = name.rsplit('.').next().unwrap_or_default();
        if !matches!(ending, "xml" | "rels" | "vml") {
            continue;
        }
        let Some(xml) = archive.xml(&name)? else { continue };
        if ending != "xml" || !name.starts_with("xl/") {
            continue;
        }
        let mut nodes = Nodes::new(&xml, &name);
        while let Some(node) = nodes.next()? {
            let Node::Start(element) = node else { continue };
            if !PLACED.contains(&element.name.as_str()) {
                continue;
            }
            let places = ["r", "ref"].into_iter().filter_map(|key| element.attribute(key));
            if let Some(place) = places.into_iter().find(|place| !is_place(place)) {
                let place: String = place.chars().take(40).collect();
                return Err(NotReadReason::Damaged(format!("{name}: cell {place:?}")));
            }
        }
    }
    Ok(())
}

/// Whether letters and digits in a row are as many as `XFD1048576` has at most.
fn is_place(place: &str) -> bool {
    let runs = |is_one: fn(&char) -> bool, most: usize| {
        place.split(|c| !is_one(&c)).all(|run| run.len() <= most)
    };
    runs(char::is_ascii_alphabetic, 3) && runs(char::is_ascii_digit, 7)
}

/// Writes the comments on cells, and counts what else there is.
fn write_beside(archive: &mut Archive, writer: &mut Writer) -> Result<(), NotReadReason> {
    for name in archive.names() {
        let file = name.strip_prefix("xl/").unwrap_or_default();
        let is_comments = file.starts_with("comments") || file.starts_with("threadedComments/");
        if is_comments && let Some(xml) = archive.xml(&name)? {
            comments(&xml, &name, writer)?;
        }
        if file.starts_with("embeddings/") && !name.ends_with('/') {
            writer.unread(name.clone(), NotReadReason::Attached);
        }
    }
    let counts = [
        ("picture", "xl/media/"),
        ("chart", "xl/charts/chart"),
        ("drawing", "xl/drawings/drawing"),
    ];
    for (kind, beginning) in counts {
        writer.document.leave_out(kind, archive.count(beginning));
    }
    Ok(())
}

/// Writes each comment as a line, in a part with the name of its cell.
fn comments(xml: &str, name: &str, writer: &mut Writer) -> Result<(), NotReadReason> {
    let mut nodes = Nodes::new(xml, name);
    let mut shown = 0_u32;
    writer.end_paragraph()?;
    while let Some(node) = nodes.next()? {
        match node {
            Node::Start(element) => match element.name.as_str() {
                "comment" | "threadedComment" => {
                    writer.end_line()?;
                    let cell = element.attribute("ref").unwrap_or_default();
                    writer.begin(format!("comment on {cell}"));
                }
                "t" | "text" => shown += 1,
                _ => {}
            },
            Node::End(element) => {
                if matches!(element.as_str(), "t" | "text") {
                    shown = shown.saturating_sub(1);
                }
            }
            Node::Text(text) if shown > 0 && !text.trim().is_empty() => writer.push(&text)?,
            Node::Text(_) => {}
        }
    }
    Ok(())
}

fn damaged(error: XlsxError) -> NotReadReason {
    match error {
        XlsxError::Password => NotReadReason::Encrypted,
        error => NotReadReason::Damaged(error.to_string()),
    }
}

/// A cell as text: numbers as they are kept, dates as ISO 8601 has them. `None` for an empty one.
fn shown(cell: &DataRef<'_>) -> Option<String> {
    Some(match cell {
        DataRef::Empty => return None,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(time) => time_shown(time),
        DataRef::Error(error) => error.to_string(),
    })
    .filter(|text| !text.is_empty())
}

fn time_shown(time: &ExcelDateTime) -> String {
    let value = time.as_f64();
    // Days since 1900; beyond the year 9999 it is a number.
    if !time.is_datetime() || !(0.0..2_958_466.0).contains(&value) {
        return value.to_string();
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    match (value < 1.0, value.fract() == 0.0) {
        (true, false) => clock,
        (_, true) => date,
        (false, false) => format!("{date} {clock}"),
    }
}

/// Letters of a column: `A` for 0, `AA` for 26.
fn letters(column: u32) -> String {
    let mut letters = vec![];
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}
