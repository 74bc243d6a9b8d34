//! Number of operations of a model; speed is given as a share of it.
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// The sizes that arithmetic depends on; `DistilBERT` has names of its own.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Sizes {
    #[serde(rename = "hidden_size", alias = "dim")]
    hidden: u32,
    #[serde(rename = "intermediate_size", alias = "hidden_dim")]
    inner: u32,
    #[serde(rename = "num_hidden_layers", alias = "n_layers")]
    layers: u32,
}

impl Sizes {
    /// Reads `config.json` of a folder.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("config.json");
        let text = fs_err::read_to_string(&path)?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Operations for texts of these lengths in tokens, padding left out: two for each weight of the
    /// layers' matrices (4 · hidden² of attention, 2 · hidden · inner behind it) and each token, and
    /// in each layer 4 · hidden · length² for the scores of attention and what is made of them.
    pub(crate) fn operations(self, lengths: &[usize]) -> f64 {
        let [hidden, inner, layers] = [self.hidden, self.inner, self.layers].map(f64::from);
        let weights = layers * (4.0 * hidden * hidden + 2.0 * hidden * inner);
        #[expect(clippy::cast_precision_loss, reason = "lengths of texts are small")]
        let of = |&length: &usize| {
            let length = length as f64;
            2.0 * weights * length + 4.0 * layers * hidden * length * length
        };
        lengths.iter().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 layers, hidden 3, inner 5: 2 · (4 · 9 + 2 · 15) = 132 weights. A text of 7 tokens takes
    /// 2 · 132 · 7 = 1,848 operations and 4 · 2 · 3 · 49 = 1,176 for attention; one of 1 token 264 and 24.
    #[test]
    fn operations_are_those_worked_out_by_hand() {
        let sizes = Sizes { hidden: 3, inner: 5, layers: 2 };
        assert!(sizes.operations(&[]).abs() < 1e-9);
        assert!((sizes.operations(&[7]) - 3024.0).abs() < 1e-9);
        assert!((sizes.operations(&[7, 1]) - 3312.0).abs() < 1e-9);
    }

    /// The layers of all-MiniLM-L6-v2 have 10,616,832 weights in matrices.
    #[test]
    fn the_sizes_are_those_of_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/minilm-l6-v2");
        let sizes = Sizes::read(&folder).unwrap();
        let expected = 2.0 * 10_616_832.0 + 4.0 * 6.0 * 384.0;
        assert!((sizes.operations(&[1]) - expected).abs() < 1e-3);
        assert!(Sizes::read(Path::new("no such folder")).is_err());
    }
}
