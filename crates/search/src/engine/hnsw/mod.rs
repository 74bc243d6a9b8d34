//! A graph of near rows that is followed towards the query: hierarchical navigable small worlds
//! (Malkov & Yashunin 2018), as usearch builds and searches them. It is searched where it lies in its
//! file, of which only what a query touches comes into memory.
//!
//! usearch was taken before `hnsw_rs`: that one maps vectors but not the graph, so that opening reads
//! and allocates every node; it has no numbers narrower than f32; and a damaged file makes it panic.
//! [`graph`] checks a file where usearch does not, so that no link leads out of it.
mod build;
mod graph;
mod measure;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use cloze_core::Matrix;
use cloze_embed::Metric;
use rayon::prelude::*;
use usearch::{Index as Graph, IndexOptions, MetricKind, ScalarKind, b1x8};

use super::{Engine, comparable};
use crate::hnsw_params::{GraphDtype, ValidHnswParams};
use crate::kernel;
use crate::top::Top;
use crate::vectors::VectorFile;
use crate::{Hit, RowSet, SearchError};
pub(crate) use build::build;

/// With fewer allowed rows than this share, or than this number, each of them is compared with: a
/// graph in which hardly a node counts is followed for long, and in vain.
const FEW_SHARE: usize = 20;
const FEW: usize = 2_000;

/// The approximate engine: a graph, and the vectors as they are for the scores.
///
/// Scores are always those of the vectors, as the exact engine gives them; only which rows are among
/// the best is approximate.
pub struct Hnsw {
    graph: Graph,
    path: PathBuf,
    source: Arc<VectorFile>,
    metric: Metric,
    dtype: GraphDtype,
    width: usize,
    rows: usize,
    threads: usize,
    /// Of usearch's places to search in, those that are free; it fails where there is none.
    free: Mutex<usize>,
    freed: Condvar,
}

/// Options of usearch for vectors of `width`.
fn options(metric: Metric, params: &ValidHnswParams, width: usize) -> IndexOptions {
    let params = params.get();
    IndexOptions {
        dimensions: width,
        metric: match (params.dtype, metric) {
            (GraphDtype::B1, _) => MetricKind::Hamming,
            // Narrowing to 8 bits takes it that vectors have length 1, which this metric sees to.
            (GraphDtype::I8, _) => MetricKind::Cos,
            (_, Metric::Cosine | Metric::Dot) => MetricKind::IP,
            (_, Metric::Euclid) => MetricKind::L2sq,
        },
        quantization: match params.dtype {
            GraphDtype::F32 => ScalarKind::F32,
            GraphDtype::F16 => ScalarKind::F16,
            GraphDtype::I8 => ScalarKind::I8,
            GraphDtype::B1 => ScalarKind::B1,
        },
        connectivity: params.connectivity,
        expansion_add: params.expansion_add,
        expansion_search: params.expansion_search,
        multi: false,
    }
}

/// The signs of the numbers, the first in the lowest bit.
fn signs(vector: &[f32]) -> Vec<u8> {
    let byte = |eight: &[f32]| {
        eight.iter().enumerate().fold(0, |byte, (i, x)| byte | (u8::from(*x > 0.0) << i))
    };
    vector.chunks(8).map(byte).collect()
}

impl Hnsw {
    /// Opens the graph in `path` over the vectors of `source`, once it has made sure that nothing in
    /// it leads out of it. As many as `threads` searches go on at once, others wait.
    pub(crate) fn open(
        path: &Path,
        source: Arc<VectorFile>,
        metric: Metric,
        params: &ValidHnswParams,
        (rows, width): (usize, usize),
        threads: usize,
    ) -> Result<Self, SearchError> {
        let options = options(metric, params, width);
        graph::check(path, rows, width, &options)?;
        let graph = Graph::new(&options).map_err(|error| at(path, &error))?;
        let threads = match threads {
            0 => rayon::current_num_threads(),
            threads => threads,
        };
        graph.reserve_capacity_and_threads(0, threads).map_err(|error| at(path, &error))?;
        let text = path.to_str().ok_or_else(|| SearchError::Graph {
            path: path.to_owned(),
            what: "expected a path in UTF-8".into(),
        })?;
        graph.view(text).map_err(|error| at(path, &error))?;
        graph.change_expansion_search(params.get().expansion_search);
        Ok(Self {
            graph,
            path: path.to_owned(),
            source,
            metric,
            dtype: params.get().dtype,
            width,
            rows,
            threads,
            free: Mutex::new(threads),
            freed: Condvar::new(),
        })
    }

    /// Number of rows to ask the graph for, so that the best `k` by exact scores are among them.
    fn wanted(&self, k: usize) -> usize {
        let wanted = match self.dtype {
            GraphDtype::F32 => k,
            GraphDtype::F16 => k + k / 8 + 2,
            GraphDtype::I8 => 4 * k,
            GraphDtype::B1 => 32 * k,
        };
        wanted.min(self.rows)
    }

    fn one(
        &self,
        query: &[f32],
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Hit>, SearchError> {
        let wanted = self.wanted(k);
        let keys = {
            let _place = Place::take(self);
            let found = match (self.dtype, allowed) {
                (GraphDtype::B1, None) => self.graph.search(b1x8::from_u8s(&signs(query)), wanted),
                (GraphDtype::B1, Some(allowed)) => {
                    let allowed = |key: u64| holds(allowed, key);
                    self.graph.filtered_search(b1x8::from_u8s(&signs(query)), wanted, allowed)
                }
                (_, None) => self.graph.search(query, wanted),
                (_, Some(allowed)) => {
                    self.graph.filtered_search(query, wanted, |key| holds(allowed, key))
                }
            };
            found.map_err(|error| at(&self.path, &error))?.keys
        };
        // A damaged file may name rows that are not there, or one twice.
        let mut hits: Vec<Hit> = keys
            .into_iter()
            .filter(|row| *row < self.rows as u64)
            .map(|row| Hit { row, score: 0.0 })
            .collect();
        hits.sort_unstable_by_key(|hit| hit.row);
        hits.dedup_by_key(|hit| hit.row);
        self.source.score_again(self.metric, query, hits, k)
    }

    /// All allowed rows, one by one.
    fn each(&self, query: &[f32], k: usize, allowed: &RowSet) -> Result<Vec<Hit>, SearchError> {
        let mut top = Top::new(k);
        let mut score = [0.0];
        for row in allowed.iter() {
            let vector = self.source.rows(row, 1)?;
            kernel::scores(self.metric, query, &vector, self.width, &mut score);
            top.push(Hit { row: row as u64, score: score[0] });
        }
        Ok(top.into_sorted())
    }
}

fn holds(set: &RowSet, key: u64) -> bool {
    usize::try_from(key).is_ok_and(|row| set.contains(row))
}

impl Engine for Hnsw {
    fn rows(&self) -> usize {
        self.rows
    }

    fn search(
        &self,
        queries: &Matrix,
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Vec<Hit>>, SearchError> {
        let queries = &*comparable(queries, self.width, self.metric, "query")?;
        let k = k.min(self.rows);
        let few = allowed.map(|allowed| allowed.count().min(self.rows));
        let few = few.is_some_and(|n| n < FEW || n < self.rows / FEW_SHARE);
        let search = |query: &[f32]| match allowed {
            Some(allowed) if few => self.each(query, k, allowed),
            allowed => self.one(query, k, allowed),
        };
        let queries: Vec<&[f32]> = queries.iter().collect();
        match queries.as_slice() {
            [query] => Ok(vec![search(query)?]),
            queries if self.threads == 1 => queries.iter().map(|query| search(query)).collect(),
            queries => queries.par_iter().map(|query| search(query)).collect(),
        }
    }
}

/// One of usearch's places to search in, given back when it is dropped.
struct Place<'a>(&'a Hnsw);

impl<'a> Place<'a> {
    fn take(engine: &'a Hnsw) -> Self {
        // A number cannot be half-changed, so a panic elsewhere does not spoil it.
        let mut free = engine.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = engine.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Self(engine)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

/// One of usearch's errors, with the file it is about.
fn at(path: &Path, error: &dyn std::error::Error) -> SearchError {
    SearchError::Graph { path: path.to_owned(), what: error.to_string() }
}
