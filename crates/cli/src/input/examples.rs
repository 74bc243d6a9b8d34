//! Labelled examples of files, read whole: a head is fitted on all of them.
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use cloze::Input;
use cloze_corpus::labelled::sources;
use cloze_corpus::{LabelledParams, Source};
use cloze_report::DataFile;
use cloze_store::checksum;

use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// A labelled text, or pair, and where it comes from.
pub(crate) struct Example {
    pub(crate) path: Arc<str>,
    pub(crate) line: u64,
    pub(crate) id: Option<String>,
    pub(crate) text: String,
    pub(crate) second: Option<String>,
    pub(crate) labels: Vec<String>,
}

impl Example {
    /// What an encoder sees of it.
    pub(crate) fn input(&self) -> Input<'_> {
        Input { text: &self.text, second: self.second.as_deref() }
    }
}

/// The examples of some files.
pub(crate) struct Examples {
    pub(crate) all: Vec<Example>,
    pub(crate) files: Vec<DataFile>,
}

/// As much text as is worked on at once.
const CHUNK_BYTES: usize = 256 << 10;
/// As many examples, should they be short.
const CHUNK_EXAMPLES: usize = 2048;

/// Reads every example of `paths`. A row that cannot be read is named and the others are taken, as are
/// empty texts; none at all is an error.
pub(crate) fn read(
    paths: &[String],
    params: LabelledParams,
    messages: &Messages,
) -> anyhow::Result<Examples> {
    let mut all = vec![];
    let files = for_each_chunk(paths, params, messages, |chunk| {
        all.extend(chunk);
        Ok(())
    })?;
    Ok(Examples { all, files })
}

/// The same, in chunks that are given to `work` and need not stay.
pub(crate) fn for_each_chunk(
    paths: &[String],
    params: LabelledParams,
    messages: &Messages,
    mut work: impl FnMut(Vec<Example>) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<DataFile>> {
    let params = params.check()?;
    let sources = sources(paths)?;
    let files: Vec<Source> = sources.iter().map(|s| s.source.clone()).collect();
    progress::start(&files, messages);
    let mut reader = params.open_all(sources);
    let (mut chunk, mut bytes, mut n, mut seen) = (vec![], 0, 0_u64, 0);
    let mut counts: Vec<(Arc<str>, usize)> = vec![];
    while let Some(next) = reader.next() {
        let path = reader.path();
        match next {
            Ok(example) => {
                let known = counts.last().filter(|(known, _)| Path::new(&**known) == path);
                let path = if let Some((known, _)) = known {
                    Arc::clone(known)
                } else {
                    let new: Arc<str> = path.display().to_string().into();
                    counts.push((Arc::clone(&new), 0));
                    new
                };
                if let Some((_, n)) = counts.last_mut() {
                    *n += 1;
                }
                let cloze_corpus::Example { line, id, text, second, labels } = example;
                bytes += text.len() + second.as_ref().map_or(0, String::len);
                n += 1;
                chunk.push(Example { path, line, id, text, second, labels });
            }
            Err(error) => messages.failure(&error),
        }
        messages.bar.inc(reader.bytes_read().saturating_sub(seen));
        seen = reader.bytes_read();
        if bytes >= CHUNK_BYTES || chunk.len() >= CHUNK_EXAMPLES {
            bytes = 0;
            work(std::mem::take(&mut chunk))?;
            messages.bar.set_message(plural(n, "example"));
        }
    }
    if !chunk.is_empty() {
        work(chunk)?;
    }
    messages.bar.finish_and_clear();
    if n == 0 {
        bail!("{}: expected labelled texts, found none", paths.join(", "));
    }
    let file = |(path, examples): &(Arc<str>, usize)| {
        let on_disk = Path::new(&**path).is_file();
        let sha256 = on_disk.then(|| checksum::sha256_file(Path::new(&**path))).transpose()?;
        Ok(DataFile { file: path.to_string(), sha256, examples: *examples })
    };
    counts.iter().map(file).collect()
}
