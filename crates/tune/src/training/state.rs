//! A training on the disk, whole or not there, so that it can go on after a stop with the same
//! numbers.
//!
//! A safetensors file: `weights`, `first_moment`, `second_moment` and, once something was evaluated,
//! `best_weights`, all trained numbers end to end, `[numbers]` in f32; the rest as JSON under `state`
//! of its metadata; and at its end `sha256`, `[32]`, of all bytes before, so that no changed byte goes
//! unnoticed.
use std::io::{Read, Write};
use std::path::Path;

use cloze_store::{AtomicFile, Existing, StoreError};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::optimizer::AdamMoments;
use super::params::TrainingParams;
use super::run::{Progress, trained};
use crate::{Parameters, TuneError};

const KIND: &str = "training";
const VERSION: u32 = 1;
const DIGEST_BYTES: usize = 32;
/// In the order they are written; the last is not there before the first score.
const NAMES: [&str; 4] = ["weights", "first_moment", "second_moment", "best_weights"];
/// Names and shapes of parameters and the scores so far are a few hundred KiB.
const MAX_HEADER_BYTES: u64 = 64 << 20;

/// File that a training saves its state to, and the fingerprint of its data.
#[derive(Clone, Copy, Debug)]
pub struct StateFile<'a> {
    /// The file. What is there when a training starts afresh is replaced at the first save.
    pub path: &'a Path,
    /// Stands for all that decides the result besides the settings and the names and shapes of the
    /// parameters: the examples, the numbers of the model that training starts with. A SHA-256, say.
    pub fingerprint: &'a str,
    /// Whether to go on from what is there.
    pub resume: bool,
}

/// Data, settings and parameters that must be the same for a state to be used.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ground {
    fingerprint: String,
    settings: Value,
    examples: usize,
    parameters: Vec<(String, Vec<usize>)>,
}

impl Ground {
    pub(super) fn new(
        fingerprint: &str,
        params: &TrainingParams,
        examples: usize,
        parameters: &Parameters,
    ) -> Self {
        // By way of text, as it comes back: 0.1 of f32 is not 0.1 of f64.
        let settings = serde_json::to_string(params).and_then(|text| serde_json::from_str(&text));
        let settings = settings.expect("settings are plain, checked numbers");
        let parameters = trained(parameters).map(|p| (p.name.clone(), p.shape.clone())).collect();
        Self { fingerprint: fingerprint.to_owned(), settings, examples, parameters }
    }

    /// Difference from `saved`, if its state is to be used here.
    fn difference(&self, saved: &Self) -> Option<String> {
        let of = |ground: &Self, name: &str| ground.settings.get(name).cloned().unwrap_or_default();
        let names = [self, saved].into_iter().filter_map(|ground| ground.settings.as_object());
        for name in names.flat_map(|settings| settings.keys()) {
            let (here, there) = (of(self, name), of(saved, name));
            if here != there {
                return Some(format!("the setting {name} was {there} and is now {here}"));
            }
        }
        for i in 0..self.parameters.len().max(saved.parameters.len()) {
            let (here, there) = (self.parameters.get(i), saved.parameters.get(i));
            if here != there {
                let text = |parameter: Option<&(String, Vec<usize>)>| {
                    parameter.map_or("none".to_owned(), |(name, shape)| format!("{name} {shape:?}"))
                };
                let (here, there) = (text(here), text(there));
                return Some(format!("trained parameter {i} was {there} and is now {here}"));
            }
        }
        if self.examples != saved.examples {
            let (here, there) = (self.examples, saved.examples);
            return Some(format!("there were {there} examples and are now {here}"));
        }
        (self.fingerprint != saved.fingerprint).then(|| {
            let (here, there) = (&self.fingerprint, &saved.fingerprint);
            format!("the data was {there:?} and is now {here:?}")
        })
    }
}

/// Record on the disk besides the numbers.
#[derive(Serialize, Deserialize)]
struct Record {
    ground: Ground,
    progress: Progress,
    moment_steps: u64,
}

/// State read from the disk.
pub(super) struct State {
    pub(super) progress: Progress,
    pub(super) weights: Vec<f32>,
    pub(super) moments: AdamMoments,
    pub(super) best: Vec<f32>,
}

/// Writes all that a training needs to go on; `best` is empty before the first score.
pub(super) fn write(
    path: &Path,
    ground: Ground,
    progress: &Progress,
    parameters: &Parameters,
    moments: &AdamMoments,
    best: &[f32],
) -> Result<(), TuneError> {
    let numbers = moments.first.len();
    let names = if best.is_empty() { &NAMES[..3] } else { &NAMES[..] };
    let record = Record { ground, progress: progress.clone(), moment_steps: moments.steps };
    let failed = |error: std::io::Error| StoreError::Write { path: path.to_owned(), source: error };
    let header = header(names, numbers, &record).map_err(|error| failed(error.into()))?;

    let mut out = Hashed::new(AtomicFile::create(path, Existing::Replace)?);
    let result = (|| {
        out.write(&(header.len() as u64).to_le_bytes())?;
        out.write(&header)?;
        trained(parameters).try_for_each(|parameter| out.write_numbers(&parameter.value))?;
        [&moments.first[..], &moments.second, best].iter().try_for_each(|n| out.write_numbers(n))
    })();
    result.map_err(failed)?;
    let Hashed { stream: mut file, hasher } = out;
    file.write_all(&hasher.finalize()).map_err(failed)?;
    Ok(file.commit()?)
}

fn header(names: &[&str], numbers: usize, record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    let (mut tensors, mut end) = (vec![], 0);
    let mut add = |name: &str, dtype, shape: usize, bytes: usize| {
        let data_offsets = (end, end + bytes);
        end += bytes;
        tensors.push((name.to_owned(), TensorInfo { dtype, shape: vec![shape], data_offsets }));
    };
    for name in names {
        add(name, Dtype::F32, numbers, 4 * numbers);
    }
    add("sha256", Dtype::U8, DIGEST_BYTES, DIGEST_BYTES);
    let metadata = [
        ("kind".to_owned(), KIND.to_owned()),
        ("format_version".to_owned(), VERSION.to_string()),
        ("state".to_owned(), serde_json::to_string(record)?),
    ];
    let metadata = Metadata::new(Some(metadata.into()), tensors);
    let mut header = serde_json::to_vec(&metadata.map_err(serde::ser::Error::custom)?)?;
    // As the format has it, so that the numbers are aligned.
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}

/// The state in `path`, if it is whole and goes with `ground` and a training of `steps`.
pub(super) fn read(path: &Path, ground: &Ground, steps: u64) -> Result<State, TuneError> {
    let refused = |what: String| TuneError::State { path: path.to_owned(), what };
    let damaged = || refused("damaged or cut off".to_owned());
    let failed = |error| TuneError::Store(StoreError::Read(error));
    let file = fs_err::File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let mut input = Hashed::new(file);
    let (header, left) = input.read_header(bytes).map_err(failed)?.ok_or_else(damaged)?;
    // Before the checksum, which a later version may have elsewhere.
    check_kind(&header).map_err(refused)?;
    let (names, numbers) = tensors(&header, left).ok_or_else(damaged)?;
    let mut vectors = vec![];
    for _ in names {
        vectors.push(input.read_numbers(numbers).map_err(failed)?);
    }
    let Hashed { stream: mut file, hasher } = input;
    let mut digest = [0; DIGEST_BYTES];
    file.read_exact(&mut digest).map_err(failed)?;
    if hasher.finalize()[..] != digest {
        return Err(damaged());
    }

    let record = entry(&header, "state").and_then(|record| serde_json::from_str(record).ok());
    let Record { ground: saved, progress, moment_steps } = record.ok_or_else(damaged)?;
    if let Some(what) = ground.difference(&saved) {
        return Err(refused(what));
    }
    let shapes = ground.parameters.iter().map(|(_, shape)| shape.iter().product::<usize>());
    let has_best = names.len() == NAMES.len();
    // Sound by its checksum and yet not what is written here.
    if numbers != shapes.sum::<usize>()
        || progress.step > steps
        || progress.best.is_some_and(|best| best >= progress.history.len())
        || has_best != (progress.best.is_some() && numbers > 0)
    {
        return Err(damaged());
    }
    let mut vectors = vectors.into_iter();
    let mut next = || vectors.next().unwrap_or_default();
    let (weights, first, second, best) = (next(), next(), next(), next());
    let moments = AdamMoments { first, second, steps: moment_steps };
    Ok(State { progress, weights, moments, best })
}

fn entry<'h>(header: &'h Metadata, name: &str) -> Option<&'h String> {
    header.metadata().as_ref()?.get(name)
}

fn check_kind(header: &Metadata) -> Result<(), String> {
    if entry(header, "kind").is_none_or(|kind| kind != KIND) {
        return Err(format!("no state of a {KIND}"));
    }
    match entry(header, "format_version") {
        Some(version) if *version == VERSION.to_string() => Ok(()),
        version => {
            let version = version.map_or("none", String::as_str);
            Err(format!("expected format version {VERSION}, found {version}"))
        }
    }
}

/// The tensors before the checksum, and how many numbers each has, if they and it are all of the
/// `left` bytes after the header.
fn tensors(header: &Metadata, left: u64) -> Option<(&'static [&'static str], usize)> {
    let shape = |name: &str| header.info(name).map(|info| (info.dtype, &info.shape[..]));
    let Some((Dtype::F32, &[numbers])) = shape(NAMES[0]) else { return None };
    let has_best = header.info(NAMES[3]).is_some();
    let names = if has_best { &NAMES[..] } else { &NAMES[..3] };
    let sound = names.iter().all(|name| shape(name) == Some((Dtype::F32, &[numbers])))
        && header.tensors().len() == names.len() + 1
        && shape("sha256") == Some((Dtype::U8, &[DIGEST_BYTES]))
        && header.data_len() as u64 == left;
    sound.then_some((names, numbers))
}

/// A stream, and the SHA-256 of what has gone through it.
struct Hashed<S> {
    stream: S,
    hasher: Sha256,
}

impl<S> Hashed<S> {
    fn new(stream: S) -> Self {
        Self { stream, hasher: Sha256::new() }
    }
}

/// Numbers that are turned into bytes, or back, at a time.
const PIECE: usize = 16 * 1024;

impl<W: Write> Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hasher.update(bytes);
        self.stream.write_all(bytes)
    }

    fn write_numbers(&mut self, numbers: &[f32]) -> std::io::Result<()> {
        let mut bytes = Vec::with_capacity(4 * PIECE.min(numbers.len()));
        for piece in numbers.chunks(PIECE) {
            bytes.clear();
            bytes.extend(piece.iter().flat_map(|number| number.to_le_bytes()));
            self.write(&bytes)?;
        }
        Ok(())
    }
}

impl<R: Read> Hashed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.stream.read_exact(bytes)?;
        self.hasher.update(bytes);
        Ok(())
    }

    /// The header of a file of so many bytes, and how many come after it; `None` for none.
    fn read_header(&mut self, bytes: u64) -> std::io::Result<Option<(Metadata, u64)>> {
        let mut length = [0; 8];
        let Some(after) = bytes.checked_sub(length.len() as u64) else { return Ok(None) };
        self.read(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > after.min(MAX_HEADER_BYTES) {
            return Ok(None);
        }
        #[expect(clippy::cast_possible_truncation, reason = "64 MiB at most")]
        let mut header = vec![0; length as usize];
        self.read(&mut header)?;
        Ok(serde_json::from_slice(&header).ok().map(|header| (header, after - length)))
    }

    fn read_numbers(&mut self, count: usize) -> std::io::Result<Vec<f32>> {
        let mut numbers = Vec::with_capacity(count);
        let mut bytes = vec![0; 4 * PIECE.min(count)];
        while numbers.len() < count {
            let piece = &mut bytes[..4 * PIECE.min(count - numbers.len())];
            self.read(piece)?;
            let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            numbers.extend(piece.chunks_exact(4).map(number));
        }
        Ok(numbers)
    }
}
