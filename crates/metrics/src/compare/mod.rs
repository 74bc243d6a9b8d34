//! Whether a difference is more than chance.
mod bootstrap;
mod mcnemar;

pub use bootstrap::{BootstrapParams, Interval, PairedBootstrap, ValidBootstrapParams};
pub use mcnemar::{McNemar, McNemarMethod, mcnemar};
