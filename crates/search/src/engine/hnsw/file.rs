//! Graphs in files, searched where they lie: only what a query touches comes into memory.
//!
//! The layout is that of usearch 2 (`index_dense.hpp` and `index.hpp`, version 2.26.6), which reads and
//! writes the same files, little-endian: rows and bytes per row (two u32), the rows; 64 bytes about the
//! whole; number of nodes, links per node, links on the ground, highest level, entry (five u64); the level
//! of each node (i16); and each node: key (u64), level (i16), on the ground a count and room for as many
//! links (u32 each), and likewise on every level above. Keys are row numbers.
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cloze_embed::Metric;
use mmap_io::MemoryMappedFile;

use super::distance::Space;
use super::walk::{Graph, Links};
use crate::SearchError;
use crate::hnsw_params::{GraphDtype, HnswParams};

/// Bytes about the whole, between the rows and the nodes.
const HEAD: usize = 64;
/// Bytes of the five numbers before the levels.
const SHAPE: usize = 40;
/// Key and level of a node.
const NODE: usize = 10;
const MAGIC: &[u8; 7] = b"usearch";
/// Version of usearch whose layout is written: major, minor, patch.
const VERSION: [u16; 3] = [2, 26, 6];
/// Codes of a key of 64 bits and of a link of 32.
const KEY_AND_LINK: [u8; 2] = [0x0e, 0x0f];
/// Highest level that a graph may have.
const MOST_LEVEL: u64 = 64;

/// Codes of metric and number format.
fn kinds(metric: Metric, dtype: GraphDtype) -> [u8; 2] {
    match (dtype, metric) {
        (GraphDtype::B1, _) => [b'b', 0x01],
        (GraphDtype::I8, _) => [b'c', 0x17],
        (GraphDtype::F16, Metric::Euclid) => [b'e', 0x0c],
        (GraphDtype::F16, _) => [b'i', 0x0c],
        (GraphDtype::F32, Metric::Euclid) => [b'e', 0x0b],
        (GraphDtype::F32, _) => [b'i', 0x0b],
    }
}

fn head(metric: Metric, dtype: GraphDtype, rows: usize, width: usize) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..7].copy_from_slice(MAGIC);
    for (bytes, number) in head[7..13].chunks_exact_mut(2).zip(VERSION) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    head[13..15].copy_from_slice(&kinds(metric, dtype));
    head[15..17].copy_from_slice(&KEY_AND_LINK);
    head[17..25].copy_from_slice(&(rows as u64).to_le_bytes());
    // Rows that are gone, between the two: none.
    head[33..41].copy_from_slice(&(width as u64).to_le_bytes());
    head
}

/// Shape of a graph: everything about it but rows and links.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) metric: Metric,
    pub(crate) params: HnswParams,
    pub(crate) rows: usize,
    pub(crate) width: usize,
}

impl Shape {
    pub(super) fn space(&self) -> Space {
        Space::new(self.params.dtype, self.metric, self.width)
    }

    /// Most links of a node on a level.
    pub(super) fn room(&self, level: usize) -> usize {
        if level == 0 { 2 * self.params.connectivity } else { self.params.connectivity }
    }

    /// Bytes of a node of `level`.
    fn node_bytes(&self, level: usize) -> usize {
        NODE + 4 * (1 + self.room(0)) + level * 4 * (1 + self.room(1))
    }
}

/// Levels and links of a graph that is to be written.
pub(super) trait Built: Links {
    fn level(&self, node: u32) -> usize;
    /// Node that searches start at, on the highest level; 0 in an empty graph.
    fn entry(&self) -> u32;
}

/// Writes a graph; everything is on the disk then.
pub(super) fn write(
    path: &Path,
    shape: &Shape,
    rows: &[u8],
    graph: &impl Built,
) -> Result<(), SearchError> {
    let failed = SearchError::write(path);
    let file = fs_err::File::create(path).map_err(SearchError::write(path))?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    let mut put = |bytes: &[u8]| out.write_all(bytes).map_err(SearchError::write(path));
    put(&narrow(shape.rows).to_le_bytes())?;
    put(&narrow(shape.space().row_bytes()).to_le_bytes())?;
    put(rows)?;
    put(&head(shape.metric, shape.params.dtype, shape.rows, shape.width))?;
    let nodes = 0..narrow(shape.rows);
    let top = if shape.rows == 0 { 0 } else { graph.level(graph.entry()) };
    let numbers = [shape.rows, shape.room(1), shape.room(0), top, graph.entry() as usize];
    for number in numbers {
        put(&(number as u64).to_le_bytes())?;
    }
    for node in nodes.clone() {
        put(&level_code(graph.level(node)))?;
    }
    let (mut links, mut bytes) = (vec![], vec![]);
    for node in nodes {
        bytes.clear();
        bytes.extend_from_slice(&u64::from(node).to_le_bytes());
        bytes.extend_from_slice(&level_code(graph.level(node)));
        for level in 0..=graph.level(node) {
            graph.links(node, level, &mut links);
            bytes.extend_from_slice(&narrow(links.len()).to_le_bytes());
            links.resize(shape.room(level), 0);
            for link in &links {
                bytes.extend_from_slice(&link.to_le_bytes());
            }
        }
        put(&bytes)?;
    }
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(SearchError::write(path))
}

#[expect(clippy::cast_possible_truncation, reason = "rows and links are counted in 32 bits")]
fn narrow(number: usize) -> u32 {
    number as u32
}

#[expect(clippy::cast_possible_truncation, reason = "at most 64")]
fn level_code(level: usize) -> [u8; 2] {
    (level as u16).to_le_bytes()
}

/// An open graph.
pub(super) struct GraphFile {
    map: MemoryMappedFile,
    path: PathBuf,
    shape: Shape,
    /// Node that searches start at.
    pub(super) entry: u32,
    /// Highest level.
    pub(super) top: usize,
    /// Offset of each node in the file.
    nodes: Vec<u64>,
}

impl GraphFile {
    /// Opens the graph in `path`, once every link in it leads to a node of its level.
    pub(super) fn open(path: &Path, shape: Shape) -> Result<Self, SearchError> {
        let map = MemoryMappedFile::open_ro(path).map_err(|error| unmapped(path, &error))?;
        let bytes = map.as_slice_bytes(0, map.len()).map_err(|error| unmapped(path, &error))?;
        let check = Check { path, shape, bytes };
        let (entry, top, nodes) = check.all()?;
        Ok(Self { map, path: path.to_owned(), shape, entry, top, nodes })
    }

    /// The whole graph, to be searched.
    pub(super) fn view(&self) -> Result<View<'_>, SearchError> {
        let bytes = self.map.as_slice_bytes(0, self.map.len());
        let bytes = bytes.map_err(|error| unmapped(&self.path, &error))?;
        Ok(View { file: self, bytes })
    }
}

fn unmapped(path: &Path, error: &mmap_io::MmapIoError) -> SearchError {
    SearchError::Graph { path: path.to_owned(), what: error.to_string() }
}

/// The bytes of an open graph.
pub(super) struct View<'a> {
    file: &'a GraphFile,
    bytes: &'a [u8],
}

impl View<'_> {
    pub(super) fn graph(&self) -> Graph<'_, Self> {
        let space = self.file.shape.space();
        let rows = &self.bytes[8..8 + self.file.shape.rows * space.row_bytes()];
        Graph { links: self, rows, space }
    }

    /// Row of a node. usearch numbers nodes in the order in which its threads come to them.
    pub(super) fn row(&self, node: u32) -> Option<u64> {
        let start = usize::try_from(*self.file.nodes.get(node as usize)?).ok()?;
        let row = u64::from_le_bytes(*self.bytes.get(start..)?.first_chunk()?);
        (row < self.file.shape.rows as u64).then_some(row)
    }
}

impl Links for View<'_> {
    /// Whatever the file holds by now, the links lead to nodes.
    fn links(&self, node: u32, level: usize, links: &mut Vec<u32>) {
        links.clear();
        let shape = &self.file.shape;
        let above = level.checked_sub(1);
        let skipped = above.map_or(0, |l| 4 * (1 + shape.room(0)) + l * 4 * (1 + shape.room(1)));
        let start =
            self.file.nodes.get(node as usize).and_then(|start| usize::try_from(*start).ok());
        let stored = start.and_then(|start| self.bytes.get(start + NODE + skipped..));
        let Some((count, stored)) = stored.and_then(|stored| stored.split_first_chunk::<4>())
        else {
            return;
        };
        let count = (u32::from_le_bytes(*count) as usize).min(shape.room(level));
        let (stored, _) = stored.as_chunks::<4>();
        let nodes = stored.iter().take(count).map(|link| u32::from_le_bytes(*link));
        links.extend(nodes.filter(|link| (*link as usize) < shape.rows));
    }
}

/// A graph's bytes, compared with the shape that it is to have.
struct Check<'a> {
    path: &'a Path,
    shape: Shape,
    bytes: &'a [u8],
}

impl Check<'_> {
    fn damaged(&self, expected: String, actual: String) -> SearchError {
        SearchError::Damaged { path: self.path.to_owned(), expected, found: actual }
    }

    fn same(&self, what: &str, expected: u64, actual: u64) -> Result<(), SearchError> {
        if expected == actual {
            return Ok(());
        }
        Err(self.damaged(format!("{expected} {what}"), actual.to_string()))
    }

    fn at<const N: usize>(&self, start: usize) -> Result<[u8; N], SearchError> {
        let bytes = self.bytes.get(start..).and_then(|bytes| bytes.first_chunk::<N>());
        bytes.copied().ok_or_else(|| {
            self.damaged(format!("{N} bytes at {start}"), format!("{} in all", self.bytes.len()))
        })
    }

    fn u16(&self, start: usize) -> Result<u16, SearchError> {
        Ok(u16::from_le_bytes(self.at(start)?))
    }

    fn u32(&self, start: usize) -> Result<u32, SearchError> {
        Ok(u32::from_le_bytes(self.at(start)?))
    }

    fn u64(&self, start: usize) -> Result<u64, SearchError> {
        Ok(u64::from_le_bytes(self.at(start)?))
    }

    /// Entry, highest level and the offset of each node.
    fn all(&self) -> Result<(u32, usize, Vec<u64>), SearchError> {
        let shape = &self.shape;
        let (rows, row_bytes) = (shape.rows, shape.space().row_bytes());
        self.same("rows", rows as u64, self.u32(0)?.into())?;
        self.same("bytes per row", row_bytes as u64, self.u32(4)?.into())?;
        let start = 8 + rows * row_bytes;
        self.head(start)?;
        let start = start + HEAD;
        self.same("nodes", rows as u64, self.u64(start)?)?;
        self.same("links of a node", shape.room(1) as u64, self.u64(start + 8)?)?;
        self.same("links on the ground", shape.room(0) as u64, self.u64(start + 16)?)?;
        let (top, entry) = (self.u64(start + 24)?, self.u64(start + 32)?);
        let start = start + SHAPE;
        let levels = (0..rows).map(|node| self.u16(start + 2 * node));
        let levels = levels.collect::<Result<Vec<u16>, _>>()?;
        if rows == 0 {
            return Ok((0, 0, vec![]));
        }
        let entry = u32::try_from(entry).ok().filter(|entry| {
            levels.get(*entry as usize).is_some_and(|level| u64::from(*level) == top)
        });
        let highest = top <= MOST_LEVEL && levels.iter().all(|level| u64::from(*level) <= top);
        let (Some(entry), true) = (entry, highest) else {
            return Err(self.damaged(
                "nodes of levels up to 64, the entry on the highest".into(),
                format!("{top} and other levels"),
            ));
        };
        let mut nodes = Vec::with_capacity(rows);
        let mut end = (start + 2 * rows) as u64;
        for level in &levels {
            nodes.push(end);
            end += shape.node_bytes(usize::from(*level)) as u64;
        }
        self.same("bytes", end, self.bytes.len() as u64)?;
        for (node, start) in nodes.iter().enumerate() {
            // The file's length is its own, so that every node lies within.
            let start = usize::try_from(*start).unwrap_or(usize::MAX);
            self.node(node, start, &levels)?;
        }
        Ok((entry, usize::try_from(top).unwrap_or(0), nodes))
    }

    fn head(&self, start: usize) -> Result<(), SearchError> {
        let Shape { metric, params, rows, width } = self.shape;
        let expected = head(metric, params.dtype, rows, width);
        let actual = self.at::<HEAD>(start)?;
        // Minor versions of usearch write the same layout.
        if actual[..9] != expected[..9] || actual[13..] != expected[13..] {
            return Err(self.damaged(
                format!(
                    "a graph of usearch 2 of {rows} rows of {width} numbers, {metric:?}, {:?}",
                    params.dtype
                ),
                format!("{:02x?}", &actual[..41]),
            ));
        }
        Ok(())
    }

    fn node(&self, node: usize, start: usize, levels: &[u16]) -> Result<(), SearchError> {
        let level = levels[node];
        let key = self.u64(start)?;
        if key >= levels.len() as u64 {
            let expected = format!("a row below {} of node {node}", levels.len());
            return Err(self.damaged(expected, key.to_string()));
        }
        self.same(
            &format!("as the level of node {node}"),
            level.into(),
            self.u16(start + 8)?.into(),
        )?;
        let mut start = start + NODE;
        for height in 0..=level {
            let room = self.shape.room(height.into());
            let count = self.u32(start)? as usize;
            if count > room {
                let expected = format!("up to {room} links of node {node}");
                return Err(self.damaged(expected, count.to_string()));
            }
            let links = self.bytes.get(start + 4..start + 4 + 4 * count).unwrap_or_default();
            let (links, _) = links.as_chunks::<4>();
            for link in links {
                let link = u32::from_le_bytes(*link);
                // A node has no links on levels above its own.
                if levels.get(link as usize).is_none_or(|level| *level < height) {
                    return Err(self.damaged(
                        format!("links of node {node} to nodes of its level"),
                        format!("one to {link}"),
                    ));
                }
            }
            start += 4 * (1 + room);
        }
        Ok(())
    }
}
