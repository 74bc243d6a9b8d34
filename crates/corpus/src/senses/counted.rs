//! Bytes with the line they are in, of which no element is too long.
use std::io::{self, BufRead, BufReader, Read};

/// Counts lines, and stops at an element that is too long.
pub(super) struct Counted {
    inner: BufReader<Box<dyn Read + Send>>,
    max: usize,
    /// Bytes since the last [`begin`](Self::begin).
    taken: usize,
    too_long: bool,
    line: u64,
    bytes: u64,
}

impl Counted {
    pub(super) fn new(raw: Box<dyn Read + Send>, max: usize) -> Self {
        let inner = BufReader::with_capacity(64 << 10, raw);
        Self { inner, max, taken: 0, too_long: false, line: 1, bytes: 0 }
    }

    /// An element or the like begins: its line.
    pub(super) fn begin(&mut self) -> u64 {
        self.taken = 0;
        self.line
    }

    /// Whether it was stopped.
    pub(super) fn is_too_long(&self) -> bool {
        self.too_long
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes
    }
}

impl Read for Counted {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(block)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Counted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // The parser holds what stands between words, too.
        if self.taken > self.max {
            self.too_long = true;
            return Err(io::Error::other("too long"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        // Of what was filled, so it is there without reading.
        let taken = &self.inner.buffer()[..n.min(self.inner.buffer().len())];
        self.line += taken.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.taken += n;
        self.bytes += n as u64;
        self.inner.consume(n);
    }
}
