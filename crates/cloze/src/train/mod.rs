//! Training by steps: from labelled records to a saved model folder with its report and card.
//!
//! ```no_run
//! use cloze::Cancel;
//! use cloze::train::{FineTuneParams, TaggerTrainParams, TrainingData, TrainingOutcome};
//!
//! let params = FineTuneParams::new("minilm-l6-v2", "my-tagger");
//! let data = TrainingData::new(vec!["train.conll".to_owned()]);
//! let trained = TaggerTrainParams::new(params).check()?.train(&data, &|_| {}, &Cancel::new())?;
//! if let TrainingOutcome::Done(report) = trained {
//!     println!("{} steps", report.steps);
//! }
//! # Ok::<(), cloze::train::FineTuneError>(())
//! ```
//!
//! - `params`: settings that every training by steps has; `data`: files or records in memory; `event`:
//!   progress and notes;
//! - `tag`: from tagged sentences; `similarity`: from pairs; `language`: from running text;
//! - `base`: the model to begin with; `windows`: its sequences of texts; `sample`: seeded samples;
//! - `run`: steps, report; `save`, `output`: the folder of the model.
mod base;
mod data;
mod error;
mod event;
pub mod language;
mod output;
mod params;
mod run;
mod sample;
mod save;
mod similarity;
mod tag;
mod windows;

use std::path::PathBuf;

use cloze_report::tuning::TuningReport;

pub use data::{DataSource, TrainingData};
pub use error::FineTuneError;
pub use event::{TrainingEvent, TrainingNote, TrainingObserver};
pub use language::{LanguageModelTrainParams, Masking, ValidLanguageModelTrainParams};
pub use output::{beside, create_folder, refuse_sources};
pub use params::{FineTuneParams, ValidFineTuneParams, learning_rate};
pub use similarity::{
    SimilarityLoss, SimilarityOutcome, SimilarityPair, SimilarityTrainParams,
    ValidSimilarityTrainParams,
};
pub use tag::{TaggerTrainParams, ValidTaggerTrainParams};

/// End of a training by steps.
#[derive(Debug)]
pub enum TrainingOutcome<F> {
    /// The model is saved.
    Done(Box<TuningReport<F>>),
    /// The training was cancelled, and can go on later.
    Stopped {
        /// Number of steps taken.
        steps: u64,
        /// File that it goes on from.
        state: PathBuf,
    },
}
