//! `cloze model`: what models there are, what is in one, and whether it is sound.
use std::io::{self, Write as _};

use cloze_core::TagSet;
use cloze_encoder::{ModelFolder, encoder, model};
use serde::Serialize;

use crate::args::{CommonArgs, ModelCommand, find_model};
use crate::messages::Messages;

pub(crate) fn run(
    _: &CommonArgs,
    command: ModelCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match command {
        ModelCommand::List { json } => list(json, messages),
        ModelCommand::Info { model, json } => info(&find_model(&model)?, json),
        ModelCommand::Check { model, json } => check(&find_model(&model)?, json, messages),
    }
}

#[derive(Serialize)]
struct Listed {
    name: String,
    folder: String,
    task: Option<String>,
    license: Option<String>,
    description: Option<String>,
}

fn list(json: bool, messages: &Messages) -> anyhow::Result<()> {
    let mut all = vec![];
    for folder in model::list() {
        match ModelFolder::open(&folder) {
            Ok(model) => all.push(Listed {
                name: model.name(),
                folder: folder.display().to_string(),
                task: model.card().task.clone(),
                license: model.license(),
                description: model.card().description.clone(),
            }),
            // One broken folder does not hide the others.
            Err(error) => messages.failure(&error),
        }
    }
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(());
    }
    for m in &all {
        let or =
            |value: &Option<String>, else_: &str| value.clone().unwrap_or_else(|| else_.into());
        let (task, license) = (or(&m.task, "task unknown"), or(&m.license, "licence unknown"));
        writeln!(out, "{}  {task}, {license}, {}", m.name, m.folder)?;
        if let Some(description) = &m.description {
            writeln!(out, "    {description}")?;
        }
    }
    if all.is_empty() {
        messages.note("no models; a model is a folder, named or in ./models");
    }
    Ok(())
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
    inputs: Vec<String>,
    outputs: Vec<String>,
    tags: Vec<String>,
    labels: Vec<String>,
    max_tokens: usize,
    special_tokens: usize,
    vocabulary: usize,
    parameters: u64,
    nodes: usize,
    opsets: Vec<String>,
    batch_changes_results: bool,
    bytes: u64,
    sha256: String,
}

fn info(model: &ModelFolder, json: bool) -> anyhow::Result<()> {
    let graph = model.read_graph()?;
    let checked = encoder::check(model)?;
    let card = model.card().clone();
    let opset = |(domain, version): &(String, i64)| match domain.as_str() {
        "" => format!("ai.onnx {version}"),
        domain => format!("{domain} {version}"),
    };
    let info = Info {
        name: model.name(),
        folder: model.folder().display().to_string(),
        task: card.task,
        description: card.description,
        license: model.license(),
        attribution: card.attribution,
        source: card.source,
        inputs: graph.info.inputs.iter().map(ToString::to_string).collect(),
        outputs: graph.info.outputs.iter().map(ToString::to_string).collect(),
        tags: model.labels().to_vec(),
        labels: TagSet::parse(model.labels().to_vec()).labels().to_vec(),
        max_tokens: model.max_tokens(),
        special_tokens: checked.special_tokens,
        vocabulary: checked.vocabulary,
        parameters: graph.info.parameters,
        nodes: graph.info.nodes,
        opsets: graph.info.opsets.iter().map(opset).collect(),
        batch_changes_results: graph.info.dynamic_quantization,
        bytes: graph.info.bytes,
        sha256: cloze_store::checksum::sha256(&graph.bytes),
    };
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&info)?)?;
        return Ok(());
    }
    let unknown = || "unknown".to_owned();
    let rows = [
        ("model", format!("{} ({})", info.name, info.folder)),
        ("task", info.task.unwrap_or_else(unknown)),
        ("about", info.description.unwrap_or_else(unknown)),
        ("licence", info.license.unwrap_or_else(unknown)),
        ("attribution", info.attribution.unwrap_or_else(unknown)),
        ("source", info.source.unwrap_or_else(unknown)),
        ("inputs", info.inputs.join(", ")),
        ("outputs", info.outputs.join(", ")),
        (
            "labels",
            format!("{} ({} tags): {}", info.labels.len(), info.tags.len(), info.labels.join(", ")),
        ),
        ("limit", format!("{} tokens, {} of them special", info.max_tokens, info.special_tokens)),
        ("vocabulary", info.vocabulary.to_string()),
        ("parameters", info.parameters.to_string()),
        ("graph", format!("{} nodes, opsets {}", info.nodes, info.opsets.join(", "))),
        (
            "batches",
            if info.batch_changes_results {
                "of one text: company would change results"
            } else {
                "change no result"
            }
            .into(),
        ),
        ("size", format!("{} bytes", info.bytes)),
        ("sha256", info.sha256),
    ];
    for (what, value) in rows {
        writeln!(out, "{what:<12} {value}")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Report {
    name: String,
    sound: bool,
    changed: Vec<String>,
    problems: Vec<String>,
}

fn check(model: &ModelFolder, json: bool, messages: &Messages) -> anyhow::Result<()> {
    let judged = encoder::check(model);
    let changed = model.changed_files()?;
    let changed_text = |(name, found): &(String, Option<String>)| match found {
        Some(hash) => {
            let expected = &model.card().sha256[name];
            format!("{name}: SHA-256 is {hash}, but {} has {expected}", model::CARD)
        }
        None => format!("{name}: not there, but {} has its SHA-256", model::CARD),
    };
    let report = Report {
        name: model.name(),
        sound: judged.is_ok() && changed.is_empty(),
        changed: changed.iter().map(changed_text).collect(),
        problems: judged.as_ref().err().map(ToString::to_string).into_iter().collect(),
    };
    for file in &report.changed {
        messages.failure(&Unsound(file.clone()));
    }
    if let Err(error) = &judged {
        messages.failure(error);
    }
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else if report.sound {
        let hashes = match model.card().sha256.len() {
            0 => "no hashes to compare".into(),
            n => format!("{n} files as {} has them", model::CARD),
        };
        writeln!(out, "{}: sound ({hashes})", report.name)?;
    }
    Ok(())
}

/// A file that is not what the card says.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unsound(String);
