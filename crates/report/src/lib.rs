//! Reports on models and texts: HTML pages, SVG plots, model cards. Data in, text out: nothing here
//! reads files, prints, or looks at the process it runs in.
//!
//! - [`text`]: texts and numbers as they may stand in a terminal or a table;
//! - [`page`]: pages that need no other file;
//! - [`plot`]: plots as SVG; [`heatmap`]: matrices of similarities;
//! - [`card`]: model cards as Markdown;
//! - [`labels`]: the evaluation of labels as plain tables;
//! - [`classifier`]: trained classifiers, as plain text, page and card;
//! - [`entities`]: texts with their entities;
//! - [`tuning`]: reports on models trained by steps;
//! - [`anisotropy`], [`clusters`], [`correction`], [`duplicates`], [`senses`], [`similarity`]: reports of
//!   their own.
pub mod anisotropy;
pub mod card;
pub mod classifier;
pub mod clusters;
pub mod correction;
mod data;
pub mod duplicates;
pub mod entities;
mod error;
pub mod heatmap;
pub mod labels;
pub mod page;
pub mod plot;
pub mod senses;
pub mod similarity;
pub mod text;
pub mod tuning;
mod write;

pub use data::{DataFile, PlacedText};
pub use error::ReportError;
