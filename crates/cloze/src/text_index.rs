//! An index of texts with the encoder that made it: a question in words, an answer in records.
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_embed::{Layers, Level, Poolings};
use cloze_search::fuse::reciprocal_rank;
use cloze_search::index::{EncoderCard, Index, IndexRecord};
use cloze_search::{Hit, RowSet};

use crate::opening::{Opening, builder_setters};
use crate::sentence::SentenceEncoderBuilder;
use crate::{Error, SentenceEncoder, States, batch};

/// An index, and the encoder that its queries go through. It can be shared between threads: a service
/// holds one open.
#[derive(Debug)]
pub struct TextIndex {
    encoder: SentenceEncoder,
    index: Index,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedHit {
    /// Similarity to the query, by the metric of the index.
    pub score: f32,
    /// The record.
    pub record: IndexRecord,
}

/// Index to open: a folder, or one that is open.
#[derive(Debug)]
pub struct IndexRef(IndexKind);

#[derive(Debug)]
enum IndexKind {
    Folder(PathBuf),
    Opened(Box<Index>),
}

impl From<&str> for IndexRef {
    fn from(folder: &str) -> Self {
        Self(IndexKind::Folder(folder.into()))
    }
}

impl From<&Path> for IndexRef {
    fn from(folder: &Path) -> Self {
        Self(IndexKind::Folder(folder.to_owned()))
    }
}

impl From<&PathBuf> for IndexRef {
    fn from(folder: &PathBuf) -> Self {
        folder.as_path().into()
    }
}

impl From<PathBuf> for IndexRef {
    fn from(folder: PathBuf) -> Self {
        Self(IndexKind::Folder(folder))
    }
}

impl From<Index> for IndexRef {
    fn from(index: Index) -> Self {
        Self(IndexKind::Opened(index.into()))
    }
}

/// Settings of a [`TextIndex`].
#[derive(Debug)]
pub struct TextIndexBuilder {
    index: IndexRef,
    opening: Opening,
}

impl TextIndexBuilder {
    builder_setters!();

    /// Opens the index, and the model that it was built with, where it was then or under its name.
    ///
    /// # Errors
    /// [`Error::Search`] if the index cannot be opened; [`Error::NoEncoder`] if it was built of
    /// vectors made elsewhere; as [`query_encoder`] and
    /// [`SentenceEncoderBuilder::open`].
    pub fn open(self) -> Result<TextIndex, Error> {
        let Self { index, opening } = self;
        let index = match index.0 {
            IndexKind::Folder(folder) => Index::open(&folder)?,
            IndexKind::Opened(index) => *index,
        };
        let no_encoder = || Error::NoEncoder { folder: index.folder().to_owned() };
        let card = index.encoder().ok_or_else(no_encoder)?;
        let encoder = query_encoder(card, index.folder())?.work_of(opening).open()?;
        Ok(TextIndex { encoder, index })
    }
}

impl TextIndex {
    /// Opens the index in `folder` with default settings: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`TextIndexBuilder::open`].
    pub fn open(folder: impl Into<IndexRef>) -> Result<Self, Error> {
        Self::builder(folder).open()
    }

    /// Settings of an index of texts.
    #[must_use]
    pub fn builder(index: impl Into<IndexRef>) -> TextIndexBuilder {
        TextIndexBuilder { index: index.into(), opening: Opening::new("".into()) }
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
    pub fn search(&self, query: &str, k: usize) -> Result<Vec<IndexedHit>, Error> {
        batch::only(self.search_batch(&[query], k)?)
    }

    /// The `k` records most like each of `queries`, best first. An error in one query affects only that
    /// query.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Search`]; [`Error::Cancelled`].
    pub fn search_batch<T: AsRef<str>>(
        &self,
        queries: &[T],
        k: usize,
    ) -> Result<Vec<Result<Vec<IndexedHit>, Error>>, Error> {
        let queries: Vec<&str> = queries.iter().map(AsRef::as_ref).collect();
        let size = |query: &&str| query.len();
        let hits = batch::in_chunks(&queries, self.encoder.cancel(), size, |queries| {
            batch::isolate(queries, |queries| self.hits(queries, k, None))
        })?;
        let record =
            |hit: Hit| Ok(IndexedHit { score: hit.score, record: self.index.record(hit.row)? });
        Ok(hits.into_iter().map(|hits| hits?.into_iter().map(record).collect()).collect())
    }

    /// The `k` records most like each of a stream of queries, in order. An error that is not of one
    /// query is the last item.
    pub fn search_iter<'a, I>(
        &'a self,
        queries: I,
        k: usize,
    ) -> impl Iterator<Item = Result<Vec<IndexedHit>, Error>> + 'a
    where
        I: IntoIterator + 'a,
        I::Item: AsRef<str>,
    {
        let size = |query: &I::Item| query.as_ref().len();
        batch::stream(queries, size, move |queries| self.search_batch(queries, k))
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
        let vectors = self.encoder.encode_matrix(queries)?;
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

/// Card of `encoder`, for an index of its vectors whose texts were cut by `chunk`; `query_prompt`
/// is to stand before queries. Of a model with routes, queries take the one called `query`, if it is
/// there.
///
/// # Errors
/// As [`SentenceEncoder::provenance`]; [`Error::Conflict`] for an encoder with a correction, since an
/// index fits its own.
pub fn encoder_card(
    encoder: &SentenceEncoder,
    query_prompt: &str,
    chunk: String,
) -> Result<EncoderCard, Error> {
    let modules = encoder.model().modules();
    let route = modules.and_then(|modules| modules.route()).map(str::to_owned);
    let of_queries = modules.and_then(|m| m.routes().iter().find(|route| *route == "query"));
    let query_route = of_queries.cloned().or_else(|| route.clone());
    if encoder.correction().is_some() {
        return Err(Error::Conflict("an index fits a correction of its own"));
    }
    let folder = encoder.model().folder();
    let folder = fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    Ok(EncoderCard {
        provenance: encoder.provenance(Level::Sentence)?,
        folder: folder.to_string_lossy().into_owned(),
        normalize: encoder.normalizes(),
        dims: encoder.dims(),
        prompt: encoder.prompt().to_owned(),
        query_prompt: query_prompt.to_owned(),
        route,
        query_route,
        chunk,
    })
}

/// Settings of the encoder of queries to an index in `folder`, as its card says; how much work is done
/// at once is left to set.
///
/// # Errors
/// [`Error::Encoder`] if the model is not found; [`Error::OtherBase`] if the one that is found has
/// other weights.
pub fn query_encoder(card: &EncoderCard, folder: &Path) -> Result<SentenceEncoderBuilder, Error> {
    encoder_builder(card, &card.query_prompt, card.query_route.as_ref(), folder)
}

/// Settings of the encoder of texts that are added to an index in `folder`, as its card says.
///
/// # Errors
/// As [`query_encoder`].
pub fn text_encoder(card: &EncoderCard, folder: &Path) -> Result<SentenceEncoderBuilder, Error> {
    encoder_builder(card, &card.prompt, card.route.as_ref(), folder)
}

fn encoder_builder(
    card: &EncoderCard,
    prompt: &str,
    route: Option<&String>,
    folder: &Path,
) -> Result<SentenceEncoderBuilder, Error> {
    // Where it was, else under its name: an index may come from another machine.
    let there = PathBuf::from(&card.folder);
    let model = if there.is_dir() {
        ModelFolder::open(there)?
    } else {
        ModelFolder::find(&card.provenance.model)?
    };
    let sha256 = match &card.route {
        Some(route) => model.for_task(route)?.vectors_sha256()?,
        None => model.vectors_sha256()?,
    };
    if sha256 != card.provenance.model_sha256 {
        return Err(Error::OtherBase {
            head: folder.to_owned(),
            model: model.folder().to_path_buf(),
            expected: card.provenance.model_sha256.clone(),
            found: sha256,
        });
    }
    let pooling: &Poolings = &card.provenance.pooling;
    let layers: &Layers = &card.provenance.layers;
    let builder = SentenceEncoder::builder(model)
        .pooling(pooling.clone())
        .states(States::Layers(layers.clone()))
        .normalize(card.normalize)
        .route(route.cloned())
        .prompt(prompt);
    // All where the card says none, whatever the model's folder says now.
    Ok(match card.dims {
        Some(dims) => builder.dims(dims),
        None => builder.all_dims(),
    })
}
