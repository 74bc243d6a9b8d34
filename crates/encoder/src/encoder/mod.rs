//! The encoder: many texts in, a row of numbers for every token out.
mod run;

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use cloze_checkpoint::{Checkpoint, Head, ModelFolder};
use cloze_core::{Casing, Encode, Matrix, TokenRows};
use cloze_graph::check::{GraphInfo, open_model};
use cloze_graph::construct::{self, BuildParams, Graph};

use crate::batch::Order;
use crate::count::{PairPieces, Pieces};
use crate::output::{Mapped, Output, Sequence, WindowStates};
use crate::pair::PairCut;
use crate::session::{Plan, Pool, Ports};
use crate::tokenize::{Tokenized, Tokenizer};
use crate::window::{self, Cut, Window};
use crate::words::Words;
use crate::{EncoderError, Runtime};
use run::Work;

/// More threads than any machine here has cores; each costs a session's memory.
const MAX_THREADS: usize = 1024;
/// The usual overlap of windows, in tokens.
const STRIDE: usize = 64;

/// How texts are encoded. [`EncoderParams::check`] judges it against a model.
#[derive(Clone, Debug)]
pub struct EncoderParams {
    threads: Option<usize>,
    batch_tokens: usize,
    window: Option<usize>,
    stride: Option<usize>,
    cut: Cut,
    truncate: bool,
    order: Order,
}

impl Default for EncoderParams {
    fn default() -> Self {
        Self {
            threads: None,
            batch_tokens: 512,
            window: None,
            stride: None,
            cut: Cut::default(),
            truncate: false,
            order: Order::default(),
        }
    }
}

impl EncoderParams {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many batches are worked on at once, each on one thread; one that comes alone, as a query does,
    /// has all of them. Default: the cores that this process may use, which a container's limit counts into.
    #[must_use]
    pub fn threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// The most tokens in a batch, padding and special tokens included; a single window may be
    /// longer. Smaller batches have less padding and stay in the cache: of 256 to 2,048, 512 was
    /// fastest, or as fast, for short, mixed and long texts. Default `512`.
    #[must_use]
    pub fn batch_tokens(mut self, tokens: usize) -> Self {
        self.batch_tokens = tokens;
        self
    }

    /// The most tokens a window holds, without special tokens. Default: what the model takes.
    #[must_use]
    pub fn window(mut self, tokens: Option<usize>) -> Self {
        self.window = tokens;
        self
    }

    /// How many tokens neighbouring windows share. Less than a window. Default `64`, or half a
    /// window where that is less.
    #[must_use]
    pub fn stride(mut self, tokens: Option<usize>) -> Self {
        self.stride = tokens;
        self
    }

    /// Where long texts are cut. Default [`Cut::Paragraphs`].
    #[must_use]
    pub fn cut(mut self, cut: Cut) -> Self {
        self.cut = cut;
        self
    }

    /// Whether of a text longer than a window only the first window is seen, as the
    /// sentence-transformers library does; [`Counts::truncated`] tells how many. Default `false`.
    #[must_use]
    pub fn truncate(mut self, truncate: bool) -> Self {
        self.truncate = truncate;
        self
    }

    /// In which order windows are put into batches. Default [`Order::Sorted`].
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The settings for a model that takes `room` tokens besides the special ones.
    ///
    /// # Errors
    /// [`EncoderError::Setting`]: no threads, or more than 1,024; no tokens a batch; a window of none or of more than
    /// `room`; a stride that leaves nothing of a window.
    pub fn check(self, room: usize) -> Result<ValidEncoderParams, EncoderError> {
        let wrong = |setting, found, expected: String| {
            Err(EncoderError::Setting { setting, found, expected })
        };
        let threads = self.threads.unwrap_or_else(|| available_threads().min(MAX_THREADS));
        if threads == 0 || threads > MAX_THREADS {
            return wrong("threads", threads, format!("expected 1 to {MAX_THREADS}"));
        }
        if self.batch_tokens == 0 {
            return wrong("batch-tokens", 0, "expected at least 1".into());
        }
        let window = self.window.unwrap_or(room);
        if window == 0 || window > room {
            return wrong("window", window, format!("expected 1 to {room}, the model's limit"));
        }
        let stride = self.stride.unwrap_or(STRIDE.min(window / 2));
        if stride >= window {
            return wrong("stride", stride, format!("expected less than the window of {window}"));
        }
        let Self { batch_tokens, cut, truncate, order, .. } = self;
        Ok(ValidEncoderParams { room, threads, batch_tokens, window, stride, cut, truncate, order })
    }
}

/// The cores this process may use, cgroup limits and affinity counted in; 1 if nobody knows.
pub(crate) fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Settings that [`EncoderParams::check`] has judged.
#[derive(Clone, Debug)]
pub struct ValidEncoderParams {
    room: usize,
    threads: usize,
    batch_tokens: usize,
    window: usize,
    stride: usize,
    cut: Cut,
    truncate: bool,
    order: Order,
}

impl ValidEncoderParams {
    /// The most tokens a window holds.
    pub(crate) fn window_tokens(&self) -> usize {
        self.window
    }

    /// The windows over the tokens of `source`, of which the first alone stays where texts are cut.
    pub(crate) fn windows(&self, text: &mut Tokenized, source: &str) -> Vec<Window> {
        if self.truncate {
            text.ids.truncate(self.window);
            text.tokens.truncate(self.window);
            text.casing.truncate(self.window);
        }
        window::plan(&text.tokens, source, self.window, self.stride, self.cut)
    }
}

/// How much work an encoder has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Texts encoded; a pair counts as one.
    pub texts: u64,
    /// Windows they went through.
    pub windows: u64,
    /// Batches these were put into.
    pub batches: u64,
    /// Tokens in the batches, special ones included.
    pub tokens: u64,
    /// The same with padding: what the arithmetic is spent on.
    pub padded: u64,
    /// Texts of which only the beginning was seen, and pairs that were cut.
    pub truncated: u64,
    /// Texts longer than a window: those that went through several, and those truncated.
    pub long: u64,
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            texts: self.texts + other.texts,
            windows: self.windows + other.windows,
            batches: self.batches + other.batches,
            tokens: self.tokens + other.tokens,
            padded: self.padded + other.padded,
            truncated: self.truncated + other.truncated,
            long: self.long + other.long,
        }
    }
}

/// An encoder over one model folder.
///
/// A text's rows do not depend on the other texts, on their order or on the number of threads, bit
/// for bit; where a graph quantises its activations by the batch, and so cannot promise that for a
/// batch of many, each window is run alone. Memory is bounded by the batch's budget and the texts
/// given in one call.
///
/// On Linux a query takes 10 to 15 % less time where the weights lie in huge pages, for which glibc asks if the
/// program is started with `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`. A start then takes 75 ms in
/// place of 115, or 250 where the system must first move memory together: of use for services, and
/// nothing that a program can decide for itself.
#[derive(Debug)]
pub struct Encoder {
    tokenizer: Tokenizer,
    pool: Pool,
    params: ValidEncoderParams,
    pad_id: i64,
    /// The most windows a batch may hold: 1 where company changes results.
    most: usize,
    /// How many token types there are, for a model with a table of casings; `None` without one.
    cased_types: Option<i64>,
    texts: AtomicU64,
    windows: AtomicU64,
    batches: AtomicU64,
    tokens: AtomicU64,
    padded: AtomicU64,
    truncated: AtomicU64,
    long: AtomicU64,
}

impl Encoder {
    /// Opens a model for token logits: [`open_for`](Self::open_for) with [`Head::Tokens`] alone.
    ///
    /// # Errors
    /// As [`open_for`](Self::open_for).
    pub fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        params: EncoderParams,
    ) -> Result<Self, EncoderError> {
        Self::open_for(runtime, model, &[Output::Head(Head::Tokens)], params)
    }

    /// Opens a model for these results. Where the folder has weights, their graph is built for just
    /// these; a graph that comes as a file is judged, and its ports and width are compared with the
    /// folder's labels, before ONNX Runtime sees it.
    ///
    /// # Errors
    /// [`EncoderError::Graph`] for a graph that is refused, and for weights that none can be built
    /// of; [`EncoderError::Tokenizer`]; [`EncoderError::GraphInput`],
    /// [`EncoderError::GraphOutput`], [`EncoderError::LabelWidth`] for a graph that does not fit;
    /// [`EncoderError::Setting`] for settings that do not fit the model; [`EncoderError::Session`]
    /// if ONNX Runtime has no memory for the weights.
    pub fn open_for(
        runtime: &Runtime,
        model: &ModelFolder,
        outputs: &[Output],
        params: EncoderParams,
    ) -> Result<Self, EncoderError> {
        let path = model.graph_path();
        // Of the time to the first result, reading the tokenizer's file takes a sixth.
        let (tokenizer, prepared) = std::thread::scope(|scope| {
            let open = || Tokenizer::open(&model.tokenizer_path());
            // `scope.spawn` would panic where this is an error.
            let tokenizer = std::thread::Builder::new().spawn_scoped(scope, open);
            let prepared = prepare(runtime, model, outputs);
            let tokenizer = match tokenizer {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(_) => open(),
            };
            (tokenizer, prepared)
        });
        let tokenizer = tokenizer?;
        let room = room(model, &tokenizer)?;
        let params = params.check(room)?;
        let Prepared { plan, info, cased_types } = prepared?;
        let ports = Ports::resolve(&info, &path, outputs, model.layers())?;
        check_width(&ports, outputs, model.labels().len(), &path)?;
        let most = if info.dynamic_quantization { 1 } else { usize::MAX };
        let pool = Pool::new(runtime.clone(), plan, path, ports, params.threads);
        Ok(Self {
            tokenizer,
            pool,
            params,
            pad_id: model.pad_id(),
            most,
            cased_types,
            texts: AtomicU64::default(),
            windows: AtomicU64::default(),
            batches: AtomicU64::default(),
            tokens: AtomicU64::default(),
            padded: AtomicU64::default(),
            truncated: AtomicU64::default(),
            long: AtomicU64::default(),
        })
    }

    /// The work done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            texts: get(&self.texts),
            windows: get(&self.windows),
            batches: get(&self.batches),
            tokens: get(&self.tokens),
            padded: get(&self.padded),
            truncated: get(&self.truncated),
            long: get(&self.long),
        }
    }

    /// How wide the rows of result `i` are; `None` if fewer were asked for, or the graph does not
    /// say.
    #[must_use]
    pub fn width(&self, i: usize) -> Option<usize> {
        self.pool.ports().outputs().get(i)?.width
    }

    /// The ids of the special tokens before a text and behind it.
    #[must_use]
    pub fn special_ids(&self) -> (Vec<u32>, Vec<u32>) {
        let ids = |tokens: &[(i64, i64)]| {
            tokens.iter().map(|&(id, _)| u32::try_from(id).unwrap_or(u32::MAX)).collect()
        };
        (ids(&self.tokenizer.before), ids(&self.tokenizer.after))
    }

    /// A text in the tokens that the model takes, whole: it may be more than fit into a sequence.
    ///
    /// # Errors
    /// [`EncoderError::Tokenize`], with `index` as the text's place.
    pub fn pieces(&self, text: &str, index: usize) -> Result<Pieces, EncoderError> {
        self.tokenizer.pieces(text, index)
    }

    /// The most tokens a sequence has, special ones included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.params.room + self.tokenizer.special_tokens()
    }

    /// How many ids the tokenizer has, those of added tokens included.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.tokenizer.vocabulary()
    }

    /// The id of a token, written as the vocabulary has it (`##er`).
    #[must_use]
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.tokenizer.id(token)
    }

    /// A token as the vocabulary has it.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.tokenizer.piece(id)
    }

    /// Whether a token is no word: `[CLS]`, `<pad>`, …
    #[must_use]
    pub fn is_special(&self, id: u32) -> bool {
        self.tokenizer.is_special(id)
    }

    /// Tokens that follow one another as people read them. `None` if one is not in the vocabulary.
    #[must_use]
    pub fn words(&self, ids: &[u32]) -> Option<Words> {
        self.tokenizer.read(ids)
    }

    /// Makes the first session now, which else the first text waits for.
    ///
    /// # Errors
    /// [`EncoderError::Session`] if ONNX Runtime will not take the graph.
    pub fn warm_up(&self) -> Result<(), EncoderError> {
        self.pool.warm_up()
    }

    /// `reduce` of each window of each text, in order. It runs on the encoder's threads while a
    /// batch's results are in memory, so that only what it returns stays. A text without tokens has
    /// a window of special tokens alone.
    ///
    /// # Errors
    /// [`EncoderError::Tokenize`] for a text; [`EncoderError::Session`], [`EncoderError::Run`] and
    /// [`EncoderError::OutputShape`] from running. Then no text has a result.
    pub fn map_windows<T: Send>(
        &self,
        texts: &[&str],
        reduce: impl Fn(&WindowStates<'_>) -> T + Sync,
    ) -> Result<Vec<Mapped<T>>, EncoderError> {
        self.map(texts, self.tokenizer.special_tokens() > 0, reduce)
    }

    /// `reduce` of each sequence, in order: of tokens that are put together already, pairs of texts
    /// among them.
    ///
    /// # Errors
    /// [`EncoderError::Setting`] for a sequence that is empty, longer than the model takes, asked at a
    /// place it does not have, or without a type for each id, and a casing where the model has a table
    /// of them; else as [`map_windows`](Self::map_windows).
    pub fn map_sequences<T: Send>(
        &self,
        sequences: &[Sequence],
        reduce: impl Fn(&WindowStates<'_>) -> T + Sync,
    ) -> Result<Vec<T>, EncoderError> {
        let max = self.max_tokens();
        for sequence in sequences {
            let found = sequence.ids.len();
            if found == 0 || found > max || found != sequence.types.len() {
                let expected = format!("expected 1 to {max}, and as many types");
                return Err(EncoderError::Setting {
                    setting: "a sequence's length",
                    found,
                    expected,
                });
            }
            let inside = |&&place: &&u32| usize::try_from(place).is_ok_and(|place| place < found);
            if let Some(&beyond) = sequence.asked.iter().find(|place| !inside(place)) {
                return Err(EncoderError::Setting {
                    setting: "a place asked for",
                    found: usize::try_from(beyond).unwrap_or(usize::MAX),
                    expected: format!("expected less than {found}, the sequence's length"),
                });
            }
            if self.cased_types.is_some() && sequence.casing.len() != found {
                return Err(EncoderError::Setting {
                    setting: "a sequence's number of casings",
                    found: sequence.casing.len(),
                    expected: format!("expected {found}, one for each id"),
                });
            }
        }
        let lengths: Vec<usize> = sequences.iter().map(|s| s.ids.len()).collect();
        let asked = sequences.iter().map(|s| s.asked.as_slice()).collect::<Vec<_>>();
        self.run(
            &Work { lengths: &lengths, asked: &asked },
            |i, out| {
                let Sequence { ids, types, casing, .. } = &sequences[i];
                let casing = casing.iter().copied().chain(std::iter::repeat(Casing::None));
                let tokens = ids.iter().zip(types).zip(casing);
                out.extend(tokens.map(|((&id, &type_id), casing)| {
                    (i64::from(id), self.type_of(type_id.into(), casing))
                }));
            },
            |i, outputs| {
                let n = sequences[i].ids.len();
                reduce(&WindowStates {
                    text: i,
                    tokens: 0..n,
                    kept: 0..n,
                    before: 0,
                    after: 0,
                    outputs,
                })
            },
        )
    }

    /// `reduce` of each pair of texts, in order: both in one sequence, as the tokenizer's template
    /// puts them together. A pair that is longer than a window, or than the model takes, is cut as
    /// `cut` says; [`Counts::truncated`] and [`Counts::long`] tell how many were.
    ///
    /// # Errors
    /// [`EncoderError::NoPairs`] if the tokenizer has no template for two texts, or no token has room
    /// beside it; [`EncoderError::Tokenize`] for a text; else as [`map_windows`](Self::map_windows).
    pub fn map_pairs<T: Send>(
        &self,
        pairs: &[(&str, &str)],
        cut: PairCut,
        reduce: impl Fn(&WindowStates<'_>) -> T + Sync,
    ) -> Result<Vec<T>, EncoderError> {
        let sequences = in_parallel(self.pool.workers(), pairs.len(), |_, i| {
            let pieces = self.pair_pieces(pairs[i].into(), i, cut)?;
            if pieces.cut {
                self.long.fetch_add(1, Ordering::Relaxed);
                self.truncated.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, EncoderError>(pieces.sequence)
        })?;
        self.texts.fetch_add(pairs.len() as u64, Ordering::Relaxed);
        self.windows.fetch_add(pairs.len() as u64, Ordering::Relaxed);
        self.map_sequences(&sequences, reduce)
    }

    /// Two texts in one sequence, as [`map_pairs`](Self::map_pairs) puts them together and cuts them,
    /// and where in it they are; `index` is the pair's place, for the error.
    ///
    /// # Errors
    /// [`EncoderError::NoPairs`] and [`EncoderError::Tokenize`] as there.
    pub fn pair_pieces(
        &self,
        texts: [&str; 2],
        index: usize,
        cut: PairCut,
    ) -> Result<PairPieces, EncoderError> {
        // As many tokens as one text has with its own special ones.
        let most = self.params.window + self.tokenizer.special_tokens();
        self.tokenizer.pair_pieces(texts, index, (cut, most))
    }

    fn map<T: Send>(
        &self,
        texts: &[&str],
        run_empty: bool,
        reduce: impl Fn(&WindowStates<'_>) -> T + Sync,
    ) -> Result<Vec<Mapped<T>>, EncoderError> {
        let texts_done = in_parallel(self.pool.workers(), texts.len(), |_, i| {
            let mut text = self.tokenizer.encode(texts[i], i)?;
            if text.tokens.len() > self.params.window {
                self.long.fetch_add(1, Ordering::Relaxed);
                self.truncated.fetch_add(u64::from(self.params.truncate), Ordering::Relaxed);
            }
            let mut windows = self.params.windows(&mut text, texts[i]);
            if windows.is_empty() && run_empty {
                windows.push(Window { tokens: 0..0, kept: 0..0 });
            }
            Ok::<_, EncoderError>((text, windows))
        })?;
        let windows: Vec<(usize, &Tokenized, &Window)> = texts_done
            .iter()
            .enumerate()
            .flat_map(|(i, (text, w))| w.iter().map(move |w| (i, text, w)))
            .collect();
        self.texts.fetch_add(texts.len() as u64, Ordering::Relaxed);
        self.windows.fetch_add(windows.len() as u64, Ordering::Relaxed);
        let Tokenizer { before, after, type_id, .. } = &self.tokenizer;
        let special = before.len() + after.len();
        let lengths: Vec<usize> =
            windows.iter().map(|(_, _, w)| w.tokens.len() + special).collect();
        let done = self.run(
            &Work { lengths: &lengths, asked: &[] },
            |i, out| {
                let (_, text, window) = windows[i];
                let own = text.ids[window.tokens.clone()].iter();
                let own = own.zip(&text.casing[window.tokens.clone()]);
                let special =
                    |&(id, type_id): &(i64, i64)| (id, self.type_of(type_id, Casing::None));
                out.extend(before.iter().map(special));
                out.extend(
                    own.map(|(&id, &casing)| (i64::from(id), self.type_of(*type_id, casing))),
                );
                out.extend(after.iter().map(special));
            },
            |i, outputs| {
                let (text, _, window) = windows[i];
                reduce(&WindowStates {
                    text,
                    tokens: window.tokens.clone(),
                    kept: window.kept.clone(),
                    before: before.len(),
                    after: after.len(),
                    outputs,
                })
            },
        )?;
        let mut done = done.into_iter();
        let whole = texts_done.into_iter().map(|(text, windows)| Mapped {
            tokens: text.tokens,
            ids: text.ids,
            windows: done.by_ref().take(windows.len()).collect(),
        });
        Ok(whole.collect())
    }

    /// What `token_type_ids` has for a token: its type, and where the model has a table of casings, the
    /// row of the type and the casing ([`Graph::casing`]). An encoder with one type has it for both
    /// texts of a pair, whatever its tokenizer says.
    fn type_of(&self, type_id: i64, casing: Casing) -> i64 {
        match self.cased_types {
            None => type_id,
            Some(types) => {
                let type_id = if types == 1 { 0 } else { type_id };
                let [classes, class] =
                    [Casing::COUNT, casing.class()].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
                type_id * classes + class
            }
        }
    }
}

impl Encode for Encoder {
    type Error = EncoderError;

    /// The rows of the first result that was asked for; special tokens have none.
    fn encode(&self, texts: &[&str]) -> Result<Vec<TokenRows>, EncoderError> {
        // Only the kept rows stay: not special tokens, padding, or what another window knows
        // better.
        let mapped = self.map(texts, false, |window| {
            let width = window.width(0);
            let at = |token: usize| (window.before + token - window.tokens.start) * width;
            let rows = window.rows(0);
            (width, rows[at(window.kept.start)..at(window.kept.end)].to_vec())
        })?;
        let width = mapped.iter().find_map(|m| m.windows.first()).map_or(0, |(width, _)| *width);
        let whole = mapped.into_iter().map(|Mapped { tokens, windows, .. }| {
            let mut rows = Matrix::with_capacity(tokens.len(), width);
            for (_, part) in windows {
                let whole_rows = rows.push_rows(&part);
                debug_assert!(whole_rows, "the pool checks the width of every batch");
            }
            TokenRows { tokens, rows }
        });
        Ok(whole.collect())
    }
}

/// What a model folder's sessions are made of, and what their graph takes and gives.
struct Prepared {
    plan: Plan,
    info: GraphInfo,
    /// As in [`Encoder`].
    cased_types: Option<i64>,
}

/// Builds a graph of a folder's weights, or reads the one it has.
fn prepare(
    runtime: &Runtime,
    model: &ModelFolder,
    outputs: &[Output],
) -> Result<Prepared, EncoderError> {
    if !model.has_weights() {
        let checked = open_model(model)?;
        let info = checked.info.clone();
        return Ok(Prepared { plan: Plan::File(checked), info, cased_types: None });
    }
    let checkpoint = Checkpoint::of(model.sources())?;
    let types = || i64::try_from(checkpoint.config().types).unwrap_or(i64::MAX);
    let cased_types = checkpoint.casing().map(|_| types());
    let request = BuildParams::new().seven_bits(construct::adds_in_16_bits());
    let request = outputs.iter().fold(request, |request, output| match output {
        Output::Words => request.words(),
        Output::Hidden(layer) => request.hidden(*layer),
        Output::First(layer) => request.first(*layer),
        Output::Inside(..) => request.inside(),
        Output::Head(head) => request.head(*head),
    });
    let graph = Graph::build(&checkpoint, &request)?;
    let info = graph.info();
    let refused = |source| EncoderError::Session { path: model.graph_path(), source };
    Ok(Prepared { plan: Plan::built(graph, runtime).map_err(refused)?, info, cased_types })
}

/// How many tokens of a text fit beside the special ones.
pub(crate) fn room(model: &ModelFolder, tokenizer: &Tokenizer) -> Result<usize, EncoderError> {
    match model.max_tokens().checked_sub(tokenizer.special_tokens()) {
        None | Some(0) => Err(EncoderError::Setting {
            setting: "the model's limit",
            found: model.max_tokens(),
            expected: format!(
                "expected more than its {} special tokens",
                tokenizer.special_tokens()
            ),
        }),
        Some(room) => Ok(room),
    }
}

/// Labels are as many as the outputs of what classifies tokens or texts.
fn check_width(
    ports: &Ports,
    outputs: &[Output],
    labels: usize,
    path: &Path,
) -> Result<(), EncoderError> {
    for (port, output) in ports.outputs().iter().zip(outputs) {
        let classifies = matches!(output, Output::Head(Head::Tokens | Head::Sequence));
        match port.width {
            Some(width) if classifies && labels > 0 && labels != width => {
                return Err(EncoderError::LabelWidth {
                    path: path.to_owned(),
                    labels,
                    output: port.name.clone(),
                    width,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// What [`check`] found, for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Words in the tokenizer's vocabulary, added ones included.
    pub vocabulary: usize,
    /// Special tokens around a sequence.
    pub special_tokens: usize,
    /// What results can be taken from: a file's one output, or the last hidden state and the heads
    /// of weights.
    pub outputs: Vec<String>,
}

/// Everything about a model folder that can be judged without running it: the graph or the weights,
/// their ports or tensors, the labels against the width, the tokenizer.
///
/// # Errors
/// As [`Encoder::open_for`].
pub fn check(model: &ModelFolder) -> Result<Checked, EncoderError> {
    let tokenizer = Tokenizer::open(&model.tokenizer_path())?;
    room(model, &tokenizer)?;
    let outputs = if model.has_weights() {
        let checkpoint = Checkpoint::of(model.sources())?;
        let heads =
            checkpoint.heads().into_iter().map(|head| construct::head_name(head).to_owned());
        let layers = checkpoint.config().layers;
        [construct::hidden_name(layers, layers)].into_iter().chain(heads).collect()
    } else {
        let info = open_model(model)?.info;
        let wanted = [Output::Head(Head::Tokens)];
        let ports = Ports::resolve(&info, &model.graph_path(), &wanted, model.layers())?;
        check_width(&ports, &wanted, model.labels().len(), &model.graph_path())?;
        ports.outputs().iter().map(|port| port.name.clone()).collect()
    };
    Ok(Checked {
        vocabulary: tokenizer.vocabulary(),
        special_tokens: tokenizer.special_tokens(),
        outputs,
    })
}

/// `job(worker, i)` for every `i` below `n`, on at most `workers` threads, this one among them; the
/// results in order of `i`, or the first error, after which no further job is begun. Where the system
/// gives no more threads, those there are do the work.
pub(crate) fn in_parallel<T: Send, E: Send>(
    workers: usize,
    n: usize,
    job: impl Fn(usize, usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let workers = workers.min(n);
    if workers <= 1 {
        return (0..n).map(|i| job(0, i)).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Result<(usize, T), E>>> = Mutex::new(Vec::with_capacity(n));
    let work = |worker| {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return;
            }
            let result = job(worker, i).map(|value| (i, value));
            if result.is_err() {
                next.store(n, Ordering::Relaxed);
            }
            // Nothing below can panic while it holds the lock.
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
        }
    };
    std::thread::scope(|scope| {
        let work = &work;
        for worker in 1..workers {
            // `scope.spawn` would panic where this is an error.
            if std::thread::Builder::new().spawn_scoped(scope, move || work(worker)).is_err() {
                break;
            }
        }
        work(0);
    });
    let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut done = done.into_iter().collect::<Result<Vec<_>, E>>()?;
    done.sort_by_key(|&(i, _)| i);
    Ok(done.into_iter().map(|(_, value)| value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_at_their_edges() {
        let ok = |p: EncoderParams| p.check(510).is_ok();
        let p = EncoderParams::new;
        assert!(ok(p()));
        assert!(!ok(p().threads(Some(0))) && ok(p().threads(Some(1))));
        assert!(ok(p().threads(Some(1024))) && !ok(p().threads(Some(1025))));
        assert!(!ok(p().threads(Some(usize::MAX))));
        assert!(!ok(p().batch_tokens(0)) && ok(p().batch_tokens(1)));
        assert!(
            !ok(p().window(Some(0))) && !ok(p().window(Some(511))) && ok(p().window(Some(510)))
        );
        assert!(ok(p().window(Some(1))));
        assert!(!ok(p().stride(Some(510))) && ok(p().stride(Some(509))) && ok(p().stride(Some(0))));
        let text = p().stride(Some(10)).window(Some(10)).check(510).unwrap_err().to_string();
        assert_eq!(text, "stride is 10: expected less than the window of 10");
    }

    #[test]
    fn jobs_come_back_in_order_and_the_first_error_ends_them() {
        let squares = in_parallel(3, 50, |_, i| Ok::<_, ()>(i * i)).unwrap();
        assert_eq!(squares, (0..50).map(|i| i * i).collect::<Vec<_>>());
        assert_eq!(in_parallel(3, 50, |_, i| if i == 7 { Err(i) } else { Ok(i) }), Err(7));
        assert_eq!(in_parallel(3, 0, |_, i| Ok::<_, ()>(i)), Ok(vec![]));
    }
}
