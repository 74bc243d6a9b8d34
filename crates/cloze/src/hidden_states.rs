//! Texts to hidden states and logits, token by token.
use cloze_checkpoint::{Head, ModelFolder};
use cloze_core::{Cancel, Matrix, Span};
use cloze_embed::{Layers, Pooling};
use cloze_encoder::{Encoder, EncoderParams, EncodingCounts, Mapped, Output, WindowStates};

use crate::opening::{self, Opening, builder_setters, truncate_setter, window_setters};
use crate::{Error, ModelRef, TokenPiece, batch, tasks};

/// Hidden states of chosen layers, and logits of a head, for every token of a text. It can be shared
/// between threads.
///
/// A text longer than the model takes goes through several windows, which overlap. Of each of its tokens
/// there is one row: that of the window which shows the most text on both sides of it. The special tokens
/// are those before the first window and behind the last.
///
/// ```
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
/// # std::env::set_current_dir(format!("{models}/..")).unwrap();
/// use cloze::{HiddenStates, Layers};
///
/// let model = HiddenStates::builder("minilm-l6-v2").layers(Layers::parse("all")?).open()?;
/// let text = "The cat sat.";
/// let states = model.encode(text)?;
/// for (token, row) in states.tokens.iter().zip(&states.hidden[6]) {
///     println!("{} {:?} {:.3}", token.id, token.span.of(text), row[0]);
/// }
/// // The embeddings and six layers; [CLS] The cat sat . [SEP].
/// assert_eq!((states.hidden.len(), states.tokens.len()), (7, 6));
/// # Ok::<(), cloze::Error>(())
/// ```
#[derive(Debug)]
pub struct HiddenStates {
    encoder: Encoder,
    model: ModelFolder,
    layers: Vec<usize>,
    head: Option<Head>,
    /// Bytes of a token's results.
    row_bytes: usize,
    cancel: Cancel,
}

/// Bytes of results for each byte of a stream's chunks, which have up to 256 KiB.
const RESULTS_PER_TEXT_BYTE: usize = 256;
/// Width of results of a graph that does not say it: that of BERT-large.
const WIDTH: usize = 1024;

/// Hidden states and logits of one text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextStates {
    /// Tokens in text order, special ones among them.
    pub tokens: Vec<TokenPiece>,
    /// Hidden states, `[layers, tokens, hidden]`: a matrix for each of
    /// [`HiddenStates::layers`], with a row for each token.
    pub hidden: Vec<Matrix>,
    /// Logits of the head that was asked for: `[tokens, labels]` for [`Head::Tokens`], else `[1, labels]`
    /// for the text as a whole. Where a text goes through several windows, the latter are averaged by
    /// their numbers of tokens, as [`TextClassifier`](crate::TextClassifier) does.
    pub logits: Option<Matrix>,
}

/// Settings of [`HiddenStates`].
#[derive(Clone, Debug)]
pub struct HiddenStatesBuilder {
    opening: Opening,
    layers: Option<Layers>,
    head: Option<Head>,
}

impl HiddenStatesBuilder {
    builder_setters!();
    window_setters!();
    truncate_setter!();

    /// Layers whose hidden states are wanted: 0 is the output of the embeddings, n that of the last of n
    /// layers; `None` for none, where a head is asked for. Default: the last.
    #[must_use]
    pub fn layers(mut self, layers: impl Into<Option<Layers>>) -> Self {
        self.layers = layers.into();
        self
    }

    /// Head whose logits are wanted. Default: none.
    #[must_use]
    pub fn head(mut self, head: impl Into<Option<Head>>) -> Self {
        self.head = head.into();
        self
    }

    /// Opens the model with these settings.
    ///
    /// # Errors
    /// [`Error::Conflict`] if neither layers nor a head are asked for, or the head of a masked language
    /// model, whose logits [`MaskedLm`](crate::MaskedLm) has at masks; [`Error::Embed`] for layers that the
    /// model does not have; [`Error::Model`] for a model that does not say how many it has; the `Runtime…`
    /// errors of [`EncoderError`](cloze_encoder::EncoderError) where no runtime was given and there is none;
    /// else as [`Encoder::open_for`].
    pub fn open(self) -> Result<HiddenStates, Error> {
        let Self { opening, layers, head } = self;
        if layers.is_none() && head.is_none() {
            return Err(Error::Conflict("neither layers nor a head are asked for"));
        }
        if head == Some(Head::MaskedLm) {
            return Err(Error::Conflict("a masked language model has logits at masks, not tokens"));
        }
        let model = opening.model.find()?;
        let layers = match layers {
            Some(layers) => layers.resolve(tasks::layer_count(&model)?)?,
            None => vec![],
        };
        let hidden = layers.iter().copied().map(Output::Hidden);
        let outputs: Vec<Output> = hidden.chain(head.map(Output::Head)).collect();
        let runtime = opening::runtime(opening.runtime)?;
        let encoder =
            Encoder::open_for(&runtime, &model, &outputs, opening.work.over(EncoderParams::new()))?;
        let widths = (0..outputs.len()).map(|i| encoder.width(i).unwrap_or(WIDTH));
        let row_bytes = size_of::<f32>() * widths.sum::<usize>();
        Ok(HiddenStates { encoder, model, layers, head, row_bytes, cancel: opening.cancel })
    }
}

/// Rows of a text for one result, from those of its windows.
fn join_rows(windows: &[WindowRows], result: usize) -> Matrix {
    let results = || windows.iter().map(|window| &window.results[result]);
    let (before, after) = (results().next(), results().next_back());
    let before = before.into_iter().flat_map(|rows| &rows.before);
    let after = after.into_iter().flat_map(|rows| &rows.after);
    let kept = results().flat_map(|rows| &rows.kept);
    let width = results().next().map_or(0, |rows| rows.width);
    let rows = before.chain(kept).chain(after).copied().collect();
    Matrix::from_vec(width, rows).unwrap_or_default()
}

/// Rows of one window, for each result with a row per token.
struct WindowRows {
    results: Vec<TokenRowsOfWindow>,
    /// Logits of the window as a whole.
    logits: Option<Vec<f32>>,
    kept: usize,
}

/// Rows of one result: of the special tokens before, of the tokens kept, of the special tokens behind.
struct TokenRowsOfWindow {
    width: usize,
    before: Vec<f32>,
    kept: Vec<f32>,
    after: Vec<f32>,
}

impl TokenRowsOfWindow {
    fn new(window: &WindowStates<'_>, result: usize) -> Self {
        let (rows, width) = (window.rows(result), window.width(result));
        let start = |token: usize| (window.before + token - window.tokens.start) * width;
        Self {
            width,
            before: rows[..window.before * width].to_vec(),
            kept: rows[start(window.kept.start)..start(window.kept.end)].to_vec(),
            after: rows[rows.len() - window.after * width..].to_vec(),
        }
    }
}

impl HiddenStates {
    /// Opens a model for the hidden states of its last layer: [`builder`](Self::builder) has other settings.
    ///
    /// # Errors
    /// As [`HiddenStatesBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings of hidden states.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> HiddenStatesBuilder {
        let layers = Some(Layers::default());
        HiddenStatesBuilder { opening: Opening::new(model.into()), layers, head: None }
    }

    /// Hidden states and logits of one text.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text that cannot be tokenized, and from running.
    pub fn encode(&self, text: &str) -> Result<TextStates, Error> {
        let mut results = self.run(&[text])?;
        results.pop().ok_or(Error::Conflict("one text, and no result"))
    }

    /// Hidden states and logits of each text, in the order of `texts`: the same as of
    /// [`encode`](Self::encode), bit for bit. An error in one text affects only that text.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Cancelled`].
    pub fn encode_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Result<TextStates, Error>>, Error> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let run = |texts: &[&str]| batch::isolate(texts, |texts| self.run(texts));
        batch::in_chunks(&texts, &self.cancel, |text| text.len(), run)
    }

    /// Hidden states and logits of a stream of texts, in order, in memory that the longest text bounds: texts
    /// are read and encoded in chunks of up to 64 MiB of results. An error that is not of one text is the last
    /// item.
    pub fn encode_iter<'a, I>(
        &'a self,
        texts: I,
    ) -> impl Iterator<Item = Result<TextStates, Error>> + 'a
    where
        I: IntoIterator + 'a,
        I::Item: AsRef<str>,
    {
        // As many bytes of text as have so many tokens at the most.
        let size = |text: &I::Item| text.as_ref().len() * self.row_bytes / RESULTS_PER_TEXT_BYTE;
        batch::stream(texts, size, |texts| self.encode_batch(texts))
    }

    /// Layers of [`TextStates::hidden`], in its order: 0 is the output of the embeddings.
    #[must_use]
    pub fn layers(&self) -> &[usize] {
        &self.layers
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &ModelFolder {
        &self.model
    }

    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> EncodingCounts {
        self.encoder.counts()
    }

    /// Makes the first session now, which else the first text waits for.
    ///
    /// # Errors
    /// [`Error::Encoder`] if ONNX Runtime refuses the graph.
    pub fn warm_up(&self) -> Result<(), Error> {
        Ok(self.encoder.warm_up()?)
    }

    fn run(&self, texts: &[&str]) -> Result<Vec<TextStates>, Error> {
        let by_token = self.layers.len() + usize::from(self.head == Some(Head::Tokens));
        let of_text = self.head.is_some_and(|head| head != Head::Tokens);
        let mapped = self.encoder.map_windows(texts, |window| WindowRows {
            results: (0..by_token).map(|i| TokenRowsOfWindow::new(window, i)).collect(),
            logits: of_text.then(|| window.rows(by_token).to_vec()),
            kept: window.kept.len(),
        })?;
        mapped.into_iter().zip(texts).map(|(mapped, text)| self.join(mapped, text)).collect()
    }

    /// The states of a text from those of its windows.
    fn join(&self, mapped: Mapped<WindowRows>, text: &str) -> Result<TextStates, Error> {
        let Mapped { tokens, ids, windows } = mapped;
        let logits: Option<Vec<(Vec<f32>, usize)>> =
            windows.iter().map(|window| Some((window.logits.clone()?, window.kept))).collect();
        let logits = match logits.filter(|logits| !logits.is_empty()) {
            Some(windows) => {
                let averaged = Pooling::Mean.combine(&windows)?;
                Matrix::from_vec(averaged.len(), averaged)
            }
            None => None,
        };
        let hidden = (0..self.layers.len()).map(|layer| join_rows(&windows, layer)).collect();
        let by_token = self.head == Some(Head::Tokens);
        let logits = if by_token { Some(join_rows(&windows, self.layers.len())) } else { logits };
        let special = |ids: Vec<u32>, offset: usize| {
            let of_id = move |id| TokenPiece { id, span: Span::new(offset, offset), special: true };
            ids.into_iter().map(of_id)
        };
        let (before, after) = self.encoder.special_ids();
        let content = tokens.iter().zip(ids);
        let content =
            content.map(|(token, id)| TokenPiece { id, span: token.span, special: false });
        let tokens = special(before, 0).chain(content).chain(special(after, text.len())).collect();
        Ok(TextStates { tokens, hidden, logits })
    }
}
