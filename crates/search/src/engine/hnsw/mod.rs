//! A graph of near rows that is followed towards the query: hierarchical navigable small worlds
//! (Malkov & Yashunin 2018). It is searched where it lies in its file, of which only what a query touches
//! comes into memory.
//!
//! The graph is cloze's own: usearch, which made it before and still reads and writes the same files,
//! brings C and C++ of over two minutes of compiling; `hnsw_rs` reads the whole graph when it opens it,
//! has no numbers narrower than f32, and panics on a damaged file.
mod build;
mod distance;
mod file;
mod measure;
#[cfg(test)]
mod tests;
mod walk;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use cloze_core::Matrix;
use rayon::prelude::*;

pub(crate) use self::build::build;
use self::file::GraphFile;
pub(crate) use self::file::Shape;
use self::walk::Walk;
use super::{Engine, comparable};
use crate::hnsw_params::GraphDtype;
use crate::kernel;
use crate::top::Top;
use crate::vectors::VectorFile;
use crate::{Hit, RowSet, SearchError};

/// With fewer allowed rows than this share, or than this number, each of them is compared with: a
/// graph in which hardly a node counts is followed for long, and in vain.
const FEW_SHARE: usize = 20;
const FEW: usize = 2_000;

/// The approximate engine: a graph, and the vectors as they are for the scores.
///
/// Scores are always those of the vectors, as the exact engine gives them; only which rows are among
/// the best is approximate.
pub struct Hnsw {
    graph: GraphFile,
    source: Arc<VectorFile>,
    shape: Shape,
    expansion: usize,
    threads: usize,
    /// Memory of walks that are over.
    walks: Mutex<Vec<Walk>>,
}

impl Hnsw {
    /// Opens the graph in `path` over the vectors of `source`, once it has made sure that nothing in
    /// it leads out of it. Several queries are searched for on `threads` threads.
    pub(crate) fn open(
        path: &Path,
        source: Arc<VectorFile>,
        shape: Shape,
        threads: usize,
    ) -> Result<Self, SearchError> {
        let graph = GraphFile::open(path, shape)?;
        let expansion = shape.params.expansion_search;
        Ok(Self { graph, source, shape, expansion, threads, walks: Mutex::default() })
    }

    /// Number of rows to ask the graph for, so that the best `k` by exact scores are among them.
    fn wanted(&self, k: usize) -> usize {
        let wanted = match self.shape.params.dtype {
            GraphDtype::F32 => k,
            GraphDtype::F16 => k + k / 8 + 2,
            GraphDtype::I8 => 4 * k,
            GraphDtype::B1 => 32 * k,
        };
        wanted.min(self.shape.rows)
    }

    fn one(
        &self,
        query: &[f32],
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Hit>, SearchError> {
        let mut hits = self.candidates(query, self.wanted(k), allowed)?;
        // A damaged file may name a row twice.
        hits.sort_unstable_by_key(|hit| hit.row);
        hits.dedup_by_key(|hit| hit.row);
        self.source.score_again(self.shape.metric, query, hits, k)
    }

    /// Up to `wanted` rows near to `query`, as the graph leads to them; scores are still to come.
    fn candidates(
        &self,
        query: &[f32],
        wanted: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Hit>, SearchError> {
        if self.shape.rows == 0 {
            return Ok(vec![]);
        }
        let view = self.graph.view()?;
        let graph = view.graph();
        let query = self.shape.space().query(query);
        // A panic elsewhere leaves nothing behind that the next walk does not clear.
        let walk = self.walks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut walk = walk.unwrap_or_default();
        let mut near = walk.start(graph, &query, self.graph.entry);
        for level in (1..=self.graph.top).rev() {
            near = walk.descend(graph, &query, near, level);
        }
        let expansion = self.expansion.max(wanted);
        let nearest = match allowed {
            None => walk.nearest(graph, &query, near, 0, expansion, |_| true),
            Some(allowed) => walk.nearest(graph, &query, near, 0, expansion, |node| {
                view.row(node).is_some_and(|row| holds(allowed, row))
            }),
        };
        self.walks.lock().unwrap_or_else(PoisonError::into_inner).push(walk);
        let rows = nearest.iter().take(wanted).filter_map(|near| view.row(near.node));
        Ok(rows.map(|row| Hit { row, score: 0.0 }).collect())
    }

    /// All allowed rows, one by one.
    fn each(&self, query: &[f32], k: usize, allowed: &RowSet) -> Result<Vec<Hit>, SearchError> {
        let mut top = Top::new(k);
        let mut score = [0.0];
        for row in allowed.iter() {
            let vector = self.source.rows(row, 1)?;
            kernel::scores(self.shape.metric, query, &vector, self.shape.width, &mut score);
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
        self.shape.rows
    }

    fn search(
        &self,
        queries: &Matrix,
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Vec<Hit>>, SearchError> {
        let queries = &*comparable(queries, self.shape.width, self.shape.metric, "query")?;
        let k = k.min(self.shape.rows);
        let few = allowed.map(|allowed| allowed.count().min(self.shape.rows));
        let few = few.is_some_and(|n| n < FEW || n < self.shape.rows / FEW_SHARE);
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
