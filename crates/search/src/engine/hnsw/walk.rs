//! Steps from node to node towards a query (Malkov & Yashunin 2018, algorithms 2 and 5).
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::distance::{Query, Space};

/// Node and its distance to the query.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Near {
    pub(super) distance: f32,
    pub(super) node: u32,
}

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then(self.node.cmp(&other.node))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Links of nodes, in a file or in a graph that is being built.
pub(super) trait Links {
    /// The nodes that `node` has links to on `level`, in the place of `links`; each is a node.
    fn links(&self, node: u32, level: usize, links: &mut Vec<u32>);
}

/// Links and rows of a graph.
pub(super) struct Graph<'a, L> {
    pub(super) links: &'a L,
    /// `[rows, row_bytes]`.
    pub(super) rows: &'a [u8],
    pub(super) space: Space,
}

impl<L> Clone for Graph<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for Graph<'_, L> {}

/// Memory of a walk, used again by the next.
#[derive(Default)]
pub(super) struct Walk {
    /// One bit per node.
    visited: Vec<u64>,
    /// Nodes whose bits are set.
    marked: Vec<u32>,
    /// Nodes whose links are still to be followed, nearest first.
    open: BinaryHeap<Reverse<Near>>,
    /// Nearest nodes so far, farthest first.
    best: BinaryHeap<Near>,
    links: Vec<u32>,
    distances: Vec<f32>,
}

impl Walk {
    /// Starts at `node`; its distance to `query` is computed.
    pub(super) fn start<L: Links>(
        &mut self,
        graph: Graph<'_, L>,
        query: &Query,
        node: u32,
    ) -> Near {
        graph.space.distances(query, graph.rows, &[node], &mut self.distances);
        Near { distance: self.distances[0], node }
    }

    /// Goes to the nearest linked node of `level` as long as there is a nearer one.
    pub(super) fn descend<L: Links>(
        &mut self,
        graph: Graph<'_, L>,
        query: &Query,
        from: Near,
        level: usize,
    ) -> Near {
        let mut here = from;
        loop {
            graph.links.links(here.node, level, &mut self.links);
            graph.space.distances(query, graph.rows, &self.links, &mut self.distances);
            let nearest = self
                .links
                .iter()
                .zip(&self.distances)
                .map(|(node, distance)| Near { distance: *distance, node: *node })
                .min();
            match nearest {
                Some(near) if near.distance < here.distance => here = near,
                _ => return here,
            }
        }
    }

    /// The `expansion` nodes of `level` nearest to `query` that `allowed` holds, as far as they are
    /// found from `from`, nearest first. Other nodes are passed through.
    pub(super) fn nearest<L: Links>(
        &mut self,
        graph: Graph<'_, L>,
        query: &Query,
        from: Near,
        level: usize,
        expansion: usize,
        allowed: impl Fn(u32) -> bool,
    ) -> Vec<Near> {
        self.forget();
        self.mark(from.node);
        self.open.push(Reverse(from));
        if allowed(from.node) {
            self.best.push(from);
        }
        while let Some(Reverse(here)) = self.open.pop() {
            let full = self.best.len() >= expansion;
            if full && self.best.peek().is_some_and(|farthest| here.distance > farthest.distance) {
                break;
            }
            let mut links = std::mem::take(&mut self.links);
            graph.links.links(here.node, level, &mut links);
            links.retain(|node| self.mark(*node));
            graph.space.distances(query, graph.rows, &links, &mut self.distances);
            for (node, distance) in links.iter().zip(&self.distances) {
                let near = Near { distance: *distance, node: *node };
                let farthest = self.best.peek().map_or(f32::INFINITY, |near| near.distance);
                if self.best.len() >= expansion && near.distance >= farthest {
                    continue;
                }
                self.open.push(Reverse(near));
                if allowed(near.node) {
                    self.best.push(near);
                    if self.best.len() > expansion {
                        self.best.pop();
                    }
                }
            }
            self.links = links;
        }
        let mut nearest: Vec<Near> = self.best.drain().collect();
        nearest.sort_unstable();
        nearest
    }

    /// Marks `node` as visited; false if it was already.
    fn mark(&mut self, node: u32) -> bool {
        let (word, bit) = (node as usize / 64, 1 << (node % 64));
        if word >= self.visited.len() {
            self.visited.resize(word + 1, 0);
        }
        if self.visited[word] & bit != 0 {
            return false;
        }
        self.visited[word] |= bit;
        self.marked.push(node);
        true
    }

    fn forget(&mut self) {
        for node in self.marked.drain(..) {
            self.visited[node as usize / 64] = 0;
        }
        self.open.clear();
        self.best.clear();
    }
}
