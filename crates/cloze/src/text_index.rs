//! An index of texts with the encoder that made it: a question in words, an answer in records.
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_embed::{Layers, Level, Poolings};
use cloze_encoder::{EncoderParams, Runtime, RuntimeParams};
use cloze_search::fuse::reciprocal_rank;
use cloze_search::{EncoderCard, Hit, Index, Record, RowSet};

use crate::{Error, SentenceEncoder, SentenceParams, States};

/// An index, and the encoder that its queries go through. It can be shared between threads: a service
/// holds one open.
#[derive(Debug)]
pub struct TextIndex {
    encoder: SentenceEncoder,
    index: Index,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// How alike it is to the query, by the metric of the index.
    pub score: f32,
    /// The record.
    pub record: Record,
}

impl TextIndex {
    /// Opens the index in `folder`, and the model that it was built with, where it was then or under
    /// its name, with whatever ONNX Runtime there is; one is fetched if there is none.
    ///
    /// # Errors
    /// [`Error::Search`] if the index cannot be opened; [`Error::NoEncoder`] if it was built of
    /// vectors made elsewhere; as [`query_encoder`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let index = Index::open(folder.as_ref())?;
        let runtime = Runtime::load(&RuntimeParams::default(), &mut |_| {})?;
        Self::of(&runtime, index, |encoder| encoder)
    }

    /// The same of an index that is open, and with settings of the encoder that `change` makes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of(
        runtime: &Runtime,
        index: Index,
        change: impl FnOnce(EncoderParams) -> EncoderParams,
    ) -> Result<Self, Error> {
        let no_encoder = || Error::NoEncoder { folder: index.folder().to_owned() };
        let card = index.encoder().ok_or_else(no_encoder)?;
        let encoder = query_encoder(runtime, card, index.folder(), change)?;
        Ok(Self { encoder, index })
    }

    /// The index.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The encoder of queries.
    #[must_use]
    pub fn encoder(&self) -> &SentenceEncoder {
        &self.encoder
    }

    /// The `k` records most like `query`, best first.
    ///
    /// # Errors
    /// As [`hits`](Self::hits); [`Error::Search`] if a record cannot be read.
    pub fn search(&self, query: &str, k: usize) -> Result<Vec<Found>, Error> {
        let hits = self.hits(&[query], k, None)?.pop().unwrap_or_default();
        let found = |hit: Hit| Ok(Found { score: hit.score, record: self.index.record(hit.row)? });
        hits.into_iter().map(found).collect()
    }

    /// For each of `queries` the `k` rows most like it, best first, among those of `allowed`
    /// ([`Index::rows_where`]), or among all.
    ///
    /// # Errors
    /// [`Error::Encoder`] and [`Error::Embed`] for a query; [`Error::Search`] from searching.
    pub fn hits<T: AsRef<str>>(
        &self,
        queries: &[T],
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Vec<Hit>>, Error> {
        let vectors = self.encoder.encode(queries)?;
        Ok(self.index.search(&vectors, k, allowed)?)
    }

    /// The same by vectors and by words: the ranking of [`hits`](Self::hits) and that of
    /// [`Index::keywords`], each of ten times `k` and at least a hundred, made one by
    /// [`reciprocal_rank`], whose scores they have.
    ///
    /// # Errors
    /// As [`hits`](Self::hits); [`Error::Search`] if the index keeps no words.
    pub fn hybrid<T: AsRef<str>>(
        &self,
        queries: &[T],
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Vec<Hit>>, Error> {
        let depth = k.saturating_mul(10).max(100);
        let alike = self.hits(queries, depth, allowed)?;
        let fused = |(query, alike): (&T, Vec<Hit>)| {
            let words = self.index.keywords(query.as_ref(), depth, allowed)?;
            Ok(reciprocal_rank(&[&alike, &words], k))
        };
        queries.iter().zip(alike).map(fused).collect()
    }
}

/// How `encoder` makes vectors, for an index of them whose texts were cut as `chunk` says; before
/// queries `query_prompt` is to stand.
///
/// # Errors
/// As [`SentenceEncoder::provenance`]; [`Error::Conflict`] for an encoder with a correction, since an
/// index fits its own.
pub fn encoder_card(
    encoder: &SentenceEncoder,
    query_prompt: &str,
    chunk: String,
) -> Result<EncoderCard, Error> {
    if encoder.correction().is_some() {
        return Err(Error::Conflict("an index fits a correction of its own"));
    }
    let folder = encoder.model().folder();
    let folder = fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    Ok(EncoderCard {
        provenance: encoder.provenance(Level::Sentence)?,
        folder: folder.to_string_lossy().into_owned(),
        normalize: encoder.normalizes(),
        dims: encoder.dims(),
        prompt: encoder.prompt().to_owned(),
        query_prompt: query_prompt.to_owned(),
        chunk,
    })
}

/// The encoder of queries to an index in `folder`, as its card says.
///
/// # Errors
/// [`Error::Encoder`] if the model is not found or cannot be opened; [`Error::OtherBase`] if the one
/// that is found has other weights.
pub fn query_encoder(
    runtime: &Runtime,
    card: &EncoderCard,
    folder: &Path,
    change: impl FnOnce(EncoderParams) -> EncoderParams,
) -> Result<SentenceEncoder, Error> {
    open_encoder(runtime, card, &card.query_prompt, folder, change)
}

/// The encoder of texts that are added to an index in `folder`, as its card says.
///
/// # Errors
/// As [`query_encoder`].
pub fn text_encoder(
    runtime: &Runtime,
    card: &EncoderCard,
    folder: &Path,
    change: impl FnOnce(EncoderParams) -> EncoderParams,
) -> Result<SentenceEncoder, Error> {
    open_encoder(runtime, card, &card.prompt, folder, change)
}

fn open_encoder(
    runtime: &Runtime,
    card: &EncoderCard,
    prompt: &str,
    folder: &Path,
    change: impl FnOnce(EncoderParams) -> EncoderParams,
) -> Result<SentenceEncoder, Error> {
    // Where it was, else under its name: an index may come from another machine.
    let there = PathBuf::from(&card.folder);
    let name = if there.is_dir() { card.folder.as_str() } else { &card.provenance.model };
    let model = ModelFolder::find(name)?;
    let found = model.sha256()?;
    if found != card.provenance.model_sha256 {
        return Err(Error::OtherBase {
            head: folder.to_owned(),
            model: model.folder().to_owned(),
            expected: card.provenance.model_sha256.clone(),
            found,
        });
    }
    let pooling: &Poolings = &card.provenance.pooling;
    let layers: &Layers = &card.provenance.layers;
    let params = SentenceParams::new()
        .pooling(Some(pooling.clone()))
        .states(States::Layers(layers.clone()))
        .normalize(card.normalize)
        .dims(card.dims)
        .prompt(prompt)
        .encoder(change);
    SentenceEncoder::open_with(runtime, model, params)
}
