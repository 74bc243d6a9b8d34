//! Search among vectors: what is most like this one, of thousands or millions; among the words of
//! texts; and indexes of them on the disk.
//!
//! In the order data flows:
//! - [`index`]: a folder of vectors and what they stand for, searched and changed;
//! - [`Filter`], [`RowSet`]: which rows may be found;
//! - [`Engine`]: nearest-neighbour search: [`Exact`] and [`Hnsw`];
//! - [`Hit`]: a result of a search;
//! - [`fuse`]: several rankings made one;
//! - [`pairs`]: every pair of rows that are alike, and groups of them;
//! - [`duplicates`]: groups of texts that are the same or nearly so.
//!
//! ```
//! use cloze_core::Matrix;
//! use cloze_search::index::{Index, IndexParams, IndexRecord, Writer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let mut writer = Writer::create(folder.path(), &IndexParams::new().check()?, false)?;
//! for (id, vector) in [("north", [0.0, 1.0]), ("east", [1.0, 0.0]), ("north-east", [0.7, 0.7])] {
//!     writer.push(&IndexRecord { id: id.into(), ..IndexRecord::default() }, &vector)?;
//! }
//! writer.commit()?;
//!
//! let index = Index::open(folder.path())?;
//! let query = Matrix::from_vec(2, vec![0.1, 0.9]).expect("a row of two");
//! let hits = &index.search(&query, 2, None)?[0];
//! assert_eq!(index.record(hits[0].row)?.id, "north");
//! assert_eq!(index.record(hits[1].row)?.id, "north-east");
//! # Ok(())
//! # }
//! ```
pub mod duplicates;
mod engine;
mod error;
mod files;
mod filter;
pub mod fuse;
mod hnsw_params;
pub mod index;
mod kernel;
pub mod pairs;
mod rows;
mod rowset;
mod top;
mod vector_cache;
mod vectors;

pub use engine::{AUTO_HNSW_ROWS, Engine, EngineKind, Exact, Hnsw};
pub use error::SearchError;
pub use filter::Filter;
pub use hnsw_params::{GraphDtype, HnswParams, ValidHnswParams};
pub use rows::Dtype;
pub use rowset::RowSet;
pub use top::Hit;
pub use vector_cache::VectorCache;
