//! Checks of a model folder, without running it.
use std::path::Path;

use cloze_checkpoint::{Checkpoint, Head, ModelFolder, StaticTable};
use cloze_graph::check::{GraphInfo, open_model};
use cloze_graph::construct;

use crate::EncoderError;
use crate::decoder;
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

/// Ports for what a graph from elsewhere is for: a row for every token, or else for every text.
fn main_ports(model: &ModelFolder, info: &GraphInfo) -> Result<(Ports, Output), EncoderError> {
    let resolve = |wanted| {
        let ports = Ports::resolve(info, &model.graph_path(), &[wanted], model.layers())?;
        Ok((ports, wanted))
    };
    let of_tokens = resolve(Output::Head(Head::Tokens));
    let of_texts = [Head::Sequence, Head::NextSentence].map(Output::Head);
    match of_tokens {
        Err(error @ EncoderError::GraphOutput { .. }) => {
            of_texts.into_iter().find_map(|wanted| resolve(wanted).ok()).ok_or(error)
        }
        ports => ports,
    }
}

/// Result that shows whether a model runs: of weights the last hidden state, of a graph what it gives of
/// each token, or else of each text.
///
/// # Errors
/// As [`check_model`].
pub fn main_output(model: &ModelFolder) -> Result<Output, EncoderError> {
    if model.is_static() {
        return Ok(Output::Words);
    }
    match model.layers().filter(|_| model.has_weights()) {
        Some(layers) => Ok(Output::Hidden(layers)),
        None if model.has_weights() => Ok(Output::Head(Head::Tokens)),
        None => Ok(main_ports(model, &open_model(model)?.info)?.1),
    }
}

/// Checks everything about a model folder that can be checked without running it: the graph or the weights,
/// their ports or tensors, the labels against the width, the tokenizer.
///
/// # Errors
/// As [`Encoder::open_for`](super::Encoder::open_for).
pub fn check_model(model: &ModelFolder) -> Result<Checked, EncoderError> {
    let tokenizer = Tokenizer::open(model)?;
    room(model, &tokenizer)?;
    let outputs = if decoder::is_language_model(model)? {
        decoder::check_decoder(model)?;
        vec![construct::head_name(Head::MaskedLm).to_owned()]
    } else if model.is_static() {
        StaticTable::read(&model.graph_path())?;
        vec![construct::WORDS.to_owned()]
    } else if model.has_weights() {
        let checkpoint = Checkpoint::of(model.sources())?;
        let heads =
            checkpoint.heads().into_iter().map(|head| construct::head_name(head).to_owned());
        let layers = checkpoint.config().layers;
        [construct::hidden_name(layers, layers)].into_iter().chain(heads).collect()
    } else {
        let info = open_model(model)?.info;
        let (ports, wanted) = main_ports(model, &info)?;
        check_width(&ports, &[wanted], model.labels().len(), &model.graph_path())?;
        ports.outputs().iter().map(|port| port.name.clone()).collect()
    };
    Ok(Checked {
        vocabulary: tokenizer.vocabulary(),
        special_tokens: tokenizer.special_tokens(),
        outputs,
    })
}
