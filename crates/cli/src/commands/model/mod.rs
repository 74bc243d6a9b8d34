//! `cloze model`: what models there are, what is in one, and whether it is sound.
mod adapters;
mod alone;
pub(crate) mod args;
mod convert;
mod head;
mod merge;
pub(crate) mod output;
mod quantize;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cloze_checkpoint::card::{CARD, Card};
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, CheckpointError, ModelFolder, ModelPart, casing, list_folders};
use cloze_core::TagSet;
use cloze_encoder::encoder;
use cloze_graph::check::open_model;
use cloze_graph::construct::{BuildParams, Graph};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::model::args::ModelCommand;
use crate::flags::find_model;
use crate::terminal::messages::Messages;
use adapters::AdapterInfo;

pub(crate) fn run(
    common: &CommonFlags,
    command: ModelCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match command {
        ModelCommand::List { json } => list(json, messages),
        ModelCommand::Info { model, json } => match head::find(&model)? {
            Some(folder) => head::info(&folder, json),
            None => info(&find_model(&model)?, json),
        },
        ModelCommand::Check { model, json } => match head::find(&model)? {
            Some(folder) => head::check(&folder, json, messages),
            None => check(&find_model(&model)?, json, messages),
        },
        ModelCommand::Convert(args) => convert::convert(&args, messages),
        ModelCommand::Merge(args) => merge::merge(&args, messages),
        ModelCommand::Quantize(args) => quantize::quantize(common, &args, messages),
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
    for folder in list_folders() {
        let listed = |card: &Card, license| Listed {
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            folder: folder.display().to_string(),
            task: card.task.clone(),
            license,
            description: card.description.clone(),
        };
        match ModelFolder::open(&folder) {
            Ok(model) => all.push(listed(model.card(), model.license())),
            Err(CheckpointError::HeadFolder { .. }) => {
                let card = Card::open(&folder)?;
                let license = card.license.clone();
                all.push(listed(&card, license));
            }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    adapters: Vec<AdapterInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<WeightsInfo>,
    nodes: usize,
    opsets: Vec<String>,
    batch_changes_results: bool,
    bytes: u64,
    sha256: String,
}

/// What is known of a model that comes as weights.
#[derive(Serialize)]
struct WeightsInfo {
    stored: &'static str,
    /// Whether layers' matrices have 8 bits.
    int8: bool,
    hidden: usize,
    layers: usize,
    attention_heads: usize,
    heads: Vec<&'static str>,
    parts: Vec<PartInfo>,
    /// In all layers together, exactly.
    in_layers: u64,
    /// 12 · layers · hidden².
    rule_of_thumb: u64,
    /// (rule − exact) / exact.
    relative_error: f64,
}

#[derive(Serialize)]
struct PartInfo {
    part: &'static str,
    parameters: u64,
}

impl WeightsInfo {
    /// How the weights are stored, for people.
    fn stored(&self) -> String {
        let int8 = if self.int8 { ", matrices of layers in 8 bits" } else { "" };
        format!("{}{int8}", self.stored)
    }

    fn new(checkpoint: &Checkpoint) -> Self {
        let config = checkpoint.config();
        let parts = checkpoint.parts();
        let layered = ["attention", "feed-forward", "layer norms"];
        let in_layers: u64 =
            parts.iter().filter(|p| layered.contains(&p.name)).map(|p| p.parameters).sum();
        // Kaplan et al. 2020, table 1: four d × d matrices for attention, and two of d × 4d.
        let rule_of_thumb = 12 * config.layers as u64 * (config.hidden as u64).pow(2);
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let relative_error = (rule_of_thumb as f64 - in_layers as f64) / in_layers as f64;
        let part = |p: ModelPart| PartInfo { part: p.name, parameters: p.parameters };
        Self {
            stored: match checkpoint.weights().stored_type() {
                Some(StoredType::F32) | None => "f32",
                Some(StoredType::F16) => "f16",
                Some(StoredType::BF16) => "bf16",
            },
            int8: checkpoint.weights().any_int8(),
            hidden: config.hidden,
            layers: config.layers,
            attention_heads: config.heads,
            heads: checkpoint.heads().iter().map(|h| h.name()).collect(),
            parts: parts.into_iter().map(part).collect(),
            in_layers,
            rule_of_thumb,
            relative_error,
        }
    }
}

fn info(model: &ModelFolder, json: bool) -> anyhow::Result<()> {
    let checked = encoder::check(model)?;
    let mut adapters = vec![];
    let (graph, weights) = if model.has_weights() {
        let checkpoint = Checkpoint::of(model.sources())?;
        let graph = Graph::build(&checkpoint, &all_results(&checkpoint))?;
        let mut info = graph.info();
        let files = checkpoint.weights().files().iter();
        info.bytes = files.filter_map(|f| fs_err::metadata(f).ok()).map(|m| m.len()).sum();
        info.parameters = checkpoint.parts().iter().map(|p| p.parameters).sum();
        adapters = AdapterInfo::all(&checkpoint);
        (info, Some(WeightsInfo::new(&checkpoint)))
    } else {
        (open_model(model)?.info, None)
    };
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
        inputs: graph.inputs.iter().map(ToString::to_string).collect(),
        outputs: graph.outputs.iter().map(ToString::to_string).collect(),
        tags: model.labels().to_vec(),
        labels: TagSet::parse(model.labels().to_vec()).labels().to_vec(),
        max_tokens: model.max_tokens(),
        special_tokens: checked.special_tokens,
        vocabulary: checked.vocabulary,
        parameters: graph.parameters,
        base: Some(model.sources().base().display().to_string()).filter(|_| !adapters.is_empty()),
        adapters,
        weights,
        nodes: graph.nodes,
        opsets: graph.opsets.iter().map(opset).collect(),
        batch_changes_results: graph.dynamic_quantization,
        bytes: graph.bytes,
        sha256: model.sha256()?,
    };
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&info)?)?;
        return Ok(());
    }
    let unknown = || "unknown".to_owned();
    let mut rows = vec![
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
    ];
    rows.extend(info.base.map(|base| ("base", base)));
    rows.extend(info.adapters.iter().map(|a| ("adapter", format!("{}: {a}", a.folder))));
    if let Some(w) = &info.weights {
        rows.extend(w.parts.iter().map(|p| ("", format!("{:>12} {}", p.parameters, p.part))));
        let shape =
            format!("{} of {} with {} attention heads", w.layers, w.hidden, w.attention_heads);
        let rule = format!(
            "{} by the rule 12 · layers · hidden², {:+.2} % off",
            w.rule_of_thumb,
            100.0 * w.relative_error
        );
        rows.push(("layers", format!("{shape}; {} parameters, {rule}", w.in_layers)));
        let heads = if w.heads.is_empty() { "none".into() } else { w.heads.join(", ") };
        rows.extend([("heads", heads), ("stored", w.stored())]);
    }
    rows.extend([
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
    ]);
    for (what, value) in rows {
        writeln!(out, "{what:<12} {value}")?;
    }
    Ok(())
}

/// The last hidden state and every head, that of a masked language model at every token, as others
/// export it.
fn all_results(checkpoint: &Checkpoint) -> BuildParams {
    let last = BuildParams::new().hidden(checkpoint.config().layers).every_token();
    checkpoint.heads().into_iter().fold(last, BuildParams::head)
}

/// What belongs to a model folder beside its graph or weights, and goes along. Not `cloze.json`: its
/// hashes are of other files.
const COMPANIONS: [&str; 12] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    casing::FILE,
    "README.md",
    "LICENSE",
    "NOTICE",
];

/// The files that go along with a model, by their names in its folder, and where they are.
pub(crate) fn copied_files(model: &ModelFolder) -> Vec<(&'static str, PathBuf)> {
    let place = |name: &'static str| {
        // A base's card is not that of what an adapter makes of it.
        let own = || model.folder().join(name);
        (name, if name == "README.md" { own() } else { model.file(name) })
    };
    COMPANIONS.into_iter().map(place).filter(|(_, from)| from.is_file()).collect()
}

#[derive(Serialize)]
struct Report {
    name: String,
    sound: bool,
    changed: Vec<String>,
    problems: Vec<String>,
    /// What the cards do not say of it; a sound model may still lack it.
    missing: Vec<&'static str>,
}

fn check(model: &ModelFolder, json: bool, messages: &Messages) -> anyhow::Result<()> {
    let judged = encoder::check(model);
    write_check(&model.name(), model.folder(), model.card(), &judged, json, messages)
}

/// Says what `judged` found of a folder, whether its files are those that the card has hashes of, and
/// what nobody says of it.
fn write_check<T, E: std::error::Error + 'static>(
    name: &str,
    folder: &Path,
    card: &Card,
    judged: &Result<T, E>,
    json: bool,
    messages: &Messages,
) -> anyhow::Result<()> {
    let changed = card.changed_files(folder)?;
    let missing = card.missing(folder);
    let changed_text = |(name, found): &(String, Option<String>)| match found {
        Some(hash) => {
            let expected = &card.sha256[name];
            format!("{name}: SHA-256 is {hash}, but {} has {expected}", CARD)
        }
        None => format!("{name}: not there, but {} has its SHA-256", CARD),
    };
    let report = Report {
        name: name.to_owned(),
        sound: judged.is_ok() && changed.is_empty(),
        changed: changed.iter().map(changed_text).collect(),
        problems: judged.as_ref().err().map(ToString::to_string).into_iter().collect(),
        missing: missing.iter().map(|missing| missing.name()).collect(),
    };
    for missing in missing {
        messages.note(&format!("warning: {name}: {missing}"));
    }
    for file in &report.changed {
        messages.failure(&Unsound(file.clone()));
    }
    if let Err(error) = judged {
        messages.failure(error);
    }
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else if report.sound {
        let hashes = match card.sha256.len() {
            0 => "no hashes to compare".into(),
            1 => format!("1 file as {} has it", CARD),
            n => format!("{n} files as {} has them", CARD),
        };
        writeln!(out, "{}: sound ({hashes})", report.name)?;
    }
    Ok(())
}

/// A file that is not what the card says.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unsound(String);
