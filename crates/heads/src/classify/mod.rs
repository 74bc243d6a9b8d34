//! Labels for texts and pairs: a vector → features → a logit for each label → probabilities → labels.
//!
//! In the order data flows:
//! - [`Combine`]: a vector, or two in one row, corrected and combined;
//! - [`ClassifyHead`]: features to logits, probabilities and labels;
//! - [`Classifier`]: both in one file, with a description beside it.
//!
//! ```
//! use cloze_core::Matrix;
//! use cloze_heads::classify::{Classifier, ClassifyHead, FeatureParams};
//!
//! let rows = Matrix::from_vec(2, vec![3.0, 1.0, -3.0, 1.0]).unwrap();
//! let features = FeatureParams::new().check()?.fit(&rows)?;
//! let labels = ["bad", "good"].map(String::from).to_vec();
//! let head = ClassifyHead::new("by hand", labels, vec![0.0, 0.0, 1.0, 0.0], vec![0.0, 0.0])?;
//! let classifier = Classifier::new(features, head)?;
//! // Logits 0 and 3: 1 / (1 + e⁻³) = 0.9526.
//! let prediction = classifier.classify(&[3.0, 1.0])?;
//! assert_eq!(prediction.labels, ["good"]);
//! assert!((prediction.probabilities[0].1 - 0.9526).abs() < 1e-4);
//! # Ok::<(), cloze_heads::HeadError>(())
//! ```
mod features;
mod head;
mod saved;

pub use features::{Combine, FeatureParams, Features, ValidFeatureParams};
pub use head::{ClassifyHead, Prediction};
pub use saved::{Classifier, HeadSpec};
