//! The table of casings beside the weights.
use std::path::Path;

use cloze_checkpoint::Checkpoint;
use cloze_testkit::checkpoint_copy;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::{read, refusal};

fn write(folder: &Path, name: &str, shape: &[usize], numbers: &[f32]) {
    let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, shape.to_vec(), &bytes).unwrap();
    let bytes = serialize([(name, view)], None).unwrap();
    fs_err::write(folder.join("casing.safetensors"), bytes).unwrap();
}

/// Row `type · 6 + class` of the matrix with casings is the type's row and the class's added up.
#[test]
fn the_types_are_multiplied_by_the_casings() {
    let copy = checkpoint_copy("bert-token");
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let rows: Vec<f32> = (0..48).map(|i| i as f32).collect();
    write(copy.path(), "casing.weight", &[6, 8], &rows);
    let checkpoint = Checkpoint::open(copy.path()).unwrap();
    let types = read(&checkpoint, "bert.embeddings.token_type_embeddings.weight");
    let table = checkpoint.casing().unwrap().with_types(&types, 8);
    assert_eq!(table.len(), 12 * 8);
    // Type 1, class 4, number 3: row 10.
    assert_eq!(table[10 * 8 + 3].to_bits(), (types[8 + 3] + rows[4 * 8 + 3]).to_bits());
    assert_eq!(table[5 * 8].to_bits(), (types[0] + rows[5 * 8]).to_bits());
    let counted: u64 = checkpoint.parts().iter().map(|p| p.parameters).sum();
    fs_err::remove_file(copy.path().join("casing.safetensors")).unwrap();
    let plain = Checkpoint::open(copy.path()).unwrap();
    let without: u64 = plain.parts().iter().map(|p| p.parameters).sum();
    assert_eq!(counted, without + 48);
}

#[test]
fn a_table_that_does_not_fit_is_refused() {
    let copy = checkpoint_copy("bert-token");
    let file = "FOLDER/casing.safetensors";
    write(copy.path(), "casing.weight", &[5, 8], &[0.0; 40]);
    assert_eq!(
        refusal(copy.path()),
        format!(
            "{file}: 1 tensor of another shape:\n  casing.weight: expected [6, 8], found [5, 8]"
        )
    );
    write(copy.path(), "case", &[6, 8], &[0.0; 48]);
    assert_eq!(
        refusal(copy.path()),
        format!(
            "{file}: 1 tensor missing:\n  casing.weight [6, 8]\n1 tensor of no known use:\n  case"
        )
    );
    let mut numbers = [0.0; 48];
    numbers[7] = f32::INFINITY;
    write(copy.path(), "casing.weight", &[6, 8], &numbers);
    assert!(refusal(copy.path()).contains("not finite"));
    fs_err::write(copy.path().join("casing.safetensors"), "x").unwrap();
    assert!(refusal(copy.path()).contains("not a sound safetensors file"));
    let copy = checkpoint_copy("distilbert-token");
    write(copy.path(), "casing.weight", &[6, 8], &[0.0; 48]);
    assert_eq!(
        refusal(copy.path()),
        format!("{file}: a casing table for an encoder without token types, which it is part of")
    );
}
