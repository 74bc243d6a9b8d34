//! Flags of searching in an index.
use clap::Args;
use cloze::search::{EngineKind, Filter};

use crate::flags::values;

/// Records to search.
#[derive(Args)]
pub(crate) struct FilterFlags {
    /// Only records that pass: key=value, key!=value, or with numbers key<value, <=, >, >=; can be repeated
    #[arg(long, value_name = "CONDITION", help_heading = "Search")]
    pub(crate) filter: Vec<String>,
}

impl FilterFlags {
    /// Returns the filter, if there is one.
    pub(crate) fn parse(&self) -> anyhow::Result<Option<Filter>> {
        let filter = Filter::parse(&self.filter)?;
        Ok((!filter.is_empty()).then_some(filter))
    }
}

values! { EngineArg => EngineKind {
    #[default]
    Auto => EngineKind::Auto,
    /// Compares the query with every row
    Exact => EngineKind::Exact,
    /// Searches a graph of neighbours (approximate)
    Hnsw => EngineKind::Hnsw,
} }
