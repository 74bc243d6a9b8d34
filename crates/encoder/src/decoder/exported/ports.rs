//! Inputs and outputs of exported decoders' graphs.
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_graph::check::{Dim, ElementType, GraphInfo, TensorInfo};

use crate::EncoderError;
use crate::decoder::Shape;

/// Beginning of the inputs that take keys and values, and of the outputs that give them.
const PAST: &str = "past_key_values";
const PRESENT: &str = "present";
pub(super) const LOGITS: &str = "logits";

/// Inputs and outputs of a decoder's graph.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) inputs: Vec<(String, Role)>,
    /// Keys and values, in the order of the inputs.
    pub(super) states: Vec<State>,
}

/// Meaning of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Ids,
    /// Ones for all tokens so far.
    Mask,
    Positions,
    /// Number of the last tokens that logits are given for; 0 for all.
    LogitsKept,
    /// Whether there is a cache.
    CacheBranch,
    /// The encoder's last hidden state.
    SourceStates,
    /// Ones for all tokens of the prompt.
    SourceMask,
    /// Keys or values, by their number among these.
    State(usize),
}

/// Keys or values of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) output: String,
    /// Whether they are those of the prompt that an encoder read, which stay.
    pub(super) of_source: bool,
}

impl Ports {
    /// Reads them from a graph; `path` names it in errors.
    pub(super) fn resolve(info: &GraphInfo, path: &Path) -> Result<Self, EncoderError> {
        let refused = |found: String| EncoderError::DecoderInput {
            path: path.to_owned(),
            found,
            all: info.inputs.iter().map(ToString::to_string).collect(),
        };
        let (mut inputs, mut states) = (vec![], vec![]);
        for tensor in &info.inputs {
            let name = tensor.name.as_str();
            let (role, element, rank) = match name {
                "input_ids" => (Role::Ids, ElementType::Int64, 2),
                "attention_mask" => (Role::Mask, ElementType::Int64, 2),
                "position_ids" => (Role::Positions, ElementType::Int64, 2),
                "num_logits_to_keep" => (Role::LogitsKept, ElementType::Int64, 0),
                "use_cache_branch" => (Role::CacheBranch, ElementType::Bool, 1),
                "encoder_hidden_states" => (Role::SourceStates, ElementType::Float32, 3),
                "encoder_attention_mask" => (Role::SourceMask, ElementType::Int64, 2),
                _ if name.starts_with(PAST) => {
                    states.push(State {
                        output: name.replacen(PAST, PRESENT, 1),
                        of_source: name.contains(".encoder."),
                    });
                    (Role::State(states.len() - 1), ElementType::Float32, 4)
                }
                _ => return Err(refused(name.to_owned())),
            };
            if tensor.element != element || tensor.shape.len() != rank {
                return Err(refused(format!("{tensor}, expected {element} of rank {rank}")));
            }
            inputs.push((name.to_owned(), role));
        }
        if !inputs.iter().any(|(_, role)| *role == Role::Ids) {
            return Err(refused("no input_ids".into()));
        }
        Ok(Self { inputs, states })
    }

    /// Whether there is an output of this name.
    pub(super) fn missing_output<'a>(
        info: &GraphInfo,
        mut names: impl Iterator<Item = &'a str>,
    ) -> Option<&'a str> {
        names.find(|name| !info.outputs.iter().any(|output| output.name == *name))
    }
}

/// The last dimension of a tensor, or another by its place.
fn fixed(tensor: &TensorInfo, place: usize) -> Option<usize> {
    match tensor.shape.get(place) {
        Some(Dim::Fixed(size)) => usize::try_from(*size).ok().filter(|size| *size > 0),
        _ => None,
    }
}

/// Whether a graph takes a cache of keys and values: it is a decoder's.
pub(crate) fn takes_cache(info: &GraphInfo) -> bool {
    info.inputs.iter().any(|tensor| tensor.name.starts_with(PAST))
}

/// Sizes of a decoder's graph.
pub(super) fn shape(
    model: &ModelFolder,
    info: &GraphInfo,
    ports: &Ports,
) -> Result<Shape, EncoderError> {
    let path = model.graph_path();
    let refused = |found: String| EncoderError::DecoderInput {
        path: path.to_path_buf(),
        found,
        all: info.inputs.iter().map(ToString::to_string).collect(),
    };
    let mut sizes = None;
    for tensor in info.inputs.iter().filter(|tensor| tensor.name.starts_with(PAST)) {
        let width = fixed(tensor, 3).or(model.head_size().filter(|size| *size > 0));
        let Some(found) = fixed(tensor, 1).zip(width) else {
            return Err(refused(format!("{tensor}, expected numbers of heads and their width")));
        };
        if *sizes.get_or_insert(found) != found {
            return Err(refused(format!("{tensor}, expected the shape of the others")));
        }
    }
    let (key_value_heads, head_size) = sizes.unwrap_or_default();
    let names = ports.states.iter().filter(|state| !state.of_source).map(|s| s.output.as_str());
    if let Some(name) = Ports::missing_output(info, names.chain([LOGITS])) {
        return Err(EncoderError::GraphOutput {
            path: path.to_path_buf(),
            wanted: name.to_owned(),
            all: info.outputs.iter().map(ToString::to_string).collect(),
        });
    }
    let logits = info.outputs.iter().find(|output| output.name == LOGITS);
    let vocabulary = logits.and_then(|logits| fixed(logits, 2));
    let vocabulary = vocabulary.or(model.embedding_rows().filter(|rows| *rows > 0));
    let own = ports.states.iter().filter(|state| !state.of_source).count();
    Ok(Shape {
        layers: own.div_ceil(2),
        key_value_heads,
        head_size,
        vocabulary: vocabulary.ok_or_else(|| refused("no vocab_size".into()))?,
        takes_positions: false,
    })
}
