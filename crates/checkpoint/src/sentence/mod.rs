//! Files of sentence-transformers in a model folder: its modules, prompts and settings, read and checked.
//!
//! Source: sentence-transformers 6.2.0, `base/model.py`, `sentence_transformer/model.py`,
//! `base/modules/{transformer,router}.py`.
mod router;
mod settings;

use std::path::{Component, Path};

use cloze_store::Location;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::CheckpointError;
use router::Router;

pub use settings::SentenceSettings;
pub(crate) use settings::TransformerSettings;

/// The list of modules.
pub(crate) const MODULES: &str = "modules.json";
/// The largest of these files that is read.
const MAX_BYTES: u64 = 1 << 20;
/// Most modules of a list or route.
const MAX_MODULES: usize = 64;

/// A module that a text's vector goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Class without the Python module it is in: `Pooling`.
    pub class: String,
    /// Folder of its files inside the model's folder; empty for the model's folder itself.
    pub path: String,
}

impl Module {
    fn new(class: &str, path: &str) -> Result<Self, String> {
        let parts: Vec<_> =
            Path::new(path).components().filter(|part| *part != Component::CurDir).collect();
        if !parts.iter().all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("the path {path:?} leaves the folder"));
        }
        let parts: Vec<_> =
            parts.iter().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        // The last part is the class; what stands before has changed with versions.
        let class = class.rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Self { class, path: parts.join("/") })
    }

    /// Name of one of its files as seen from the model's folder.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }

    /// Whether it is an encoder, with a configuration and weights of its own.
    fn is_encoder(&self) -> bool {
        ["Transformer", "StaticEmbedding"].contains(&self.class.as_str())
    }
}

/// Modules of a model in the order texts go through them, of one route where it has several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    list: Vec<Module>,
    routes: Vec<String>,
    route: Option<String>,
}

#[derive(Deserialize)]
struct ListedModule {
    #[serde(rename = "type")]
    class: String,
    #[serde(default)]
    path: String,
}

impl Modules {
    /// Reads `modules.json` of the folders that `file` looks names up in, with the route for `task`, or
    /// the default one. `None` without such a file.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] and [`CheckpointError::Json`] for files that cannot be read;
    /// [`CheckpointError::Config`] for a path that leaves the folder, a route that is not there, and an
    /// encoder behind the first module.
    pub(crate) fn read(
        file: &dyn Fn(&str) -> Location,
        task: Option<&str>,
    ) -> Result<Option<Self>, CheckpointError> {
        let path = file(MODULES);
        if !path.is_file() {
            return Ok(None);
        }
        let wrong = |what: String| CheckpointError::Config { path: path.to_path_buf(), what };
        let listed: Vec<ListedModule> = read_json(&path)?;
        if listed.len() > MAX_MODULES {
            return Err(wrong(format!(
                "expected at most {MAX_MODULES} modules, found {}",
                listed.len()
            )));
        }
        let mut modules = Self::default();
        for ListedModule { class, path } in listed {
            let module = Module::new(&class, &path).map_err(wrong)?;
            if !["Router", "Asym"].contains(&module.class.as_str()) {
                modules.list.push(module);
                continue;
            }
            if modules.route.is_some() {
                return Err(wrong("expected at most one Router, found two".into()));
            }
            let router = Router::read(&module, file)?;
            let route = router.route(task)?;
            modules.list.extend(router.modules(&module, &route)?);
            modules.routes = router.routes();
            modules.route = Some(route);
        }
        if let Some(task) = task.filter(|_| modules.route.is_none()) {
            return Err(wrong(format!("no Router among the modules, so no route {task:?}")));
        }
        if let Some(module) = modules.list.iter().skip(1).find(|module| module.is_encoder()) {
            let class = &module.class;
            return Err(wrong(format!(
                "expected {class} as the first module, found it behind one"
            )));
        }
        Ok(Some(modules))
    }

    /// The modules in order, the encoder first.
    #[must_use]
    pub fn list(&self) -> &[Module] {
        &self.list
    }

    /// Names of the routes; empty for a model without a Router.
    #[must_use]
    pub fn routes(&self) -> &[String] {
        &self.routes
    }

    /// The route that is taken, of a model that has several.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    /// Folder of the encoder inside the model's folder, if it is not that folder itself.
    pub(crate) fn encoder_path(&self) -> Option<&str> {
        let first = self.list.first().filter(|module| module.is_encoder())?;
        Some(first.path.as_str()).filter(|path| !path.is_empty())
    }

    /// Whether the encoder is a table of vectors, one per token (`StaticEmbedding`).
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.list.first().is_some_and(|module| module.class == "StaticEmbedding")
    }
}

/// Reads a JSON file of bounded size.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Location) -> Result<T, CheckpointError> {
    let bytes = cloze_store::read::read_capped(path, MAX_BYTES)?;
    serde_json::from_slice(&bytes)
        .map_err(|source| CheckpointError::Json { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use cloze_store::MemoryFolder;

    use super::*;

    fn modules(files: &[(&str, &str)], task: Option<&str>) -> Result<Modules, String> {
        let folder = files.iter().fold(MemoryFolder::new("m"), |folder, (name, text)| {
            folder.file(name, (*text).to_owned())
        });
        let file = |name: &str| folder.root().join(name);
        match Modules::read(&file, task) {
            Ok(modules) => Ok(modules.expect("modules.json is there")),
            Err(CheckpointError::Json { source, .. }) => Err(source.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn names(modules: &Modules) -> Vec<String> {
        modules.list().iter().map(|m| format!("{}:{}", m.class, m.path)).collect()
    }

    #[test]
    fn classes_and_paths_of_all_versions() {
        for (list, expected) in [
            (
                r#"[{"type": "sentence_transformers.models.Transformer", "path": ""}]"#,
                "Transformer:",
            ),
            (r#"[{"type": "sentence_transformers.models.Transformer"}]"#, "Transformer:"),
            (r#"[{"type": "a.b.transformer.Transformer", "path": "."}]"#, "Transformer:"),
            (r#"[{"type": "Transformer", "path": "0_Transformer"}]"#, "Transformer:0_Transformer"),
            (r#"[{"type": "x.StaticEmbedding", "path": "./0_S/"}]"#, "StaticEmbedding:0_S"),
        ] {
            let modules = modules(&[(MODULES, list)], None).unwrap();
            assert_eq!(names(&modules), [expected]);
            assert_eq!(modules.encoder_path().unwrap_or_default(), modules.list()[0].path);
        }
        for (list, expected) in [
            (r#"[{"type": "Pooling", "path": "../1"}]"#, "leaves the folder"),
            (r#"[{"type": "Pooling", "path": "/etc"}]"#, "leaves the folder"),
            (r#"{"type": "Pooling"}"#, "expected a sequence"),
            (r#"[{"path": ""}]"#, "missing field `type`"),
            (r#"[{"type": "Pooling"}, {"type": "Transformer"}]"#, "as the first module"),
        ] {
            let error = modules(&[(MODULES, list)], None).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    const ROUTER: &str =
        r#"[{"type": "x.Router", "path": ""}, {"type": "x.Normalize", "path": "1_N"}]"#;
    const ROUTES: &str = r#"{"types": {"q0": "x.Transformer", "q1": "x.Pooling", "d0": "x.StaticEmbedding"},
        "structure": {"query": ["q0", "q1"], "document": ["d0"]}, "parameters": PARAMETERS}"#;

    /// `Router._resolve_route` of the reference: mappings, then the task's name, then the default route,
    /// then the first.
    #[test]
    fn routes_are_taken_as_the_reference_takes_them() {
        let all =
            r#"{"default_route": "document", "route_mappings": {"('ask', 'text')": "query"}}"#;
        let any = r#"{"route_mappings": {"(None, None)": "document"}}"#;
        let none = r#"{"allow_empty_key": false}"#;
        for (parameters, task, expected) in [
            (all, None, Ok("document")),
            (all, Some("query"), Ok("query")),
            (all, Some("ask"), Ok("query")),
            (all, Some("other"), Err("no route \"other\"; there are query, document")),
            (any, Some("query"), Ok("document")),
            ("{}", None, Ok("query")),
            ("{}", Some("document"), Ok("document")),
            (none, None, Err("no default route")),
            (none, Some("document"), Ok("document")),
            (r#"{"default_route": "x"}"#, None, Err("no route \"x\"")),
        ] {
            let routes = ROUTES.replace("PARAMETERS", parameters);
            let files = [(MODULES, ROUTER), ("router_config.json", routes.as_str())];
            match (modules(&files, task), expected) {
                (Ok(found), Ok(route)) => assert_eq!(found.route(), Some(route), "{parameters}"),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
                (found, _) => panic!("{parameters} {task:?}: {found:?}"),
            }
        }
        let routes = ROUTES.replace("PARAMETERS", "{}");
        let files = [(MODULES, ROUTER), ("router_config.json", routes.as_str())];
        let query = modules(&files, Some("query")).unwrap();
        assert_eq!(names(&query), ["Transformer:q0", "Pooling:q1", "Normalize:1_N"]);
        assert_eq!((query.encoder_path(), query.is_static()), (Some("q0"), false));
        assert!(modules(&files, Some("document")).unwrap().is_static());
    }

    /// The older `Asym` keeps its settings in `config.json`, behind the pooling.
    #[test]
    fn an_asym_behind_the_pooling() {
        let list = r#"[{"type": "x.Transformer", "path": ""}, {"type": "x.Pooling", "path": "1_Pooling"},
            {"type": "sentence_transformers.models.Asym", "path": "2_Asym"}]"#;
        let config = r#"{"types": {"k": "x.Dense"}, "structure": {"query": ["k"], "doc": []},
            "parameters": {"allow_empty_key": true}}"#;
        let files = [(MODULES, list), ("2_Asym/config.json", config)];
        let query = modules(&files, None).unwrap();
        assert_eq!(names(&query), ["Transformer:", "Pooling:1_Pooling", "Dense:2_Asym/k"]);
        assert_eq!(query.routes(), ["query", "doc"]);
        assert_eq!(names(&modules(&files, Some("doc")).unwrap()).len(), 2);
        let gone = modules(&files[..1], None).unwrap_err();
        assert!(gone.contains("2_Asym/router_config.json: not there"), "{gone}");
        let error =
            modules(&[(MODULES, r#"[{"type": "Transformer"}]"#)], Some("query")).unwrap_err();
        assert!(error.contains("no Router among the modules"), "{error}");
    }
}
