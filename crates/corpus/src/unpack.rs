//! Files that gzip or Zstandard packed, read as what they hold.
use std::io::{self, BufRead as _, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Largest number of bytes that one packed byte may stand for, beyond the first
/// [`FREE_BYTES`]: text takes 3 to 50, and files made to fill a disk more than 1,000.
pub(crate) const MAX_RATIO: u64 = 500;
/// Number of bytes that any packed file may hold.
pub(crate) const FREE_BYTES: u64 = 64 << 20;
/// Largest window of Zstandard, in bytes: its `--long` asks for as much.
const MAX_WINDOW: u64 = 128 << 20;

/// Failure to unpack a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// A file that unpacks to far more than text does.
    #[error("{path}: expected at most {MAX_RATIO} times its packed size, found more")]
    Expands {
        /// The file.
        path: PathBuf,
    },
    /// A file whose ending says that it is packed, and is not.
    #[error("{path}: expected a file that {by} packed, found another")]
    NotPacked {
        /// The file.
        path: PathBuf,
        /// Program of its ending.
        by: &'static str,
    },
    /// A file that is damaged or cut off.
    #[error("{path}: expected a file that {by} packed, found damaged data")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Program that packed it.
        by: &'static str,
        /// Fault.
        source: io::Error,
    },
}

/// Program that packs a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Gzip,
    Zstandard,
}

impl Packing {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "Zstandard",
        }
    }

    fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "gz" => Some(Self::Gzip),
            "zst" => Some(Self::Zstandard),
            _ => None,
        }
    }

    /// Source: RFC 1952, §2.3.1, and RFC 8878, §3.1.1; a skippable frame may come first.
    fn of_head(head: &[u8]) -> Option<Self> {
        match head {
            [0x1F, 0x8B, 8, ..] => Some(Self::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD] | [0x50..=0x5F, 0x2A, 0x4D, 0x18] => Some(Self::Zstandard),
            _ => None,
        }
    }
}

/// `path` without the ending of a packed file, `.gz` or `.zst`.
#[must_use]
pub fn unpacked_path(path: &Path) -> PathBuf {
    match Packing::of_path(path) {
        Some(_) => path.with_extension(""),
        None => path.to_owned(),
    }
}

/// Reads `raw`, unpacked if it is packed. Looks at it at the first read, and not before.
pub(crate) struct Unpacked {
    path: PathBuf,
    state: State,
}

enum State {
    Start(Box<dyn Read + Send>),
    Plain(Raw),
    Packed { packing: Packing, decoder: Box<dyn Read + Send>, read: u64, packed: Counter },
    Ended,
}

type Raw = Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>;
type Counter = Arc<AtomicU64>;

impl Unpacked {
    pub(crate) fn new(raw: Box<dyn Read + Send>, path: PathBuf) -> Self {
        Self { path, state: State::Start(raw) }
    }

    fn start(&mut self, mut raw: Box<dyn Read + Send>) -> io::Result<State> {
        let mut head = vec![];
        raw.by_ref().take(4).read_to_end(&mut head)?;
        let named = Packing::of_path(&self.path);
        let found = Packing::of_head(&head);
        let empty = head.is_empty();
        let raw = Cursor::new(head).chain(raw);
        match (named, found) {
            (_, Some(packing)) => {
                let packed = Counter::default();
                let counted = Counted { raw, count: packed.clone() };
                let decoder: Box<dyn Read + Send> = match packing {
                    Packing::Gzip => Box::new(MultiGzDecoder::new(counted)),
                    Packing::Zstandard => Box::new(Frames::new(counted)),
                };
                Ok(State::Packed { packing, decoder, read: 0, packed })
            }
            (Some(packing), None) if !empty => {
                let (path, by) = (self.path.clone(), packing.name());
                Err(io::Error::other(UnpackError::NotPacked { path, by }))
            }
            _ => Ok(State::Plain(raw)),
        }
    }
}

impl Read for Unpacked {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        if let State::Start(_) = &self.state
            && let State::Start(raw) = std::mem::replace(&mut self.state, State::Ended)
        {
            self.state = self.start(raw)?;
        }
        match &mut self.state {
            State::Plain(raw) => raw.read(block),
            State::Packed { packing, decoder, read, packed } => {
                let path = || self.path.clone();
                let n = decoder.read(block).map_err(|source| {
                    let by = packing.name();
                    io::Error::other(UnpackError::Damaged { path: path(), by, source })
                })?;
                *read += n as u64;
                let packed = packed.load(Ordering::Relaxed);
                if *read > FREE_BYTES + MAX_RATIO * packed {
                    return Err(io::Error::other(UnpackError::Expands { path: path() }));
                }
                Ok(n)
            }
            State::Start(_) | State::Ended => Ok(0),
        }
    }
}

/// Counts the bytes read.
struct Counted {
    raw: Raw,
    count: Counter,
}

impl Read for Counted {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let n = self.raw.read(block)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// The frames of Zstandard, one after the other.
struct Frames {
    raw: BufReader<Counted>,
    decoder: Option<Box<FrameDecoder>>,
}

impl Frames {
    fn new(raw: Counted) -> Self {
        Self { raw: BufReader::new(raw), decoder: None }
    }

    /// The next frame, skippable ones passed over; `None` at the end.
    fn next_frame(&mut self) -> io::Result<Option<Box<FrameDecoder>>> {
        while !self.raw.fill_buf()?.is_empty() {
            let mut decoder = Box::new(FrameDecoder::new());
            decoder.set_max_window_size(MAX_WINDOW);
            match decoder.init(&mut self.raw) {
                Ok(()) => return Ok(Some(decoder)),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let mut skippable = self.raw.by_ref().take(length);
                    if io::copy(&mut skippable, &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(None)
    }
}

impl Read for Frames {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        if block.is_empty() {
            return Ok(0);
        }
        loop {
            if self.decoder.is_none() {
                self.decoder = self.next_frame()?;
            }
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            while decoder.can_collect() == 0 && !decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                decoder.decode_blocks(&mut self.raw, one).map_err(io::Error::other)?;
            }
            let n = decoder.read(block)?;
            if n > 0 {
                return Ok(n);
            }
            let (written, right) =
                (decoder.get_checksum_from_data(), decoder.get_calculated_checksum());
            if written.is_some() && written != right {
                return Err(io::Error::other("the checksum differs"));
            }
            self.decoder = None;
        }
    }
}
