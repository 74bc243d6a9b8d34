//! Routes of asymmetric models: other modules for queries than for documents.
use std::path::PathBuf;

use cloze_store::Location;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{MAX_MODULES, Module, read_json};
use crate::error::CheckpointError;

/// Kind of input of a text, as routes are mapped from.
const TEXT: &str = "text";

#[derive(Deserialize)]
struct RouterFile {
    /// Class by the name of a module's folder.
    types: Map<String, Value>,
    /// Names of modules' folders by route; the order counts.
    structure: Map<String, Value>,
    #[serde(default)]
    parameters: RouterParameters,
}

#[derive(Default, Deserialize)]
struct RouterParameters {
    default_route: Option<String>,
    allow_empty_key: Option<bool>,
    /// Route by `(task, modality)`, as Python writes it.
    route_mappings: Option<Map<String, Value>>,
}

/// A `Router`, or `Asym` as it was called before version 5.
pub(super) struct Router {
    path: PathBuf,
    file: RouterFile,
}

impl Router {
    /// Reads `router_config.json`, or else `config.json`, in the module's folder.
    pub(super) fn read(
        module: &Module,
        file: &dyn Fn(&str) -> Location,
    ) -> Result<Self, CheckpointError> {
        let newer = file(&module.file("router_config.json"));
        let older = file(&module.file("config.json"));
        // In the model's own folder `config.json` is that of an encoder.
        let path = if !newer.is_file() && !module.path.is_empty() && older.is_file() {
            older
        } else {
            newer
        };
        if !path.is_file() {
            let (path, what) = (path.to_path_buf(), "not there; the Router's routes are unknown");
            return Err(CheckpointError::Config { path, what: what.into() });
        }
        Ok(Self { file: read_json(&path)?, path: path.to_path_buf() })
    }

    fn wrong(&self, what: String) -> CheckpointError {
        CheckpointError::Config { path: self.path.clone(), what }
    }

    /// Names of the routes, in order.
    pub(super) fn routes(&self) -> Vec<String> {
        self.file.structure.keys().cloned().collect()
    }

    /// Route of texts of a task, or the default route.
    pub(super) fn route(&self, task: Option<&str>) -> Result<String, CheckpointError> {
        let RouterParameters { default_route, allow_empty_key, .. } = &self.file.parameters;
        let structure = &self.file.structure;
        let named = |name: &str| structure.contains_key(name).then(|| name.to_owned());
        let first = || {
            let first = structure.keys().next().cloned();
            first.filter(|_| allow_empty_key.unwrap_or(true))
        };
        let mapped = [(task, Some(TEXT)), (task, None), (None, Some(TEXT)), (None, None)];
        let route = mapped
            .into_iter()
            .find_map(|(task, modality)| self.mapped(task, modality))
            .or_else(|| task.and_then(named))
            .or_else(|| named(TEXT));
        let route = match (route, task) {
            (Some(route), _) => route,
            (None, Some(task)) => return Err(self.no_route(task)),
            (None, None) => {
                let route = default_route.clone().or_else(first);
                route.ok_or_else(|| {
                    let routes = self.routes().join(", ");
                    self.wrong(format!("no default route; name one of {routes}\nhint: --route"))
                })?
            }
        };
        named(&route).ok_or_else(|| self.no_route(&route))
    }

    fn no_route(&self, name: &str) -> CheckpointError {
        self.wrong(format!("no route {name:?}; there are {}", self.routes().join(", ")))
    }

    /// Route that the mappings have for a task and a kind of input.
    fn mapped(&self, task: Option<&str>, modality: Option<&str>) -> Option<String> {
        let mappings = self.file.parameters.route_mappings.as_ref()?;
        let python = |name: Option<&str>| name.map_or("None".into(), |name| format!("'{name}'"));
        let key = format!("({}, {})", python(task), python(modality));
        Some(mappings.get(&key)?.as_str()?.to_owned())
    }

    /// Modules of a route, in order.
    pub(super) fn modules(
        &self,
        router: &Module,
        route: &str,
    ) -> Result<Vec<Module>, CheckpointError> {
        let names = self.file.structure.get(route).and_then(Value::as_array);
        let names = names.filter(|names| names.len() <= MAX_MODULES).ok_or_else(|| {
            self.wrong(format!("structure.{route}: expected a list of at most {MAX_MODULES} names"))
        })?;
        let module = |name: &Value| {
            let name = name.as_str().unwrap_or_default();
            let class = self.file.types.get(name).and_then(Value::as_str);
            let class =
                class.ok_or_else(|| format!("types has no class of the module {name:?}"))?;
            Module::new(class, &router.file(name))
        };
        names.iter().map(|name| module(name).map_err(|what| self.wrong(what))).collect()
    }
}
