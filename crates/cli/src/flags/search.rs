//! Flags of searching in an index.
use clap::Args;
use cloze::search::{EngineKind, Filter};

use crate::flags::values;

/// Which records.
#[derive(Args)]
pub(crate) struct FilterFlags {
    /// Only what passes: key=value, key!=value, or with numbers key<value, <=, >, >=; can be repeated
    #[arg(long, value_name = "CONDITION", help_heading = "Search")]
    pub(crate) filter: Vec<String>,
}

impl FilterFlags {
    /// The filter, where there is one.
    pub(crate) fn parse(&self) -> anyhow::Result<Option<Filter>> {
        let filter = Filter::parse(&self.filter)?;
        Ok((!filter.is_empty()).then_some(filter))
    }
}

values! { EngineArg => EngineKind {
    #[default]
    Auto => EngineKind::Auto,
    /// Every row is compared with
    Exact => EngineKind::Exact,
    /// A graph of near rows is followed
    Hnsw => EngineKind::Hnsw,
} }
