//! Modules of sentence-transformers in a model folder: the pooling of token rows, and what a pooled vector
//! goes through behind it.
//!
//! Source: sentence-transformers 6.2.0, `base/modules/{dense,normalize}.py`,
//! `sentence_transformer/modules/{pooling,layer_norm}.py`.
use cloze_checkpoint::sentence::{Module, Modules};
use cloze_checkpoint::weights::Weights;
use cloze_checkpoint::{ModelFolder, StaticTable};
use cloze_embed::{
    Dense, LayerNorm, Metric, Pooling, PoolingConfig, Poolings, Residual, VectorActivation,
    VectorModule,
};
use cloze_store::Location;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// The largest of these files that is read.
const MAX_BYTES: u64 = 1 << 20;
/// Largest width of a module's vectors.
const MAX_WIDTH: usize = 1 << 16;
/// Input and output of the modules behind the pooling.
const VECTOR: &str = "sentence_embedding";

/// Steps from a text's token rows to its vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The poolings.
    pub poolings: Poolings,
    /// Whether the tokens of a prompt are pooled too.
    pub include_prompt: bool,
    /// Modules behind the pooling, in order; scaling to length 1 at the end is not among them.
    pub modules: Vec<VectorModule>,
    /// Whether the last module scales vectors to length 1.
    pub normalized: bool,
}

/// The poolings that the model's folder asks for, or of one with adapters its base's; the mean where it
/// does not, as sentence-transformers takes it for a plain checkpoint.
///
/// # Errors
/// As [`read`].
pub fn poolings(model: &ModelFolder) -> Result<Poolings, Error> {
    Ok(read(model, None)?.poolings)
}

/// Refuses a model whose vectors go through modules behind the pooling, which `what` does not take.
///
/// # Errors
/// [`Error::Model`] with the modules; else as [`read`].
pub fn refuse_modules(model: &ModelFolder, what: &str) -> Result<(), Error> {
    if read(model, None)?.modules.is_empty() {
        return Ok(());
    }
    let modules = model.modules().into_iter().flat_map(Modules::list);
    let classes: Vec<&str> = modules.map(|module| module.class.as_str()).collect();
    let what = format!("modules {}; {what} takes a Pooling alone", classes.join(", "));
    Err(Error::Model { path: model.file("modules.json").to_path_buf(), what })
}

/// Reads the modules of a model; `poolings` stand in place of its own. A module or setting that would
/// change vectors and is not known here is an error: to leave it out silently gives other vectors than
/// the model's.
///
/// # Errors
/// [`Error::Model`] for modules and settings that cannot be followed, a file that is missing or not a
/// text; [`Error::Settings`] for a pooling or activation that is not known; [`Error::Checkpoint`] if a
/// file cannot be read.
pub fn read(model: &ModelFolder, poolings: Option<Poolings>) -> Result<Pipeline, Error> {
    if let Some((path, what)) = model.unfollowed() {
        let what = format!("{what}, which cannot be followed");
        return Err(Error::Model { path: path.to_owned(), what });
    }
    let plain =
        |poolings| Pipeline { poolings, include_prompt: true, modules: vec![], normalized: false };
    let Some(modules) = model.modules() else {
        let config = model.file("1_Pooling/config.json");
        return Ok(match poolings {
            None if config.is_file() => {
                let config = pooling_config(&config)?;
                let include_prompt = config.include_prompt;
                Pipeline { include_prompt, ..plain(config.poolings) }
            }
            poolings => plain(poolings.unwrap_or_else(|| Pooling::Mean.into())),
        });
    };
    let path = model.file("modules.json");
    let wrong = |what: String| Error::Model { path: path.to_path_buf(), what };
    let mut list = modules.list().iter();
    match list.next().map(|module| module.class.as_str()) {
        Some("Transformer" | "StaticEmbedding") => {}
        Some(class) => {
            let what = "expected Transformer or StaticEmbedding as the first module";
            return Err(wrong(format!("{what}, found {class}")));
        }
        None => return Err(wrong("expected modules, found none".into())),
    }
    let mut pipeline = plain(poolings.clone().unwrap_or_else(|| Pooling::Mean.into()));
    let mut pooled = model.is_static();
    for module in list {
        let too_early = || wrong(format!("{} before the Pooling is not known", module.class));
        match module.class.as_str() {
            "Pooling" if pooled => {
                return Err(wrong("expected one Pooling, found another behind vectors".into()));
            }
            "Pooling" => {
                pooled = true;
                let config = model.file(&module.file("config.json"));
                if config.is_file() {
                    let config = pooling_config(&config)?;
                    pipeline.include_prompt = config.include_prompt;
                    pipeline.poolings = poolings.clone().unwrap_or(config.poolings);
                } else if poolings.is_none() {
                    return Err(missing(&config));
                }
            }
            // Nothing is dropped but in training.
            "Dropout" => {}
            _ if !pooled => return Err(too_early()),
            "Normalize" => pipeline.modules.push(normalize(model, module)?),
            "Dense" => pipeline.modules.push(dense(model, module)?),
            "LayerNorm" => pipeline.modules.push(layer_norm(model, module)?),
            other => {
                let known = "Transformer, StaticEmbedding, Router, Pooling, Dense, LayerNorm, Dropout \
                             and Normalize";
                return Err(wrong(format!("module {other:?} is not known; known are {known}")));
            }
        }
    }
    if !pooled && poolings.is_none() {
        return Err(wrong("no Pooling among the modules\nhint: --pooling names one".into()));
    }
    // Vectors are brought to length 1 at the end unless that is switched off.
    pipeline.normalized =
        pipeline.modules.pop_if(|last| *last == VectorModule::Normalize).is_some();
    Ok(pipeline)
}

/// Checks the modules without running the model: that each can be read, and takes what the one before it
/// gives.
///
/// # Errors
/// As [`read`] and [`metric`]; [`Error::Settings`] for a width that does not fit.
pub fn check(model: &ModelFolder) -> Result<(), Error> {
    let Pipeline { poolings, modules, .. } = read(model, None)?;
    metric(model)?;
    let hidden = if model.is_static() {
        Some(StaticTable::read(&model.graph_path())?.width)
    } else {
        model.hidden()
    };
    match hidden {
        Some(hidden) => width_behind(model, &modules, poolings.width_out(hidden)).map(drop),
        None => Ok(()),
    }
}

/// Width of a vector behind the modules, of one of `width` before them.
pub(crate) fn width_behind(
    model: &ModelFolder,
    modules: &[VectorModule],
    mut width: usize,
) -> Result<usize, Error> {
    for module in modules {
        width = module.width_out(width).map_err(|source| Error::Settings {
            path: model.file("modules.json").to_path_buf(),
            source,
        })?;
    }
    Ok(width)
}

/// Similarity that the folder compares its vectors by (`similarity_fn_name`); `None` if it says none.
///
/// # Errors
/// [`Error::Settings`] for one that is not known.
pub fn metric(model: &ModelFolder) -> Result<Option<Metric>, Error> {
    let metric = model.sentence_settings().similarity.as_deref().map(Metric::of_config);
    metric.transpose().map_err(|source| Error::Settings {
        path: model.file("config_sentence_transformers.json").to_path_buf(),
        source,
    })
}

/// Prompt of this name among those of the folder.
///
/// # Errors
/// [`Error::Model`] if there is none.
pub fn prompt<'m>(model: &'m ModelFolder, name: &str) -> Result<&'m str, Error> {
    let settings = model.sentence_settings();
    settings.prompt(name).ok_or_else(|| Error::Model {
        path: model.file("config_sentence_transformers.json").to_path_buf(),
        what: settings.no_prompt(name),
    })
}

fn missing(path: &Location) -> Error {
    let what = "named by modules.json, and not there".to_owned();
    Error::Model { path: path.to_path_buf(), what }
}

fn read_text(path: &Location) -> Result<String, Error> {
    if !path.is_file() {
        return Err(missing(path));
    }
    let bytes = cloze_store::read::read_capped(path, MAX_BYTES)?;
    String::from_utf8(bytes)
        .map_err(|_| Error::Model { path: path.to_path_buf(), what: "not UTF-8".into() })
}

fn read_config<T: DeserializeOwned>(path: &Location) -> Result<T, Error> {
    serde_json::from_str(&read_text(path)?).map_err(|error| Error::Model {
        path: path.to_path_buf(),
        what: format!("not the settings of such a module: {error}"),
    })
}

fn pooling_config(path: &Location) -> Result<PoolingConfig, Error> {
    let text = read_text(path)?;
    PoolingConfig::parse(&text)
        .map_err(|source| Error::Settings { path: path.to_path_buf(), source })
}

/// Input and output of a module, which must be the pooled vector.
fn check_names(path: &Location, input: Option<&str>, output: Option<&str>) -> Result<(), Error> {
    for (name, found) in [("module_input_name", input), ("module_output_name", output)] {
        if let Some(found) = found.filter(|found| *found != VECTOR) {
            let what = format!("{name}: expected {VECTOR:?}, found {found:?}");
            return Err(Error::Model { path: path.to_path_buf(), what });
        }
    }
    Ok(())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NormalizeConfig {
    module_input_name: Option<String>,
    module_output_name: Option<String>,
}

fn normalize(model: &ModelFolder, module: &Module) -> Result<VectorModule, Error> {
    let path = model.file(&module.file("config.json"));
    // Its folder is empty before version 5.2, and empty folders are lost in transit. In the model's own
    // folder the file is the encoder's.
    if path.is_file() && !module.path.is_empty() {
        let config: NormalizeConfig = read_config(&path)?;
        let (input, output) = (&config.module_input_name, &config.module_output_name);
        check_names(&path, input.as_deref(), output.as_deref())?;
    }
    Ok(VectorModule::Normalize)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DenseConfig {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default = "tanh")]
    activation_function: String,
    module_input_name: Option<String>,
    module_output_name: Option<String>,
    #[serde(default)]
    use_residual: bool,
}

fn yes() -> bool {
    true
}

fn tanh() -> String {
    "torch.nn.modules.activation.Tanh".into()
}

fn dense(model: &ModelFolder, module: &Module) -> Result<VectorModule, Error> {
    let path = model.file(&module.file("config.json"));
    let config: DenseConfig = read_config(&path)?;
    let (input, output) = (&config.module_input_name, &config.module_output_name);
    check_names(&path, input.as_deref(), output.as_deref())?;
    let (inputs, outputs) = (config.in_features, config.out_features);
    if !(1..=MAX_WIDTH).contains(&inputs) || !(1..=MAX_WIDTH).contains(&outputs) {
        let what = format!("expected 1 to {MAX_WIDTH} features, found {inputs} and {outputs}");
        return Err(Error::Model { path: path.to_path_buf(), what });
    }
    let refused = |source| Error::Settings { path: path.to_path_buf(), source };
    let activation = VectorActivation::of_class(&config.activation_function).map_err(refused)?;
    let matrix = config.use_residual && inputs != outputs;
    let mut names = vec![("linear.weight", vec![outputs, inputs])];
    if config.bias {
        names.push(("linear.bias", vec![outputs]));
    }
    if matrix {
        names.push(("residual.weight", vec![outputs, inputs]));
    }
    let mut tensors = tensors(model, module, &names)?.into_iter();
    let weight = tensors.next().unwrap_or_default();
    let bias = if config.bias { tensors.next() } else { None };
    let residual = match (config.use_residual, matrix) {
        (false, _) => None,
        (true, false) => Some(Residual::Identity),
        (true, true) => tensors.next().map(Residual::Matrix),
    };
    let dense = Dense::new(inputs, weight, bias, activation, residual).map_err(refused)?;
    Ok(VectorModule::Dense(dense))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerNormConfig {
    dimension: usize,
}

fn layer_norm(model: &ModelFolder, module: &Module) -> Result<VectorModule, Error> {
    let path = model.file(&module.file("config.json"));
    let LayerNormConfig { dimension } = read_config(&path)?;
    let names = [("norm.weight", vec![dimension]), ("norm.bias", vec![dimension])];
    let mut tensors = tensors(model, module, &names)?.into_iter();
    let mut next = || tensors.next().unwrap_or_default();
    let norm = LayerNorm::new(next(), next())
        .map_err(|source| Error::Settings { path: path.to_path_buf(), source })?;
    Ok(VectorModule::Norm(norm))
}

/// The tensors of a module's `model.safetensors`, which has these and no other.
fn tensors(
    model: &ModelFolder,
    module: &Module,
    names: &[(&str, Vec<usize>)],
) -> Result<Vec<Vec<f32>>, Error> {
    let path = model.file(&module.file("model.safetensors"));
    let wrong = |what: String| Error::Model { path: path.to_path_buf(), what };
    if !path.is_file() {
        let pickled = model.file(&module.file("pytorch_model.bin")).is_file();
        return Err(if pickled {
            wrong(
                "not there; pytorch_model.bin, which is, can run code when it is read, so it is not: let \
                 sentence-transformers' save_pretrained write it again"
                    .into(),
            )
        } else {
            missing(&path)
        });
    }
    let folder = path.parent().unwrap_or_else(|| path.clone());
    let weights = Weights::open(folder)?;
    for (name, shape) in names {
        match weights.shape(name) {
            Some(found) if found == shape => {}
            Some(found) => {
                return Err(wrong(format!("{name}: expected {shape:?}, found {found:?}")));
            }
            None => return Err(wrong(format!("no tensor {name:?}, {shape:?}"))),
        }
    }
    if let Some(name) = weights.names().find(|name| !names.iter().any(|(known, _)| known == name)) {
        return Err(wrong(format!("tensor {name:?} has no known use")));
    }
    let mut reader = weights.reader();
    names.iter().map(|(name, _)| Ok(reader.read(name)?)).collect()
}
