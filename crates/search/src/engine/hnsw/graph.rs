//! Whether a graph's file can be followed: usearch checks its lengths, but takes the links of its nodes
//! as they are.
//!
//! The layout is that of usearch 2 (`index_dense.hpp` and `index.hpp`, version 2.26.6), little-endian:
//! rows and bytes a row (two u32), the rows; 64 bytes about the whole; size, links of a node, on the
//! ground, highest level, entry (five u64); the level of each node (i16); and each node: key (u64),
//! level (i16), on the ground a count and room for as many links (u32 each), and likewise on every
//! level above.
use std::io::{BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use usearch::{Index as Graph, IndexOptions, ScalarKind};

use super::at;
use crate::SearchError;

/// Whether all of the file `path` is within itself, and it is a graph of `rows` vectors as `options`
/// say.
pub(super) fn check(
    path: &Path,
    rows: usize,
    width: usize,
    options: &IndexOptions,
) -> Result<(), SearchError> {
    let damaged = |expected: String, found: String| SearchError::Damaged {
        path: path.to_owned(),
        expected,
        found,
    };
    let same = |what: &str, expected: u64, found: u64| {
        if expected == found {
            Ok(())
        } else {
            Err(damaged(format!("{expected} {what}"), found.to_string()))
        }
    };
    let text = path.to_str().unwrap_or_default();
    let head = Graph::metadata(text).map_err(|error| at(path, &error))?;
    if (head.metric, head.quantization) != (options.metric, options.quantization) {
        let text = |metric, dtype| format!("{metric:?} of {dtype:?}");
        let found = text(head.metric, head.quantization);
        return Err(damaged(text(options.metric, options.quantization), found));
    }
    same("numbers per row", width as u64, head.dimensions)?;
    same("rows", rows as u64, head.count_present)?;
    same("rows that are gone", 0, head.count_deleted)?;
    same("keys with several rows", 0, u64::from(head.multi))?;

    let file = fs_err::File::open(path).map_err(SearchError::Read)?;
    let len = file.metadata().map_err(SearchError::Read)?.len();
    let mut file = Reader(BufReader::with_capacity(1 << 20, file));
    let bits = match options.quantization {
        ScalarKind::B1 => 1,
        ScalarKind::I8 => 8,
        ScalarKind::F16 => 16,
        _ => 32,
    };
    let row_bytes = (width * bits).div_ceil(8) as u64;
    same("rows", rows as u64, u64::from(file.u32()?))?;
    same("bytes per row", row_bytes, u64::from(file.u32()?))?;
    let start = 8 + rows as u64 * row_bytes + 64;
    file.0.seek(SeekFrom::Start(start)).map_err(SearchError::Read)?;
    same("nodes", rows as u64, file.u64()?)?;
    let (above, ground) = (file.u64()?, file.u64()?);
    same("links of a node", options.connectivity as u64, above)?;
    same("links on the ground", 2 * options.connectivity as u64, ground)?;
    let (top, entry) = (file.u64()?, file.u64()?);
    let mut levels = vec![];
    for _ in 0..rows {
        levels.push(file.u16()?);
    }
    if rows == 0 {
        return Ok(());
    }
    let highest = |level: u16| level <= 64 && u64::from(level) <= top;
    let entry = usize::try_from(entry).ok().and_then(|entry| levels.get(entry));
    if entry.is_none_or(|level| u64::from(*level) != top) || !levels.iter().all(|l| highest(*l)) {
        return Err(damaged(
            "nodes of levels up to 64, the entry on the highest".into(),
            format!("{top} and other levels"),
        ));
    }
    let nodes: u64 = levels
        .iter()
        .map(|level| 8 + 2 + 4 * (1 + ground) + u64::from(*level) * 4 * (1 + above))
        .sum();
    same("bytes", start + 40 + 2 * rows as u64 + nodes, len)?;

    let mut links = vec![];
    for (node, level) in levels.iter().enumerate() {
        let key = file.u64()?;
        if key >= rows as u64 {
            return Err(damaged(format!("a row below {rows} of node {node}"), key.to_string()));
        }
        same(&format!("as the level of node {node}"), u64::from(*level), u64::from(file.u16()?))?;
        for height in 0..=*level {
            let room = if height == 0 { ground } else { above };
            let count = u64::from(file.u32()?);
            file.u32s(&mut links, room)?;
            let linked = usize::try_from(count).ok().and_then(|count| links.get(..count));
            let Some(linked) = linked else {
                return Err(damaged(
                    format!("up to {room} links of node {node}"),
                    count.to_string(),
                ));
            };
            // A node has no links on levels above its own.
            let leads = |link: &u32| levels.get(*link as usize).is_some_and(|l| *l >= height);
            if let Some(link) = linked.iter().find(|link| !leads(link)) {
                return Err(damaged(
                    format!("links of node {node} to nodes of its level"),
                    format!("one to {link}"),
                ));
            }
        }
    }
    Ok(())
}

struct Reader(BufReader<fs_err::File>);

impl Reader {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], SearchError> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).map_err(SearchError::Read)?;
        Ok(bytes)
    }

    fn u16(&mut self) -> Result<u16, SearchError> {
        Ok(u16::from_le_bytes(self.bytes()?))
    }

    fn u32(&mut self) -> Result<u32, SearchError> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn u64(&mut self) -> Result<u64, SearchError> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    /// The next `n` numbers in place of `numbers`.
    #[expect(clippy::cast_possible_truncation, reason = "as many as settings allow a node")]
    fn u32s(&mut self, numbers: &mut Vec<u32>, n: u64) -> Result<(), SearchError> {
        numbers.resize(n as usize, 0);
        self.0.read_exact(bytemuck::cast_slice_mut(numbers)).map_err(SearchError::Read)
    }
}
