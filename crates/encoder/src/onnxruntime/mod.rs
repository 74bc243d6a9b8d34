//! ONNX Runtime as the runtime of graphs. The one folder that names `ort`.
mod limits;
mod operators;
mod rows;
mod session;

use std::path::{Path, PathBuf};

use cloze_graph::construct::Graph;
use ort::LoadDynamicError;
use ort::environment::Environment;

use crate::EncoderError;
use crate::engine::{Cause, Engine, GraphSource, LoadedGraph};
use session::OnnxGraph;

/// ONNX Runtime's library, loaded.
#[derive(Debug)]
pub(crate) struct OnnxRuntime {
    environment: Environment,
    path: PathBuf,
}

impl OnnxRuntime {
    /// Loads the library at `path`, with its telemetry off.
    ///
    /// # Errors
    /// [`EncoderError::RuntimeTooOld`] and [`EncoderError::RuntimeBroken`].
    pub(crate) fn load(path: &Path) -> Result<Self, EncoderError> {
        let broken = |source: Cause| EncoderError::RuntimeBroken { path: path.to_owned(), source };
        let builder = ort::init_from(path).map_err(|source| match source {
            LoadDynamicError::BadVersion { version_str, .. } => EncoderError::RuntimeTooOld {
                path: path.to_owned(),
                found: version_str,
                needed: ort::MINOR_VERSION,
            },
            source => broken(source.into()),
        })?;
        let environment = builder.with_name("cloze").with_telemetry(false).build();
        let environment = environment.map_err(|source| broken(source.into()))?;
        Ok(Self { environment, path: path.to_owned() })
    }
}

impl Engine for OnnxRuntime {
    fn load(&self, graph: GraphSource) -> Result<Box<dyn LoadedGraph>, Cause> {
        Ok(Box::new(OnnxGraph::new(self.environment.clone(), &self.path, graph)?))
    }

    fn load_both(&self, graphs: [Graph; 2]) -> Result<[Box<dyn LoadedGraph>; 2], Cause> {
        let [first, second] = OnnxGraph::both(&self.environment, &self.path, graphs)?;
        Ok([Box::new(first), Box::new(second)])
    }

    fn reads_files(&self, files: &[&Path]) -> bool {
        session::in_one_folder(files).is_some()
    }

    fn has_own_operators(&self) -> bool {
        true
    }

    fn build_info(&self) -> &'static str {
        ort::info()
    }
}
