//! `cloze model merge`: a model with adapters as one that needs neither them nor its base.
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::bail;
use cloze_encoder::ModelFolder;
use cloze_encoder::model::{CARD, CARD_VERSION, Card, KIND};
use cloze_graph::Checkpoint;
use cloze_graph::card::{
    LIMITS,
    readme::{self, README},
};
use cloze_graph::casing;
use cloze_graph::checkpoint::StoredType;
use cloze_store::{AtomicFolder, Existing, checksum, envelope};
use serde::Serialize;

use super::adapters::AdapterInfo;
use super::copied_files;
use super::output::refuse_sources;
use crate::args::{DtypeArg, ModelMergeArgs};
use crate::messages::Messages;

#[derive(Serialize)]
struct Merged {
    output: String,
    base: String,
    adapters: Vec<AdapterInfo>,
    bytes: u64,
    sha256: String,
}

pub(super) fn merge(args: &ModelMergeArgs, messages: &Messages) -> anyhow::Result<()> {
    let model = args.open()?;
    let folder = model.folder().display();
    if model.sources().adapters().is_empty() {
        bail!(
            "{folder}: no adapter in it\nhint: --adapter names one; model convert copies a model"
        );
    }
    refuse_sources(&args.output, &model)?;
    let sources = model.sources();
    let checkpoint = Checkpoint::of(sources)?;
    let own = || checkpoint.weights().stored_type().unwrap_or(StoredType::F32);
    let to = args.dtype.map_or_else(own, DtypeArg::value);
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let output = AtomicFolder::create(&args.output, existing)?;
    let path = output.path();
    let weights = path.join("model.safetensors");
    checkpoint.write_weights(to, &weights, Existing::Refuse)?;
    fs_err::write(path.join("config.json"), checkpoint.config_json()?)?;
    for (name, from) in copied_files(&model) {
        let to = path.join(name);
        if name != "config.json" && name != README {
            fs_err::create_dir_all(to.parent().unwrap_or(path))?;
            fs_err::copy(from, to)?;
        }
    }
    let mut card = card(&model)?;
    for name in ["model.safetensors", casing::FILE] {
        let file = path.join(name);
        if file.is_file() {
            card.sha256.insert(name.to_owned(), checksum::sha256_file(&file)?);
        }
    }
    envelope::write_json(&path.join(CARD), KIND, CARD_VERSION, &card, Existing::Refuse)?;
    let report = Merged {
        output: args.output.display().to_string(),
        base: sources.base().display().to_string(),
        adapters: AdapterInfo::all(&checkpoint),
        bytes: fs_err::metadata(&weights)?.len(),
        sha256: checksum::sha256_file(&weights)?,
    };
    let limits = limits(&model);
    fs_err::write(path.join(README), readme_text(&args.output, &card, &report, &limits))?;
    output.commit()?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(out, "{}", report.output)?;
        let n = report.adapters.len();
        let what = if n == 1 { "an adapter".into() } else { format!("{n} adapters") };
        messages.note(&format!("{what} merged into {}; {} bytes", report.base, report.bytes));
    }
    Ok(())
}

/// What the merged folder says of itself: what the model's does, without base and adapters. What
/// the base's licence asks for holds for what is made of it.
fn card(model: &ModelFolder) -> anyhow::Result<Card> {
    let of_base = Card::open(model.sources().base())?;
    let own = model.card().clone();
    let license = model.license().or(of_base.license);
    let mut attribution: Vec<String> = own.attribution.into_iter().collect();
    attribution.extend(of_base.attribution.filter(|a| !attribution.contains(a)));
    Ok(Card {
        license,
        attribution: Some(attribution.join("; ")).filter(|a| !a.is_empty()),
        sha256: std::collections::BTreeMap::new(),
        base: None,
        adapters: vec![],
        ..own
    })
}

/// What the cards of base and adapters say of limits, which merging lifts none of.
fn limits(model: &ModelFolder) -> String {
    let sources = model.sources();
    let adapters = sources.adapters().iter().map(|(folder, _)| folder.as_path());
    let sections = adapters.chain([sources.base()]).filter_map(|folder| {
        let text = readme::section(&readme::read(folder), &LIMITS)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Some(format!("Of `{name}`:\n\n{text}\n\n"))
    });
    let sections: String = sections.collect();
    if sections.is_empty() { sections } else { format!("\n## Limits\n\n{sections}") }
}

/// The model card.
fn readme_text(output: &Path, card: &Card, report: &Merged, limits: &str) -> String {
    let name = |path: &str| {
        let name = Path::new(path).file_name().map(|n| n.to_string_lossy().into_owned());
        name.unwrap_or_else(|| path.to_owned())
    };
    let front = card.license.as_ref().map(|l| format!("---\nlicense: {l}\n---\n\n"));
    let about = card.description.as_ref().map(|d| format!("{d}\n\n"));
    let thanks = card.attribution.as_ref().map(|a| format!("\n{a}\n"));
    let adapters = report.adapters.iter();
    let adapters: Vec<String> =
        adapters.map(|adapter| format!("- `{}`: {adapter}\n", name(&adapter.folder))).collect();
    [
        front.unwrap_or_default(),
        format!("# {}\n\n", name(&output.display().to_string())),
        about.unwrap_or_default(),
        format!("`{}` with merged into it:\n\n", name(&report.base)),
        adapters.concat(),
        limits.trim_end_matches('\n').to_owned() + if limits.is_empty() { "" } else { "\n" },
        thanks.unwrap_or_default(),
    ]
    .concat()
}
