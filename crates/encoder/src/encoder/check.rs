//! Checks of a model folder, without running it.
use std::path::Path;

use cloze_checkpoint::{Checkpoint, Head, ModelFolder};
use cloze_graph::check::open_model;
use cloze_graph::construct;

use crate::EncoderError;
use crate::output::Output;
use crate::session::Ports;
use crate::tokenize::Tokenizer;

/// Number of tokens of a text that fit beside the special ones.
pub(crate) fn room(model: &ModelFolder, tokenizer: &Tokenizer) -> Result<usize, EncoderError> {
    match model.max_tokens().checked_sub(tokenizer.special_tokens()) {
        None | Some(0) => Err(EncoderError::Setting {
            setting: "the model's limit",
            found: model.max_tokens(),
            expected: format!(
                "expected more than its {} special tokens",
                tokenizer.special_tokens()
            ),
        }),
        Some(room) => Ok(room),
    }
}

/// Checks that there are as many labels as a head that classifies tokens or texts has outputs.
pub(super) fn check_width(
    ports: &Ports,
    outputs: &[Output],
    labels: usize,
    path: &Path,
) -> Result<(), EncoderError> {
    for (port, output) in ports.outputs().iter().zip(outputs) {
        let classifies = matches!(output, Output::Head(Head::Tokens | Head::Sequence));
        match port.width {
            Some(width) if classifies && labels > 0 && labels != width => {
                return Err(EncoderError::LabelWidth {
                    path: path.to_owned(),
                    labels,
                    output: port.name.clone(),
                    width,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Result of [`check_model`], for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Words in the tokenizer's vocabulary, added ones included.
    pub vocabulary: usize,
    /// Special tokens around a sequence.
    pub special_tokens: usize,
    /// Names of the outputs: a file's one, or the last hidden state and the heads of weights.
    pub outputs: Vec<String>,
}

/// Checks everything about a model folder that can be checked without running it: the graph or the weights,
/// their ports or tensors, the labels against the width, the tokenizer.
///
/// # Errors
/// As [`Encoder::open_for`](super::Encoder::open_for).
pub fn check_model(model: &ModelFolder) -> Result<Checked, EncoderError> {
    let tokenizer = Tokenizer::open(model)?;
    room(model, &tokenizer)?;
    let outputs = if model.has_weights() {
        let checkpoint = Checkpoint::of(model.sources())?;
        let heads =
            checkpoint.heads().into_iter().map(|head| construct::head_name(head).to_owned());
        let layers = checkpoint.config().layers;
        [construct::hidden_name(layers, layers)].into_iter().chain(heads).collect()
    } else {
        let info = open_model(model)?.info;
        let wanted = [Output::Head(Head::Tokens)];
        let ports = Ports::resolve(&info, &model.graph_path(), &wanted, model.layers())?;
        check_width(&ports, &wanted, model.labels().len(), &model.graph_path())?;
        ports.outputs().iter().map(|port| port.name.clone()).collect()
    };
    Ok(Checked {
        vocabulary: tokenizer.vocabulary(),
        special_tokens: tokenizer.special_tokens(),
        outputs,
    })
}
