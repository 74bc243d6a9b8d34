//! Distances against their definitions, and graphs that usearch wrote.
use std::path::PathBuf;
use std::sync::Arc;

use cloze_core::Matrix;
use cloze_embed::Metric;
use half::f16;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use super::distance::Space;
use super::{Hnsw, Shape};
use crate::HnswParams;
use crate::engine::Engine as _;
use crate::hnsw_params::GraphDtype;
use crate::rows::Dtype;
use crate::vectors::{VectorFile, VectorWriter};

#[expect(clippy::cast_precision_loss, reason = "24 bits")]
fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Pcg64::new(seed.into(), 1);
    (0..n).map(|_| (random.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

fn encoded(space: Space, vectors: &[f32], width: usize) -> Vec<u8> {
    let mut rows = vec![];
    for vector in vectors.chunks_exact(width) {
        space.encode(vector, &mut rows);
    }
    rows
}

/// Against sums in f64 of the numbers as they are stored: widths that fill registers and that do not,
/// as many rows as are compared side by side and one more.
#[test]
fn distances_are_those_of_the_definition() {
    for width in [1, 7, 16, 33, 64, 384] {
        let (query, rows) = (numbers(width, 1), numbers(5 * width, 2));
        for metric in [Metric::Dot, Metric::Euclid] {
            for dtype in [GraphDtype::F32, GraphDtype::F16] {
                let space = Space::new(dtype, metric, width);
                let stored = encoded(space, &rows, width);
                let mut distances = vec![];
                let nodes = [4, 0, 3, 1, 2];
                space.distances(&space.query(&query), &stored, &nodes, &mut distances);
                for (node, distance) in nodes.iter().zip(&distances) {
                    let row = &rows[*node as usize * width..][..width];
                    let row = row.iter().map(|x| match dtype {
                        GraphDtype::F16 => f16::from_f32(*x).to_f64(),
                        _ => f64::from(*x),
                    });
                    let pairs = query.iter().map(|x| f64::from(*x)).zip(row);
                    let expected: f64 = match metric {
                        Metric::Euclid => pairs.map(|(a, b)| (a - b) * (a - b)).sum(),
                        _ => -pairs.map(|(a, b)| a * b).sum::<f64>(),
                    };
                    let off = (f64::from(*distance) - expected).abs();
                    let allowed = 2e-5 + 1e-6 * expected.abs();
                    assert!(off < allowed, "{width} {metric:?} {dtype:?}: {distance} {expected}");
                }
            }
        }
    }
}

/// (1, 0) and (0.6, −0.8) have the codes 127, 0 and 76, −102 (76.2 and −101.6 rounded): 127 · 76 = 9652 of
/// 127 · √(76² + 102²) = 127 · 127.2006. Signs: 1, 0 (0 is not above 0) and 1, 0.
#[test]
fn codes_and_signs_as_worked_by_hand() {
    let mut distances = vec![];
    let space = Space::new(GraphDtype::I8, Metric::Cosine, 2);
    let rows = encoded(space, &[0.6, -0.8, 0.0, 3.0], 2);
    assert_eq!(rows, [76, 154, 0, 127]);
    space.distances(&space.query(&[2.0, 0.0]), &rows, &[0, 1], &mut distances);
    assert!((distances[0] - (1.0 - 76.0 / 127.200_63)).abs() < 1e-6, "{distances:?}");
    assert!((distances[1] - 1.0).abs() < 1e-6, "{distances:?}");

    let space = Space::new(GraphDtype::B1, Metric::Cosine, 9);
    let mut far = [1.0; 9];
    far[8] = -1.0;
    let rows = encoded(space, &[[1.0; 9], far].concat(), 9);
    assert_eq!(rows, [0xff, 1, 0xff, 0]);
    space.distances(&space.query(&[-1.0; 9]), &rows, &[0, 1], &mut distances);
    assert_eq!(
        distances.iter().map(|d| d.to_bits()).collect::<Vec<_>>(),
        [9f32, 8.0].map(f32::to_bits)
    );
}

/// A row is compared as the vector that it was made of, whatever its number format.
#[test]
fn a_stored_row_is_a_query() {
    let (width, rows) = (33, numbers(2 * 33, 3));
    for dtype in [GraphDtype::F32, GraphDtype::F16, GraphDtype::I8, GraphDtype::B1] {
        let space = Space::new(dtype, Metric::Cosine, width);
        let stored = encoded(space, &rows, width);
        let (mut by_vector, mut by_row) = (vec![], vec![]);
        space.distances(&space.query(&rows[..width]), &stored, &[0, 1], &mut by_vector);
        let query = space.query_of_row(&stored[..space.row_bytes()]);
        space.distances(&query, &stored, &[0, 1], &mut by_row);
        for (a, b) in by_vector.iter().zip(&by_row) {
            assert!((a - b).abs() < 2e-3, "{dtype:?}: {a} {b}");
        }
    }
}

/// Beyond the range of 16 bits the largest number is stored, and none below the normal ones.
#[test]
fn numbers_of_16_bits_stay_finite_and_normal() {
    let space = Space::new(GraphDtype::F16, Metric::Dot, 4);
    let stored = encoded(space, &[1e9, -1e9, 1e-6, -0.5], 4);
    let stored: Vec<f32> =
        stored.chunks(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect();
    let expected = [65_504.0_f32, -65_504.0, 0.0, -0.5];
    assert_eq!(stored.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), expected.map(f32::to_bits));
}

/// Rows and graphs of `tests/data/usearch`, whose script says which version of usearch wrote them.
#[test]
fn graphs_that_usearch_wrote_are_searched() {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/usearch");
    let numbers: Vec<f32> = fs_err::read(data.join("rows.f32"))
        .unwrap()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.npy");
    let mut writer = VectorWriter::create(&path, Dtype::F32, 8).unwrap();
    for row in numbers.chunks_exact(8) {
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
    let queries = Matrix::from_vec(8, numbers).unwrap();
    for (name, dtype, metric) in [
        ("f32", GraphDtype::F32, Metric::Euclid),
        ("f16", GraphDtype::F16, Metric::Cosine),
        ("i8", GraphDtype::I8, Metric::Cosine),
        ("b1", GraphDtype::B1, Metric::Cosine),
    ] {
        let params = HnswParams::new().dtype(dtype).connectivity(4).expansion_search(60);
        let shape = Shape { metric, params, rows: 60, width: 8 };
        let vectors = Arc::new(VectorFile::open(&path, Dtype::F32, 60, 8).unwrap());
        let file = data.join(format!("{name}.usearch"));
        let graph = Hnsw::open(&file, vectors, shape, 1).unwrap();
        for (row, hits) in (0_u64..).zip(graph.search(&queries, 1, None).unwrap()) {
            assert_eq!(hits[0].row, row, "{name}");
        }
    }
}
