//! Texts and pairs to labels: by a head that was fitted, by a checkpoint's own head, or by the labels'
//! names alone.
//!
//! - [`TextClassifier`] and [`PairClassifier`], over one [`InputClassifier`];
//! - [`HeadCard`]: settings saved beside a head.
mod card;
mod inputs;
mod pair;
mod text;

pub use card::{HEAD_FILE, HeadCard};
pub use inputs::InputClassifier;
pub use pair::{PairClassifier, PairClassifierBuilder};
pub use text::{TextClassifier, TextClassifierBuilder};

#[cfg(feature = "train")]
pub(crate) use card::base_folder;
pub(crate) use card::{base_ref, check_base, open_base};

/// Factor of cosines before they become probabilities where labels are chosen by their names: the scale
/// that sentence-transformers' contrastive loss, and so all-MiniLM-L6-v2, was trained with
/// (`MultipleNegativesRankingLoss`, version 6.2).
pub const ZERO_SHOT_SCALE: f64 = 20.0;
