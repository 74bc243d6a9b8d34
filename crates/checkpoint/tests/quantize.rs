//! Checkpoints of 8 bits: what is wrong with their scales or settings is named.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::Path;

use cloze_checkpoint::decoder::DecoderCheckpoint;
use cloze_checkpoint::decoder::layout::DecoderLayer;
use cloze_checkpoint::quantize::{
    ActivationCalibration, Observed, QuantizeParams, quantize, quantize_decoder,
};
use cloze_checkpoint::{Checkpoint, CheckpointError, ModelFolder};
use cloze_store::Existing;
use cloze_testkit::checkpoint;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

/// `[48, 32]`.
const MATRIX: &str = "encoder.layer.0.intermediate.dense";

fn write(
    folder: &Path,
    calibration: Option<ActivationCalibration<'_>>,
) -> Result<(), CheckpointError> {
    let weights = Checkpoint::open(checkpoint("bert")).unwrap();
    let params = QuantizeParams { calibration, embeddings: false };
    let config = quantize(&weights, params, &folder.join("model.safetensors"), Existing::Replace)?;
    fs_err::write(folder.join("config.json"), config).unwrap();
    Ok(())
}

/// A tensor's type, shape and bytes.
type New = (Dtype, Vec<usize>, Vec<u8>);

/// The folder with a tensor of its weights left out or put in, and what is said of it.
fn changed(folder: &Path, name: &str, new: Option<&New>) -> String {
    let path = folder.join("model.safetensors");
    let bytes = fs_err::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let kept = tensors.tensors().into_iter().filter(|(n, _)| n != name);
    let new = new.map(|(dtype, shape, bytes)| {
        (name.to_owned(), TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    let file = safetensors::serialize(kept.chain(new), None).unwrap();
    let copy = tempfile::tempdir().unwrap();
    fs_err::write(copy.path().join("model.safetensors"), file).unwrap();
    fs_err::copy(folder.join("config.json"), copy.path().join("config.json")).unwrap();
    Checkpoint::open(copy.path()).map_or_else(|error| error.to_string(), |_| String::new())
}

#[test]
fn scales_that_are_missing_or_of_another_shape_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), None).unwrap();
    assert!(Checkpoint::open(folder.path()).unwrap().weights().any_int8());
    let says = |name: &str, new: Option<New>, expected: &str| {
        let said = changed(folder.path(), name, new.as_ref());
        assert!(said.contains(expected), "{said:?}: expected {expected:?}");
    };
    let ones = |n: usize| Some((Dtype::F32, vec![n], 1_f32.to_le_bytes().repeat(n)));
    let scale = format!("{MATRIX}.weight_scale");
    says(&scale, None, &format!("{MATRIX}.weight is stored as int8, and has no {scale}"));
    says(&scale, ones(3), &format!("{scale}: expected 48 numbers, found [3]"));
    let input = format!("{MATRIX}.input_scale");
    says(&input, ones(1), "");
    says(&input, ones(2), &format!("{input}: expected 1 numbers, found [2]"));
    let factors = format!("{MATRIX}.input_factors");
    says(&factors, ones(12), &format!("{factors}: expected 32 numbers, found [12]"));
    // What is asymmetric is another scheme.
    says(&format!("{MATRIX}.weight_zero_point"), ones(48), "weight_zero_point");
    let matrix = Some((Dtype::I8, vec![48 * 32], vec![1; 48 * 32]));
    says(&format!("{MATRIX}.weight"), matrix, "is not a matrix");
}

/// The largest number of a column becomes ±127, and each is at most half a step from what it was.
/// Scales of rows in their place are refused.
#[test]
fn matrices_of_inputs_by_outputs_have_a_scale_for_each_column() {
    let folder = tempfile::tempdir().unwrap();
    let open = |folder: &Path| {
        DecoderCheckpoint::of(ModelFolder::open(folder).unwrap().sources()).unwrap()
    };
    let stored = checkpoint("../decoders/gpt2");
    for file in ["tokenizer.json", "tokenizer_config.json"] {
        fs_err::copy(stored.join(file), folder.path().join(file)).unwrap();
    }
    let floats = open(&stored);
    let path = folder.path().join("model.safetensors");
    let config = quantize_decoder(&floats, false, &path, Existing::Refuse).unwrap();
    fs_err::write(folder.path().join("config.json"), config).unwrap();
    let quantized = open(folder.path());
    let mut matrices = 0;
    for linear in quantized.layout().layers.iter().flat_map(DecoderLayer::linears) {
        let (mut before, mut after) = (floats.weights().reader(), quantized.weights().reader());
        let expected = before.read(&linear.weight).unwrap();
        let found = after.read(&linear.weight).unwrap();
        let int8 = after.read_int8(&linear.weight, true).unwrap();
        assert_eq!((found.len(), int8.scales.len()), (expected.len(), linear.outputs));
        let mut most = vec![0; linear.outputs];
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let column = place % linear.outputs;
            let step = int8.scales[column];
            assert!((found - expected).abs() <= step * 0.5001, "{}: {place}", linear.weight);
            most[column] = most[column].max(int8.numbers[place].unsigned_abs());
        }
        assert_eq!(most, vec![127; linear.outputs], "{}", linear.weight);
        let error = after.read_int8(&linear.weight, false).unwrap_err().to_string();
        let what = "_scale: expected a scale for each of the rows, found columns";
        assert!(error.contains(&format!("{}{what}", linear.weight)), "{error}");
        matrices += 1;
    }
    assert_eq!(matrices, 2 * 4);
}

#[test]
fn settings_of_another_scheme_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), None).unwrap();
    let path = folder.path().join("config.json");
    let config = fs_err::read_to_string(&path).unwrap();
    let other = config.replace("\"num_bits\": 8", "\"num_bits\": 4");
    assert_ne!(other, config);
    fs_err::write(&path, other).unwrap();
    let error = Checkpoint::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("quantization_config: group_0 is another scheme"), "{error}");
}

#[test]
fn observations_of_another_model_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |observed: &[Observed]| {
        let calibration = Some(ActivationCalibration { observed, fixed: true });
        write(folder.path(), calibration).unwrap_err().to_string()
    };
    let layer = |x: f32| Observed {
        layer: vec![x; 32],
        context: vec![x; 32],
        attended: vec![x; 32],
        active: vec![x; 48],
    };
    assert!(refused(&[layer(1.0)]).contains("1 layers were observed; it has 2"));
    assert!(refused(&[layer(1.0), Observed::default()]).contains("0 numbers were observed"));
    assert!(refused(&[layer(1.0), layer(f32::NAN)]).contains("expected 32 that are finite"));
    let observed = [layer(1.0), layer(0.0)];
    write(folder.path(), Some(ActivationCalibration { observed: &observed, fixed: true })).unwrap();
    Checkpoint::open(folder.path()).unwrap();
}

/// Each number of the table is within half a step of its row's scale, the largest number over 127.
#[test]
fn word_embeddings_have_8_bits_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let from = Checkpoint::open(checkpoint("bert")).unwrap();
    let path = folder.path().join("model.safetensors");
    let params = QuantizeParams { calibration: None, embeddings: true };
    let config = quantize(&from, params, &path, Existing::Refuse).unwrap();
    fs_err::write(folder.path().join("config.json"), &config).unwrap();
    let to = Checkpoint::open(folder.path()).unwrap();
    let name = &from.layout().words;
    let [whole, rounded] =
        [&from, &to].map(|checkpoint| checkpoint.weights().reader().read(name).unwrap());
    assert_eq!(whole.len(), rounded.len());
    let width = from.config().hidden;
    for (row, new) in whole.chunks(width).zip(rounded.chunks(width)) {
        let most = row.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        for (x, y) in row.iter().zip(new) {
            assert!((x - y).abs() <= most / 127.0 * 0.5001, "{x} became {y}");
        }
    }
    let bytes = fs_err::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.tensor(name).unwrap().dtype(), Dtype::I8);
    // transformers would read such a table wrong.
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["quantization_config"]["quant_method"], "cloze");
    let again = quantize(&to, params, &path, Existing::Replace).unwrap_err().to_string();
    assert!(again.contains("weights of 8 bits; expected floats"), "{again}");
}
