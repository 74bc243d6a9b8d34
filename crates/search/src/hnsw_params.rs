//! Settings of a graph.
use cloze_embed::Metric;
use serde::{Deserialize, Serialize};

use crate::SearchError;

/// The numbers that a graph has of each vector, beside the vectors themselves: fewer bits make it
/// smaller, and more rows have to be looked at again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GraphDtype {
    /// 32 bits.
    F32,
    /// 16 bits.
    #[default]
    F16,
    /// 8 bits; for cosines.
    I8,
    /// A bit, the sign; for cosines.
    B1,
}

/// Settings for building and searching a graph; [`check`](Self::check) makes them usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HnswParams {
    pub(crate) dtype: GraphDtype,
    pub(crate) connectivity: usize,
    pub(crate) expansion_add: usize,
    /// 0 is measured when the graph is built.
    pub(crate) expansion_search: usize,
}

impl Default for HnswParams {
    fn default() -> Self {
        let dtype = GraphDtype::default();
        Self { dtype, connectivity: 16, expansion_add: 128, expansion_search: 0 }
    }
}

impl HnswParams {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The numbers that the graph has of each vector. Default [`GraphDtype::F16`].
    #[must_use]
    pub fn dtype(self, dtype: GraphDtype) -> Self {
        Self { dtype, ..self }
    }

    /// The most links of a node above the ground, M of the paper; on the ground twice as many.
    /// Default `16`.
    #[must_use]
    pub fn connectivity(self, connectivity: usize) -> Self {
        Self { connectivity, ..self }
    }

    /// Candidates kept while a node is inserted, efConstruction of the paper. Default `128`.
    #[must_use]
    pub fn expansion_add(self, expansion_add: usize) -> Self {
        Self { expansion_add, ..self }
    }

    /// Candidates kept in a search (`ef_search`, ef of the paper): more find more, and take longer.
    /// Default `0`: when the graph is built, searches that start near its own rows are compared with
    /// an exact search, and the least is taken that finds 97 of 100 of the 10 nearest.
    #[must_use]
    pub fn expansion_search(self, expansion_search: usize) -> Self {
        Self { expansion_search, ..self }
    }

    /// The settings, if all are within their bounds and go with `metric`.
    ///
    /// # Errors
    /// [`SearchError::Setting`] for fewer than 2 or more than 512 links, an expansion of more than
    /// 65,536 or one of 0 when nodes are added, and numbers of 8 bits or 1 with a metric that is not
    /// the cosine.
    pub fn check(self, metric: Metric) -> Result<ValidHnswParams, SearchError> {
        let bounds = [
            ("connectivity", self.connectivity, 2, 512),
            ("expansion_add", self.expansion_add, 1, 65_536),
            ("expansion_search", self.expansion_search, 0, 65_536),
        ];
        for (setting, value, least, most) in bounds {
            if value < least || value > most {
                let (expected, value) = (format!("{least} to {most}"), value.to_string());
                return Err(SearchError::Setting { setting, expected, found: value });
            }
        }
        if matches!(self.dtype, GraphDtype::I8 | GraphDtype::B1) && metric != Metric::Cosine {
            return Err(SearchError::Setting {
                setting: "graph dtype",
                expected: "f32 or f16, where the metric is not the cosine".into(),
                found: format!("{:?}", self.dtype).to_lowercase(),
            });
        }
        Ok(ValidHnswParams(self))
    }
}

/// Settings that were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidHnswParams(HnswParams);

impl ValidHnswParams {
    pub(crate) fn get(&self) -> &HnswParams {
        &self.0
    }
}
