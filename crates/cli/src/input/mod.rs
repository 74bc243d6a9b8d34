//! Readers of texts, pairs and examples, in chunks.
pub(crate) mod answers;
pub(crate) mod chunks;
pub(crate) mod examples;
pub(crate) mod gather;
pub(crate) mod kept;
pub(crate) mod pairs;
pub(crate) mod skipped;
pub(crate) mod texts;
