//! Stopping the functions of a session's queries.
use std::any::Any;

use cloze::Cancel;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionConfig;

/// Token in the configuration of a session.
#[derive(Debug)]
struct CancelOption(Cancel);

impl ConfigExtension for CancelOption {
    const PREFIX: &'static str = "cloze";
}

impl ExtensionOptions for CancelOption {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(Self(self.0.clone()))
    }

    fn set(&mut self, key: &str, _: &str) -> Result<()> {
        Err(DataFusionError::Configuration(format!("cloze.{key}: there are no such settings")))
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        vec![]
    }
}

/// Configuration of a session whose queries `cancel` stops.
///
/// A query ends when its stream is dropped, but not before the batch that a function has at hand is done, which
/// with 8,192 texts may take half a minute: a function of DataFusion is not told. With a token it ends between
/// pieces of the batch, 256 KiB of text at most, with the error "cancelled".
///
/// ```
/// use cloze::Cancel;
/// use cloze_datafusion::with_cancel;
/// use datafusion::prelude::{SessionConfig, SessionContext};
///
/// let cancel = Cancel::new();
/// let session = SessionContext::new_with_config(with_cancel(SessionConfig::new(), &cancel));
/// # drop(session);
/// cancel.cancel();
/// ```
#[must_use]
pub fn with_cancel(mut config: SessionConfig, cancel: &Cancel) -> SessionConfig {
    config.options_mut().extensions.insert(CancelOption(cancel.clone()));
    config
}

/// Token of a query; one that nobody cancels where the session has none.
pub(crate) fn cancel_of(config: &ConfigOptions) -> Cancel {
    config.extensions.get::<CancelOption>().map(|option| option.0.clone()).unwrap_or_default()
}
