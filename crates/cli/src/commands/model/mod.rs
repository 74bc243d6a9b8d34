//! `cloze model`: lists, shows, verifies and converts models.
mod add;
pub(crate) mod args;
mod convert;
mod merge;
mod quantize;
mod standalone;

use std::io::Write as _;
use std::path::Path;

use cloze::model_report::{
    HeadReport, ModelCheck, ModelReport, check_head, check_model, find_head, run_model,
};
use cloze::{HeadCard, Task};
use cloze_checkpoint::card::{CARD, Card};
use cloze_checkpoint::{CheckpointError, ModelFolder, find_folder, list_folders};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::model::args::ModelCommand;
use crate::flags::find_model;
use crate::terminal::messages::Messages;
use crate::terminal::out::stdout;

pub(crate) fn run(
    common: &CommonFlags,
    command: ModelCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match command {
        ModelCommand::List { format } => list(format.is_json(), messages),
        ModelCommand::Info { model, format } => match find_head(&model)? {
            Some(folder) => head_info(&folder, format.is_json()),
            None => info(&find_model(&model, messages)?, format.is_json()),
        },
        ModelCommand::Check { model, run, format } => {
            let head = find_head(&model)?;
            let (mut check, mut problem) = match &head {
                Some(folder) => check_head(folder)?,
                None => check_model(&ModelFolder::open_unchecked(find_folder(&model)?)?)?,
            };
            // What a check refuses is not run, and neither is what was changed.
            if run && check.sound {
                let model = match &head {
                    Some(folder) => HeadCard::open(folder)?.base(folder)?,
                    None => find_model(&model, messages)?,
                };
                problem = check.after_run(run_model(&model, &common.load_runtime(messages)?));
            }
            write_check(&check, problem.as_ref(), format.is_json(), messages)
        }
        ModelCommand::Add(args) => add::add(&args),
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

impl Listed {
    fn new(folder: &Path, card: &Card, license: Option<String>) -> Self {
        Self {
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            folder: folder.display().to_string(),
            task: card.task.clone(),
            license,
            description: card.description.clone(),
        }
    }
}

fn list(json: bool, messages: &Messages) -> anyhow::Result<()> {
    let mut models = vec![];
    for folder in list_folders() {
        match ModelFolder::open_unchecked(&folder) {
            Ok(model) => models.push(Listed::new(&folder, model.card(), model.license())),
            Err(CheckpointError::HeadFolder { .. }) => {
                let card = Card::open(&folder)?;
                models.push(Listed::new(&folder, &card, card.license.clone()));
            }
            // One broken folder does not hide the others.
            Err(error) => messages.failure(&error),
        }
    }
    let mut out = stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&models)?)?;
        return Ok(());
    }
    for m in &models {
        let or =
            |value: &Option<String>, else_: &str| value.clone().unwrap_or_else(|| else_.into());
        let (task, license) = (or(&m.task, "task unknown"), or(&m.license, "licence unknown"));
        writeln!(out, "{}  {task}, {license}, {}", m.name, m.folder)?;
        if let Some(description) = &m.description {
            writeln!(out, "    {description}")?;
        }
    }
    if models.is_empty() {
        messages.note(
            "no models; `cloze model add` installs one, CLOZE_MODELS names a folder of models",
        );
    }
    Ok(())
}

fn info(model: &ModelFolder, json: bool) -> anyhow::Result<()> {
    let info = ModelReport::of(model)?;
    let mut out = stdout();
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
        ("use", uses(&info.tasks)),
        ("inputs", info.inputs.join(", ")),
        ("outputs", info.outputs.join(", ")),
        (
            "labels",
            format!("{} ({} tags): {}", info.labels.len(), info.tags.len(), info.labels.join(", ")),
        ),
        ("limit", format!("{} tokens, {} of them special", info.max_tokens, info.special_tokens)),
        ("vocabulary", info.vocabulary.to_string()),
        ("parameters", parameters(info.parameters, info.unused_parameters)),
    ];
    rows.extend(info.scheme.map(|scheme| ("scheme", scheme)));
    rows.extend(info.recognizers.map(|names| ("recognisers", names.join(", "))));
    if !info.modules.is_empty() {
        rows.push(("modules", info.modules.join(", ")));
    }
    rows.extend(info.base.map(|base| ("base", base)));
    rows.extend(info.adapters.iter().map(|a| ("adapter", format!("{}: {a}", a.folder))));
    if let Some(w) = &info.weights {
        let unused = |used| if used { "" } else { ", not used" };
        rows.extend(
            w.parts
                .iter()
                .map(|p| ("", format!("{:>12} {}{}", p.parameters, p.part, unused(p.used)))),
        );
        let shape =
            format!("{} of {} with {} attention heads", w.layers, w.hidden, w.attention_heads);
        let rule = format!(
            "{} by the rule 12 · layers · hidden², {:+.2} % off",
            w.rule_of_thumb,
            100.0 * w.relative_error
        );
        rows.push(("layers", format!("{shape}; {} parameters, {rule}", w.in_layers)));
        let heads = if w.heads.is_empty() { "none".into() } else { w.heads.join(", ") };
        rows.extend([("heads", heads), ("stored", w.stored_as())]);
    }
    rows.extend([
        ("graph", format!("{} nodes, opsets {}", info.nodes, info.opsets.join(", "))),
        (
            "batches",
            if info.batch_changes_results {
                "one text at a time: results would depend on the batch"
            } else {
                "do not change results"
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

/// Number of parameters that the task uses, and of the others if there are some.
fn parameters(used: u64, unused: u64) -> String {
    match unused {
        0 => used.to_string(),
        _ => format!("{used}, and {unused} that the task does not use"),
    }
}

fn head_info(folder: &Path, json: bool) -> anyhow::Result<()> {
    let info = HeadReport::open(folder)?;
    let mut out = stdout();
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
        ("rows", format!("{} dimensions: {}", info.width, info.rows)),
        ("temperature", info.temperature.to_string()),
        ("settings", settings.join(", ")),
        ("examples", info.training["examples"].to_string()),
        ("sha256", info.sha256),
    ] {
        writeln!(out, "{what:<12} {value}")?;
    }
    Ok(())
}

/// Returns the uses of a model in words.
fn uses(tasks: &[Task]) -> String {
    if tasks.is_empty() {
        return "none of these commands".into();
    }
    tasks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Writes the result of a check, with its errors.
fn write_check(
    check: &ModelCheck,
    problem: Option<&cloze::Error>,
    json: bool,
    messages: &Messages,
) -> anyhow::Result<()> {
    for missing in &check.missing {
        messages.note(&format!("warning: {}: {missing}", check.name));
    }
    for warning in &check.warnings {
        messages.note(&format!("warning: {}: {warning}", check.name));
    }
    for file in &check.changed {
        messages.failure(&Unsound(file.clone()));
    }
    if let Some(error) = problem {
        messages.failure(error);
    }
    let mut out = stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(check)?)?;
    } else if check.sound {
        let hashes = match check.hashes {
            0 => "no hashes to compare".into(),
            1 => format!("1 file as {CARD} has it"),
            n => format!("{n} files as {CARD} has them"),
        };
        let verdict = if check.ran { "sound, and it runs" } else { "nothing unsafe found" };
        writeln!(out, "{}: {verdict} ({hashes})", check.name)?;
        if !check.tasks.is_empty() {
            writeln!(out, "{}: {}", check.name, uses(&check.tasks))?;
        }
    }
    Ok(())
}

/// A file that differs from the hash in the card.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unsound(String);
