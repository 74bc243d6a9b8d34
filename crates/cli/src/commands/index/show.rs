//! What an index is, whether it is sound, and what is in it.
use std::io::Write as _;

use cloze::search::{Index, IndexRecord, OpenParams, verify as verify_index};
use npyz::WriterBuilder as _;
use serde::Serialize;

use crate::commands::index::args::{IndexExportArgs, IndexFormat, IndexReportArgs};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};

pub(super) fn info(args: &IndexReportArgs) -> anyhow::Result<()> {
    let folder = args.index.only(args.named.as_deref())?;
    let info = Index::open_with(&folder, OpenParams::new().threads(1))?.info();
    let mut out = Out::stdout(false);
    if args.json {
        json_line(&mut out, &info)?;
        return out.finish();
    }
    let mut line = |name: &str, value: &str| writeln!(out, "{name:<12} {value}");
    line("records", &info.rows.to_string())?;
    if info.deleted > 0 {
        line("deleted", &format!("{} on the disk, until `cloze index compact`", info.deleted))?;
    }
    let quantize = if info.quantize { ", compared in 8 bits first" } else { "" };
    let dtype = format!("{:?}", info.dtype).to_lowercase();
    line("vectors", &format!("{} numbers of {dtype}{quantize}", info.width))?;
    line("metric", info.metric.name())?;
    line("correction", info.correction.unwrap_or("none"))?;
    line("keywords", if info.keywords { "kept" } else { "not kept" })?;
    match &info.encoder {
        Some(card) => {
            let made = &card.provenance;
            line("model", &format!("{} ({})", made.model, card.folder))?;
            line("made as", &format!("pooling {}, layers {}", made.pooling, made.layers))?;
            line("texts", &card.chunk)?;
        }
        None => line("model", "none: vectors were made elsewhere")?,
    }
    for segment in &info.segments {
        let engine = match (segment.expansion_search, segment.recall) {
            (Some(expansion), Some(recall)) => format!(
                "hnsw; with {expansion} nodes in view {:.1} % of the 10 nearest were found",
                100.0 * recall
            ),
            (Some(expansion), None) => format!("hnsw with {expansion} nodes in view"),
            (None, _) => "exact".to_owned(),
        };
        let text = format!("{}, {engine}", plural(segment.rows as u64, "row"));
        line("segment", &text)?;
    }
    line("size", &format!("{} bytes", info.bytes))?;
    line("generation", &info.generation.to_string())?;
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

/// What is not as it was written is a failure.
pub(super) fn verify(args: &IndexReportArgs, messages: &Messages) -> anyhow::Result<()> {
    let folder = args.index.only(args.named.as_deref())?;
    let verified = verify_index(&folder)?;
    let mut out = Out::stdout(false);
    for finding in &verified.findings {
        messages.failure(finding);
    }
    let sound = verified.findings.is_empty();
    if args.json {
        let findings = verified.findings.iter().map(ToString::to_string).collect();
        let (files, bytes, records) = (verified.files, verified.bytes, verified.rows);
        json_line(&mut out, &Report { sound, files, bytes, records, findings })?;
    } else if sound {
        let (files, records) =
            (plural(verified.files as u64, "file"), plural(verified.rows as u64, "record"));
        let bytes = verified.bytes;
        writeln!(out, "{}: sound ({files}, {bytes} bytes, {records})", folder.display())?;
    } else {
        let found = plural(verified.findings.len() as u64, "finding");
        writeln!(out, "{}: not sound ({found})", folder.display())?;
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
    let format = args.format.unwrap_or_else(|| {
        let ending = args.out.output.as_ref().and_then(|path| path.extension()?.to_str());
        if ending == Some("npy") { IndexFormat::Npy } else { IndexFormat::Jsonl }
    });
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
            let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
            let mut npy = options.writer(&mut out).begin_nd()?;
            for row in index.live() {
                for x in index.vector(row)? {
                    npy.push(&x)?;
                }
            }
            npy.finish()?;
        }
    }
    out.finish()
}
