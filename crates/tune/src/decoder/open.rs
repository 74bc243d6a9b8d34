//! A decoder's numbers: those of a checkpoint, and drawn ones of a new one.
use cloze_checkpoint::decoder::{DecoderCheckpoint, DecoderConfig, DecoderLayout, layout};
use cloze_checkpoint::weights::WeightReader;

use super::TrainableDecoder;
use super::attention::CausalAttention;
use super::head::LossHead;
use super::layer::{Kind, LORA, Layer, Projections, SITES};
use super::norm::DecoderNorm;
use crate::encoder::linear::Linear;
use crate::encoder::{
    LoraModule, LoraParams, Module, TrainableEncoderParams, Tuning, ValidTrainableEncoderParams,
};
use crate::random::{derive, normal};
use crate::{Id, Parameters, TuneError};

/// A tensor as a checkpoint stores it: name, shape, numbers.
type Stored = (String, Vec<usize>, Vec<f32>);

/// Numbers that a new decoder begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Random seed.
    pub seed: u64,
    /// Standard deviation of matrices: `initializer_range` of transformers.
    pub spread: f64,
}

/// Reads a checkpoint's tensors into parameters.
struct Reader<'a> {
    weights: WeightReader<'a>,
    parameters: &'a mut Parameters,
    stored: Vec<(Id, bool)>,
    epsilon: f32,
}

impl Reader<'_> {
    fn add(
        &mut self,
        name: &str,
        shape: &[usize],
        turned: bool,
        train: bool,
    ) -> Result<Id, TuneError> {
        let mut value = self.weights.read(name)?;
        if let ([outputs, inputs], true) = (shape, turned) {
            value = transposed(&value, *inputs, *outputs);
        }
        let decays = shape.len() > 1;
        let id = if train {
            self.parameters.add(name, shape, value, decays)
        } else {
            self.parameters.add_frozen(name, shape, value)
        };
        self.stored.push((id, turned));
        Ok(id)
    }

    fn linear(&mut self, linear: &layout::Linear, train: bool) -> Result<Linear, TuneError> {
        let layout::Linear { inputs, outputs, turned, .. } = *linear;
        let weight = self.add(&linear.weight, &[outputs, inputs], turned, train)?;
        let bias = linear.bias.as_ref();
        let bias = bias.map(|bias| self.add(bias, &[outputs], false, train)).transpose()?;
        Ok(Linear::new(weight, bias, [inputs, outputs], train))
    }

    fn norm(
        &mut self,
        norm: &layout::DecoderNorm,
        is_trained: bool,
    ) -> Result<DecoderNorm, TuneError> {
        let weight = self.add(&norm.weight, &[norm.width], false, is_trained)?;
        let bias = norm.bias.as_ref();
        let bias = bias.map(|bias| self.add(bias, &[norm.width], false, is_trained)).transpose()?;
        Ok(DecoderNorm { weight, bias, epsilon: self.epsilon, is_trained })
    }

    fn layer(
        &mut self,
        config: &DecoderConfig,
        layer: &layout::DecoderLayer,
        index: usize,
        train: bool,
    ) -> Result<Layer, TuneError> {
        let first_site = (index as u64 + 1) * SITES;
        let attention_norm = self.norm(&layer.attention_norm, train)?;
        let projections = match &layer.projections {
            layout::Projections::Joint(joint) => Projections::Joint(self.linear(joint, train)?),
            layout::Projections::Apart { query, key, value } => Projections::Apart([
                self.linear(query, train)?,
                self.linear(key, train)?,
                self.linear(value, train)?,
            ]),
        };
        let head_norms = match &layer.head_norms {
            Some([query, key]) => Some([self.norm(query, train)?, self.norm(key, train)?]),
            None => None,
        };
        let output = self.linear(&layer.attention, train)?;
        let feed_norm = self.norm(&layer.feed_norm, train)?;
        let gate = layer.gate.as_ref().map(|gate| self.linear(gate, train)).transpose()?;
        Ok(Layer {
            projections,
            head_norms,
            attention: CausalAttention::new(config, first_site),
            output,
            gate,
            up: self.linear(&layer.up, train)?,
            down: self.linear(&layer.down, train)?,
            attention_norm,
            feed_norm,
            activation: config.activation,
            first_site,
        })
    }
}

impl Layer {
    fn linears_mut(&mut self) -> Vec<(Kind, &mut Linear)> {
        let mut linears = match &mut self.projections {
            Projections::Joint(joint) => vec![(Kind::Joint, joint)],
            Projections::Apart([query, key, value]) => {
                vec![(Kind::Query, query), (Kind::Key, key), (Kind::Value, value)]
            }
        };
        linears.push((Kind::Attention, &mut self.output));
        linears.extend(self.gate.as_mut().map(|gate| (Kind::Gate, gate)));
        linears.extend([(Kind::Up, &mut self.up), (Kind::Down, &mut self.down)]);
        linears
    }

    /// Adds the adapters that `params` names. The gate counts as an up-projection; a joint matrix of
    /// query, key and value gets one adapter for any of them.
    fn adapt(
        &mut self,
        parameters: &mut Parameters,
        params: &LoraParams,
        seed: u64,
        modules: &mut Vec<LoraModule>,
    ) {
        let first_site = self.first_site;
        for (kind, linear) in self.linears_mut() {
            let targets: &[Module] = match kind {
                Kind::Joint => &[Module::Query, Module::Key, Module::Value],
                Kind::Query => &[Module::Query],
                Kind::Key => &[Module::Key],
                Kind::Value => &[Module::Value],
                Kind::Attention => &[Module::Attention],
                Kind::Gate | Kind::Up => &[Module::Up],
                Kind::Down => &[Module::Down],
            };
            if !params.targets.0.iter().any(|target| targets.contains(target)) {
                continue;
            }
            let name = parameters.get(linear.weight).name.clone();
            let name = name.strip_suffix(".weight").unwrap_or(&name);
            let (seed, site) = (derive(seed, kind as u64), first_site + LORA + kind as u64);
            modules.push(linear.adapt(parameters, name, params, seed, site));
        }
    }
}

/// Refuses settings that a decoder does not have.
fn check(params: &TrainableEncoderParams, layers: usize) -> Result<(), TuneError> {
    let wrong = |setting: &str, found: String, expected: String| {
        Err(TuneError::Setting { setting: setting.into(), found, expected })
    };
    if params.tuning == Tuning::Head {
        let expected = "adapters or the whole model, as a decoder has no head of its own to train";
        return wrong("tune", "head".into(), expected.into());
    }
    if params.casing.is_some() {
        return wrong("casing", "on".into(), "off, as a decoder's tokens keep their case".into());
    }
    let frozen = params.frozen_layers;
    if frozen > layers {
        let expected = format!("at most the {layers} there are");
        return wrong("frozen_layers", frozen.to_string(), expected);
    }
    Ok(())
}

impl TrainableDecoder {
    /// Reads `checkpoint` and adds its numbers to `parameters`, and those of adapters, if `params` has any,
    /// drawn by `seed`. With full tuning the embeddings and the head are trained where `params` says so
    /// ([`embeddings`](TrainableEncoderParams::embeddings)).
    ///
    /// # Errors
    /// [`TuneError::Checkpoint`] if a tensor cannot be read; [`TuneError::Setting`] for the tuning of a head
    /// alone, for casing, and for more frozen layers than there are.
    pub fn open(
        checkpoint: &DecoderCheckpoint,
        params: &ValidTrainableEncoderParams,
        seed: u64,
        parameters: &mut Parameters,
    ) -> Result<Self, TuneError> {
        let (config, layout) = (checkpoint.config().clone(), checkpoint.layout());
        let params = params.params();
        check(params, config.layers)?;
        let full = params.tuning == Tuning::Full;
        let embeddings = full && params.embeddings;
        let mut reader = Reader {
            weights: checkpoint.weights().reader(),
            parameters,
            stored: vec![],
            epsilon: config.norm_epsilon,
        };
        let table = [config.vocabulary, config.hidden];
        let words = reader.add(&layout.words, &table, false, embeddings)?;
        let places = [config.positions, config.hidden];
        let positions = layout.positions.as_ref();
        let positions =
            positions.map(|name| reader.add(name, &places, false, embeddings)).transpose()?;
        let mut layers = vec![];
        for (i, layer) in layout.layers.iter().enumerate() {
            layers.push(reader.layer(&config, layer, i, full && i >= params.frozen_layers)?);
        }
        let last_norm = reader.norm(&layout.last_norm, full)?;
        let matrix = if layout.head == layout.words {
            words
        } else {
            reader.add(&layout.head, &table, false, embeddings)?
        };
        let Reader { stored, .. } = reader;
        let mut modules = vec![];
        if let Tuning::Lora(lora) = &params.tuning {
            for (i, layer) in layers.iter_mut().enumerate().skip(params.frozen_layers) {
                layer.adapt(parameters, lora, derive(seed, i as u64), &mut modules);
            }
        }
        let lowest = layers.iter().position(Layer::is_trained).unwrap_or(layers.len());
        let lowest = if embeddings { 0 } else { lowest };
        let angles = config.rotary.as_ref();
        let angles = angles.map(|rotary| rotary.table(config.positions, config.head_size));
        let (cosines, sines) = angles.unwrap_or_default();
        let head = LossHead { matrix, vocabulary: config.vocabulary, hidden: config.hidden };
        Ok(Self {
            config,
            words,
            positions,
            head,
            layers,
            last_norm,
            angles: [cosines, sines],
            lowest,
            embeddings,
            modules,
            stored,
        })
    }

    /// Tensors of the checkpoint as they are now, adapters merged, as the checkpoint stores them.
    #[must_use]
    pub fn tensors(&self, parameters: &Parameters) -> Vec<Stored> {
        let linears = || self.layers.iter().flat_map(Layer::linears).map(|(_, linear)| linear);
        let tensor = |&(id, turned): &(Id, bool)| {
            let parameter = parameters.get(id);
            let linear = linears().find(|linear| linear.weight == id);
            let mut value = match linear {
                Some(linear) => linear.merged(parameters),
                None => parameter.value.clone(),
            };
            let mut shape = parameter.shape.clone();
            if let ([outputs, inputs], true) = (&shape[..], turned) {
                value = transposed(&value, *outputs, *inputs);
                shape.reverse();
            }
            (parameter.name.clone(), shape, value)
        };
        self.stored.iter().map(tensor).collect()
    }
}

/// `[cols, rows]` of `[rows, cols]`.
fn transposed(matrix: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(matrix.len());
    for col in 0..cols {
        out.extend((0..rows).map(|row| matrix[row * cols + col]));
    }
    out
}

/// Tensors of a new decoder, by transformers' names: matrices drawn from a normal distribution, norms 1,
/// biases 0. What a layer adds to its input is drawn with the deviation over √(2 · layers), so that the sum
/// over the layers stays about as large (Radford et al. 2019, section 2.3).
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a number of layers")]
pub fn initial_tensors(config: &DecoderConfig, drawn: Drawn) -> Vec<Stored> {
    let layout = DecoderLayout::of_new(config);
    let residual = drawn.spread / (2.0 * config.layers as f64).sqrt();
    let mut made = Made { tensors: vec![], seed: drawn.seed };
    made.matrix(&layout.words, [config.vocabulary, config.hidden], drawn.spread);
    if let Some(positions) = &layout.positions {
        made.matrix(positions, [config.positions, config.hidden], drawn.spread);
    }
    for layer in &layout.layers {
        made.norm(&layer.attention_norm);
        match &layer.projections {
            layout::Projections::Joint(joint) => made.linear(joint, drawn.spread),
            layout::Projections::Apart { query, key, value } => {
                for linear in [query, key, value] {
                    made.linear(linear, drawn.spread);
                }
            }
        }
        layer.head_norms.iter().flatten().for_each(|norm| made.norm(norm));
        made.linear(&layer.attention, residual);
        made.norm(&layer.feed_norm);
        for linear in layer.gate.iter().chain([&layer.up]) {
            made.linear(linear, drawn.spread);
        }
        made.linear(&layer.down, residual);
    }
    made.norm(&layout.last_norm);
    if layout.head != layout.words {
        made.matrix(&layout.head, [config.vocabulary, config.hidden], drawn.spread);
    }
    made.tensors
}

/// Tensors drawn so far.
struct Made {
    tensors: Vec<Stored>,
    seed: u64,
}

impl Made {
    fn matrix(&mut self, name: &str, shape: [usize; 2], spread: f64) {
        let seed = derive(self.seed, self.tensors.len() as u64);
        let value = normal(seed, shape[0] * shape[1], spread);
        self.tensors.push((name.to_owned(), shape.to_vec(), value));
    }

    fn linear(&mut self, linear: &layout::Linear, spread: f64) {
        let layout::Linear { inputs, outputs, turned, .. } = *linear;
        let shape = if turned { [inputs, outputs] } else { [outputs, inputs] };
        self.matrix(&linear.weight, shape, spread);
        self.vector(linear.bias.as_ref(), outputs, 0.0);
    }

    fn norm(&mut self, norm: &layout::DecoderNorm) {
        self.vector(Some(&norm.weight), norm.width, 1.0);
        self.vector(norm.bias.as_ref(), norm.width, 0.0);
    }

    fn vector(&mut self, name: Option<&String>, len: usize, value: f32) {
        self.tensors.extend(name.map(|name| (name.clone(), vec![len], vec![value; len])));
    }
}
