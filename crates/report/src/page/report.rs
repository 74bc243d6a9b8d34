//! Parts of the pages of trained models: style, sections, data and settings as tables.
use serde_json::{Map, Value};

use super::table::{Numbers, Words, long, name, number, row, table, words};
use super::text;
use crate::DataFile;

/// Style of these pages, besides that of every page.
pub const STYLE: &str = "\
h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; border-bottom: 1px solid GrayText; }
p, li { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem .8rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { background: #fff; border-radius: .4rem; min-width: 36rem; }
.table { margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding-bottom: .2rem; }
th.list { text-align: left; }
.averages th { font-weight: 400; font-style: italic; }
th[colspan] { text-align: center; }
th bdi, td bdi { display: inline-block; width: max-content; max-width: 18rem;
                 overflow-wrap: break-word; }
td.long bdi { max-width: 41rem; }
td.text { text-align: start; min-width: 16rem; max-width: 45rem; white-space: pre-line;
          overflow-wrap: anywhere; }
td.text hr { border: 0; border-top: 1px dotted GrayText; margin: .2rem 0; }
.doubts tbody tr + tr { border-top: 1px dotted GrayText; }
.matrix tbody td { min-width: 2rem; background: rgb(0 114 178 / calc(var(--share) * .5));
                   border: 1px solid rgb(128 128 128 / .4); }
.matrix td.right { font-weight: 700; outline: 2px solid; outline-offset: -3px; }
.matrix thead th { border-bottom: 0; }
.matrix.many thead th { writing-mode: vertical-rl; text-align: left; }
.matrix.many thead bdi { width: auto; max-width: none; max-height: 12rem; }
@media print {
  body { max-width: none; font-size: 10pt; }
  .table, figure { overflow: visible; }
  td.long bdi { max-width: 20rem; }
  figure svg { min-width: 0; }
  .matrix td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  tr, figure { break-inside: avoid; }
  h2, caption { break-after: avoid; }
}
";

/// Returns a section of the page with its heading.
#[must_use]
pub fn section(id: &str, heading: &str, body: &str) -> String {
    format!("<h2 id=\"{id}\">{}</h2>\n{body}", text(heading))
}

/// Returns a plot, or the reason why there is none: its numbers are in a table as well.
pub fn figure<E: std::fmt::Display>(drawn: Result<String, E>) -> String {
    match drawn {
        Ok(svg) => format!("<figure>\n{svg}</figure>\n"),
        Err(error) => format!("<p>{}</p>\n", text(&error.to_string())),
    }
}

/// Returns a table of files, whose lines or rows are `units`.
#[must_use]
pub fn files(caption: &str, units: &str, files: &[DataFile]) -> String {
    let file_row = |file: &DataFile| {
        let sha256 = file.sha256.as_deref().unwrap_or("–");
        row(&[name(&file.file), number(file.examples), long(sha256)])
    };
    let rows: Vec<String> = files.iter().map(file_row).collect();
    table(caption, &[Words("file"), Numbers(units), Words("SHA-256")], &rows)
}

/// Returns a table of settings; those in an object have the object's name before their own.
#[must_use]
pub fn settings(caption: &str, settings: &Map<String, Value>) -> String {
    let mut rows = vec![];
    add_settings("", settings, &mut rows);
    table(caption, &[Words("setting"), Words("value")], &rows)
}

fn add_settings(prefix: &str, settings: &Map<String, Value>, rows: &mut Vec<String>) {
    for (key, value) in settings {
        let key = format!("{prefix}{key}");
        let shown = match value {
            Value::Object(inner) => {
                add_settings(&format!("{key} "), inner, rows);
                continue;
            }
            Value::Null => "–".to_owned(),
            Value::String(text) if text.is_empty() => "–".to_owned(),
            Value::String(text) => text.clone(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            value => value.to_string(),
        };
        rows.push(row(&[name(&key), words(&shown)]));
    }
}
