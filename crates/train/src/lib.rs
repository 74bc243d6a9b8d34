//! Fitting heads on vectors that an encoder made.
//!
//! In the order data flows:
//! - [`Labels`]: gold labels of the examples, and which of them belong together;
//! - [`HeadParams`], [`fit`]: settings and the fit: logistic regression, a support vector machine,
//!   naive Bayes, the nearest centroid;
//! - [`Folds`]: parts of examples with the labels in the same shares;
//! - [`cross_validate`]: predictions for examples that were not trained on;
//! - [`CrossScore`]: quality of these predictions;
//! - [`Calibration`]: probabilities that mean what they say;
//! - [`threshold`]: thresholds for a wanted precision or recall;
//! - [`LabelError`]: examples whose label is likely wrong;
//! - [`search`]: the best of many settings;
//! - [`curve`]: gain from more examples;
//! - [`cluster`]: rows put together without labels.
//!
//! ```
//! use cloze_core::Matrix;
//! use cloze_train::{HeadParams, Labels};
//!
//! let rows = Matrix::from_vec(1, vec![-2.0, -1.0, 1.0, 3.0]).unwrap();
//! let labels = Labels::single(&["cold", "cold", "warm", "warm"])?;
//! let fitted = HeadParams::new().c(10.0).check()?.fit(&rows, &labels, None)?;
//! assert!(fitted.converged);
//! let head = fitted.head;
//! let prediction = head.decode(&head.probabilities(&head.predict(&[2.0])?)?)?;
//! assert_eq!(prediction.labels, ["warm"]);
//! # Ok::<(), cloze_train::TrainError>(())
//! ```
mod calibrate;
mod closed;
pub mod cluster;
mod cross;
mod curve;
mod error;
mod folds;
mod label_errors;
mod labels;
mod logistic;
mod params;
mod parts;
mod rows;
mod score;
pub mod search;
mod svm;
pub mod threshold;

pub use calibrate::{Calibration, calibrate};
pub use cross::{FoldReport, OutOfFold, cross_validate, fit, validate};
pub use curve::{CurvePoint, curve};
pub use error::TrainError;
pub use folds::{Folds, draw_folds, hold_out};
pub use label_errors::{LabelError, label_errors};
pub use labels::{Gold, Labels};
pub use params::{ClassWeights, Fitted, HeadParams, Kind, ValidHeadParams};
pub use score::CrossScore;
