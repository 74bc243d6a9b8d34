//! Reports on models and texts: HTML pages, SVG plots, model cards. Data in, text out: nothing here
//! reads files, prints, or looks at the process it runs in.
//!
//! - [`text`]: texts and numbers as they may stand in a terminal or a table;
//! - [`page`]: pages that need no other file;
//! - [`plot`]: plots as SVG;
//! - [`card`]: model cards as Markdown;
//! - [`labels`]: the evaluation of labels as plain tables.
pub mod card;
mod data;
mod error;
pub mod labels;
pub mod page;
pub mod plot;
pub mod text;

pub use data::DataFile;
pub use error::ReportError;
