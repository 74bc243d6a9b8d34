//! Texts to vectors: of whole texts, of words, of tokens.
use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use cloze_checkpoint::ModelFolder;
use cloze_core::{Matrix, Span, token};
use cloze_embed::{
    Correct, FittedCorrection, Layers, Level, Metric, Pooling, Poolings, Provenance, average,
    l2_normalize, truncate,
};
use cloze_encoder::{
    Counts, Cut, Encoder, EncoderParams, Mapped, Output, PairCut, Runtime, RuntimeParams,
    WindowStates,
};

use crate::{Error, modules};

/// Which numbers of the model a vector is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum States {
    /// Hidden states, averaged where there are several.
    Layers(Layers),
    /// The word table's rows: what a token is whatever stands around it. Special tokens are left
    /// out, since they are the same in every text.
    Static,
}

/// How vectors are made. Settings that do not fit the model are found when it is opened.
#[derive(Clone, Debug)]
pub struct SentenceParams {
    pooling: Option<Poolings>,
    states: States,
    normalize: bool,
    dims: Option<usize>,
    prompt: String,
    encoder: EncoderParams,
}

impl Default for SentenceParams {
    fn default() -> Self {
        Self {
            pooling: None,
            states: States::Layers(Layers::default()),
            normalize: true,
            dims: None,
            prompt: String::new(),
            // A long text is as many windows as it fills, and each token counts once.
            encoder: EncoderParams::new().cut(Cut::Anywhere).stride(Some(0)),
        }
    }
}

impl SentenceParams {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How token rows become one vector. Default: what the folder's `1_Pooling/config.json` says,
    /// else the mean.
    #[must_use]
    pub fn pooling(mut self, pooling: Option<Poolings>) -> Self {
        self.pooling = pooling;
        self
    }

    /// Which numbers of the model. Default: the last hidden state.
    #[must_use]
    pub fn states(mut self, states: States) -> Self {
        self.states = states;
        self
    }

    /// Whether vectors are brought to length 1. Default `true`.
    #[must_use]
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    /// Only the first so many numbers of a vector (`truncate_dim`), for models that were trained to
    /// have the most there; cut before the length is set. Default: all.
    #[must_use]
    pub fn dims(mut self, dims: Option<usize>) -> Self {
        self.dims = dims;
        self
    }

    /// What is put before every text, for models that were trained with such (`query: `); it counts
    /// into pooling, but has no token or word vectors. Default: nothing.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = prompt.into();
        self
    }

    /// The settings of the encoder, changed by `change`: threads, batches, windows. Default: those
    /// of [`EncoderParams`], with windows that do not overlap and are cut anywhere.
    #[must_use]
    pub fn encoder(mut self, change: impl FnOnce(EncoderParams) -> EncoderParams) -> Self {
        self.encoder = change(self.encoder);
        self
    }
}

/// A token with its vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The token's id in the vocabulary; of a word, its first token's.
    pub id: u32,
    /// The bytes of the text it stands for; empty for special tokens.
    pub span: Span,
    /// Whether it is a special token.
    pub special: bool,
}

/// The vectors of one text's tokens or words.
#[derive(Clone, Debug, PartialEq)]
pub struct PieceVectors {
    /// In text order.
    pub pieces: Vec<Piece>,
    /// `[pieces, width]`.
    pub vectors: Matrix,
}

/// An encoder that gives vectors. It can be shared between threads.
#[derive(Debug)]
pub struct SentenceEncoder {
    encoder: Encoder,
    /// Makes and holds an encoder of every token's rows, where `encoder` has those of `[CLS]` alone.
    whole: Option<Whole>,
    model: ModelFolder,
    poolings: Poolings,
    states: States,
    /// As places in the encoder's results.
    layers: usize,
    /// The layers by number, which is how a correction knows them.
    resolved: Option<Layers>,
    normalize: bool,
    dims: Option<usize>,
    prompt: String,
    correction: Option<FittedCorrection>,
    hidden: usize,
    hash: OnceLock<String>,
}

/// An encoder that is opened when it is first needed.
#[derive(Debug)]
struct Whole {
    runtime: Runtime,
    outputs: Vec<Output>,
    params: EncoderParams,
    opened: OnceLock<Encoder>,
}

impl Whole {
    fn get(&self, model: &ModelFolder) -> Result<&Encoder, Error> {
        if let Some(encoder) = self.opened.get() {
            return Ok(encoder);
        }
        let encoder = Encoder::open_for(&self.runtime, model, &self.outputs, self.params.clone())?;
        Ok(self.opened.get_or_init(|| encoder))
    }
}

impl SentenceEncoder {
    /// Opens the model in `folder`, or of that name, with default settings and whatever ONNX
    /// Runtime there is; one is fetched if there is none.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with); and from finding ONNX Runtime, the `Runtime…` errors of
    /// [`EncoderError`](cloze_encoder::EncoderError).
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let runtime = Runtime::load(&RuntimeParams::default(), &mut |_| {})?;
        let model = ModelFolder::find(&folder.as_ref().to_string_lossy())?;
        Self::open_with(&runtime, model, SentenceParams::new())
    }

    /// Opens a model with these settings.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a folder or settings that the encoder cannot use; [`Error::Model`] and
    /// [`Error::Settings`] for files of sentence-transformers that cannot be followed;
    /// [`Error::Embed`] for layers that the model does not have, or more `dims` than a vector has.
    pub fn open_with(
        runtime: &Runtime,
        model: ModelFolder,
        params: SentenceParams,
    ) -> Result<Self, Error> {
        let SentenceParams { pooling, states, normalize, dims, prompt, encoder } = params;
        let poolings = match pooling {
            Some(poolings) => poolings,
            None => modules::poolings(&model)?,
        };
        let (outputs, resolved) = match &states {
            States::Static => (vec![Output::Words], None),
            States::Layers(layers) => {
                let path = || model.folder().join("config.json");
                let count = model.layers().ok_or_else(|| Error::Model {
                    path: path(),
                    what: "no num_hidden_layers, so layers cannot be counted".into(),
                })?;
                let numbers = layers.resolve(count)?;
                let text = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
                let outputs: Vec<_> = numbers.into_iter().map(Output::Hidden).collect();
                (outputs, Some(Layers::parse(&text)?))
            }
        };
        let first = |output: &Output| match output {
            Output::Hidden(layer) => Output::First(*layer),
            other => *other,
        };
        let cls_alone = poolings == Pooling::Cls.into() && states != States::Static;
        let whole = cls_alone.then(|| Whole {
            runtime: runtime.clone(),
            outputs: outputs.clone(),
            params: encoder.clone(),
            opened: OnceLock::new(),
        });
        let read = if cls_alone { outputs.iter().map(first).collect() } else { outputs.clone() };
        let encoder = Encoder::open_for(runtime, &model, &read, encoder)?;
        let hidden = encoder.width(0).ok_or_else(|| Error::Model {
            path: model.graph_path(),
            what: "the graph does not say how wide its rows are".into(),
        })?;
        let mut this = Self {
            encoder,
            whole,
            model,
            poolings,
            states,
            layers: outputs.len(),
            resolved,
            normalize,
            dims: None,
            prompt,
            correction: None,
            hidden,
            hash: OnceLock::new(),
        };
        // Judged on a vector of zeros: an error now is better than one for every text.
        if let Some(dims) = dims {
            truncate(&mut vec![0.0; this.width()], dims)?;
            this.dims = Some(dims);
        }
        Ok(this)
    }

    /// Corrects every vector before it is cut and brought to length 1.
    ///
    /// # Errors
    /// [`Error::Embed`] if the correction was fitted for another model, level, pooling or layers;
    /// [`Error::Conflict`] for static vectors, which corrections are not fitted for.
    pub fn with_correction(mut self, correction: FittedCorrection) -> Result<Self, Error> {
        correction.check_fits(&self.provenance(correction.fitted().level)?)?;
        if let Some(dims) = self.dims {
            truncate(&mut vec![0.0; correction.width_out()], dims)?;
        }
        self.correction = Some(correction);
        Ok(self)
    }

    /// How many numbers a text's vector has.
    #[must_use]
    pub fn width(&self) -> usize {
        let pooled = self.pooled_width();
        let corrected = self.correction.as_ref().map_or(pooled, Correct::width_out);
        self.dims.unwrap_or(corrected)
    }

    /// How many numbers a text's vector has as it is [pooled](Self::pool).
    #[must_use]
    pub fn pooled_width(&self) -> usize {
        self.poolings.width_out(self.hidden)
    }

    /// The correction in use.
    #[must_use]
    pub fn correction(&self) -> Option<&FittedCorrection> {
        self.correction.as_ref()
    }

    /// Whether vectors are brought to length 1.
    #[must_use]
    pub fn normalizes(&self) -> bool {
        self.normalize
    }

    /// How many numbers of a vector are kept, where not all are.
    #[must_use]
    pub fn dims(&self) -> Option<usize> {
        self.dims
    }

    /// What is put before every text.
    #[must_use]
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The poolings in use.
    #[must_use]
    pub fn poolings(&self) -> &Poolings {
        &self.poolings
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &ModelFolder {
        &self.model
    }

    /// The work done so far; texts that were too long and cut among it.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let pieces = self.whole.as_ref().and_then(|whole| whole.opened.get());
        self.encoder.counts() + pieces.map_or_else(Counts::default, Encoder::counts)
    }

    /// Makes the first session now, which else the first text waits for.
    ///
    /// # Errors
    /// [`Error::Encoder`] if ONNX Runtime will not take the graph.
    pub fn warm_up(&self) -> Result<(), Error> {
        Ok(self.encoder.warm_up()?)
    }

    /// How vectors of a level are made here, which a correction is fitted for. The model's file is
    /// hashed the first time.
    ///
    /// # Errors
    /// [`Error::Encoder`] if the model's file cannot be read; [`Error::Conflict`] for static
    /// vectors.
    pub fn provenance(&self, level: Level) -> Result<Provenance, Error> {
        let Some(layers) = &self.resolved else {
            return Err(Error::Conflict(
                "corrections are for hidden states, not for static vectors",
            ));
        };
        let hash = if let Some(hash) = self.hash.get() {
            hash.clone()
        } else {
            let hash = self.model.sha256()?;
            self.hash.get_or_init(|| hash).clone()
        };
        Ok(Provenance {
            model: self.model.name(),
            model_sha256: hash,
            level,
            pooling: self.poolings.clone(),
            layers: layers.clone(),
            width: match level {
                Level::Sentence => self.pooled_width(),
                Level::Word | Level::Token => self.hidden,
            },
        })
    }

    /// The texts' vectors, `[texts, width]`. A text longer than the model takes goes through several
    /// windows, whose vectors are averaged by their numbers of tokens.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text or from running; [`Error::Embed`] for a vector that cannot be
    /// corrected. Then no text has a vector.
    pub fn encode<T: AsRef<str>>(&self, texts: &[T]) -> Result<Matrix, Error> {
        let pooled = self.pool(texts)?;
        let mut vectors = Matrix::with_capacity(texts.len(), self.width());
        for vector in pooled {
            let pushed = vectors.push_rows(&self.finish(vector, Level::Sentence)?);
            debug_assert!(pushed, "every vector has the same width");
        }
        Ok(vectors)
    }

    /// The vector of one text, `[width]`.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_one(&self, text: &str) -> Result<Vec<f32>, Error> {
        let pooled = self.pool(&[text])?.pop().unwrap_or_default();
        self.finish(pooled, Level::Sentence)
    }

    /// The vectors of a stream of texts, in order, in memory that does not grow with the stream:
    /// `chunk` texts are encoded at a time (at least 1). After an error for a chunk, the next
    /// chunk's vectors follow.
    pub fn encode_iter<'a, I>(
        &'a self,
        texts: I,
        chunk: usize,
    ) -> impl Iterator<Item = Result<Vec<f32>, Error>> + 'a
    where
        I: IntoIterator + 'a,
        I::Item: AsRef<str>,
    {
        let mut texts = texts.into_iter();
        let chunks = std::iter::from_fn(move || {
            let next: Vec<I::Item> = texts.by_ref().take(chunk.max(1)).collect();
            (!next.is_empty()).then_some(next)
        });
        chunks.flat_map(move |texts| match self.encode(&texts) {
            Ok(vectors) => vectors.iter().map(|row| Ok(row.to_vec())).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    /// The texts' vectors as they are pooled, `[poolings · hidden]` each: neither corrected nor cut
    /// nor brought to length 1. What a correction is fitted on.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn pool<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Vec<f32>>, Error> {
        let prompted = self.prompted(texts);
        let texts: Vec<&str> = prompted.iter().map(AsRef::as_ref).collect();
        let mapped = self.encoder.map_windows(&texts, |window| {
            let rows = self.rows(window)?;
            let special = matches!(self.states, States::Layers(_));
            let own = if special { &rows[..] } else { own_rows(window, &rows, self.hidden) };
            let vector = self.poolings.pool(own, self.hidden)?;
            Ok::<_, Error>((vector, window.kept.len()))
        })?;
        let one = |Mapped { windows, .. }: Mapped<Result<(Vec<f32>, usize), Error>>| {
            let windows = windows.into_iter().collect::<Result<Vec<_>, _>>()?;
            if windows.is_empty() {
                // Only where a tokenizer has no special tokens, and the text none at all.
                return Ok(vec![0.0; self.pooled_width()]);
            }
            Ok(self.poolings.combine(&windows)?)
        };
        mapped.into_iter().map(one).collect()
    }

    /// The pairs' vectors as they are pooled, `[poolings · hidden]` each, over all tokens of both
    /// texts in one sequence, special ones included: what a pair is where the model sees both at
    /// once. A pair that is too long is cut as `cut` says, and counted.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text, from running, or if the model takes no pairs;
    /// [`Error::Conflict`] for static vectors and with a prompt, which stands before single texts.
    pub fn pool_pairs(&self, pairs: &[(&str, &str)], cut: PairCut) -> Result<Vec<Vec<f32>>, Error> {
        if self.states == States::Static {
            return Err(Error::Conflict("static vectors are the same in a pair as alone"));
        }
        if !self.prompt.is_empty() {
            return Err(Error::Conflict("a prompt stands before single texts, not pairs"));
        }
        let pooled = self.encoder.map_pairs(pairs, cut, |window| {
            Ok(self.poolings.pool(&self.rows(window)?, self.hidden)?)
        })?;
        pooled.into_iter().collect()
    }

    /// The vectors of each text's words or tokens. Special tokens come with the tokens if asked for.
    ///
    /// # Errors
    /// As [`encode`](Self::encode); [`Error::Conflict`] for [`Level::Sentence`], which has no
    /// pieces, and for special tokens among words.
    pub fn encode_pieces<T: AsRef<str>>(
        &self,
        texts: &[T],
        level: Level,
        special: bool,
    ) -> Result<Vec<PieceVectors>, Error> {
        let found = self.pieces(texts, level, special)?;
        let finish = |PieceVectors { pieces, vectors }: PieceVectors| {
            // A correction may change the width.
            let (mut width, mut data) = (vectors.cols(), vec![]);
            for row in &vectors {
                let row = self.finish(row.to_vec(), level)?;
                width = row.len();
                data.extend(row);
            }
            let vectors = Matrix::from_vec(width, data).unwrap_or_default();
            Ok(PieceVectors { pieces, vectors })
        };
        found.into_iter().map(finish).collect()
    }

    /// [`encode_pieces`](Self::encode_pieces) without correction, cut or length 1: what a correction
    /// of words or tokens is fitted on.
    ///
    /// # Errors
    /// As [`encode_pieces`](Self::encode_pieces).
    pub fn pieces<T: AsRef<str>>(
        &self,
        texts: &[T],
        level: Level,
        special: bool,
    ) -> Result<Vec<PieceVectors>, Error> {
        match level {
            Level::Sentence => return Err(Error::Conflict("a sentence is one vector, not pieces")),
            Level::Word if special => {
                return Err(Error::Conflict("special tokens are tokens, not words"));
            }
            Level::Word | Level::Token => {}
        }
        let prompted = self.prompted(texts);
        let inputs: Vec<&str> = prompted.iter().map(AsRef::as_ref).collect();
        let encoder = match &self.whole {
            Some(whole) => whole.get(&self.model)?,
            None => &self.encoder,
        };
        let mapped = encoder.map_windows(&inputs, |window| {
            let rows = self.rows(window)?;
            let width = self.hidden;
            let at = |token: usize| (window.before + token - window.tokens.start) * width;
            let kept = rows[at(window.kept.start)..at(window.kept.end)].to_vec();
            let before = rows[..window.before * width].to_vec();
            let after = rows[rows.len() - window.after * width..].to_vec();
            Ok::<_, Error>([before, kept, after])
        })?;
        let texts = texts.iter().map(AsRef::as_ref);
        mapped.into_iter().zip(texts).map(|(m, text)| self.join(m, text, level, special)).collect()
    }

    /// The pieces of one text from those of its windows.
    fn join(
        &self,
        mapped: Mapped<Result<[Vec<f32>; 3], Error>>,
        text: &str,
        level: Level,
        special: bool,
    ) -> Result<PieceVectors, Error> {
        let Mapped { tokens, ids, windows } = mapped;
        let windows = windows.into_iter().collect::<Result<Vec<_>, _>>()?;
        let own: Vec<f32> = windows.iter().flat_map(|[_, kept, _]| kept.iter().copied()).collect();
        let prompt = self.prompt.len();
        let moved = |span: Span| {
            Span::new(span.start.saturating_sub(prompt), span.end.saturating_sub(prompt))
        };
        let row = |i: usize| &own[i * self.hidden..(i + 1) * self.hidden];
        let mut pieces = vec![];
        let mut vectors = Matrix::with_capacity(tokens.len(), self.hidden);
        let mut add = |piece: Piece, rows: &[f32]| {
            pieces.push(piece);
            let pushed = vectors.push_rows(rows);
            debug_assert!(pushed, "a row for each piece");
        };
        let specials = |ids: &[u32], at: usize| {
            ids.iter()
                .map(|&id| Piece { id, span: Span::new(at, at), special: true })
                .collect::<Vec<_>>()
        };
        let (before, after) = self.encoder.special_ids();
        if let (true, Some([rows, _, _])) = (special, windows.first()) {
            let rows = rows.chunks_exact(self.hidden);
            specials(&before, 0).into_iter().zip(rows).for_each(|(p, row)| add(p, row));
        }
        // What begins within the prompt is the prompt's.
        let in_text = |span: Span| prompt == 0 || (!span.is_empty() && span.start >= prompt);
        if level == Level::Token {
            for (i, token) in tokens.iter().enumerate().filter(|(_, t)| in_text(t.span)) {
                add(Piece { id: ids[i], span: moved(token.span), special: false }, row(i));
            }
        } else {
            for word in token::words(&tokens).into_iter().filter(|w| in_text(w.span)) {
                let rows: Vec<&[f32]> = word.tokens.clone().map(row).collect();
                let piece =
                    Piece { id: ids[word.tokens.start], span: moved(word.span), special: false };
                add(piece, &average(&rows)?);
            }
        }
        if let (true, Some([_, _, rows])) = (special, windows.last()) {
            let rows = rows.chunks_exact(self.hidden);
            specials(&after, text.len()).into_iter().zip(rows).for_each(|(p, row)| add(p, row));
        }
        Ok(PieceVectors { pieces, vectors })
    }

    /// The cosine of two texts' vectors, −1 to 1.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn similarity(&self, a: &str, b: &str) -> Result<f64, Error> {
        let vectors = self.encode(&[a, b])?;
        let row = |i| vectors.row(i).unwrap_or_default();
        Ok(Metric::Cosine.similarity(row(0), row(1))?)
    }

    /// A pooled vector, or a piece's, corrected, cut and brought to length 1, as the settings say.
    ///
    /// # Errors
    /// [`Error::Embed`] for a vector that is not finite or not as wide as the correction's.
    pub fn finish(&self, vector: Vec<f32>, level: Level) -> Result<Vec<f32>, Error> {
        self.finish_with(self.correction.as_ref(), vector, level)
    }

    /// The same with this correction, or none, in place of the encoder's own, so that several can be
    /// compared on vectors that were made once. Whether it
    /// [fits](FittedCorrection::check_fits) the [`provenance`](Self::provenance) is the caller's to
    /// ask; here only level and width show.
    ///
    /// # Errors
    /// As [`finish`](Self::finish); also for more `dims` than the correction leaves.
    pub fn finish_with(
        &self,
        correction: Option<&FittedCorrection>,
        mut vector: Vec<f32>,
        level: Level,
    ) -> Result<Vec<f32>, Error> {
        if let Some(correction) = correction {
            let fitted = correction.fitted().level;
            if fitted != level {
                return Err(Error::Embed(cloze_embed::EmbedError::Differs {
                    field: "level",
                    expected: fitted.to_string(),
                    found: level.to_string(),
                }));
            }
            vector = correction.apply(&vector)?;
        }
        if let Some(dims) = self.dims {
            truncate(&mut vector, dims)?;
        }
        if self.normalize {
            l2_normalize(&mut vector);
        }
        Ok(vector)
    }

    fn prompted<T: AsRef<str>>(&self, texts: &[T]) -> Vec<String> {
        texts.iter().map(|text| format!("{}{}", self.prompt, text.as_ref())).collect()
    }

    /// A window's rows, averaged over layers, `[before + tokens + after, hidden]`, or `[1, hidden]` where
    /// `[CLS]` alone is read.
    fn rows<'w>(&self, window: &WindowStates<'w>) -> Result<Cow<'w, [f32]>, Error> {
        if self.layers == 1 {
            return Ok(Cow::Borrowed(window.rows(0)));
        }
        let states: Vec<&[f32]> = (0..self.layers).map(|i| window.rows(i)).collect();
        Ok(Cow::Owned(average(&states)?))
    }
}

/// The rows of a window's own tokens, without those of special ones.
fn own_rows<'r>(window: &WindowStates<'_>, rows: &'r [f32], width: usize) -> &'r [f32] {
    &rows[window.before * width..rows.len() - window.after * width]
}
