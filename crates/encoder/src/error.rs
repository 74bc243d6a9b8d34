//! Errors between a text and its vectors.
use std::path::PathBuf;

use cloze_checkpoint::CheckpointError;

/// Every failure of this crate; the runtime's first, then the model's, then the texts'.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// No library file where the user said.
    #[error("{}: no ONNX Runtime library there ({origin})", path.display())]
    RuntimeMissing {
        /// Path the library was expected at.
        path: PathBuf,
        /// Who said so.
        origin: &'static str,
    },
    /// A library older than the oldest that works.
    #[error("{}: ONNX Runtime {found} is too old; 1.{needed} or newer is needed", path.display())]
    RuntimeTooOld {
        /// The library.
        path: PathBuf,
        /// Version of the library.
        found: String,
        /// The oldest minor version that works.
        needed: u32,
    },
    /// A file that is not a loadable ONNX Runtime.
    #[error("{}: not a working ONNX Runtime library", path.display())]
    RuntimeBroken {
        /// The library.
        path: PathBuf,
        /// Error of the loader.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No library on the machine, and fetching is forbidden.
    #[error(
        "no ONNX Runtime library found, and fetching one is forbidden (offline){passed_over}\n\
         hint: any of these provides it: `cloze setup` while online; ORT_DYLIB_PATH or --runtime \
         naming the library; the library beside the program; `pip install onnxruntime`"
    )]
    RuntimeOffline {
        /// Libraries that were found and did not work, a line each.
        passed_over: String,
    },
    /// No library on the machine, and fetching was not asked for.
    #[error(
        "no ONNX Runtime library found, and RuntimeParams::fetch is not set to fetch one{passed_over}\n\
         hint: any of these provides it: `cloze setup`, once; `RuntimeParams::fetch(true)`; ORT_DYLIB_PATH \
         or `RuntimeParams::library` naming the library; the library beside the program; `pip install \
         onnxruntime`"
    )]
    RuntimeNotFound {
        /// Libraries that were found and did not work, a line each.
        passed_over: String,
    },
    /// A library that Python has, in a package that lies in the current folder or below it.
    #[error(
        "{}: lies in the current folder; expected a package that was installed elsewhere\n\
         hint: --runtime names a library that is to be loaded from there",
        path.display()
    )]
    RuntimeInCurrentFolder {
        /// The library.
        path: PathBuf,
    },
    /// A file or folder of the cache that other users may change.
    #[error(
        "{}: {found}; expected a cache that only its user can change\n\
         hint: chmod go-w {0} mends permissions; remove what another user owns; or name a library with \
         --runtime FILE",
        path.display()
    )]
    RuntimeCacheAccess {
        /// The file or folder.
        path: PathBuf,
        /// Permission or owner that lets others change it.
        found: String,
    },
    /// A library of another hash than the one that is fetched.
    #[error(
        "{}: SHA-256 {found}, expected {expected}\n\
         hint: remove the file, and `cloze setup` fetches it again; --runtime FILE names another library",
        path.display()
    )]
    RuntimeLibraryChecksum {
        /// The library.
        path: PathBuf,
        /// The hash kept in the source.
        expected: &'static str,
        /// The hash of the file.
        found: String,
    },
    /// No folder to run Python, pip or npm in.
    #[error(
        "no temporary folder in which to run Python, pip or npm\nhint: TMPDIR names one; --runtime FILE names the library"
    )]
    RuntimeTemporary {
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// No place to keep a fetched library.
    #[error("no cache folder to keep ONNX Runtime in\nhint: name one with CLOZE_CACHE")]
    RuntimeNoCache,
    /// No library to fetch for this machine.
    #[error(
        "no ONNX Runtime library to fetch for {os} on {arch}\nhint: build or install one, and name \
         it with ORT_DYLIB_PATH or --runtime"
    )]
    RuntimePlatform {
        /// The operating system.
        os: &'static str,
        /// The processor.
        arch: &'static str,
    },
    /// No package client could fetch the library.
    #[error(
        "ONNX Runtime could not be fetched: {}\nhint: it takes Python with pip, or npm, and a \
         network; or name a library with ORT_DYLIB_PATH or --runtime",
        if tried.is_empty() { "this machine has neither pip nor npm" } else { tried }
    )]
    RuntimeFetch {
        /// Message of each client.
        tried: String,
    },
    /// The fetched archive has another hash than expected.
    #[error("{archive}: SHA-256 {found}, expected {expected}: refused")]
    RuntimeChecksum {
        /// The archive's name.
        archive: String,
        /// The hash kept in the source.
        expected: &'static str,
        /// The hash of what came.
        found: String,
    },
    /// The archive has no such library in it.
    #[error("the fetched archive gives no {member}: {what}")]
    RuntimeArchive {
        /// The member wanted.
        member: String,
        /// Fault of the archive.
        what: String,
    },
    /// The cache cannot be written.
    #[error("ONNX Runtime cannot be kept in the cache")]
    RuntimeStore {
        /// Error of the operating system; it names the file.
        source: std::io::Error,
    },

    /// The model folder cannot be used, or there is none of that name.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The tokenizer's file cannot be used.
    #[error("{}: not a usable tokenizer: {what}", path.display())]
    Tokenizer {
        /// `tokenizer.json`.
        path: PathBuf,
        /// Message of the tokenizers library; its errors have no type to keep.
        what: String,
    },
    /// No tokenizer could be trained.
    #[error("no tokenizer could be trained: {what}")]
    TrainTokenizer {
        /// Message of the tokenizers library.
        what: String,
    },
    /// A token whose id is beyond the embedding matrix.
    #[error(
        "{}: token {token:?} has id {id}; the embedding matrix has {rows} rows, for ids 0 to {}",
        path.display(), rows.saturating_sub(1)
    )]
    TokenBeyond {
        /// File of the tokenizer.
        path: PathBuf,
        /// The token.
        token: String,
        /// Its id.
        id: u32,
        /// Number of rows of the embedding matrix.
        rows: usize,
    },
    /// The graph was refused before it reached ONNX Runtime.
    #[error(transparent)]
    Graph(#[from] cloze_graph::GraphError),
    /// A file could not be read.
    #[error(transparent)]
    Store(#[from] cloze_store::StoreError),
    /// The graph asks for an input that texts do not give.
    #[error(
        "{}: unsupported input {found:?}; it takes {}, and texts give input_ids, \
         attention_mask and token_type_ids",
        path.display(),
        all.join(", ")
    )]
    GraphInput {
        /// `model.onnx`.
        path: PathBuf,
        /// The input, or what is missing.
        found: String,
        /// All its inputs.
        all: Vec<String>,
    },
    /// An exported decoder's graph asks for an input that prompts do not give, or not so.
    #[error(
        "{}: unsupported input {found}; it takes {}, and prompts give input_ids, attention_mask, position_ids, \
         use_cache_branch, encoder_hidden_states, encoder_attention_mask and past_key_values",
        path.display(),
        all.join(", ")
    )]
    DecoderInput {
        /// The graph.
        path: PathBuf,
        /// The input, or what is missing.
        found: String,
        /// All its inputs.
        all: Vec<String>,
    },
    /// An exported graph without a cache.
    #[error(
        "{}: no inputs past_key_values for a cache of keys and values\nhint: if it is a decoder, export it again \
         with a cache: Optimum's task is text-generation-with-past or text2text-generation-with-past",
        path.display()
    )]
    NoCache {
        /// The graph.
        path: PathBuf,
    },
    /// A decoder's graph where an encoder's is wanted.
    #[error(
        "{}: a decoder, whose graph takes a cache of keys and values; expected an encoder: use `cloze generate`",
        path.display()
    )]
    GraphOfDecoder {
        /// The graph.
        path: PathBuf,
    },
    /// No output can be the result that is wanted.
    #[error("{}: no output to take {wanted} from; the graph has {}", path.display(), all.join(", "))]
    GraphOutput {
        /// `model.onnx`.
        path: PathBuf,
        /// The name it would best have.
        wanted: String,
        /// All its outputs, with their shapes.
        all: Vec<String>,
    },
    /// As many labels as the graph has outputs a token: not here.
    #[error(
        "{}: {labels} labels in config.json, but the graph's output {output:?} is {width} wide",
        path.display()
    )]
    LabelWidth {
        /// `model.onnx`.
        path: PathBuf,
        /// Labels in `config.json`.
        labels: usize,
        /// The output's name.
        output: String,
        /// The output's width.
        width: usize,
    },
    /// ONNX Runtime would not take the graph.
    #[error("{}: ONNX Runtime refuses the graph", path.display())]
    Session {
        /// `model.onnx`.
        path: PathBuf,
        /// Message.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// A setting is out of its range.
    #[error("{setting} is {found}: {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Value.
        found: usize,
        /// The range.
        expected: String,
    },
    /// A model that takes no pairs of texts.
    #[error(
        "the tokenizer has no place for two texts in one sequence{}",
        if *room == 0 { String::new() } else { format!(" of {room} tokens") }
    )]
    NoPairs {
        /// Number of tokens of a sequence; 0 if the tokenizer has no template for pairs.
        room: usize,
    },
    /// A text that the tokenizer cannot take.
    #[error("text {index} cannot be tokenized: {what}")]
    Tokenize {
        /// Index of the text, from 0.
        index: usize,
        /// Message of the tokenizers library; its errors have no type to keep.
        what: String,
    },
    /// More tokens than a decoder takes.
    #[error("{found} tokens; expected at most {most}, prompt and what follows it together")]
    TooManyTokens {
        /// Number of tokens.
        found: usize,
        /// Most tokens.
        most: usize,
    },
    /// A cache of keys and values larger than allowed.
    #[error(
        "a cache for {batch} × {tokens} tokens takes {} MiB; expected at most {} MiB\nhint: fewer prompts \
         at once, fewer new tokens, or --max-cache-mib", bytes.div_ceil(1 << 20), most >> 20
    )]
    CacheSize {
        /// Texts at once.
        batch: usize,
        /// Tokens of each.
        tokens: usize,
        /// Size in bytes.
        bytes: usize,
        /// Largest size in bytes.
        most: usize,
    },
    /// A cache for texts that decoders write by prompts that encoders read, larger than allowed.
    #[error(
        "a cache for {rows} × {tokens} tokens and {prompts} × {source_tokens} of prompts takes {} MiB; \
         expected at most {} MiB\nhint: fewer beams, fewer new tokens, shorter prompts, or \
         --max-cache-mib", bytes.div_ceil(1 << 20), most >> 20
    )]
    SourceCacheSize {
        /// Texts at once, each beam counted.
        rows: usize,
        /// Tokens of each.
        tokens: usize,
        /// Prompts at once.
        prompts: usize,
        /// Tokens of the longest prompt.
        source_tokens: usize,
        /// Size in bytes.
        bytes: usize,
        /// Largest size in bytes.
        most: usize,
    },
    /// A prompt of more tokens than an encoder reads, or of none.
    #[error("{found} tokens of a prompt; expected 1 to {most}, what the encoder reads")]
    PromptLength {
        /// Number of tokens.
        found: usize,
        /// Most tokens.
        most: usize,
    },
    /// An encoder–decoder without a prompt, such as for a text's own likelihood.
    #[error("{}: an encoder–decoder, which writes by a prompt: use `cloze generate`", path.display())]
    NoPrompts {
        /// The weights.
        path: PathBuf,
    },
    /// A decoder where prompts are to be read by an encoder.
    #[error("{}: a decoder; expected an encoder–decoder", path.display())]
    NoEncoder {
        /// The weights.
        path: PathBuf,
    },
    /// ONNX Runtime failed on a batch.
    #[error("{}: ONNX Runtime failed on a batch of {batch} × {seq} tokens", path.display())]
    Run {
        /// `model.onnx`.
        path: PathBuf,
        /// Sequences in the batch.
        batch: usize,
        /// Tokens a sequence, padding and special tokens included.
        seq: usize,
        /// Message.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The graph gave something of another shape than it declares.
    #[error(
        "{}: output {output:?} came as {found:?}; expected [{batch}, {seq}, {width}]",
        path.display()
    )]
    OutputShape {
        /// `model.onnx`.
        path: PathBuf,
        /// The output.
        output: String,
        /// Shape of the output.
        found: Vec<i64>,
        /// Sequences expected.
        batch: usize,
        /// Number of tokens per sequence expected.
        seq: usize,
        /// Width expected.
        width: usize,
    },
}
