//! Errors between token rows and comparable vectors.
use cloze_store::StoreError;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// A row or vector is not as wide as it must be.
    #[error("expected a vector of {expected} numbers, found {found}")]
    Width {
        /// Numbers there must be.
        expected: usize,
        /// Numbers there are.
        found: usize,
    },
    /// The numbers are not a whole number of rows.
    #[error("expected rows of {width} numbers, found {found} numbers in all")]
    Rows {
        /// Numbers a row.
        width: usize,
        /// Numbers there are.
        found: usize,
    },
    /// A number of a row is NaN or infinite.
    #[error("dimension {dim} is {value}: expected a finite number")]
    NotFinite {
        /// The dimension, from 0.
        dim: usize,
        /// The number.
        value: f32,
    },
    /// A result is beyond what its type can hold.
    #[error("dimension {dim} of the result is beyond the range of numbers")]
    OutOfRange {
        /// The dimension, from 0.
        dim: usize,
    },
    /// No setting of this name.
    #[error("no {what} {found:?}; there are {}", known.join(", "))]
    UnknownName {
        /// Kind of the setting: `pooling`.
        what: &'static str,
        /// The name.
        found: String,
        /// The names there are.
        known: &'static [&'static str],
    },
    /// The text of a pooling configuration is not JSON, or a field of it is of another type.
    #[error("not the JSON of a pooling configuration")]
    PoolingJson(#[source] serde_json::Error),
    /// A pooling configuration turns on a mode that cloze does not have.
    #[error("pooling mode {key:?} is on, which is not known; there are {}", known.join(", "))]
    PoolingKey {
        /// The key that turns it on.
        key: String,
        /// The keys there are.
        known: &'static [&'static str],
    },
    /// A list of poolings without any.
    #[error("no pooling is given")]
    NoPooling,
    /// The text names no layers.
    #[error(
        "{found:?} names no layers: expected \"all\", \"first+last\", or numbers as in \"-1,-2\""
    )]
    LayersText {
        /// The text.
        found: String,
    },
    /// A layer that the model does not have.
    #[error(
        "no layer {found}: the model has {layer_count}, so hidden states are 0 to {layer_count}, or \
         -1 to -{} from the end", layer_count + 1
    )]
    NoLayer {
        /// The number asked for.
        found: i32,
        /// The model's layers, without the embeddings.
        layer_count: usize,
    },
    /// Two numbers mean the same layer.
    #[error("layer {found} is named twice, which would weigh it double")]
    LayerTwice {
        /// The second of the two numbers.
        found: i32,
    },
    /// Too few rows to learn from.
    #[error("expected at least {expected} vectors, found {found}")]
    TooFew {
        /// Number of vectors needed.
        expected: u64,
        /// Number of vectors given.
        found: u64,
    },
    /// All vectors are the same, as far as 32 bits can tell.
    #[error("all {count} vectors are the same: nothing to correct by")]
    NoSpread {
        /// Number of vectors.
        count: u64,
    },
    /// More directions asked for than the vectors have.
    #[error("{setting} is {found}, but the vectors spread in {rank} directions alone")]
    Rank {
        /// The setting.
        setting: &'static str,
        /// Request.
        found: usize,
        /// Number of directions in which the vectors spread.
        rank: usize,
    },
    /// A setting is out of its range.
    #[error("{setting} is {found}: expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Value.
        found: usize,
        /// The range.
        expected: String,
    },
    /// The moments have variances, where covariances are needed.
    #[error("{method} needs covariances, and only variances were gathered")]
    NoCovariance {
        /// Method that needs the covariances.
        method: &'static str,
    },
    /// The eigenvectors were not found in as many steps as they can possibly take.
    #[error("no eigenvectors of a covariance matrix of {dims} dimensions found")]
    NoConvergence {
        /// Dimensions of the covariance matrix.
        dims: usize,
    },
    /// A correction was fitted for vectors that are made another way.
    #[error("fitted for {field} {expected}, found {field} {found}")]
    Differs {
        /// In what: `model`, `level`, `pooling`, `layers`, `width`, `method`.
        field: &'static str,
        /// Value it was fitted for.
        expected: String,
        /// Value of the vectors given.
        found: String,
    },
    /// The contents of a file contradict each other.
    #[error("{field} has {found}: expected {expected}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// Value expected in the field.
        expected: String,
        /// Value of the field.
        found: String,
    },
    /// A layer whose vectors cannot be measured.
    #[error("layer {layer} cannot be measured")]
    Layer {
        /// Number of the layer.
        layer: usize,
        /// Failure of its vectors.
        source: Box<EmbedError>,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
