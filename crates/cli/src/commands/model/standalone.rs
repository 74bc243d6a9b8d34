//! A model folder that needs neither base nor adapters, made of a model that may have both.
use std::collections::BTreeMap;
use std::path::Path;

use cloze::companions::{companions, without_parts};
use cloze_checkpoint::card::readme::{self, README};
use cloze_checkpoint::card::{CARD, CARD_VERSION, Card, KIND, LIMITS};
use cloze_checkpoint::{ModelFolder, casing};
use cloze_store::{AtomicFolder, Existing, checksum, envelope};

/// File of the weights.
const WEIGHTS: &str = "model.safetensors";

/// Size and hash of the written weights.
pub(super) struct Written {
    /// Size of the weights.
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Writes the folder: `weights` writes the file it is given and returns the content of `config.json`;
/// `made` is the model card's account of how the model was made.
pub(super) fn write(
    model: &ModelFolder,
    output: &Path,
    force: bool,
    made: &str,
    weights: impl FnOnce(&Path) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Written> {
    cloze::train::refuse_sources(output, model)?;
    let existing = if force { Existing::Replace } else { Existing::Refuse };
    let folder = without_parts(AtomicFolder::create(output, existing)?);
    let path = folder.path();
    let file = path.join(WEIGHTS);
    let config = weights(&file)?;
    fs_err::write(path.join("config.json"), config)?;
    for companion in companions(model)? {
        if companion.name != "config.json" && companion.name != README {
            companion.write(path)?;
        }
    }
    let mut card = card(model)?;
    for name in [WEIGHTS, casing::FILE] {
        let file = path.join(name);
        if file.is_file() {
            card.sha256.insert(name.to_owned(), checksum::sha256_file(&file)?);
        }
    }
    envelope::write_json(&path.join(CARD), KIND, CARD_VERSION, &card, Existing::Refuse)?;
    let written =
        Written { bytes: fs_err::metadata(&file)?.len(), sha256: checksum::sha256_file(&file)? };
    fs_err::write(path.join(README), readme_text(output, &card, made, &limits(model)))?;
    folder.commit()?;
    Ok(written)
}

/// Returns the last part of a path.
pub(super) fn name(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    name.unwrap_or_else(|| path.display().to_string())
}

/// Returns the card of the folder: the model's card without base and adapters. The licence and
/// attribution of the base hold for the result, too.
fn card(model: &ModelFolder) -> anyhow::Result<Card> {
    let of_base = Card::open(model.sources().base())?;
    let card = model.card().clone();
    let license = model.license().or(of_base.license);
    let mut attribution: Vec<String> = card.attribution.into_iter().collect();
    attribution.extend(of_base.attribution.filter(|a| !attribution.contains(a)));
    Ok(Card {
        license,
        attribution: Some(attribution.join("; ")).filter(|a| !a.is_empty()),
        sha256: BTreeMap::new(),
        base: None,
        adapters: vec![],
        ..card
    })
}

/// Returns the limits from the cards of base and adapters, all of which still hold.
fn limits(model: &ModelFolder) -> String {
    let sources = model.sources();
    let adapters = sources.adapters().iter().map(|(folder, _)| folder);
    let sections = adapters.chain([sources.base()]).filter_map(|folder| {
        let text = readme::section(&readme::read(folder).ok()?, &LIMITS)?;
        let name = folder.name().unwrap_or_default();
        Some(format!("Of `{name}`:\n\n{text}\n\n"))
    });
    let sections: String = sections.collect();
    if sections.is_empty() { sections } else { format!("\n## Limits\n\n{sections}") }
}

/// Returns the text of the model card.
fn readme_text(output: &Path, card: &Card, made: &str, limits: &str) -> String {
    let front = card.license.as_ref().map(|l| format!("---\nlicense: {l}\n---\n\n"));
    let about = card.description.as_ref().map(|d| format!("{d}\n\n"));
    let thanks = card.attribution.as_ref().map(|a| format!("\n{a}\n"));
    [
        front.unwrap_or_default(),
        format!("# {}\n\n", name(output)),
        about.unwrap_or_default(),
        made.to_owned(),
        limits.trim_end_matches('\n').to_owned() + if limits.is_empty() { "" } else { "\n" },
        thanks.unwrap_or_default(),
    ]
    .concat()
}
