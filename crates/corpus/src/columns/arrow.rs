//! Arrow IPC, message by message. A file is a stream between a magic number and a table of its batches, so it is
//! read as one. Source: "Arrow Columnar Format", IPC streaming and file format.
//!
//! `arrow-ipc` decodes the messages. It takes the sizes that they state for granted, so they are checked before.
use std::io::{self, BufReader, Read};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{Message, root_as_message};
use arrow_schema::ArrowError;

use crate::unpack::{FREE_BYTES, MAX_RATIO};

/// First bytes of a file, with padding to eight.
const FILE: &[u8; 8] = b"ARROW1\0\0";
/// Bytes before the length of a message since format version 0.15.
const CONTINUES: [u8; 4] = [0xFF; 4];

/// Record batches of a file or stream.
pub(super) struct ArrowBatches {
    raw: BufReader<Box<dyn Read + Send>>,
    decoder: StreamDecoder,
    /// Rest of a message that the decoder has not taken.
    message: Buffer,
    /// Whether it is a file, which says where its stream ends.
    is_file: bool,
    started: bool,
    ended: bool,
}

impl ArrowBatches {
    pub(super) fn new(raw: Box<dyn Read + Send>) -> Self {
        Self {
            raw: BufReader::new(raw),
            decoder: StreamDecoder::new(),
            message: Buffer::default(),
            is_file: false,
            started: false,
            ended: false,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        while !self.ended {
            if self.message.is_empty() {
                if let Some(message) = self.read_message()? {
                    self.message = message;
                    continue;
                }
                self.ended = true;
                self.decoder.finish()?;
                if self.decoder.schema().is_none() {
                    return Err(wrong("no columns, and no rows".into()));
                }
            } else if let Some(batch) = self.decoder.decode(&mut self.message)? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The next message with its length and its body; `None` at the end.
    fn read_message(&mut self) -> Result<Option<Buffer>, ArrowError> {
        let mut bytes = self.take(4)?;
        if !std::mem::replace(&mut self.started, true) && bytes[..] == FILE[..4] {
            bytes = self.take(4)?;
            if bytes[..] != FILE[4..] {
                return Err(wrong("no magic number of a file".into()));
            }
            self.is_file = true;
            // Some writers pad up to a later boundary, none with more than 64 bytes in all.
            for _ in 0..15 {
                bytes = self.take(4)?;
                if bytes != [0; 4] {
                    break;
                }
            }
        }
        if bytes.is_empty() && !self.is_file {
            return Ok(None);
        }
        if bytes == CONTINUES {
            bytes.extend(self.take(4)?);
        }
        let length = bytes.last_chunk().map(|bytes| i32::from_le_bytes(*bytes));
        let length = length.and_then(|length| u64::try_from(length).ok());
        let length = length.ok_or_else(|| wrong("cut off before a message".into()))?;
        if length == 0 {
            return Ok(None);
        }
        let metadata = self.take(length)?;
        if metadata.len() as u64 != length {
            return Err(wrong("cut off in a message".into()));
        }
        let message = root_as_message(&metadata).map_err(|error| wrong(error.to_string()))?;
        let size = u64::try_from(message.bodyLength()).map_err(|error| wrong(error.to_string()))?;
        let body = self.take(size)?;
        if body.len() as u64 != size {
            return Err(wrong(format!("cut off: a message of {size} bytes has {}", body.len())));
        }
        check(&message, &body)?;
        bytes.extend(metadata);
        bytes.extend(body);
        Ok(Some(Buffer::from_vec(bytes)))
    }

    /// The next bytes, fewer at the end; no more memory is taken than there are.
    fn take(&mut self, bytes: u64) -> io::Result<Vec<u8>> {
        let mut taken = vec![];
        self.raw.by_ref().take(bytes).read_to_end(&mut taken)?;
        Ok(taken)
    }
}

/// Refuses packed buffers that state a size far beyond what text unpacks to: so much memory is taken at once.
fn check(message: &Message<'_>, body: &[u8]) -> Result<(), ArrowError> {
    let dictionary = message.header_as_dictionary_batch();
    let batch = dictionary.and_then(|dictionary| dictionary.data());
    let Some(batch) = message.header_as_record_batch().or(batch) else { return Ok(()) };
    if batch.length() > i64::from(i32::MAX) {
        return Err(wrong(format!("a batch of {} rows", batch.length())));
    }
    if batch.compression().is_none() {
        return Ok(());
    }
    for buffer in batch.buffers().into_iter().flatten() {
        let (start, len) = (usize::try_from(buffer.offset()), usize::try_from(buffer.length()));
        let packed = start
            .ok()
            .zip(len.ok())
            .and_then(|(start, len)| body.get(start..start.checked_add(len)?));
        let packed = packed.ok_or_else(|| wrong("a buffer outside its message".into()))?;
        // The size comes first; -1 says that it is not packed.
        let Some(size) = packed.first_chunk().map(|bytes| i64::from_le_bytes(*bytes)) else {
            continue;
        };
        let most = FREE_BYTES + MAX_RATIO * packed.len() as u64;
        if size < -1 || size.cast_unsigned() > most && size != -1 {
            return Err(wrong(format!("{} bytes that would be {size}", packed.len())));
        }
    }
    Ok(())
}

fn wrong(what: String) -> ArrowError {
    ArrowError::IpcError(what)
}
