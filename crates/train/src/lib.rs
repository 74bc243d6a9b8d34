//! Fitting heads on vectors that an encoder made.
//!
//! In the order data flows:
//! - [`labels`]: what is to be learned;
//! - [`params`]: how, and the fit: logistic regression, a support vector machine, naive Bayes, the
//!   nearest centroid;
//! - [`folds`]: parts of examples with the labels in the same shares;
//! - [`cross`]: what heads say of examples that they have not seen;
//! - [`score`]: how good that is;
//! - [`mod@calibrate`]: probabilities that mean what they say;
//! - [`threshold`]: thresholds for a wanted precision or recall;
//! - [`mod@label_errors`]: examples whose label is likely wrong;
//! - [`search`]: the best of many settings;
//! - [`mod@curve`]: how much more examples would help;
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
pub mod calibrate;
mod closed;
pub mod cluster;
pub mod cross;
pub mod curve;
mod error;
pub mod folds;
pub mod label_errors;
pub mod labels;
mod logistic;
pub mod params;
mod rows;
pub mod score;
pub mod search;
mod svm;
pub mod threshold;

pub use calibrate::{Calibration, calibrate};
pub use cluster::Clusters;
pub use cross::{FoldReport, OutOfFold, cross_validate, fit, validate};
pub use curve::{CurvePoint, curve};
pub use error::TrainError;
pub use folds::{Folds, hold_out};
pub use label_errors::{LabelError, label_errors};
pub use labels::{Gold, Labels};
pub use params::{ClassWeights, Fitted, HeadParams, Kind, ValidHeadParams};
pub use score::CrossScore;
pub use search::SearchParams;
pub use threshold::ThresholdChoice;
