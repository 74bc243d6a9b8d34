//! What the other crates share.
pub mod span;
pub use span::{OffsetConverter, OffsetUnit, Span};
