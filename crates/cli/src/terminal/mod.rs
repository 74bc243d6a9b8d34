//! Messages, progress, and destinations of results.
pub(crate) mod hints;
pub(crate) mod messages;
pub(crate) mod out;
pub(crate) mod progress;
pub(crate) mod shares;
pub(crate) mod signals;
pub(crate) mod training;
