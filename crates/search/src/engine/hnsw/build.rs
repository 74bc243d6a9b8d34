//! From vectors to a graph in a file.
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

use cloze_embed::Metric;
use usearch::{Index as Graph, b1x8};

use super::{at, options, signs};
use crate::SearchError;
use crate::hnsw_params::{GraphDtype, ValidHnswParams};
use crate::vectors::VectorFile;

/// Builds the graph of `vectors` into the file `path`. Several threads make another graph each time;
/// one makes the same.
pub(crate) fn build(
    path: &Path,
    vectors: &VectorFile,
    (rows, width): (usize, usize),
    metric: Metric,
    params: &ValidHnswParams,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), SearchError> {
    let failed = |error| at(path, &error);
    let text = path.to_str().ok_or_else(|| SearchError::Graph {
        path: path.to_owned(),
        what: "expected a path in UTF-8".into(),
    })?;
    let threads = match threads {
        0 => rayon::current_num_threads(),
        threads => threads,
    };
    let graph = Graph::new(&options(metric, params, width)).map_err(failed)?;
    graph.reserve_capacity_and_threads(rows, threads).map_err(failed)?;
    let blocks = Mutex::new(vectors.blocks());
    let add = || -> Result<(), SearchError> {
        loop {
            // Bound by itself, so that the lock is free while rows are added.
            let block = blocks.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(block) = block else { return Ok(()) };
            let (first, numbers) = block?;
            for (row, vector) in (first as u64..).zip(numbers.chunks_exact(width)) {
                let added = if params.get().dtype == GraphDtype::B1 {
                    graph.add(row, b1x8::from_u8s(&signs(vector)))
                } else {
                    graph.add(row, vector)
                };
                added.map_err(failed)?;
            }
            progress((numbers.len() / width) as u64);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(add)).collect();
        let mut all = add();
        for worker in workers {
            let done = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all = all.and(done);
        }
        all
    })?;
    graph.save(text).map_err(failed)?;
    let file = fs_err::OpenOptions::new().write(true).open(path).map_err(SearchError::Read)?;
    file.sync_all().map_err(SearchError::write(path))
}
