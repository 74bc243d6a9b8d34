//! Settings, verification and export of an index.
use std::io::Write as _;

use cloze::search::index::{Index, IndexRecord, OpenParams, verify as verify_index};
use cloze_report::index::write_info;
use cloze_store::npy::NpyHeader;
use serde::Serialize;

use crate::commands::index::args::{IndexExportArgs, IndexFormat, IndexReportArgs};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};

pub(super) fn info(args: &IndexReportArgs) -> anyhow::Result<()> {
    let folder = args.index.only(args.named.as_deref())?;
    let info = Index::open_with(&folder, OpenParams::new().threads(1))?.info();
    let mut out = Out::stdout(false);
    if args.format.is_json() {
        json_line(&mut out, &info)?;
        return out.finish();
    }
    write_info(&info, &mut out)?;
    out.finish()
}

#[derive(Serialize)]
struct Report {
    sound: bool,
    files: usize,
    bytes: u64,
    records: usize,
    findings: Vec<String>,
}

/// Verifies an index; damaged files are a failure.
pub(super) fn verify(args: &IndexReportArgs, messages: &Messages) -> anyhow::Result<()> {
    let folder = args.index.only(args.named.as_deref())?;
    let verified = verify_index(&folder)?;
    let mut out = Out::stdout(false);
    for finding in &verified.findings {
        messages.failure(finding);
    }
    let sound = verified.findings.is_empty();
    if args.format.is_json() {
        let findings = verified.findings.iter().map(ToString::to_string).collect();
        let (files, bytes, records) = (verified.files, verified.bytes, verified.rows);
        json_line(&mut out, &Report { sound, files, bytes, records, findings })?;
    } else if sound {
        let (files, records) =
            (plural(verified.files as u64, "file"), plural(verified.rows as u64, "record"));
        let bytes = verified.bytes;
        writeln!(out, "{}: sound ({files}, {bytes} bytes, {records})", folder.display())?;
    } else {
        let findings = plural(verified.findings.len() as u64, "finding");
        writeln!(out, "{}: not sound ({findings})", folder.display())?;
    }
    out.finish()
}

#[derive(Serialize)]
struct Exported<'a> {
    #[serde(flatten)]
    record: &'a IndexRecord,
    vector: &'a [f32],
}

pub(super) fn export(args: &IndexExportArgs) -> anyhow::Result<()> {
    let folder = args.index.only(args.named.as_deref())?;
    let index = Index::open_with(&folder, OpenParams::new().threads(1))?;
    let format = args.format.given().unwrap_or(IndexFormat::Jsonl);
    let mut out = args.out.open()?;
    match format {
        IndexFormat::Jsonl => {
            for row in index.live() {
                let (record, vector) = (index.record(row)?, index.vector(row)?);
                json_line(&mut out, &Exported { record: &record, vector: &vector })?;
            }
        }
        IndexFormat::Npy => {
            let shape = [index.len() as u64, index.info().width as u64];
            out.write_all(&NpyHeader::new("<f4", &shape).bytes())?;
            for row in index.live() {
                for x in index.vector(row)? {
                    out.write_all(&x.to_le_bytes())?;
                }
            }
        }
    }
    out.finish()
}
