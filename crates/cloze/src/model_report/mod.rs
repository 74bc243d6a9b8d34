//! Reports on models: what is in a folder, and whether its files are what its card says.
mod adapter;
mod check;
mod head;
mod scheme;

use cloze_checkpoint::decoder::DecoderCheckpoint;
use cloze_checkpoint::encoder_decoder::{EncoderDecoderCheckpoint, is_encoder_decoder};
use cloze_checkpoint::sentence::Modules;
use cloze_checkpoint::weights::{StoredType, Weights};
use cloze_checkpoint::{Checkpoint, ModelFolder, ModelPart, StaticTable};
use cloze_core::TagSet;
use cloze_encoder::EncoderError;
use cloze_graph::check::{GraphInfo, open_model};
use cloze_graph::construct::{BuildParams, DecoderBuildParams, Graph};
use serde::Serialize;

use crate::{Error, Task};

pub use adapter::AdapterReport;
pub use check::{ModelCheck, check_model, run_model};
pub use head::{HeadReport, check_head, find_head};

/// A model with its graph, its tokenizer and its card.
#[derive(Clone, Debug, Serialize)]
pub struct ModelReport {
    /// Name.
    pub name: String,
    /// Folder.
    pub folder: String,
    /// Task, as the card has it.
    pub task: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Licence.
    pub license: Option<String>,
    /// Attribution.
    pub attribution: Option<String>,
    /// Source of its data.
    pub source: Option<String>,
    /// Tasks that it can be used for.
    pub tasks: Vec<Task>,
    /// Modules of sentence-transformers, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
    /// Inputs of the graph, with types and shapes.
    pub inputs: Vec<String>,
    /// Outputs of the graph, with types and shapes.
    pub outputs: Vec<String>,
    /// Tags or labels, as `config.json` has them.
    pub tags: Vec<String>,
    /// Labels without prefixes of a tagging scheme.
    pub labels: Vec<String>,
    /// Tagging scheme with the reason for it, where tags have prefixes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Recognisers that run beside it, by name or group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recognizers: Option<Vec<String>>,
    /// Longest input, in tokens, special ones among them.
    pub max_tokens: usize,
    /// Special tokens added to a text.
    pub special_tokens: usize,
    /// Size of the vocabulary.
    pub vocabulary: usize,
    /// Number of parameters that the task uses.
    pub parameters: u64,
    /// Number of the others: a pooler that no head is on top of, heads of other tasks.
    #[serde(skip_serializing_if = "is_zero")]
    pub unused_parameters: u64,
    /// Folder of the base model, where there are adapters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Adapters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub adapters: Vec<AdapterReport>,
    /// Shape, where the model comes as weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<WeightsReport>,
    /// Nodes of the graph.
    pub nodes: usize,
    /// Operator sets of the graph.
    pub opsets: Vec<String>,
    /// Whether results depend on the batch, as with dynamic quantization.
    pub batch_changes_results: bool,
    /// Size of the weights or of the graph, in bytes.
    pub bytes: u64,
    /// SHA-256 of the weights or of the graph, in hexadecimal.
    pub sha256: String,
}

/// Shape and size of a model that comes as weights.
#[derive(Clone, Debug, Serialize)]
pub struct WeightsReport {
    /// Storage type.
    pub stored: &'static str,
    /// Whether matrices of layers are stored in 8 bits.
    pub int8: bool,
    /// Hidden size.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads of a layer.
    pub attention_heads: usize,
    /// Heads on top of the encoder.
    pub heads: Vec<&'static str>,
    /// Parameters by part.
    pub parts: Vec<PartReport>,
    /// Parameters of all layers, exactly.
    pub in_layers: u64,
    /// Parameters of all layers by the rule 12 · layers · hidden².
    pub rule_of_thumb: u64,
    /// (rule − exact) / exact.
    pub relative_error: f64,
}

/// Parameters of one part of a model.
#[derive(Clone, Debug, Serialize)]
pub struct PartReport {
    /// Name of the part.
    pub part: &'static str,
    /// Number of its parameters.
    pub parameters: u64,
    /// Whether the task uses them.
    pub used: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Name of a decoder's head in reports.
const CAUSAL: &str = "causal language model";

/// Sizes of a model.
struct Shape {
    hidden: usize,
    layers: usize,
    heads: usize,
}

impl WeightsReport {
    /// Storage type in words.
    #[must_use]
    pub fn stored_as(&self) -> String {
        let int8 = if self.int8 { ", matrices of layers in 8 bits" } else { "" };
        format!("{}{int8}", self.stored)
    }

    /// Reports on an encoder.
    #[must_use]
    pub fn new(checkpoint: &Checkpoint) -> Self {
        let config = checkpoint.config();
        let heads = checkpoint.heads().iter().map(|h| h.name()).collect();
        let shape = Shape { hidden: config.hidden, layers: config.layers, heads: config.heads };
        Self::of(checkpoint.weights(), shape, heads, checkpoint.parts())
    }

    /// Reports on a decoder.
    #[must_use]
    pub fn of_decoder(checkpoint: &DecoderCheckpoint) -> Self {
        let config = checkpoint.config();
        let shape = Shape { hidden: config.hidden, layers: config.layers, heads: config.heads };
        Self::of(checkpoint.weights(), shape, vec![CAUSAL], checkpoint.parts())
    }

    /// Reports on an encoder–decoder; its layers are those of both halves.
    #[must_use]
    pub fn of_encoder_decoder(checkpoint: &EncoderDecoderCheckpoint) -> Self {
        let config = checkpoint.config();
        let layers = config.encoder.layers + config.decoder.layers;
        let shape = Shape { hidden: config.hidden, layers, heads: config.decoder.heads };
        Self::of(checkpoint.weights(), shape, vec![CAUSAL], checkpoint.parts())
    }

    fn of(
        weights: &Weights,
        Shape { hidden, layers, heads: attention_heads }: Shape,
        heads: Vec<&'static str>,
        parts: Vec<ModelPart>,
    ) -> Self {
        let layered = ["attention", "feed-forward", "layer norms"];
        let in_layers: u64 =
            parts.iter().filter(|p| layered.contains(&p.name)).map(|p| p.parameters).sum();
        // Kaplan et al. 2020, table 1: four d × d matrices for attention, and two of d × 4d.
        let rule_of_thumb = 12 * layers as u64 * (hidden as u64).pow(2);
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let relative_error = (rule_of_thumb as f64 - in_layers as f64) / in_layers as f64;
        let part =
            |p: ModelPart| PartReport { part: p.name, parameters: p.parameters, used: p.used };
        Self {
            stored: match weights.stored_type() {
                Some(StoredType::F32) | None => "f32",
                Some(StoredType::F16) => "f16",
                Some(StoredType::BF16) => "bf16",
            },
            int8: weights.any_int8(),
            hidden,
            layers,
            attention_heads,
            heads,
            parts: parts.into_iter().map(part).collect(),
            in_layers,
            rule_of_thumb,
            relative_error,
        }
    }
}

/// Size of weights on the disk, in bytes.
fn bytes(weights: &Weights) -> u64 {
    let files = weights.files().iter();
    files.filter_map(|file| fs_err::metadata(file).ok()).map(|file| file.len()).sum()
}

/// Graph and weights of a decoder, or of an encoder–decoder both of whose graphs count.
fn language_model(model: &ModelFolder) -> Result<(GraphInfo, WeightsReport), Error> {
    let params = DecoderBuildParams::new();
    let (mut info, size, report) = if is_encoder_decoder(model.model_type()) {
        let checkpoint = EncoderDecoderCheckpoint::of(model.sources())?;
        let [encoder, decoder] =
            Graph::build_encoder_decoder(&checkpoint, &params).map_err(EncoderError::from)?;
        let (encoder, mut info) = (encoder.info(), decoder.info());
        info.nodes += encoder.nodes;
        info.inputs.splice(0..0, encoder.inputs);
        let report = WeightsReport::of_encoder_decoder(&checkpoint);
        (info, bytes(checkpoint.weights()), report)
    } else {
        let checkpoint = DecoderCheckpoint::of(model.sources())?;
        let graph = Graph::build_decoder(&checkpoint, &params).map_err(EncoderError::from)?;
        let report = WeightsReport::of_decoder(&checkpoint);
        (graph.info(), bytes(checkpoint.weights()), report)
    };
    info.parameters = report.parts.iter().map(|part| part.parameters).sum();
    info.bytes = size;
    Ok((info, report))
}

impl ModelReport {
    /// Reads a model, without running it.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] and [`Error::Encoder`] for files that cannot be used.
    pub fn of(model: &ModelFolder) -> Result<Self, Error> {
        let checked = cloze_encoder::check_model(model)?;
        let (mut adapters, mut unused_parameters) = (vec![], 0);
        let tasks = crate::tasks(model)?;
        let writes = tasks == [Task::Generate];
        let (graph, weights) = if model.is_static() {
            let table = StaticTable::read(&model.graph_path())?;
            let parameters = (table.rows * table.width) as u64;
            let mut info = Graph::of_table(table).info();
            info.parameters = parameters;
            (info, None)
        } else if model.has_weights() && writes {
            let (graph, weights) = language_model(model)?;
            (graph, Some(weights))
        } else if model.has_weights() {
            let checkpoint = Checkpoint::of(model.sources())?;
            let graph = Graph::build(&checkpoint, &BuildParams::all_results(&checkpoint))
                .map_err(EncoderError::from)?;
            let mut info = graph.info();
            info.bytes = bytes(checkpoint.weights());
            let parts = checkpoint.parts();
            let count = |used| parts.iter().filter(|p| p.used == used).map(|p| p.parameters).sum();
            (info.parameters, unused_parameters) = (count(true), count(false));
            adapters = AdapterReport::all(&checkpoint);
            (info, Some(WeightsReport::new(&checkpoint)))
        } else {
            (open_model(model).map_err(EncoderError::from)?.info, None)
        };
        let card = model.card().clone();
        let modules = model.modules().into_iter().flat_map(Modules::list);
        let opset = |(domain, version): &(String, i64)| match domain.as_str() {
            "" => format!("ai.onnx {version}"),
            domain => format!("{domain} {version}"),
        };
        Ok(Self {
            name: model.name(),
            folder: model.folder().display().to_string(),
            task: card.task,
            description: card.description,
            license: model.license(),
            attribution: card.attribution,
            source: card.source,
            tasks,
            modules: modules.map(|module| module.class.clone()).collect(),
            inputs: graph.inputs.iter().map(ToString::to_string).collect(),
            outputs: graph.outputs.iter().map(ToString::to_string).collect(),
            tags: model.labels().to_vec(),
            labels: TagSet::parse(model.labels().to_vec()).labels().to_vec(),
            scheme: scheme::scheme_in_words(model)?,
            recognizers: model.card().recognizers.clone(),
            max_tokens: model.max_tokens(),
            special_tokens: checked.special_tokens,
            vocabulary: checked.vocabulary,
            parameters: graph.parameters,
            unused_parameters,
            base: Some(model.sources().base().display().to_string())
                .filter(|_| !adapters.is_empty()),
            adapters,
            weights,
            nodes: graph.nodes,
            opsets: graph.opsets.iter().map(opset).collect(),
            batch_changes_results: graph.dynamic_quantization,
            bytes: graph.bytes,
            sha256: model.sha256()?,
        })
    }
}
