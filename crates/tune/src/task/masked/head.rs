//! The heads of a language model, as a checkpoint has them, or new.
use cloze_checkpoint::Checkpoint;
use cloze_checkpoint::layout::Dense as Layer;
use cloze_checkpoint::weights::WeightReader;

use crate::encoder::TrainableEncoder;
use crate::random::derive;
use crate::task::DenseLayer;
use crate::task::sequence::stems;
use crate::{Id, Parameters, TuneError};

/// The parts of the seed that new layers are drawn by.
const TRANSFORM: u64 = 0;
const POOLER: u64 = 1;
const NEXT: u64 = 2;

/// The masked-language head's numbers among [`Parameters`].
#[derive(Clone, Copy, Debug)]
pub struct MaskedLmHead {
    /// Dense layer from the encoder's hidden states to the decoder's input.
    pub dense: DenseLayer,
    /// `[width]`, of the norm before the decoder.
    pub norm_weight: Id,
    /// `[width]`.
    pub norm_bias: Id,
    /// `[vocabulary, width]`: the encoder's word table, or one of its own.
    pub decoder: Id,
    /// `[vocabulary]`.
    pub bias: Id,
}

impl MaskedLmHead {
    /// Adds the head of `checkpoint`, whose `encoder` has added its parameters. A checkpoint without one
    /// gets a new one over the encoder's word table: its layer drawn by `seed`, its norm as it is, and as
    /// its bias `frequencies`, `[vocabulary]`, logarithms of how likely each word is wherever it stands.
    ///
    /// # Errors
    /// [`TuneError::Checkpoint`] if a tensor cannot be read; [`TuneError::Setting`] for another number of
    /// frequencies than the vocabulary has words.
    pub fn open(
        checkpoint: &Checkpoint,
        encoder: &TrainableEncoder,
        frequencies: Vec<f32>,
        seed: u64,
        parameters: &mut Parameters,
    ) -> Result<Self, TuneError> {
        let (config, layout) = (checkpoint.config(), checkpoint.layout());
        let names = config.family.masked;
        let width = config.embedding;
        let [weight_name, bias_name] =
            ["weight", "bias"].map(|part| format!("{}.{part}", names.norm));
        let Some(head) = &layout.masked else {
            let (count, expected) = (frequencies.len(), config.vocabulary);
            if count != expected {
                let (count, expected) = (count.to_string(), expected.to_string());
                return Err(TuneError::Setting {
                    setting: "frequencies".into(),
                    found: count,
                    expected,
                });
            }
            let seed = derive(seed, TRANSFORM);
            return Ok(Self {
                dense: DenseLayer::drawn(parameters, names.dense, config.hidden, width, seed)?,
                norm_weight: parameters.add(weight_name, &[width], vec![1.0; width], false),
                norm_bias: parameters.add(bias_name, &[width], vec![0.0; width], false),
                decoder: encoder.words(),
                bias: parameters.add(names.biases[0], &[expected], frequencies, false),
            });
        };
        let mut reader = checkpoint.weights().reader();
        let dense = copied(names.dense, &head.dense, &mut reader, parameters)?;
        let norm_weight = reader.read(&head.norm.weight)?;
        let norm_weight = parameters.add(weight_name, &[width], norm_weight, false);
        let norm_bias = reader.read(&head.norm.bias)?;
        let norm_bias = parameters.add(bias_name, &[width], norm_bias, false);
        let decoder = if head.decoder == layout.words {
            encoder.words()
        } else {
            let value = reader.read(&head.decoder)?;
            parameters.add(names.decoder, &[config.vocabulary, width], value, true)
        };
        let bias = reader.read(&head.bias)?;
        let bias = parameters.add(names.biases[0], &[config.vocabulary], bias, false);
        Ok(Self { dense, norm_weight, norm_bias, decoder, bias })
    }
}

/// The next-sentence head: the pooler, and two numbers, the first for a text that follows.
#[derive(Clone, Copy, Debug)]
pub struct NextHead {
    /// Before tanh.
    pub pooler: DenseLayer,
    /// Two outputs.
    pub classifier: DenseLayer,
}

impl NextHead {
    /// Adds the head of `checkpoint`; what it does not have is drawn by `seed`. `body` is what the names
    /// of the encoder's own parts are to begin with.
    ///
    /// # Errors
    /// [`TuneError::Checkpoint`] if a tensor cannot be read.
    pub fn open(
        checkpoint: &Checkpoint,
        body: &str,
        seed: u64,
        parameters: &mut Parameters,
    ) -> Result<Self, TuneError> {
        let (config, layout) = (checkpoint.config(), checkpoint.layout());
        let [pooler, _] = stems(config.family, body);
        let mut reader = checkpoint.weights().reader();
        let hidden = config.hidden;
        let pooler = match &layout.pooler {
            Some(layer) => copied(&pooler, layer, &mut reader, parameters)?,
            None => DenseLayer::drawn(parameters, &pooler, hidden, hidden, derive(seed, POOLER))?,
        };
        let name = "cls.seq_relationship";
        let classifier = match &layout.next_sentence {
            Some(layer) => copied(name, layer, &mut reader, parameters)?,
            None => DenseLayer::drawn(parameters, name, hidden, 2, derive(seed, NEXT))?,
        };
        Ok(Self { pooler, classifier })
    }
}

fn copied(
    stem: &str,
    layer: &Layer,
    reader: &mut WeightReader<'_>,
    parameters: &mut Parameters,
) -> Result<DenseLayer, TuneError> {
    let (weight, bias) = (reader.read(&layer.weight)?, reader.read(&layer.bias)?);
    DenseLayer::add(parameters, stem, layer.inputs, weight, bias)
}
