//! Arrays of each text, in one file: NumPy's `.npz`, or safetensors. Text `i` of the input, counted from
//! 0, has these; a text that fails has none.
//!
//! | name | type, shape | |
//! |---|---|---|
//! | `i.hidden` | f32 `[layers, tokens, hidden]` | hidden states |
//! | `i.logits` | f32 `[tokens, labels]` or `[1, labels]` | with `--logits` |
//! | `i.ids` | i64 `[tokens]` | token ids |
//! | `i.offsets` | i64 `[tokens, 2]` | start and end of each token in the text; equal for special ones |
//! | `i.special` | bool `[tokens]` | special tokens |
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek as _, Write};

use anyhow::Context as _;
use cloze::TextStates;
use cloze_core::{OffsetConverter, OffsetUnit};
use cloze_store::npy::NpyHeader;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::commands::embed::args::EmbedFormat;
use crate::input::texts::Input;
use crate::terminal::out::Out;

/// A file of arrays, open for writing.
pub(crate) struct Arrays {
    offsets: OffsetUnit,
    file: ArrayFile,
}

enum ArrayFile {
    Npz(Box<ZipWriter<StreamWriter<Out>>>),
    Safetensors(Box<Spools>),
}

/// Tensors by type, the widest first, so that each lies at a multiple of its width; they wait in files
/// without a name until the header, which comes first, is known.
struct Spools {
    out: Out,
    metadata: HashMap<String, String>,
    wide: Spool,
    floats: Spool,
    flags: Spool,
}

struct Spool {
    file: BufWriter<File>,
    bytes: usize,
    tensors: Vec<(String, Dtype, Vec<usize>, usize)>,
}

/// Elements of an array.
enum Values<'a> {
    I64(Vec<i64>),
    F32(Vec<&'a [f32]>),
    Bool(Vec<bool>),
}

impl Arrays {
    pub(crate) fn open(
        format: EmbedFormat,
        offsets: OffsetUnit,
        layers: &[usize],
        out: Out,
    ) -> anyhow::Result<Self> {
        let file = if format == EmbedFormat::Npz {
            ArrayFile::Npz(Box::new(ZipWriter::new_stream(out)))
        } else {
            let layers = layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let metadata = [("offsets", offsets.name().to_owned()), ("layers", layers)];
            let metadata = metadata.map(|(key, value)| (key.to_owned(), value)).into();
            let [wide, floats, flags] = [Spool::new()?, Spool::new()?, Spool::new()?];
            ArrayFile::Safetensors(Box::new(Spools { out, metadata, wide, floats, flags }))
        };
        Ok(Self { offsets, file })
    }

    /// Writes the arrays of text `i`.
    pub(crate) fn write(
        &mut self,
        i: usize,
        text: &Input,
        states: &TextStates,
    ) -> anyhow::Result<()> {
        let TextStates { tokens, hidden, logits } = states;
        let n = tokens.len();
        let mut unit = OffsetConverter::new(&text.text, self.offsets);
        let mut offset = |byte: usize| -> anyhow::Result<i64> {
            let offset = unit.convert(byte).context("an offset within a character")?;
            Ok(i64::try_from(offset)?)
        };
        let mut offsets = Vec::with_capacity(2 * n);
        for token in tokens {
            offsets.extend([offset(token.span.start)?, offset(token.span.end)?]);
        }
        let ids = tokens.iter().map(|token| token.id.into()).collect();
        let special = tokens.iter().map(|token| token.special).collect();
        if let Some(first) = hidden.first() {
            let shape = vec![hidden.len(), n, first.cols()];
            let layers = hidden.iter().map(cloze::Matrix::as_slice).collect();
            self.array(i, "hidden", shape, Values::F32(layers))?;
        }
        if let Some(logits) = logits {
            let shape = vec![logits.rows(), logits.cols()];
            self.array(i, "logits", shape, Values::F32(vec![logits.as_slice()]))?;
        }
        self.array(i, "ids", vec![n], Values::I64(ids))?;
        self.array(i, "offsets", vec![n, 2], Values::I64(offsets))?;
        self.array(i, "special", vec![n], Values::Bool(special))
    }

    fn array(
        &mut self,
        i: usize,
        name: &str,
        shape: Vec<usize>,
        values: Values<'_>,
    ) -> anyhow::Result<()> {
        match &mut self.file {
            ArrayFile::Npz(zip) => {
                // Numbers of a model hardly get smaller. Of 4 GiB and more, too.
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Stored)
                    .large_file(true);
                zip.start_file(format!("{i}.{name}.npy"), options)?;
                write_npy(zip, &shape, values)
            }
            ArrayFile::Safetensors(spools) => {
                let name = format!("{i}.{name}");
                match values {
                    Values::I64(values) => {
                        let bytes = values.iter().map(|value| value.to_le_bytes());
                        spools.wide.tensor(name, Dtype::I64, shape, bytes)
                    }
                    Values::F32(rows) => {
                        let bytes = rows.into_iter().flatten().map(|value| value.to_le_bytes());
                        spools.floats.tensor(name, Dtype::F32, shape, bytes)
                    }
                    Values::Bool(flags) => {
                        let bytes = flags.into_iter().map(|flag| [u8::from(flag)]);
                        spools.flags.tensor(name, Dtype::BOOL, shape, bytes)
                    }
                }
            }
        }
    }

    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.file {
            ArrayFile::Npz(zip) => zip.finish()?.into_inner().finish(),
            ArrayFile::Safetensors(spools) => spools.finish(),
        }
    }
}

/// NumPy's format, little-endian.
fn write_npy(out: &mut impl Write, shape: &[usize], values: Values<'_>) -> anyhow::Result<()> {
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let dtype = match values {
        Values::I64(_) => "<i8",
        Values::F32(_) => "<f4",
        Values::Bool(_) => "|b1",
    };
    out.write_all(&NpyHeader::new(dtype, &shape).bytes())?;
    match values {
        Values::I64(values) => {
            for x in values {
                out.write_all(&x.to_le_bytes())?;
            }
        }
        Values::F32(rows) => {
            for x in rows.into_iter().flatten() {
                out.write_all(&x.to_le_bytes())?;
            }
        }
        Values::Bool(flags) => {
            for flag in flags {
                out.write_all(&[u8::from(flag)])?;
            }
        }
    }
    Ok(())
}

impl Spool {
    fn new() -> anyhow::Result<Self> {
        let file = tempfile::tempfile().context("a file to keep arrays in")?;
        Ok(Self { file: BufWriter::new(file), bytes: 0, tensors: vec![] })
    }

    fn tensor<const N: usize>(
        &mut self,
        name: String,
        dtype: Dtype,
        shape: Vec<usize>,
        values: impl Iterator<Item = [u8; N]>,
    ) -> anyhow::Result<()> {
        let start = self.bytes;
        for value in values {
            self.file.write_all(&value)?;
            self.bytes += N;
        }
        self.tensors.push((name, dtype, shape, self.bytes - start));
        Ok(())
    }
}

impl Spools {
    fn finish(self) -> anyhow::Result<()> {
        let Self { mut out, metadata, wide, floats, flags } = self;
        let (mut infos, mut end, mut files) = (vec![], 0, vec![]);
        for spool in [wide, floats, flags] {
            for (name, dtype, shape, bytes) in spool.tensors {
                let data_offsets = (end, end + bytes);
                end += bytes;
                infos.push((name, TensorInfo { dtype, shape, data_offsets }));
            }
            files.push(spool.file);
        }
        let header = serde_json::to_vec(&Metadata::new(Some(metadata), infos)?)?;
        let padded = header.len().next_multiple_of(8);
        out.write_all(&(padded as u64).to_le_bytes())?;
        out.write_all(&header)?;
        out.write_all(&vec![b' '; padded - header.len()])?;
        for file in files {
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            io::copy(&mut BufReader::new(file), &mut out)?;
        }
        out.finish()
    }
}
