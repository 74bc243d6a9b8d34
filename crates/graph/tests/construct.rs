//! Graphs of checkpoints: what is refused, and tables of casings.
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, Head};
use cloze_graph::GraphError;
use cloze_graph::construct::{BuildParams, Graph};
use cloze_store::Existing;
use cloze_testkit::checkpoint_copy;
use safetensors::tensor::{Dtype, TensorView, serialize};

/// The token types of the graph are those of the matrix with casings, which no file of a graph has.
#[test]
fn casings_are_in_the_graph_and_not_in_a_file() {
    let copy = checkpoint_copy("bert-token");
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let rows: Vec<f32> = (0..48).map(|i| i as f32).collect();
    let bytes: Vec<u8> = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, vec![6, 8], &bytes).unwrap();
    let file = serialize([("casing.weight", view)], None).unwrap();
    fs_err::write(copy.path().join("casing.safetensors"), file).unwrap();
    let checkpoint = Checkpoint::open(copy.path()).unwrap();
    let graph = Graph::build(&checkpoint, &BuildParams::new().head(Head::Tokens)).unwrap();
    assert!(graph.casing);
    let name = "bert.embeddings.token_type_embeddings.weight";
    let types = checkpoint.weights().reader().read(name).unwrap();
    let table = graph.weights.iter().find(|w| w.name == name).unwrap();
    assert_eq!(table.dims, [12, 8]);
    let table = table.data.floats().unwrap();
    // Type 1, class 4, number 3: row 10.
    assert_eq!(table[10 * 8 + 3].to_bits(), (types[8 + 3] + rows[4 * 8 + 3]).to_bits());
    // Nobody who opens the file would know what to feed.
    let onnx = copy.path().join("x.onnx");
    let written = graph.write_onnx(StoredType::F32, &onnx, Existing::Refuse);
    assert!(matches!(written, Err(GraphError::Request { .. })));
}

#[test]
fn a_number_too_large_for_half_precision_is_an_error() {
    let copy = checkpoint_copy("bert-token");
    let path = copy.path().join("model.safetensors");
    let mut bytes = fs_err::read(&path).unwrap();
    let at = bytes.len() - 4;
    bytes[at..].copy_from_slice(&70_000_f32.to_le_bytes());
    fs_err::write(&path, bytes).unwrap();
    let checkpoint = Checkpoint::open(copy.path()).unwrap();
    let graph = Graph::build(&checkpoint, &BuildParams::new().head(Head::Tokens)).unwrap();
    let onnx = copy.path().join("x.onnx");
    assert!(matches!(
        graph.write_onnx(StoredType::F16, &onnx, Existing::Refuse),
        Err(GraphError::Overflow { .. })
    ));
    assert!(!onnx.exists());
}
