use std::path::PathBuf;

use cloze_checkpoint::CheckpointError;

/// Why a graph is refused. `path` is the model file, or the folder of a model checked from memory;
/// `tensor` is the name of the tensor at fault, or of the value that its node makes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A setting is out of its range.
    #[error("{name}: expected {expected}, found {found}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Range.
        expected: &'static str,
        /// Request.
        found: u64,
    },
    /// A file cannot be read; the text names it.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// The model is a folder, a pipe or a device.
    #[error("{path}: not a regular file")]
    NotAFile {
        /// The model.
        path: PathBuf,
    },
    /// The model file alone is larger than allowed.
    #[error("{path}: {found} bytes; at most {max_bytes} are read")]
    TooLarge {
        /// The model.
        path: PathBuf,
        /// The setting.
        max_bytes: u64,
        /// The size, or at least one more than allowed.
        found: u64,
    },
    /// The bytes are not a protobuf message, or are cut off.
    #[error("{path}: not an ONNX file, or cut off: at byte {at}, {what}")]
    Malformed {
        /// The model.
        path: PathBuf,
        /// The first byte of the field at fault.
        at: usize,
        /// Fault.
        what: &'static str,
    },
    /// The bytes are a protobuf message, but not one of ONNX.
    #[error("{path}: not an ONNX file")]
    Decode {
        /// The model.
        path: PathBuf,
        /// The field at fault.
        source: prost::DecodeError,
    },
    /// More messages, names and dimensions than allowed.
    #[error("{path}: more than {max_fields} messages, names and dimensions")]
    TooManyFields {
        /// The model.
        path: PathBuf,
        /// The setting.
        max_fields: usize,
    },
    /// More nodes than allowed, in sub-graphs and functions too, a function counting at each call.
    #[error("{path}: more than {max_nodes} nodes, a function's counted at each call")]
    TooManyNodes {
        /// The model.
        path: PathBuf,
        /// The setting.
        max_nodes: usize,
    },
    /// Sub-graphs and function calls nest deeper than allowed.
    #[error("{path}: sub-graphs and function calls nest more than {max_depth} deep")]
    TooDeep {
        /// The model.
        path: PathBuf,
        /// The setting.
        max_depth: usize,
    },
    /// The file has no graph, as an empty file has none.
    #[error("{path}: no graph in it")]
    NoGraph {
        /// The model.
        path: PathBuf,
    },
    /// The file has graphs that train the model.
    #[error("{path}: has training graphs; a model for inference has none")]
    Training {
        /// The model.
        path: PathBuf,
    },
    /// Two functions of the file have one name.
    #[error("{path}: function {function:?} is defined twice")]
    FunctionTwice {
        /// The model.
        path: PathBuf,
        /// Domain and name.
        function: String,
    },
    /// A function of the file calls itself, perhaps through others.
    #[error("{path}: function {function:?} calls itself")]
    FunctionLoop {
        /// The model.
        path: PathBuf,
        /// Domain and name.
        function: String,
    },
    /// An operator set of an unknown domain is imported.
    #[error("{path}: imports operators of the unknown domain {domain:?}")]
    ImportDomain {
        /// The model.
        path: PathBuf,
        /// The domain.
        domain: String,
    },
    /// A node's operator is of an unknown domain, and no function of the file.
    #[error("{path}: node {node:?}: operator {op:?} of the unknown domain {domain:?}")]
    OperatorDomain {
        /// The model.
        path: PathBuf,
        /// The node's name.
        node: String,
        /// The operator.
        op: String,
        /// Domain of the operator.
        domain: String,
    },
    /// A node needs what is made of its own result.
    #[error("{path}: node {node:?}: {op} needs its own result, perhaps through others: a cycle")]
    Cycle {
        /// The model.
        path: PathBuf,
        /// The node's name, or its first output's.
        node: String,
        /// The operator.
        op: String,
    },
    /// An operator runs a sub-graph as often as it likes.
    #[error("{path}: node {node:?}: {op} may run forever; no encoder needs it")]
    Loop {
        /// The model.
        path: PathBuf,
        /// The node's name, or its first output's.
        node: String,
        /// The operator.
        op: String,
    },
    /// Constants say that more elements are made than allowed.
    #[error(
        "{path}: node {node:?}: with this {op} constants make more than {max_elements} elements, \
         or their size is not in this file"
    )]
    Expansion {
        /// The model.
        path: PathBuf,
        /// The node's name, or its first output's.
        node: String,
        /// The operator.
        op: String,
        /// The setting.
        max_elements: u64,
    },
    /// A tensor's external data have one key twice, so that two readers may see two files.
    #[error("{path}: tensor {tensor:?}: {key:?} occurs twice in its external data")]
    ExternalTwice {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The key.
        key: String,
    },
    /// The location of external data is not a plain relative path.
    #[error("{path}: tensor {tensor:?}: the location {location:?} of its external data {what}")]
    ExternalLocation {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The location.
        location: String,
        /// Fault.
        what: &'static str,
    },
    /// External data where ONNX Runtime would read them from the disk by itself.
    #[error(
        "{path}: tensor {tensor:?}: external data in {place}; only the main graph may have them"
    )]
    ExternalPlace {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Part of the model that the tensor is in.
        place: &'static str,
    },
    /// An offset or length that is not a whole number.
    #[error("{path}: tensor {tensor:?}: the {key} of its external data is {found:?}, not a number")]
    ExternalNumber {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// `offset` or `length`.
        key: &'static str,
        /// Value found.
        found: String,
    },
    /// A part of the path of external data is a symbolic link.
    #[error("{path}: tensor {tensor:?}: the path of its external data has a symbolic link, {}", link.display())]
    ExternalSymlink {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The link.
        link: PathBuf,
    },
    /// The file of external data has other names.
    #[error("{path}: tensor {tensor:?}: {} is a hard link, one of {links}", file.display())]
    ExternalHardLink {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The file.
        file: PathBuf,
        /// Number of names of the file.
        links: u64,
    },
    /// External data are in a folder, a pipe or a device.
    #[error("{path}: tensor {tensor:?}: {} is not a regular file", file.display())]
    ExternalNotAFile {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Path that is not a regular file.
        file: PathBuf,
    },
    /// External data are outside of the model's folder.
    #[error("{path}: tensor {tensor:?}: {} is outside of the model's folder", file.display())]
    ExternalOutside {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Real path of the file.
        file: PathBuf,
    },
    /// The file of external data was exchanged or written to while it was read.
    #[error("{path}: tensor {tensor:?}: {} changed while it was read", file.display())]
    ExternalChanged {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The file.
        file: PathBuf,
    },
    /// A tensor begins or ends behind the end of its file of external data.
    #[error(
        "{path}: tensor {tensor:?}: {length} bytes from {offset} on; {} has {found}",
        file.display()
    )]
    ExternalRange {
        /// The model.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The file.
        file: PathBuf,
        /// Offset of the tensor.
        offset: u64,
        /// Length of the tensor: as declared, or as its shape needs if that is more.
        length: u64,
        /// The file's size.
        found: u64,
    },
    /// The model with its external data is larger than allowed.
    #[error("{path}: more than {max_bytes} bytes with {}", file.display())]
    ExternalTooLarge {
        /// The model.
        path: PathBuf,
        /// The setting.
        max_bytes: u64,
        /// The file that is too much.
        file: PathBuf,
    },

    /// A checkpoint that a graph is to be built of cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] cloze_store::StoreError),
    /// A result is asked for that the checkpoint cannot give.
    #[error("{}: {what}", path.display())]
    Request {
        /// The checkpoint's folder.
        path: PathBuf,
        /// Request, and what there is.
        what: String,
    },
    /// A number of a tensor is beyond what the smaller type can hold.
    #[error("{}: tensor {tensor:?} has numbers too large for the type asked for", path.display())]
    Overflow {
        /// The file to be written.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
    /// A graph is larger than its file format allows.
    #[error("{}: {found} bytes; an .onnx file holds at most {max}", path.display())]
    FileTooLarge {
        /// The file to be written.
        path: PathBuf,
        /// Size of the graph in bytes.
        found: usize,
        /// The format's limit.
        max: usize,
    },
}
