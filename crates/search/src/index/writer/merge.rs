//! Segments put together.
use super::Writer;
use super::pending::Pending;
use crate::engine::AUTO_HNSW_ROWS;
use crate::index::manifest::Ids;
use crate::index::segment::Segment;
use crate::{EngineKind, SearchError};

/// With more segments than this the smaller ones are put together.
const MAX_SEGMENTS: usize = 8;

impl Writer {
    /// Keeps the number of segments small, and every row in few merges: the last segments are put
    /// together, from the first on that is not larger than all behind it.
    pub(super) fn merge_small(&mut self) -> Result<(), SearchError> {
        let rows: Vec<usize> = self.manifest.segments.iter().map(|card| card.rows).collect();
        let behind = |i: usize| rows[i + 1..].iter().sum::<usize>();
        let flat = self.manifest.segments.iter().rev().take_while(|card| card.graph.is_none());
        let flat = flat.count();
        let flat_rows: usize = rows[rows.len() - flat..].iter().sum();
        let from = if rows.len() > MAX_SEGMENTS {
            // Where each is larger than all behind it, there are fewer than there are bits.
            (0..rows.len() - 1).find(|i| rows[*i] <= behind(*i)).unwrap_or(rows.len() - 2)
        } else if self.manifest.engine != EngineKind::Exact
            && flat > 1
            && flat_rows >= AUTO_HNSW_ROWS
        {
            rows.len() - flat
        } else {
            return Ok(());
        };
        self.merge(from)
    }

    /// Puts the segments from `from` on together, in order, without the rows that are deleted.
    pub(super) fn merge(&mut self, from: usize) -> Result<(), SearchError> {
        let cards = self.manifest.segments.split_off(from);
        let mut segments = vec![];
        for card in &cards {
            segments.push(Segment::open(&self.folder, &self.manifest, card)?);
        }
        // Numbers stay numbers while they are those of rows in order.
        let mut next = None;
        let numbered = cards.iter().all(|card| match card.ids {
            Ids::Numbers(first) if card.deleted.is_none() && next.is_none_or(|n| n == first) => {
                next = Some(first.wrapping_add(card.rows as u64));
                true
            }
            _ => false,
        });
        let first = match cards.first().map(|card| &card.ids) {
            Some(Ids::Numbers(first)) => *first,
            _ => 0,
        };
        let (dtype, width) = (self.manifest.dtype, self.manifest.width);
        let mut pending = Pending::create(&self.folder, &self.manifest, dtype, width, !numbered)?;
        for segment in &segments {
            for block in segment.vectors.blocks() {
                let (first, numbers) = block?;
                for (row, vector) in (first..).zip(numbers.chunks_exact(width)) {
                    if segment.is_live(row) {
                        pending.vectors.push(vector)?;
                        if !numbered {
                            pending.push_record(&segment.record(row)?)?;
                        }
                    }
                }
            }
        }
        if pending.vectors.rows() > 0 {
            let next_number = self.manifest.next_number;
            let mut card = self.finish(pending)?;
            self.manifest.next_number = next_number;
            if numbered {
                card.ids = Ids::Numbers(first);
            }
            self.manifest.segments.push(card);
        }
        Ok(())
    }
}
