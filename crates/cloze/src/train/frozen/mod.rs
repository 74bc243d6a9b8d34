//! Classifiers of texts and pairs whose head is fitted on the vectors of an encoder.
//!
//! - `params`: settings; `event`: progress, warnings; `error`: failures;
//! - `data`: labelled texts, their labels; `encode`: their vectors;
//! - `choose`: settings that were not given; `held_out`: temperature and thresholds;
//! - `fit`: the training; `evaluate`: its figures; `errors`: examples to look at;
//! - `save`: the folder of the model; `settings`: settings as reports have them.
mod choose;
mod data;
mod encode;
mod error;
mod errors;
mod evaluate;
mod event;
mod fit;
mod held_out;
mod params;
mod save;
mod settings;

pub use data::{
    FitData, LabelledText, LabelledTexts, labels_of, read_labelled_chunks, warn_of_data,
};
pub use encode::{EncodedExamples, encode_examples};
pub use error::{ExampleNotEncoded, FitError};
pub use errors::confident_errors;
pub use event::{FitContext, FitEvent, FitWarning};
pub use fit::ClassifierData;
pub(super) use held_out::halves;
pub use held_out::{FittedTemperature, HeldOutLogits};
pub use params::{ClassifierTrainParams, ThresholdGoal, ValidClassifierTrainParams};
pub use save::TrainedClassifier;
