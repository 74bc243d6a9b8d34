//! The encoder: many texts in, a row of numbers for every token out.
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use cloze_core::{Encode, Matrix, TokenRows};

use crate::batch::{self, Order};
use crate::session::{Batch, Pool, Ports};
use crate::tokenize::{Tokenized, Tokenizer};
use crate::window::{self, Cut, Window};
use crate::{EncoderError, ModelFolder, Runtime};

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
    order: Order,
}

impl Default for EncoderParams {
    fn default() -> Self {
        Self {
            threads: None,
            batch_tokens: 1024,
            window: None,
            stride: None,
            cut: Cut::default(),
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

    /// How many batches are worked on at once, each on one thread. Default: the cores that this
    /// process may use, which a container's limit counts into.
    #[must_use]
    pub fn threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// The most tokens in a batch, padding and special tokens included; a single window may be
    /// longer. Default `1024`.
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
        let Self { batch_tokens, cut, order, .. } = self;
        Ok(ValidEncoderParams { threads, batch_tokens, window, stride, cut, order })
    }
}

/// The cores this process may use, cgroup limits and affinity counted in; 1 if nobody knows.
fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Settings that [`EncoderParams::check`] has judged.
#[derive(Clone, Debug)]
pub struct ValidEncoderParams {
    threads: usize,
    batch_tokens: usize,
    window: usize,
    stride: usize,
    cut: Cut,
    order: Order,
}

/// How much work an encoder has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Texts encoded.
    pub texts: u64,
    /// Windows they went through.
    pub windows: u64,
    /// Batches these were put into.
    pub batches: u64,
    /// Tokens in the batches, special ones included.
    pub tokens: u64,
    /// The same with padding: what the arithmetic is spent on.
    pub padded: u64,
}

/// An encoder over one model folder.
///
/// A text's rows do not depend on the other texts, on their order or on the number of threads, bit
/// for bit; where a graph quantises its activations by the batch, and so cannot promise that for a
/// batch of many, each window is run alone. Memory is bounded by the batch's budget and the texts
/// given in one call. glibc's allocator leaves the heap in pieces where lengths vary: 100,000
/// lines took 2.3 times the memory of 1,000. `cloze` runs with mimalloc, and a service that embeds
/// this crate may want to, or to start with `MALLOC_MMAP_THRESHOLD_=1000000` (slower).
#[derive(Debug)]
pub struct Encoder {
    tokenizer: Tokenizer,
    pool: Pool,
    params: ValidEncoderParams,
    pad_id: i64,
    /// The most windows a batch may hold: 1 where company changes results.
    most: usize,
    texts: AtomicU64,
    windows: AtomicU64,
    batches: AtomicU64,
    tokens: AtomicU64,
    padded: AtomicU64,
}

impl Encoder {
    /// Opens a model for token logits. The graph is judged, and its ports and width are compared
    /// with the folder's labels, before ONNX Runtime sees it.
    ///
    /// # Errors
    /// Those of [`ModelFolder::read_graph`]; [`EncoderError::Tokenizer`]; [`EncoderError::GraphInput`],
    /// [`EncoderError::GraphOutput`], [`EncoderError::LabelWidth`] for a graph that does not fit;
    /// [`EncoderError::Setting`] for settings that do not fit the model.
    pub fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        params: EncoderParams,
    ) -> Result<Self, EncoderError> {
        let tokenizer = Tokenizer::open(&model.tokenizer_path())?;
        let room = room(model, &tokenizer)?;
        let params = params.check(room)?;
        let checked = model.read_graph()?;
        let path = model.graph_path();
        let ports = Ports::resolve(&checked.info, &path)?;
        check_width(&ports, model.labels().len(), &path)?;
        let most = if checked.info.dynamic_quantization { 1 } else { usize::MAX };
        let pool = Pool::new(runtime.clone(), checked, path, ports, params.threads);
        Ok(Self {
            tokenizer,
            pool,
            params,
            pad_id: model.pad_id(),
            most,
            texts: AtomicU64::default(),
            windows: AtomicU64::default(),
            batches: AtomicU64::default(),
            tokens: AtomicU64::default(),
            padded: AtomicU64::default(),
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
        }
    }

    /// A batch of these windows, each between its special tokens and padded to the longest.
    fn batch(&self, windows: &[(&Tokenized, &Window)]) -> Batch {
        let special = self.tokenizer.special_tokens();
        let longest = windows.iter().map(|(_, w)| w.tokens.len()).max().unwrap_or(0);
        let seq = longest + special;
        let capacity = windows.len() * seq;
        let (mut ids, mut mask, mut types) = (
            Vec::with_capacity(capacity),
            Vec::with_capacity(capacity),
            Vec::with_capacity(capacity),
        );
        for (text, window) in windows {
            let own = text.ids[window.tokens.clone()].iter();
            let own = own.map(|&id| (i64::from(id), self.tokenizer.type_id));
            let whole = self.tokenizer.before.iter().copied().chain(own);
            for (id, type_id) in whole.chain(self.tokenizer.after.iter().copied()) {
                ids.push(id);
                types.push(type_id);
                mask.push(1);
            }
            let filled = ids.len().next_multiple_of(seq.max(1));
            ids.resize(filled, self.pad_id);
            types.resize(filled, 0);
            mask.resize(filled, 0);
        }
        let real: usize = windows.iter().map(|(_, w)| w.tokens.len() + special).sum();
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.tokens.fetch_add(real as u64, Ordering::Relaxed);
        self.padded.fetch_add(ids.len() as u64, Ordering::Relaxed);
        Batch { size: windows.len(), seq, ids, mask, types }
    }
}

impl Encode for Encoder {
    type Error = EncoderError;

    fn encode(&self, texts: &[&str]) -> Result<Vec<TokenRows>, EncoderError> {
        let ValidEncoderParams { batch_tokens, window, stride, cut, order, .. } = self.params;
        let texts_done = in_parallel(self.pool.workers(), texts.len(), |_, i| {
            let text = self.tokenizer.encode(texts[i], i)?;
            let windows = window::plan(&text.tokens, texts[i], window, stride, cut);
            Ok::<_, EncoderError>((text, windows))
        })?;
        let windows: Vec<(&Tokenized, &Window)> =
            texts_done.iter().flat_map(|(text, w)| w.iter().map(move |w| (text, w))).collect();
        self.texts.fetch_add(texts.len() as u64, Ordering::Relaxed);
        self.windows.fetch_add(windows.len() as u64, Ordering::Relaxed);
        let special = self.tokenizer.special_tokens();
        let lengths: Vec<usize> = windows.iter().map(|(_, w)| w.tokens.len() + special).collect();
        let batches = batch::plan(&lengths, batch_tokens, self.most, order);

        let done = in_parallel(self.pool.workers(), batches.len(), |worker, b| {
            let members: Vec<_> = batches[b].iter().map(|&i| windows[i]).collect();
            let batch = self.batch(&members);
            let seq = batch.seq;
            let (width, rows) = self.pool.run(worker, batch)?;
            // Only the kept rows stay: not special tokens, padding, or what another window knows
            // better.
            let kept_of = |(row, (_, window)): (usize, &(&Tokenized, &Window))| {
                let first = row * seq + self.tokenizer.before.len();
                let at = |token: usize| (first + token - window.tokens.start) * width;
                rows[at(window.kept.start)..at(window.kept.end)].to_vec()
            };
            let kept: Vec<_> = members.iter().enumerate().map(kept_of).collect();
            Ok::<_, EncoderError>((width, kept))
        })?;

        // Back from batches to windows, and from windows to texts.
        let width = done.first().map_or(0, |(width, _)| *width);
        let mut by_window = vec![vec![]; windows.len()];
        for (batch, (_, rows)) in batches.iter().zip(done) {
            for (&i, rows) in batch.iter().zip(rows) {
                by_window[i] = rows;
            }
        }
        let mut by_window = by_window.into_iter();
        let whole = texts_done.into_iter().map(|(text, windows)| {
            let mut rows = Matrix::with_capacity(text.tokens.len(), width);
            for part in by_window.by_ref().take(windows.len()) {
                let whole_rows = rows.push_rows(&part);
                debug_assert!(whole_rows, "the pool checks the width of every batch");
            }
            TokenRows { tokens: text.tokens, rows }
        });
        Ok(whole.collect())
    }
}

/// How many tokens of a text fit beside the special ones.
fn room(model: &ModelFolder, tokenizer: &Tokenizer) -> Result<usize, EncoderError> {
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

fn check_width(ports: &Ports, labels: usize, path: &Path) -> Result<(), EncoderError> {
    match ports.width() {
        Some(width) if labels > 0 && labels != width => Err(EncoderError::LabelWidth {
            path: path.to_owned(),
            labels,
            output: ports.output().to_owned(),
            width,
        }),
        _ => Ok(()),
    }
}

/// What [`check`] found, for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Words in the tokenizer's vocabulary, added ones included.
    pub vocabulary: usize,
    /// Special tokens around a sequence.
    pub special_tokens: usize,
    /// The output that logits are taken from.
    pub output: String,
}

/// Everything about a model folder that can be judged without running it: the graph, its ports,
/// the labels against its width, the tokenizer.
///
/// # Errors
/// As [`Encoder::open`].
pub fn check(model: &ModelFolder) -> Result<Checked, EncoderError> {
    let tokenizer = Tokenizer::open(&model.tokenizer_path())?;
    room(model, &tokenizer)?;
    let info = model.read_graph()?.info;
    let ports = Ports::resolve(&info, &model.graph_path())?;
    check_width(&ports, model.labels().len(), &model.graph_path())?;
    Ok(Checked {
        vocabulary: tokenizer.vocabulary(),
        special_tokens: tokenizer.special_tokens(),
        output: ports.output().to_owned(),
    })
}

/// `job(worker, i)` for every `i` below `n`, on at most `workers` threads, this one among them; the
/// results in order of `i`, or the first error, after which no further job is begun. Where the system
/// gives no more threads, those there are do the work.
fn in_parallel<T: Send, E: Send>(
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
