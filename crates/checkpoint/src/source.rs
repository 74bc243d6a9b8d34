//! Sources of the parts of a model folder: its own files, its adapters' and its base's.
use std::path::{Component, Path, PathBuf};

use cloze_store::Location;
use cloze_store::checksum::{sha256, sha256_file};

use crate::adapter::{self, AdapterConfig};
use crate::card::{CARD, Card};
use crate::casing;
use crate::checkpoint::CONFIG;
use crate::error::CheckpointError;
use crate::sentence::{MODULES, Modules};
use crate::weights::Weights;

/// A model folder, what adapters it has, and the base beneath them. A file that the folder lacks is
/// looked for in the adapters' and then in the base's.
#[derive(Clone, Debug, PartialEq)]
pub struct Sources {
    folder: Location,
    base: Location,
    /// Hash that the base must have.
    expected: Option<String>,
    /// With what the changes of each are multiplied with.
    adapters: Vec<(Location, f64)>,
    /// Modules of sentence-transformers, of the route that was asked for.
    modules: Option<Modules>,
}

impl Sources {
    /// Looks into a folder. A folder without an adapter is its own base.
    ///
    /// The base is what `cloze.json` names, or else what `adapter_config.json` does: a folder
    /// relative to the adapter's, or one beside it.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] for a `cloze.json` that cannot be used, and those of
    /// [`AdapterConfig::read`]; [`CheckpointError::NoBase`] and [`CheckpointError::NotABase`] where there is no
    /// base, or one that cannot be; [`CheckpointError::Adapters`] for adapters that do not go together;
    /// [`CheckpointError::Json`] and [`CheckpointError::Config`] for a `modules.json` that cannot be used.
    pub fn find(folder: impl Into<Location>) -> Result<Self, CheckpointError> {
        Self::find_route(folder, None)
    }

    /// The same with the modules of sentence-transformers that texts of `task` go through, of a model
    /// that has several routes.
    ///
    /// # Errors
    /// As [`find`](Self::find); [`CheckpointError::Config`] for a task without a route.
    pub fn find_route(
        folder: impl Into<Location>,
        task: Option<&str>,
    ) -> Result<Self, CheckpointError> {
        let folder = &folder.into();
        let card = Card::open(folder)?;
        let is_adapter = folder.join(adapter::CONFIG).is_file();
        let adapters: Vec<(Location, f64)> = match card.adapters.as_slice() {
            [] if is_adapter => vec![(folder.to_owned(), 1.0)],
            listed => listed.iter().map(|a| (join(folder, &a.folder), a.weight)).collect(),
        };
        if adapters.is_empty() {
            let modules = Modules::read(&|name| folder.join(name), task)?;
            let encoder = modules.as_ref().and_then(Modules::encoder_path);
            let base = encoder.map_or_else(|| folder.clone(), |path| folder.join(path));
            let folder = folder.to_owned();
            return Ok(Self { folder, base, expected: None, adapters, modules });
        }
        let wrong =
            |what: String| Err(CheckpointError::Adapters { path: folder.to_path_buf(), what });
        if Weights::are_in(folder) {
            return wrong(
                "weights and an adapter in one folder; expected the base in another".into(),
            );
        }
        if is_adapter && !adapters.iter().any(|(a, _)| a == folder) {
            let what = format!(
                "{CARD} lists adapters, and not the folder's own; expected it among them as \".\""
            );
            return wrong(what);
        }
        let (base, expected) = match card.base {
            Some(base) => {
                let location = base.find(folder).map_err(|looked| CheckpointError::NoBase {
                    folder: folder.to_path_buf(),
                    base: base.name,
                    looked,
                });
                (location?, Some(base.sha256))
            }
            None => (named_base(&adapters)?, None),
        };
        let folder = folder.to_owned();
        Self { folder, base, expected, adapters, modules: None }.judged(task)
    }

    /// A base with adapters that it does not know of, each with what its changes are multiplied
    /// with.
    ///
    /// # Errors
    /// [`CheckpointError::NotABase`] and [`CheckpointError::Adapters`] as [`find`](Self::find).
    pub fn of(
        base: impl Into<Location>,
        adapters: &[(Location, f64)],
    ) -> Result<Self, CheckpointError> {
        let base = base.into();
        let folder = base.clone();
        let adapters = adapters.to_vec();
        Self { folder, base, expected: None, adapters, modules: None }.judged(None)
    }

    /// The same, checked, with its modules.
    fn judged(mut self, task: Option<&str>) -> Result<Self, CheckpointError> {
        self.judge()?;
        self.modules = Modules::read(&|name| self.file(name), task)?;
        let encoder = self.modules.as_ref().and_then(Modules::encoder_path);
        match encoder.filter(|_| !self.adapters.is_empty()) {
            None => Ok(self),
            Some(encoder) => Err(CheckpointError::Adapters {
                path: self.file(MODULES).to_path_buf(),
                what: format!(
                    "the encoder is in {encoder:?}; expected it in the base's own folder"
                ),
            }),
        }
    }

    fn judge(&self) -> Result<(), CheckpointError> {
        if self.base.join(adapter::CONFIG).is_file() || !Card::open(&self.base)?.adapters.is_empty()
        {
            return Err(self.not_a_base("an adapter itself"));
        }
        if !Weights::are_in(&self.base) {
            return Err(self.not_a_base("a folder without model.safetensors"));
        }
        let wrong =
            |what: String| Err(CheckpointError::Adapters { path: self.folder.to_path_buf(), what });
        for (i, (folder, weight)) in self.adapters.iter().enumerate() {
            let name = folder.display();
            if !weight.is_finite() {
                return wrong(format!(
                    "the weight of {name} is {weight}; expected a finite number"
                ));
            }
            if self.adapters[..i].iter().any(|(other, _)| other == folder) {
                return wrong(format!("{name} occurs twice"));
            }
            if !folder.join(adapter::TENSORS).is_file() {
                let pickled = folder.join("adapter_model.bin").is_file();
                let hint = if pickled {
                    "; adapter_model.bin, which it has, can run code when it is read, so it is not: \
                     let PEFT's save_pretrained write it again"
                } else {
                    ""
                };
                return wrong(format!("no {} in {name}{hint}", adapter::TENSORS));
            }
        }
        let with = |file: &str| self.adapters.iter().filter(|a| a.0.join(file).is_file()).count();
        if !self.folder.join(casing::FILE).is_file() && with(casing::FILE) > 1 {
            return wrong(format!(
                "several adapters have a {}, of which a model has one",
                casing::FILE
            ));
        }
        Ok(())
    }

    /// Error of a base folder that adapters do not fit, being `what`.
    fn not_a_base(&self, what: &'static str) -> CheckpointError {
        CheckpointError::NotABase {
            folder: self.folder.to_path_buf(),
            base: self.base.to_path_buf(),
            what,
        }
    }

    /// The model folder.
    #[must_use]
    pub fn folder(&self) -> &Location {
        &self.folder
    }

    /// The folder with the weights.
    #[must_use]
    pub fn base(&self) -> &Location {
        &self.base
    }

    /// The adapters' folders, each with what its changes are multiplied with.
    #[must_use]
    pub fn adapters(&self) -> &[(Location, f64)] {
        &self.adapters
    }

    /// Modules of sentence-transformers; `None` for a folder without `modules.json`.
    #[must_use]
    pub fn modules(&self) -> Option<&Modules> {
        self.modules.as_ref()
    }

    /// A file of the model: the folder's own, an adapter's or the base's, the first that is there;
    /// else where the folder's own would be. Of an encoder in a folder of its own its files go first.
    #[must_use]
    pub fn file(&self, name: &str) -> Location {
        if self.adapters.is_empty() && self.base.join(name).is_file() {
            return self.base.join(name);
        }
        let adapters = self.adapters.iter().map(|(folder, _)| folder);
        let mut folders = [&self.folder].into_iter().chain(adapters).chain([&self.base]);
        let folder = folders.find(|folder| folder.join(name).is_file());
        folder.unwrap_or(&self.folder).join(name)
    }

    /// `config.json`, if it is not the base's: one that was written for the adapter.
    pub(crate) fn own_config(&self) -> Option<Location> {
        let config = self.file(CONFIG);
        Some(config).filter(|path| !self.adapters.is_empty() && *path != self.base.join(CONFIG))
    }

    /// Reads the base and compares it with the hash that `cloze.json` has of it.
    ///
    /// # Errors
    /// [`CheckpointError::OtherBase`] if it is another; [`CheckpointError::Store`] if it cannot be read.
    pub fn check_base(&self) -> Result<(), CheckpointError> {
        let Some(expected) = &self.expected else { return Ok(()) };
        let hash = Self::of(&self.base, &[])?.sha256()?;
        if hash.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        Err(CheckpointError::OtherBase {
            folder: self.folder.to_path_buf(),
            base: self.base.to_path_buf(),
            expected: expected.clone(),
            found: hash,
        })
    }

    /// The SHA-256 of what the graph comes from: the model's identity, whatever its folder is called.
    /// Of weights in one file it is the file's. Where there is more, weights in several files,
    /// adapters with their settings and weights, or a casing table, it is that of all their hashes,
    /// a line each.
    ///
    /// # Errors
    /// Errors of [`Weights::open`]; [`CheckpointError::Store`] if a file cannot be read.
    pub fn sha256(&self) -> Result<String, CheckpointError> {
        let weights = Weights::open(&self.base)?;
        let hashes = weights.files().iter().map(sha256_file);
        let mut lines = hashes.collect::<Result<Vec<_>, _>>()?;
        for (folder, weight) in &self.adapters {
            for file in [adapter::CONFIG, adapter::TENSORS] {
                lines.push(sha256_file(folder.join(file))?);
            }
            lines.push(format!("weight {weight}"));
        }
        let casing = self.file(casing::FILE);
        if casing.is_file() {
            lines.push(format!("casing {}", sha256_file(&casing)?));
        }
        Ok(match lines.as_slice() {
            [line] => line.clone(),
            _ => sha256(lines.join("\n").as_bytes()),
        })
    }
}

impl Sources {
    /// Hashes of the weights of the modules behind the encoder, a line each.
    pub(crate) fn module_hashes(&self) -> Result<Vec<String>, CheckpointError> {
        let modules = self.modules.iter().flat_map(|modules| modules.list().iter().skip(1));
        let mut lines = vec![];
        for module in modules.filter(|module| !module.path.is_empty()) {
            let weights = self.file(&module.file("model.safetensors"));
            if weights.is_file() {
                lines.push(format!("module {} {}", module.class, sha256_file(&weights)?));
            }
        }
        Ok(lines)
    }
}

/// `path` as seen from `folder`, without `.` in it, so that the folder itself is known again.
fn join(folder: &Location, path: &str) -> Location {
    let parts = Path::new(path).components().filter(|c| *c != Component::CurDir);
    parts.fold(folder.to_owned(), |folder, part| folder.join(part))
}

/// The base that the adapters' settings name, which must be one.
fn named_base(adapters: &[(Location, f64)]) -> Result<Location, CheckpointError> {
    let mut base: Option<Location> = None;
    for (folder, _) in adapters {
        let adapter_base = base_of(folder)?;
        match &base {
            Some(first) if !same(first, &adapter_base) => {
                let [a, b] = [first, &adapter_base].map(|f| f.display().to_string());
                let what = format!("their bases are {a} and {b}; expected one");
                return Err(CheckpointError::Adapters { path: folder.to_path_buf(), what });
            }
            Some(_) => {}
            None => base = Some(adapter_base),
        }
    }
    base.ok_or_else(|| CheckpointError::Adapters {
        path: PathBuf::new(),
        what: "no adapter".into(),
    })
}

fn same(a: &Location, b: &Location) -> bool {
    a.canonical().ok() == b.canonical().ok()
}

/// The base that one adapter's settings name.
fn base_of(folder: &Location) -> Result<Location, CheckpointError> {
    let Some(base) = AdapterConfig::read(folder)?.base_model.filter(|base| !base.is_empty()) else {
        return Err(CheckpointError::NoBase {
            folder: folder.to_path_buf(),
            base: "base".into(),
            looked: format!("base of {CARD}, base_model_name_or_path of {}", adapter::CONFIG),
        });
    };
    // `canonicalize`, since the folder may be given as `.`.
    let whole = folder.canonical().unwrap_or_else(|_| folder.clone());
    let beside = whole.parent().unwrap_or(whole);
    // On a hub a name has its owner's before it, which a folder here does not.
    let last = Path::new(&base).file_name().map(PathBuf::from).unwrap_or_default();
    let places = [folder.join(&base), beside.join(&base), beside.join(last)];
    match places.iter().find(|location| location.is_dir() && !same(location, folder)) {
        Some(location) => Ok(location.clone()),
        None => Err(CheckpointError::NoBase {
            folder: folder.to_path_buf(),
            looked: places.map(|location| location.display().to_string()).join(", "),
            base,
        }),
    }
}
