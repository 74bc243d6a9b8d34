//! Folders that hold a head alone: what is in one, and whether it goes with its encoder.
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cloze::classifier::{HEAD, HeadCard};
use cloze::heads::classify::Classifier;
use cloze_checkpoint::card::{BaseRef, Card};
use cloze_checkpoint::find_folder;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::terminal::messages::Messages;

/// The folder of a model that is a head; `None` if it is an encoder.
pub(super) fn find(name: &str) -> anyhow::Result<Option<PathBuf>> {
    let folder = find_folder(name)?;
    // A file that cannot be read is for those who open the model to name.
    let is_head = Card::open(&folder).is_ok_and(|card| card.is_head(&folder));
    Ok(Some(folder).filter(|_| is_head))
}

#[derive(Serialize)]
struct Info {
    name: String,
    folder: String,
    task: Option<String>,
    description: Option<String>,
    license: Option<String>,
    attribution: Option<String>,
    source: Option<String>,
    base: Option<BaseRef>,
    labels: Vec<String>,
    several_labels: bool,
    rows: Value,
    width: usize,
    temperature: f64,
    settings: Map<String, Value>,
    training: Value,
    sha256: String,
}

pub(super) fn info(folder: &Path, json: bool) -> anyhow::Result<()> {
    let HeadCard { card, rows, head, training } = HeadCard::open(folder)?;
    let license = card.license(folder);
    let info = Info {
        name: name(folder),
        folder: folder.display().to_string(),
        task: card.task,
        description: card.description,
        license,
        attribution: card.attribution,
        source: card.source,
        base: card.base,
        labels: head.labels,
        several_labels: head.multi_label,
        rows: serde_json::to_value(&rows)?,
        width: head.width,
        temperature: head.temperature,
        settings: head.settings,
        training,
        sha256: cloze_store::checksum::sha256_file(&folder.join(HEAD))?,
    };
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&info)?)?;
        return Ok(());
    }
    let unknown = || "unknown".to_owned();
    let base = info.base.map(|b| format!("{} ({}), SHA-256 {}", b.name, b.folder, b.sha256));
    let kind = if info.several_labels { "none, one or several of" } else { "one of" };
    let settings: Vec<String> = info.settings.iter().map(|(k, v)| format!("{k} {v}")).collect();
    for (what, value) in [
        ("head", format!("{} ({})", info.name, info.folder)),
        ("task", info.task.unwrap_or_else(unknown)),
        ("about", info.description.unwrap_or_else(unknown)),
        ("licence", info.license.unwrap_or_else(unknown)),
        ("attribution", info.attribution.unwrap_or_else(unknown)),
        ("source", info.source.unwrap_or_else(unknown)),
        ("encoder", base.unwrap_or_else(unknown)),
        ("labels", format!("{kind} {}: {}", info.labels.len(), info.labels.join(", "))),
        ("rows", format!("of {} numbers: {}", info.width, info.rows)),
        ("temperature", info.temperature.to_string()),
        ("settings", settings.join(", ")),
        ("examples", info.training["examples"].to_string()),
        ("sha256", info.sha256),
    ] {
        writeln!(out, "{what:<12} {value}")?;
    }
    Ok(())
}

/// Judges a head: its files, its numbers, and the encoder it goes on top of.
pub(super) fn check(folder: &Path, json: bool, messages: &Messages) -> anyhow::Result<()> {
    let judged = || -> Result<(), cloze::Error> {
        let card = HeadCard::open(folder)?;
        Classifier::open(&folder.join(HEAD), &card.head)?;
        card.base(folder).map(drop)
    };
    super::write_check(&name(folder), folder, &Card::open(folder)?, &judged(), json, messages)
}

fn name(folder: &Path) -> String {
    let folder = fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
