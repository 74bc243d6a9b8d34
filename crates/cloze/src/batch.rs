//! Many texts: one result per text, in chunks that bound memory, as a slice or as a stream.
use cloze_core::Cancel;
use cloze_embed::EmbedError::{NotFinite, OutOfRange};
use cloze_encoder::EncoderError::{Run, Tokenize};
use cloze_heads::HeadError;

use crate::Error;

/// Bytes of a slice's texts that go through the model together.
const SLICE_BYTES: usize = 1 << 20;
/// Bytes of a stream's texts that do: enough to sort into batches of one length.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes of a stream's first chunk, doubled from chunk to chunk, so that the first results come soon.
const FIRST_CHUNK_BYTES: usize = 16 << 10;
/// Bytes of the texts whose tokens are scored at once.
const SCORED_BYTES: usize = 8 << 10;
/// Most texts of a chunk, should they be short.
const CHUNK_TEXTS: usize = 4096;

impl Error {
    /// Returns `true` for an error that one text is the cause of, so that others may still have
    /// results: a text that cannot be tokenized or run, that is too long where it has to be seen
    /// whole, or whose numbers are not finite.
    #[must_use]
    pub fn is_of_one_text(&self) -> bool {
        if let Self::Generate(error) = self {
            return error.is_of_one_text();
        }
        matches!(
            self,
            Self::Encoder(Tokenize { .. } | Run { .. })
                | Self::MaskInText { .. }
                | Self::NoMask { .. }
                | Self::MaskSpan { .. }
                | Self::TooLong { .. }
                | Self::Embed(NotFinite { .. } | OutOfRange { .. })
                | Self::Head(
                    HeadError::NotFinite { .. }
                        | HeadError::NotANumber { .. }
                        | HeadError::Embed(NotFinite { .. } | OutOfRange { .. }),
                )
        )
    }
}

/// Runs `run` on all items together. Where one of them is the cause of a failure, each is run alone,
/// so that an error in one item affects only that item. `run` gives one result per item, or none.
///
/// # Errors
/// The first error of `run` that is not [of one text](Error::is_of_one_text).
pub fn isolate<I: Copy, T>(
    items: &[I],
    run: impl Fn(&[I]) -> Result<Vec<T>, Error>,
) -> Result<Vec<Result<T, Error>>, Error> {
    match run(items) {
        Ok(results) => Ok(results.into_iter().map(Ok).collect()),
        Err(error) if !error.is_of_one_text() => Err(error),
        Err(error) if items.len() == 1 => Ok(vec![Err(error)]),
        Err(_) => {
            let mut results = Vec::with_capacity(items.len());
            for &item in items {
                match run(&[item]) {
                    Ok(result) => results.extend(result.into_iter().map(Ok)),
                    Err(error) if error.is_of_one_text() => results.push(Err(error)),
                    Err(error) => return Err(error),
                }
            }
            Ok(results)
        }
    }
}

/// The one result of one item.
pub(crate) fn only<T>(results: Vec<Result<T, Error>>) -> Result<T, Error> {
    let mut results = results.into_iter();
    results.next().expect("a batch of one item has one result")
}

/// Bytes of a pair's texts.
pub(crate) fn pair_size<A: AsRef<str>, B: AsRef<str>>(pair: &(A, B)) -> usize {
    pair.0.as_ref().len() + pair.1.as_ref().len()
}

/// Parts of `items`, whose `size` is in bytes of text, that are scored at once, in order: as many items
/// as have no more than 8 KiB together, and one at least. Each token that is scored is a copy of the text
/// it stands in: with this much there are enough to fill batches, and results do not keep anyone
/// waiting for minutes.
pub fn scored_parts<I>(items: &[I], size: impl Fn(&I) -> usize) -> impl Iterator<Item = &[I]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |item: &&I| {
            let first = bytes == 0;
            bytes += size(item).max(1);
            first || bytes <= SCORED_BYTES
        };
        let (part, behind) = rest.split_at(rest.iter().take_while(fits).count());
        rest = behind;
        (!part.is_empty()).then_some(part)
    })
}

/// Runs `run` on chunks of `items`, whose `size` is in bytes of text, until `cancel` stops it.
pub(crate) fn in_chunks<I, T>(
    items: &[I],
    cancel: &Cancel,
    size: impl Fn(&I) -> usize,
    run: impl Fn(&[I]) -> Result<Vec<Result<T, Error>>, Error>,
) -> Result<Vec<Result<T, Error>>, Error> {
    let mut results = Vec::with_capacity(items.len());
    let mut rest = items;
    while !rest.is_empty() {
        cancel.check()?;
        let mut bytes = 0;
        let full = rest.iter().take(CHUNK_TEXTS).position(|item| {
            bytes += size(item);
            bytes >= SLICE_BYTES
        });
        let len = full.map_or(CHUNK_TEXTS.min(rest.len()), |last| last + 1);
        let (chunk, behind) = rest.split_at(len);
        results.extend(run(chunk)?);
        rest = behind;
    }
    Ok(results)
}

/// Results of a stream of items, in order: a chunk is read, run and given out before the next. An
/// error that is not of one text is the last result.
pub(crate) struct Stream<I, S, R, T> {
    items: I,
    size: S,
    run: R,
    /// Bytes of the next chunk.
    most: usize,
    results: std::vec::IntoIter<Result<T, Error>>,
    ended: bool,
}

/// A [`Stream`] of `items`, whose `size` is in bytes of text, through `run`.
pub(crate) fn stream<I, S, R, T>(items: I, size: S, run: R) -> Stream<I::IntoIter, S, R, T>
where
    I: IntoIterator,
    S: Fn(&I::Item) -> usize,
    R: Fn(&[I::Item]) -> Result<Vec<Result<T, Error>>, Error>,
{
    let (items, results) = (items.into_iter(), vec![].into_iter());
    Stream { items, size, run, most: FIRST_CHUNK_BYTES, results, ended: false }
}

impl<I, S, R, T> Iterator for Stream<I, S, R, T>
where
    I: Iterator,
    S: Fn(&I::Item) -> usize,
    R: Fn(&[I::Item]) -> Result<Vec<Result<T, Error>>, Error>,
{
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(result) = self.results.next() {
                return Some(result);
            }
            if self.ended {
                return None;
            }
            let (mut chunk, mut bytes) = (vec![], 0);
            while bytes < self.most && chunk.len() < CHUNK_TEXTS {
                let Some(item) = self.items.next() else {
                    self.ended = true;
                    break;
                };
                bytes += (self.size)(&item);
                chunk.push(item);
            }
            self.most = (self.most * 2).min(CHUNK_BYTES);
            if chunk.is_empty() {
                return None;
            }
            match (self.run)(&chunk) {
                Ok(results) => self.results = results.into_iter(),
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn too_long(tokens: usize) -> Error {
        Error::TooLong { found: tokens, limit: 3 }
    }

    fn run(texts: &[&str]) -> Result<Vec<usize>, Error> {
        let len = |text: &&str| match text.len() {
            9 => Err(Error::Conflict("nine")),
            n if n > 3 => Err(too_long(n)),
            n => Ok(n),
        };
        texts.iter().map(len).collect()
    }

    #[test]
    fn scored_parts_hold_everything_once() {
        let sizes = [SCORED_BYTES * 2, 1, SCORED_BYTES - 1, 1, 0, 0, SCORED_BYTES];
        let parts: Vec<&[usize]> = scored_parts(&sizes, |size| *size).collect();
        let expected: [&[usize]; 4] =
            [&[SCORED_BYTES * 2], &[1, SCORED_BYTES - 1], &[1, 0, 0], &[SCORED_BYTES]];
        assert_eq!(parts, expected);
    }

    #[test]
    fn one_bad_text_costs_only_itself() {
        let results = isolate(&["a", "long", "", "longer"], run).unwrap();
        let results: Vec<_> =
            results.into_iter().map(|r| r.map_err(|error| error.to_string())).collect();
        let text = |n| Err(too_long(n).to_string());
        assert_eq!(results, [Ok(1), text(4), Ok(0), text(6)]);
        // An error of all is one, whether it comes first or behind that of a text.
        assert!(isolate(&["a", "123456789"], run).is_err());
        assert!(isolate(&["long", "123456789"], run).is_err());
        assert!(isolate(&[], run).unwrap().is_empty());
    }

    /// Chunks of 16, 32, … KiB: 5 texts of 10 KiB are 2 and 3.
    #[test]
    fn a_stream_reads_no_further_than_its_chunk() {
        let (read, chunks) = (RefCell::new(0), RefCell::new(vec![]));
        let text = "x".repeat(10 << 10);
        let texts = (0..5).map(|i| {
            *read.borrow_mut() += 1;
            (i, text.as_str())
        });
        let results = stream(
            texts,
            |(_, text)| text.len(),
            |chunk| {
                chunks.borrow_mut().push(chunk.len());
                Ok(chunk.iter().map(|(i, _)| Ok(*i)).collect())
            },
        );
        let mut results = results.map(|result| result.unwrap());
        assert_eq!((results.next(), *read.borrow()), (Some(0), 2));
        assert_eq!(results.collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(*chunks.borrow(), [2, 3]);
    }

    #[test]
    fn a_stream_ends_behind_an_error_of_all() {
        let size = |text: &&str| if *text == "big" { 16 << 10 } else { text.len() };
        let texts = ["a", "big", "123456789", "b"];
        let results: Vec<_> = stream(texts, size, |texts| isolate(texts, run)).collect();
        assert!(matches!(results[..], [Ok(1), Ok(3), Err(Error::Conflict("nine"))]));
    }

    #[test]
    fn what_is_cancelled_begins_no_chunk() {
        let (cancel, ran) = (Cancel::new(), RefCell::new(0));
        let texts = vec!["a"; CHUNK_TEXTS + 1];
        let results = in_chunks(
            &texts,
            &cancel,
            |text| text.len(),
            |chunk| {
                *ran.borrow_mut() += chunk.len();
                cancel.cancel();
                isolate(chunk, run)
            },
        );
        assert!(matches!(results, Err(Error::Cancelled(_))));
        assert_eq!(*ran.borrow(), CHUNK_TEXTS);
    }
}
