//! Indexes of vectors as plain text.
use std::io::{self, Write};

use cloze_search::index::Info;

use crate::text::plural;

/// Writes the description of an index, one fact per line.
///
/// # Errors
/// Errors of `out`.
pub fn write_info(info: &Info, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |name: &str, value: &str| writeln!(out, "{name:<12} {value}");
    line("records", &info.rows.to_string())?;
    if info.deleted > 0 {
        line("deleted", &format!("{} on disk, until `cloze index compact`", info.deleted))?;
    }
    let quantize = if info.quantize { ", searched in 8 bits first" } else { "" };
    let dtype = format!("{:?}", info.dtype).to_lowercase();
    line("vectors", &format!("{} dimensions, {dtype}{quantize}", info.width))?;
    line("metric", info.metric.name())?;
    line("correction", info.correction.unwrap_or("none"))?;
    line("keywords", if info.keywords { "kept" } else { "not kept" })?;
    match &info.encoder {
        Some(card) => {
            let made = &card.provenance;
            line("model", &format!("{} ({})", made.model, card.folder))?;
            line("encoding", &format!("pooling {}, layers {}", made.pooling, made.layers))?;
            line("texts", &card.chunk)?;
        }
        None => line("model", "none: vectors were imported")?,
    }
    for segment in &info.segments {
        let engine = match (segment.expansion_search, segment.recall) {
            (Some(expansion), Some(recall)) => {
                format!("hnsw, ef_search {expansion}, recall@10 {:.1} %", 100.0 * recall)
            }
            (Some(expansion), None) => format!("hnsw, ef_search {expansion}"),
            (None, _) => "exact".to_owned(),
        };
        let text = format!("{}, {engine}", plural(segment.rows as u64, "row"));
        line("segment", &text)?;
    }
    line("size", &format!("{} bytes", info.bytes))?;
    line("generation", &info.generation.to_string())
}
