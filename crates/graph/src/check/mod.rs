//! Limits on a foreign `.onnx` file, and its contents.
//!
//! ONNX Runtime trusts the models it loads. A file can make it read other files of the machine
//! (external data), look for operators in foreign libraries (custom domains), or work for minutes
//! on a few kilobytes (nested sub-graphs, functions that call functions), or run forever and take all
//! memory (loops, shapes of constants). [`ValidCheckParams`] refuses those, by name, before anything is loaded, and hands on the very bytes it checked.
//!
//! The check does not cover whether the graph makes sense: ONNX Runtime does that when it builds
//! its session.
mod element;
mod external;
mod flow;
mod info;
mod walk;
mod wire;

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use cloze_checkpoint::ModelFolder;
use cloze_store::Location;
use prost::Message;

use crate::GraphError;
use crate::onnx::{GraphProto, ModelProto};
pub use element::ElementType;
pub use external::ExternalFile;
use external::Reader;
use flow::Flow;
pub use info::{Dim, GraphInfo, TensorInfo};
use walk::{Fault, Walk};
use wire::{Limits, Stop};

/// Reads the graph of a model folder that has no weights and checks it with the default settings:
/// nothing unchecked reaches ONNX Runtime.
///
/// # Errors
/// Errors of [`ValidCheckParams::open`].
pub fn open_model(model: &ModelFolder) -> Result<CheckedModel, GraphError> {
    CheckParams::new().check()?.open(model.graph_path())
}

/// Domains whose operators ONNX Runtime has built in; the last two are its own, for the layouts
/// that it rewrites a graph to. Source: include/onnxruntime/core/graph/constants.h.
const DOMAINS: [&str; 6] =
    ["", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"];
/// Domains that ONNX Runtime (1.32) imports in every graph it saves, used or not. Without a node
/// they mean nothing; and their operators stay refused.
const IMPORTS: [&str; 5] = [
    "ai.onnx.training",
    "ai.onnx.preview",
    "ai.onnx.preview.training",
    "com.microsoft.experimental",
    "org.pytorch.aten",
];
/// Protobuf readers, prost among them, stop at 100 nested messages, and a sub-graph takes three.
pub(crate) const MAX_DEPTH: usize = 30;

/// Limits on a foreign graph.
#[derive(Clone, Debug)]
#[must_use]
pub struct CheckParams {
    max_bytes: u64,
    max_nodes: usize,
    max_fields: usize,
    max_depth: usize,
    max_elements: u64,
    allow_loops: bool,
    domains: Vec<String>,
}

impl Default for CheckParams {
    fn default() -> Self {
        Self::new()
    }
}

impl CheckParams {
    /// The defaults, which every encoder in practice is far below.
    pub fn new() -> Self {
        Self {
            max_bytes: 2 << 30,
            max_nodes: 100_000,
            max_fields: 1_000_000,
            max_depth: 8,
            max_elements: 1 << 27,
            allow_loops: false,
            domains: vec![],
        }
    }

    /// Bytes of the model with its external data, all of which are held in memory; at least 1.
    /// Default 2 GiB.
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Nodes, in sub-graphs and functions too, a function's counting at each call; at least 1.
    /// Default `100_000`.
    pub fn max_nodes(mut self, max_nodes: usize) -> Self {
        self.max_nodes = max_nodes;
        self
    }

    /// Messages, names and dimensions, each of which takes up to 400 bytes while the file is
    /// checked, so that a small file cannot fill the memory; at least 1. A node takes about 10.
    /// Default `1_000_000`.
    pub fn max_fields(mut self, max_fields: usize) -> Self {
        self.max_fields = max_fields;
        self
    }

    /// Largest depth of sub-graphs and function calls: 0 for none at all, at most 30. The work of
    /// ONNX Runtime for a sub-graph doubles with each level. Default `8`.
    pub fn max_depth(mut self, max_depth: usize) -> Self {
        self.max_depth = max_depth;
        self
    }

    /// Elements that all `Expand`, `Tile`, `ConstantOfShape`, `Range` and their like make whose sizes are
    /// constants of the file; at least 1. Default 134,217,728, 512 MiB of `float32`.
    pub fn max_elements(mut self, max_elements: u64) -> Self {
        self.max_elements = max_elements;
        self
    }

    /// Whether operators may be used that run a sub-graph many times: `Loop`, `Scan`, and those of ONNX
    /// Runtime that generate text. No encoder needs them, and nothing bounds their time. Default `false`.
    pub fn allow_loops(mut self, allow_loops: bool) -> Self {
        self.allow_loops = allow_loops;
        self
    }

    /// One more domain whose operators may be used. Default none beside ONNX's own, `ai.onnx.ml`
    /// and ONNX Runtime's `com.microsoft`, `com.microsoft.nchwc` and `com.ms.internal.nhwc`.
    pub fn allow_domain(mut self, domain: impl Into<String>) -> Self {
        self.domains.push(domain.into());
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    /// [`GraphError::Setting`] names the first one out of its range.
    pub fn check(self) -> Result<ValidCheckParams, GraphError> {
        let sizes = [
            ("max_bytes", self.max_bytes),
            ("max_nodes", self.max_nodes as u64),
            ("max_fields", self.max_fields as u64),
            ("max_elements", self.max_elements),
        ];
        if let Some((name, value)) = sizes.into_iter().find(|(_, size)| *size == 0) {
            return Err(GraphError::Setting { name, expected: "at least 1", found: value });
        }
        if self.max_depth > MAX_DEPTH {
            let (name, value) = ("max_depth", self.max_depth as u64);
            return Err(GraphError::Setting { name, expected: "at most 30", found: value });
        }
        Ok(ValidCheckParams(self))
    }
}

/// Validated settings.
#[derive(Clone, Debug)]
pub struct ValidCheckParams(CheckParams);

/// A model that may be loaded: from these bytes, not from its path, where another file may be by
/// now.
#[derive(Clone, Debug)]
pub struct CheckedModel {
    /// Contents of the graph.
    pub info: GraphInfo,
    /// The `.onnx` file.
    pub bytes: Bytes,
    /// The files with its external data, each once, in the order the graph names them. ONNX
    /// Runtime takes them by their location.
    pub external: Vec<ExternalFile>,
}

impl ValidCheckParams {
    /// Reads and checks the model at `path`. External data are looked for in the folder of `path`
    /// as it is given; `path` itself may be a symbolic link, what is below its folder may not.
    ///
    /// # Errors
    /// [`GraphError::Read`] and [`GraphError::NotAFile`] if there is no such file, and all that
    /// [`check_bytes`](Self::check_bytes) returns.
    pub fn open(&self, path: impl Into<Location>) -> Result<CheckedModel, GraphError> {
        let path = path.into();
        let folder = path.parent().unwrap_or_else(|| Path::new("").into());
        if let Some(bytes) = path.bytes() {
            return self.check_bytes_as(bytes, &folder, &path);
        }
        let max_bytes = self.0.max_bytes;
        // Asked before opening: to open a pipe is to wait for its writer.
        if !fs_err::metadata(&path)?.is_file() {
            return Err(GraphError::NotAFile { path: path.to_path_buf() });
        }
        let file = path.open()?;
        let size = file.byte_len()?;
        let mut bytes = vec![];
        if size <= max_bytes {
            file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        }
        let size = size.max(bytes.len() as u64);
        if size > max_bytes {
            return Err(GraphError::TooLarge { path: path.to_path_buf(), max_bytes, found: size });
        }
        self.check_bytes_as(bytes.into(), &folder, &path)
    }

    /// Checks a model that has been read already; external data are looked for in `folder`, which
    /// stands for the model in errors.
    ///
    /// # Errors
    /// In this order: [`GraphError::TooLarge`];
    /// [`GraphError::Malformed`], [`GraphError::TooManyNodes`], [`GraphError::TooDeep`] and
    /// [`GraphError::TooManyFields`], found without decoding; [`GraphError::Decode`];
    /// [`GraphError::NoGraph`] and [`GraphError::Training`];
    /// [`GraphError::FunctionTwice`] and [`GraphError::FunctionLoop`], and again
    /// [`GraphError::TooManyNodes`] and [`GraphError::TooDeep`] with functions put in place;
    /// [`GraphError::ImportDomain`] and [`GraphError::OperatorDomain`];
    /// [`GraphError::Cycle`], [`GraphError::Loop`] and [`GraphError::Expansion`];
    /// for what the tensors say of external data [`GraphError::ExternalTwice`],
    /// [`GraphError::ExternalLocation`], [`GraphError::ExternalPlace`] and
    /// [`GraphError::ExternalNumber`];
    /// for the files [`GraphError::Read`], [`GraphError::ExternalSymlink`],
    /// [`GraphError::ExternalNotAFile`], [`GraphError::ExternalChanged`],
    /// [`GraphError::ExternalHardLink`], [`GraphError::ExternalOutside`],
    /// [`GraphError::ExternalTooLarge`] and [`GraphError::ExternalRange`].
    pub fn check_bytes(&self, bytes: Bytes, folder: &Path) -> Result<CheckedModel, GraphError> {
        self.check_bytes_as(bytes, &folder.into(), folder)
    }

    fn check_bytes_as(
        &self,
        bytes: Bytes,
        folder: &Location,
        path: &Path,
    ) -> Result<CheckedModel, GraphError> {
        let CheckParams { max_bytes, max_nodes, max_fields, max_depth, .. } = self.0;
        let owned = || path.to_owned();
        let model_bytes = bytes.len() as u64;
        if model_bytes > max_bytes {
            return Err(GraphError::TooLarge { path: owned(), max_bytes, found: model_bytes });
        }
        let too_many = || GraphError::TooManyNodes { path: owned(), max_nodes };
        let too_deep = || GraphError::TooDeep { path: owned(), max_depth };
        let limits = Limits { nodes: max_nodes, depth: max_depth, fields: max_fields };
        wire::count(&bytes, limits).map_err(|stop| match stop {
            Stop::Malformed { at, what } => GraphError::Malformed { path: owned(), at, what },
            Stop::Nodes => too_many(),
            Stop::Depth => too_deep(),
            Stop::Fields => GraphError::TooManyFields { path: owned(), max_fields },
        })?;
        let model = ModelProto::decode(bytes.clone())
            .map_err(|source| GraphError::Decode { path: owned(), source })?;
        let Some(main) = &model.graph else {
            return Err(GraphError::NoGraph { path: owned() });
        };
        if !model.training_info.is_empty() {
            return Err(GraphError::Training { path: owned() });
        }
        let fault = |fault| function_error(&model, fault, path);
        let walk = Walk::new(&model, main).map_err(fault)?;
        let extent = walk.extent().map_err(fault)?;
        if extent.nodes > max_nodes {
            return Err(too_many());
        }
        if extent.depth > max_depth {
            return Err(too_deep());
        }
        self.check_domains(&model, &walk, path)?;
        self.check_flow(&model, main, path)?;
        let external = Reader::new(path, folder, max_bytes, model_bytes).read(&walk.tensors)?;
        let size = external.iter().map(|file| file.bytes.len() as u64).sum::<u64>() + model_bytes;
        let info = GraphInfo::new(&model, main, &walk, size);
        Ok(CheckedModel { info, bytes, external })
    }

    fn check_flow(
        &self,
        model: &ModelProto,
        main: &GraphProto,
        path: &Path,
    ) -> Result<(), GraphError> {
        let CheckParams { max_elements, allow_loops, .. } = self.0;
        let flow = Flow::check(model, main, allow_loops, max_elements);
        flow.map_err(|fault| {
            let (flow::Fault::Cycle(node) | flow::Fault::Loop(node) | flow::Fault::Expansion(node)) =
                fault;
            let output = || node.output.first().cloned().unwrap_or_default();
            let name = if node.name.is_empty() { output() } else { node.name.clone() };
            let (path, op) = (path.to_owned(), node.op_type.clone());
            match fault {
                flow::Fault::Cycle(_) => GraphError::Cycle { path, node: name, op },
                flow::Fault::Loop(_) => GraphError::Loop { path, node: name, op },
                flow::Fault::Expansion(_) => {
                    GraphError::Expansion { path, node: name, op, max_elements }
                }
            }
        })
    }

    fn check_domains(
        &self,
        model: &ModelProto,
        walk: &Walk<'_>,
        path: &Path,
    ) -> Result<(), GraphError> {
        let allowed = |domain: &str| {
            DOMAINS.contains(&domain) || self.0.domains.iter().any(|extra| extra == domain)
        };
        let function_domains: HashSet<&str> =
            model.functions.iter().map(|f| f.domain.as_str()).collect();
        let imports =
            model.functions.iter().flat_map(|f| &f.opset_import).chain(&model.opset_import);
        for import in imports {
            let domain = import.domain.as_str();
            if !allowed(domain) && !IMPORTS.contains(&domain) && !function_domains.contains(domain)
            {
                let (path, domain) = (path.to_owned(), domain.to_owned());
                return Err(GraphError::ImportDomain { path, domain });
            }
        }
        // The operator itself must be defined, not just its domain: a function put there for
        // show would open the domain to all operators.
        for (_, node) in &walk.nodes {
            if !allowed(&node.domain) && !walk.defines(node) {
                return Err(GraphError::OperatorDomain {
                    path: path.to_owned(),
                    node: node.name.clone(),
                    op: node.op_type.clone(),
                    domain: node.domain.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Error for a fault of the model's functions.
fn function_error(model: &ModelProto, fault: Fault, path: &Path) -> GraphError {
    let name = |i: usize| {
        let function = &model.functions[i];
        format!("{}::{}", function.domain, function.name)
    };
    let path = path.to_owned();
    match fault {
        Fault::Twice(i) => GraphError::FunctionTwice { path, function: name(i) },
        Fault::Loop(i) => GraphError::FunctionLoop { path, function: name(i) },
    }
}
