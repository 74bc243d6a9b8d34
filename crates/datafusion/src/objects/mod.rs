//! Object stores: URLs of objects, stores that are opened as URLs name them, and models that are fetched from there.
mod error;
mod fetch;

use std::path::Path;
use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::{
    DefaultObjectStoreRegistry, ObjectStoreRegistry, ObjectStoreUrl,
};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, parse_url_opts};
use url::{Position, Url};

pub use error::ObjectError;
pub use fetch::{Fetched, fetch_models};

/// Schemes of URLs whose authority names the store: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure
/// Blob Storage, and files.
const SCHEMES: [&str; 9] = ["s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss", "file"];
/// Beginnings of variables of the environment that have addresses and keys of stores.
const VARIABLES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// Registry that opens a store the first time that a URL names it: `s3://bucket`, `gs://bucket`, `az://container`,
/// `abfs://…`. Addresses and keys come from the environment, under the names that the `object_store` crate documents
/// (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME`, …). All but `file://`
/// needs the feature `clouds`.
#[derive(Debug, Default)]
pub struct EnvironmentStores(DefaultObjectStoreRegistry);

impl ObjectStoreRegistry for EnvironmentStores {
    fn register_store(
        &self,
        url: &Url,
        store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        self.0.register_store(url, store)
    }

    fn deregister_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        self.0.deregister_store(url)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        if let Ok(store) = self.0.get_store(url) {
            return Ok(store);
        }
        let store = open(url).map_err(|error| DataFusionError::External(error.into()))?;
        self.0.register_store(url, store.clone());
        Ok(store)
    }
}

/// Settings of a runtime whose sessions read from the stores of [`EnvironmentStores`].
#[must_use]
pub fn runtime_with_stores() -> RuntimeEnvBuilder {
    RuntimeEnvBuilder::new().with_object_store_registry(Arc::new(EnvironmentStores::default()))
}

/// Opens the store of a URL, with the settings of the environment.
fn open(url: &Url) -> Result<Arc<dyn ObjectStore>, ObjectError> {
    let failed = |source| ObjectError::Open { url: url.to_string(), source };
    let root = Url::parse(&url[..Position::BeforePath]);
    let root = root.map_err(|error| invalid(url.as_str(), error.to_string()))?;
    // Names without such a beginning would be taken for settings, too: `BUCKET`, `TOKEN`.
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        VARIABLES.iter().any(|begin| name.starts_with(begin)).then_some((name, value))
    });
    let (store, _) = parse_url_opts(&root, variables).map_err(failed)?;
    Ok(store.into())
}

/// Whether a path is a URL: `s3://bucket/key`.
pub(crate) fn is_url(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.contains("://"))
}

/// Object, or what the names of several begin with: its store and its place there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectUrl {
    pub(crate) store: ObjectStoreUrl,
    pub(crate) path: ObjectPath,
}

impl ObjectUrl {
    /// Parses `s3://bucket/key`; what is special in a URL stands in it as `%20`.
    pub(crate) fn parse(text: &str) -> Result<Self, ObjectError> {
        let failed = |reason: String| invalid(text, reason);
        let url = Url::parse(text).map_err(|error| failed(error.to_string()))?;
        if !SCHEMES.contains(&url.scheme()) {
            let expected = SCHEMES.map(|scheme| format!("{scheme}://")).join(", ");
            return Err(failed(format!("expected {expected}, found {}://", url.scheme())));
        }
        if url.scheme() != "file" && url.host_str().is_none_or(str::is_empty) {
            return Err(failed("expected the name of a bucket behind //".into()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(failed("expected no query and no fragment; %3F is ?, %23 is #".into()));
        }
        let store = ObjectStoreUrl::parse(&url[..Position::BeforePath])
            .map_err(|error| failed(error.to_string()))?;
        let path =
            ObjectPath::from_url_path(url.path()).map_err(|error| failed(error.to_string()))?;
        Ok(Self { store, path })
    }

    /// URL of another object of the same store, which [`parse`](Self::parse) finds again.
    pub(crate) fn sibling(&self, path: &ObjectPath) -> String {
        let mut url: Url = AsRef::<Url>::as_ref(&self.store).clone();
        url.set_path(&path.as_ref().replace('%', "%25"));
        url.to_string()
    }
}

fn invalid(url: &str, reason: String) -> ObjectError {
    ObjectError::Url { url: url.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_objects_are_found_again() {
        for key in ["a.parquet", "year=2024/a b.parquet", "100%/ü#?.parquet", "a%20b"] {
            let path = ObjectPath::parse(key).unwrap();
            let root = ObjectUrl::parse("s3://bucket/elsewhere/").unwrap();
            let url = root.sibling(&path);
            let found = ObjectUrl::parse(&url).unwrap();
            assert_eq!(found, ObjectUrl { store: root.store, path }, "{url}");
        }
        // Signs of URLs are of the URL.
        let found = ObjectUrl::parse("gs://b/a%20b/").unwrap();
        assert_eq!((found.path.as_ref(), found.store.as_str()), ("a b", "gs://b/"));
    }

    #[test]
    fn other_urls_are_refused() {
        for (url, reason) in [
            ("s3://", "expected the name of a bucket"),
            ("s3:///a", "expected the name of a bucket"),
            ("https://host/a.parquet", "expected s3://"),
            ("s3://bucket/a?b", "no query"),
            ("s3://bucket/a#b", "no query"),
        ] {
            let error = ObjectUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains(url), "{error}");
        }
        assert!(is_url(Path::new("s3://b/c")) && !is_url(Path::new("s3:/b")));
    }

    /// Without the feature no cloud's protocol is compiled in; with it, a store opens without a connection.
    #[test]
    fn a_store_is_opened_once() {
        let stores = EnvironmentStores::default();
        let url = Url::parse("s3://bucket/a").unwrap();
        let opened = stores.get_store(&url);
        if cfg!(feature = "clouds") {
            assert!(Arc::ptr_eq(&opened.unwrap(), &stores.get_store(&url).unwrap()));
        } else {
            let error = opened.unwrap_err().to_string();
            assert!(error.contains("s3://bucket/a"), "{error}");
        }
    }
}
