//! Head that the encoder's family has for labels.
use cloze_checkpoint::layout::Dense as Layer;
use cloze_checkpoint::weights::WeightReader;
use cloze_train::{ClassWeights, Labels, TrainError};
use cloze_tune::Parameters;
use cloze_tune::random::derive;
use cloze_tune::task::{DenseLayer, SequenceParams, SequenceTask, stems};

use super::ValidTunedClassifierTrainParams;
use crate::train::FineTuneError;
use crate::train::base::StartModel;

/// Parts of the seed that new layers are drawn by.
const DENSE: u64 = 0x0064_656e_7365;
const CLASSIFIER: u64 = 0x0063_6c61_7373;

/// Adds the head. Its first layer starts as the base's, be that BERT's pooler, and the classifier too
/// if it is for the same labels.
pub(super) fn add(
    params: &ValidTunedClassifierTrainParams,
    base: &StartModel,
    labels: &Labels,
    parameters: &mut Parameters,
) -> Result<SequenceTask, FineTuneError> {
    let (config, layout) = (base.checkpoint.config(), base.checkpoint.layout());
    let (family, hidden, seed) = (config.family, config.hidden, params.common.seed());
    let [dense, classifier] = stems(family, base.body());
    let head = layout.sequence.as_ref();
    let pooler = layout.pooler.as_ref().filter(|_| family.sequence.dense.is_none());
    let mut reader = base.checkpoint.weights().reader();
    let first = head.map(|head| &head.dense).or(pooler);
    let dense = match first {
        Some(layer) => copied(parameters, &dense, layer, &mut reader)?,
        None => DenseLayer::drawn(parameters, &dense, hidden, hidden, derive(seed, DENSE))?,
    };
    let same = base.folder.labels() == labels.names();
    let second = head.map(|head| &head.classifier).filter(|_| same);
    let (outputs, seed) = (labels.names().len(), derive(seed, CLASSIFIER));
    let classifier = match second {
        Some(layer) => copied(parameters, &classifier, layer, &mut reader)?,
        None => DenseLayer::drawn(parameters, &classifier, hidden, outputs, seed)?,
    };
    let settings = &params.params;
    let weights = weights(&settings.class_weights, settings.multi_label, labels)?;
    let task = SequenceParams::default()
        .multi_label(settings.multi_label)
        .class_weights(weights)
        .label_smoothing(settings.label_smoothing);
    Ok(task.check(family, dense, classifier)?)
}

fn copied(
    parameters: &mut Parameters,
    stem: &str,
    layer: &Layer,
    reader: &mut WeightReader<'_>,
) -> Result<DenseLayer, FineTuneError> {
    let (weight, bias) = (reader.read(&layer.weight)?, reader.read(&layer.bias)?);
    Ok(DenseLayer::add(parameters, stem, layer.inputs, weight, bias)?)
}

/// Weight of a text by its label; of any number of labels, of one that holds beside one that does
/// not.
#[expect(clippy::cast_possible_truncation, reason = "as precise as the loss needs")]
fn weights(
    given: &ClassWeights,
    multi_label: bool,
    labels: &Labels,
) -> Result<Option<Vec<f32>>, TrainError> {
    let (names, counts, n) = (labels.names(), labels.counts(), labels.len());
    let weights: Vec<f64> = match given {
        ClassWeights::None => return Ok(None),
        ClassWeights::Balanced if multi_label => {
            // With and without it the label's texts count alike; one that all or none have says
            // nothing.
            #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
            let ratio = |with: usize| match n - with {
                0 => 1.0,
                without if with > 0 => without as f64 / with as f64,
                _ => 1.0,
            };
            counts.into_iter().map(ratio).collect()
        }
        given => given.resolve(names, &counts, n)?,
    };
    Ok(Some(weights.into_iter().map(|w| w as f32).collect()))
}

/// Divides the classifier's numbers by a temperature, so that its logits are.
#[expect(clippy::cast_possible_truncation, reason = "the model's own width")]
pub(super) fn divide(parameters: &mut Parameters, base: &StartModel, temperature: f64) {
    let [_, classifier] = stems(base.checkpoint.config().family, base.body());
    let names = ["weight", "bias"].map(|part| format!("{classifier}.{part}"));
    for parameter in parameters.list_mut().iter_mut().filter(|p| names.contains(&p.name)) {
        for x in &mut parameter.value {
            *x = (f64::from(*x) / temperature) as f32;
        }
    }
}
