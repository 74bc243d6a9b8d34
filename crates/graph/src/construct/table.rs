//! The word table, the largest of a small encoder's weights: as halves where it is stored as halves.
use super::{Build, BuildParams, Numbers, WORDS};
use crate::GraphError;
use crate::check::ElementType;
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, Head};

/// Whether the word table can stay in `f16`: it is stored so, no adapter changes it, and no masked
/// language model multiplies with it.
pub(super) fn stays_halves(checkpoint: &Checkpoint, params: &BuildParams) -> bool {
    let words = checkpoint.weights().as_stored(&checkpoint.layout().words);
    words == Some(StoredType::F16) && !params.heads.contains(&Head::MaskedLm)
}

impl Build<'_> {
    /// The word table's rows, as a result.
    pub(super) fn words(&mut self, ids: &str) -> Result<(), GraphError> {
        self.rows(ids, WORDS)
    }

    fn rows(&mut self, ids: &str, output: &str) -> Result<(), GraphError> {
        let dims = [self.config.vocabulary, self.config.embedding];
        if !self.halves {
            let table = self.nodes.tensor(self.words, &dims)?;
            self.nodes.plain("Gather", &[&table, ids], output);
            return Ok(());
        }
        if !self.nodes.weights.iter().any(|w| w.name == self.words) {
            let halves = self.nodes.reader.read_halves(self.words)?;
            self.nodes.numbers(self.words, &dims, Numbers::F16(halves));
        }
        let halves = self.nodes.plain("Gather", &[self.words, ids], &format!("{output}.f16"));
        self.nodes.cast(&halves, ElementType::Float32, output);
        Ok(())
    }

    /// The word table that `EmbedLayerNormalization` takes, and which of its rows. It wants `f32`: of a
    /// table of halves, which takes half the memory, the rows of the batch alone are made `f32`, and are
    /// then the table, in which a token's row is its place in the batch. The numbers are the same.
    pub(super) fn table(&mut self, ids: &str) -> Result<(String, String), GraphError> {
        if !self.halves {
            let dims = [self.config.vocabulary, self.config.embedding];
            return Ok((self.nodes.tensor(self.words, &dims)?, ids.to_owned()));
        }
        if !self.nodes.has(WORDS) {
            self.rows(ids, WORDS)?;
        }
        let nodes = &mut self.nodes;
        let int64 = ElementType::Int64;
        let width = i64::try_from(self.config.embedding).unwrap_or(i64::MAX);
        let shape = nodes.constant("table.shape", &[2], int64, &[-1, width]);
        let table = nodes.plain("Reshape", &[WORDS, &shape], "table");
        let count = nodes.plain("Size", &[ids], "table.count");
        let [start, step] = [("table.zero", 0), ("table.one", 1)]
            .map(|(name, n)| nodes.constant(name, &[], int64, &[n]));
        let places = nodes.plain("Range", &[&start, &count, &step], "table.places");
        let places = nodes.cast(&places, ElementType::Int32, "table.places.int32");
        let shape = nodes.plain("Shape", &[ids], "ids.shape");
        Ok((table, nodes.plain("Reshape", &[&places, &shape], "table.ids")))
    }
}
