//! From vectors to a graph (Malkov & Yashunin 2018, algorithms 1, 3 and 4).
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use super::distance::{Query, Space};
use super::file::{Built, Shape, write};
use super::walk::{Graph, Links, Near, Walk};
use crate::SearchError;
use crate::vectors::VectorFile;

/// Seed of the levels.
const SEED: u128 = 42;
/// Locks that writers of links share: a node's is that of its number's remainder.
const LOCKS: usize = 1024;
/// Highest level that a node may have: 2 links a node make it one in 2^32.
const MOST_LEVEL: usize = 32;
/// Rows between two reports of progress.
const PROGRESS: u64 = 256;

/// Builds the graph of `vectors` into the file `path`. Several threads make a different graph each
/// time; one makes the same.
pub(crate) fn build(
    path: &Path,
    vectors: &VectorFile,
    shape: Shape,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), SearchError> {
    if u32::try_from(shape.rows).is_err() {
        let what = format!("{} rows: a graph holds up to {}", shape.rows, u32::MAX);
        return Err(SearchError::Graph { path: path.to_owned(), what });
    }
    let threads = match threads {
        0 => rayon::current_num_threads(),
        threads => threads,
    };
    let space = shape.space();
    // In words of 32 bits, so that rows of f32 lie where they may be read.
    let mut words = vec![0_u32; (shape.rows * space.row_bytes()).div_ceil(4)];
    let rows: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
    let rows = &mut rows[..shape.rows * space.row_bytes()];
    let mut stored = rows.chunks_exact_mut(space.row_bytes());
    let mut row = vec![];
    for block in vectors.blocks() {
        let (_, numbers) = block?;
        for vector in numbers.chunks_exact(shape.width) {
            row.clear();
            space.encode(vector, &mut row);
            if let Some(stored) = stored.next() {
                stored.copy_from_slice(&row);
            }
        }
    }
    let rows = &*rows;
    let graph = Growing::new(shape);
    let task = Insertion { graph: &graph, rows, space, shape: &shape };
    if shape.rows > 0 {
        let next = AtomicUsize::new(1);
        let insert = || task.insert_all(&next, progress);
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(insert)).collect();
            insert();
            for thread in others {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
        });
    }
    write(path, &shape, rows, &graph)
}

/// Links of all nodes, read without a lock while others write: whatever mix of old and new links a
/// reader sees, each leads to a node of that level.
struct Growing {
    shape: Shape,
    levels: Vec<u8>,
    /// Count and links of each node on the ground.
    ground: Vec<AtomicU32>,
    /// Count and links of each node on the levels above, level by level.
    above: Vec<AtomicU32>,
    /// Place in `above` of each node's first level.
    starts: Vec<usize>,
    locks: Vec<Mutex<()>>,
    /// Entry; its level is the highest.
    entry: Mutex<u32>,
}

impl Growing {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 32")]
    #[expect(clippy::cast_precision_loss, reason = "at most 512")]
    fn new(shape: Shape) -> Self {
        let mut random = Pcg64::new(SEED, 1);
        // So that of the nodes of a level, one in as many as a node has links is on the next, too.
        let scale = 1.0 / (shape.params.connectivity as f64).ln();
        let levels: Vec<u8> = (0..shape.rows)
            .map(|_| {
                let uniform = (f64::from(random.next_u32()) + 1.0) / 4_294_967_296.0;
                (-uniform.ln() * scale).min(MOST_LEVEL as f64) as u8
            })
            .collect();
        let zeros = |n: usize| (0..n).map(|_| AtomicU32::new(0)).collect();
        let mut starts = Vec::with_capacity(shape.rows);
        let mut end = 0;
        for level in &levels {
            starts.push(end);
            end += usize::from(*level) * (1 + shape.room(1));
        }
        Self {
            ground: zeros(shape.rows * (1 + shape.room(0))),
            above: zeros(end),
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            entry: Mutex::new(0),
            shape,
            levels,
            starts,
        }
    }

    /// Count and room for links of a node on a level that it has.
    fn stored(&self, node: u32, level: usize) -> &[AtomicU32] {
        let len = 1 + self.shape.room(level);
        match level.checked_sub(1) {
            None => &self.ground[node as usize * len..][..len],
            Some(above) => &self.above[self.starts[node as usize] + above * len..][..len],
        }
    }

    /// Sets the links of a node whose lock is held.
    fn set(&self, node: u32, level: usize, links: &[Near]) {
        let stored = self.stored(node, level);
        for (stored, link) in stored[1..].iter().zip(links) {
            stored.store(link.node, Ordering::Relaxed);
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 1024")]
        stored[0].store(links.len() as u32, Ordering::Release);
    }

    fn lock(&self, node: u32) -> std::sync::MutexGuard<'_, ()> {
        // Guards nothing that a panic could leave half done.
        self.locks[node as usize % LOCKS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Links for Growing {
    fn links(&self, node: u32, level: usize, links: &mut Vec<u32>) {
        links.clear();
        let stored = self.stored(node, level);
        let count = stored[0].load(Ordering::Acquire) as usize;
        links.extend(stored[1..].iter().take(count).map(|link| link.load(Ordering::Relaxed)));
    }
}

impl Built for Growing {
    fn level(&self, node: u32) -> usize {
        usize::from(self.levels[node as usize])
    }

    fn entry(&self) -> u32 {
        *self.entry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Insertion of rows into a graph.
struct Insertion<'a> {
    graph: &'a Growing,
    rows: &'a [u8],
    space: Space,
    shape: &'a Shape,
}

/// Memory of a thread that inserts.
#[derive(Default)]
struct Scratch {
    walk: Walk,
    candidates: Vec<Near>,
    chosen: Vec<Near>,
    left: Vec<u32>,
    distances: Vec<f32>,
    links: Vec<u32>,
}

impl Insertion<'_> {
    /// Inserts rows from `next` on, until there are no more. Row 0 is there from the start.
    fn insert_all(&self, next: &AtomicUsize, progress: &(dyn Fn(u64) + Sync)) {
        let mut scratch = Scratch::default();
        let mut done = 0;
        loop {
            let row = next.fetch_add(1, Ordering::Relaxed);
            if row >= self.shape.rows {
                // Row 0 is counted by whoever comes to the end first.
                progress(done + u64::from(row == self.shape.rows));
                return;
            }
            #[expect(clippy::cast_possible_truncation, reason = "rows are counted in 32 bits")]
            self.insert(row as u32, &mut scratch);
            done += 1;
            if done == PROGRESS {
                progress(done);
                done = 0;
            }
        }
    }

    fn insert(&self, node: u32, scratch: &mut Scratch) {
        let query = self.space.query_of_row(self.row(node));
        let level = self.graph.level(node);
        let mut entry = self.graph.entry.lock().unwrap_or_else(PoisonError::into_inner);
        let start = *entry;
        if level > self.graph.level(start) {
            // One at a time; other nodes wait for the new entry.
            self.link_levels(node, &query, start, scratch);
            *entry = node;
        } else {
            drop(entry);
            self.link_levels(node, &query, start, scratch);
        }
    }

    /// Links a node on each of its levels, from the highest that there is down.
    fn link_levels(&self, node: u32, query: &Query, start: u32, scratch: &mut Scratch) {
        let graph = self.view();
        let (level, top) = (self.graph.level(node), self.graph.level(start));
        let mut near = scratch.walk.start(graph, query, start);
        for above in (level + 1..=top).rev() {
            near = scratch.walk.descend(graph, query, near, above);
        }
        for level in (0..=level.min(top)).rev() {
            let expansion = self.shape.params.expansion_add;
            let nearest = scratch.walk.nearest(graph, query, near, level, expansion, |_| true);
            // With several threads a node may have been reached already.
            scratch.candidates.clear();
            scratch.candidates.extend(nearest.iter().filter(|near| near.node != node));
            near = nearest.first().copied().unwrap_or(near);
            self.choose(self.shape.params.connectivity, scratch);
            let chosen = scratch.chosen.clone();
            {
                let _lock = self.graph.lock(node);
                self.graph.set(node, level, &chosen);
            }
            for neighbour in chosen {
                self.link_back(neighbour, node, level, scratch);
            }
        }
    }

    /// Adds a link from `from` to `node`; of more links than there is room for, those stay that
    /// [`choose`](Self::choose) takes.
    fn link_back(&self, from: Near, node: u32, level: usize, scratch: &mut Scratch) {
        let _lock = self.graph.lock(from.node);
        let mut links = std::mem::take(&mut scratch.links);
        self.graph.links(from.node, level, &mut links);
        if !links.contains(&node) {
            scratch.candidates.clear();
            let room = self.shape.room(level);
            if links.len() < room {
                let ends = links.iter().chain([&node]);
                let ends = ends.map(|node| Near { distance: 0.0, node: *node });
                scratch.candidates.extend(ends);
                self.graph.set(from.node, level, &scratch.candidates);
            } else {
                let query = self.space.query_of_row(self.row(from.node));
                self.space.distances(&query, self.rows, &links, &mut scratch.distances);
                let ends = links.iter().zip(&scratch.distances);
                let ends = ends.map(|(node, distance)| Near { distance: *distance, node: *node });
                scratch.candidates.extend(ends);
                scratch.candidates.push(Near { distance: from.distance, node });
                scratch.candidates.sort_unstable();
                self.choose(room, scratch);
                self.graph.set(from.node, level, &scratch.chosen);
            }
        }
        scratch.links = links;
    }

    /// Of the candidates, nearest first, up to `room` of those that are nearer to the node than to
    /// any that was chosen before (algorithm 4): links that lead in different directions.
    fn choose(&self, room: usize, scratch: &mut Scratch) {
        let Scratch { candidates, chosen, left, distances, .. } = scratch;
        chosen.clear();
        while chosen.len() < room && !candidates.is_empty() {
            let next = candidates.remove(0);
            chosen.push(next);
            if chosen.len() == room {
                break;
            }
            let query = self.space.query_of_row(self.row(next.node));
            left.clear();
            left.extend(candidates.iter().map(|near| near.node));
            self.space.distances(&query, self.rows, left, distances);
            let mut distances = distances.iter();
            candidates
                .retain(|near| distances.next().is_none_or(|distance| *distance >= near.distance));
        }
    }

    fn view(&self) -> Graph<'_, Growing> {
        Graph { links: self.graph, rows: self.rows, space: self.space }
    }

    fn row(&self, node: u32) -> &[u8] {
        let row_bytes = self.space.row_bytes();
        &self.rows[node as usize * row_bytes..][..row_bytes]
    }
}
