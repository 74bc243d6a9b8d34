//! Contents of sentence-transformers' files in a model folder: the modules a text goes through, and
//! the pooling of token rows.
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_embed::{Pooling, PoolingConfig, Poolings};
use serde::Deserialize;

use crate::Error;

/// The largest of these files that is read.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Deserialize)]
struct Module {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    path: String,
}

/// The poolings that the model's folder asks for, or of one with adapters its base's; the mean where it does not, as sentence-transformers
/// takes it for a plain checkpoint. A module that would change vectors and is not known here is an
/// error: to leave it out silently gives other vectors than the model's.
///
/// # Errors
/// [`Error::Model`] for modules that cannot be followed or a file that is not a text;
/// [`Error::Settings`] for a pooling that cannot; [`Error::Encoder`] if a file cannot be read.
pub fn poolings(model: &ModelFolder) -> Result<Poolings, Error> {
    let modules = model.file("modules.json");
    let mut pooling = PathBuf::from("1_Pooling");
    if modules.is_file() {
        let wrong = |what: String| Error::Model { path: modules.to_path_buf(), what };
        let bytes = cloze_store::read::read_capped(&modules, MAX_BYTES)?;
        let list: Vec<Module> = serde_json::from_slice(&bytes)
            .map_err(|e| wrong(format!("not a list of modules: {e}")))?;
        for module in list {
            // The last part is the class; what stands before has changed with versions.
            match module.kind.rsplit('.').next().unwrap_or_default() {
                "Transformer" if module.path.is_empty() || module.path == "." => {}
                "Transformer" => {
                    let what = "the encoder lies in a folder of its own".to_owned();
                    return Err(wrong(format!("{what}, {:?}: open that one", module.path)));
                }
                "Pooling" => {
                    let plain = Path::new(&module.path)
                        .components()
                        .all(|c| matches!(c, std::path::Component::Normal(_)));
                    if !plain {
                        return Err(wrong(format!("the path {:?} leaves the folder", module.path)));
                    }
                    pooling = PathBuf::from(module.path);
                }
                // Vectors are brought to length 1 here unless that is switched off.
                "Normalize" => {}
                other => {
                    let known = "Transformer, Pooling and Normalize";
                    return Err(wrong(format!("module {other:?} is not known; known are {known}")));
                }
            }
        }
    }
    let path = model.file(&pooling.join("config.json").to_string_lossy());
    if !path.is_file() {
        return Ok(Pooling::Mean.into());
    }
    let bytes = cloze_store::read::read_capped(&path, MAX_BYTES)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::Model { path: path.to_path_buf(), what: "not UTF-8".into() })?;
    let config = PoolingConfig::parse(&text)
        .map_err(|source| Error::Settings { path: path.to_path_buf(), source })?;
    Ok(config.poolings)
}
