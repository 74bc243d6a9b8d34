//! The loop that reads ahead and works in chunks: a thread reads, in order and in bounded memory, while
//! earlier items are worked on.
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;

/// Text per chunk, in bytes: enough to sort into batches of one length, and little enough that results
/// appear early.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;
/// Most items per chunk.
const CHUNK_ITEMS: usize = 4096;
/// Time to wait for more items before a smaller chunk is worked on: only a slow pipe takes longer.
const PATIENCE: Duration = Duration::from_millis(20);
/// Items that the reader may be ahead.
const READ_AHEAD: usize = 16;

/// Items that a thread reads ahead.
pub(crate) struct ReadAhead<T> {
    items: Receiver<T>,
    // In no scope: after an error nobody waits for a reader that waits for its input.
    reader: JoinHandle<()>,
}

impl<T: Send + 'static> ReadAhead<T> {
    /// Starts the thread. `read` gives its items to the sender and ends when that fails: then the
    /// receiver is gone.
    pub(crate) fn start(
        read: impl FnOnce(&SyncSender<T>) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (send, items) = sync_channel(READ_AHEAD);
        let reader = std::thread::Builder::new().spawn(move || read(&send));
        Ok(Self { items, reader: reader.context("no thread to read with")? })
    }

    /// Returns the next items, up to about `most` bytes of text by `size`, or fewer if more is slow to
    /// come; `None` at the end.
    pub(crate) fn chunk(&self, most: usize, size: impl Fn(&T) -> usize) -> Option<Vec<T>> {
        let first = self.items.recv().ok()?;
        let mut bytes = size(&first);
        let mut chunk = vec![first];
        while bytes < most && chunk.len() < CHUNK_ITEMS {
            let Ok(item) = self.items.recv_timeout(PATIENCE) else { break };
            bytes += size(&item);
            chunk.push(item);
        }
        Some(chunk)
    }

    /// Waits for the thread to end; resumes its panic here.
    pub(crate) fn finish(self) {
        drop(self.items);
        if let Err(panic) = self.reader.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(n: usize) -> ReadAhead<usize> {
        ReadAhead::start(move |send| {
            for i in 0..n {
                if send.send(i).is_err() {
                    return;
                }
            }
        })
        .unwrap()
    }

    /// Items of 100 bytes: a chunk of 250 is full with the third.
    #[test]
    fn chunks_are_in_order_and_bounded_in_bytes() {
        let items = counted(7);
        let mut chunks = vec![];
        while let Some(chunk) = items.chunk(250, |_| 100) {
            assert!(chunk.len() <= 3, "{chunk:?}");
            chunks.push(chunk);
        }
        assert_eq!(chunks.concat(), (0..7).collect::<Vec<_>>());
        items.finish();
    }

    #[test]
    fn chunks_of_empty_items_are_bounded_in_number() {
        let items = counted(CHUNK_ITEMS + 1);
        let mut sizes = vec![];
        while let Some(chunk) = items.chunk(CHUNK_BYTES, |_| 0) {
            sizes.push(chunk.len());
        }
        assert!(sizes.iter().all(|n| *n <= CHUNK_ITEMS), "{sizes:?}");
        assert_eq!(sizes.iter().sum::<usize>(), CHUNK_ITEMS + 1);
    }

    #[test]
    fn a_reader_ends_when_nobody_listens() {
        let items = counted(usize::MAX);
        assert!(items.chunk(1, |_| 1).is_some());
        items.finish();
    }
}
