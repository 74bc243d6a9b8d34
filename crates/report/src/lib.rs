//! Reports on models and texts: HTML pages, SVG plots, model cards. Data in, text out: nothing here
//! reads files, prints, or looks at the process it runs in.
//!
//! - [`text`]: texts and numbers as they may stand in a terminal or a table;
//! - [`page`]: pages that need no other file;
//! - [`plot`]: plots as SVG; [`heatmap`]: matrices of similarities;
//! - [`card`]: model cards as Markdown;
//! - [`labels`]: the evaluation of labels as plain tables; [`grid`]: figures as Markdown, LaTeX and
//!   comma-separated values;
//! - [`classifier`]: trained classifiers, as plain text, page and card;
//! - [`entities`]: texts with their entities;
//! - `columns`, with the feature `parquet`: vectors and entities as Parquet and Arrow files;
//! - [`tuning`]: reports on models trained by steps;
//! - [`predictions`]: predicted labels of texts;
//! - [`redaction`]: the curve of redaction's settings;
//! - [`anisotropy`], [`clusters`], [`correction`], [`duplicates`], [`index`], [`senses`], [`similarity`]:
//!   reports of their own.
//!
//! HTML is put together by `format!`. `maud` was tried on the pages of anisotropy and clusters: they
//! kept their number of lines, and each text still needs a wrapper, as [`page::text`] does more than
//! escape: it shows control characters and what turns the direction of a text.
pub mod anisotropy;
pub mod card;
pub mod cells;
pub mod classifier;
pub mod clusters;
#[cfg(feature = "parquet")]
pub mod columns;
pub mod correction;
mod data;
pub mod duplicates;
pub mod entities;
mod error;
pub mod grid;
pub mod heatmap;
pub mod index;
pub mod labels;
pub mod page;
pub mod plot;
pub mod predictions;
pub mod redaction;
pub mod senses;
pub mod similarity;
pub mod text;
pub mod tuning;
mod write;

pub use data::{DataFile, PlacedText};
pub use error::ReportError;
