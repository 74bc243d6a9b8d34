//! Training: from labelled records to a saved model folder with its report and card.
//!
//! A head fitted on the vectors of an encoder that stays as it is takes seconds, and does with few
//! examples:
//!
//! ```no_run
//! use cloze::corpus::LabelledParams;
//! use cloze::train::{ClassifierTrainParams, FitContext, FitData};
//!
//! let (params, context) = (ClassifierTrainParams::new().check()?, FitContext::new());
//! let tickets = FitData::files(["data/tickets/train.csv"], LabelledParams::default());
//! let data = params.read(tickets, None, &context)?;
//! let trained = params.fit("minilm-l6-v2", data, &context)?;
//! if let Some(held_out) = &trained.report().held_out {
//!     println!("accuracy {:.4}", held_out.evaluation.accuracy());
//! }
//! trained.save("tickets")?;
//! # Ok::<(), cloze::train::FitError>(())
//! ```
//!
//! Training by steps changes the encoder itself:
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
//! - `frozen`: classifiers of texts and pairs, a head on vectors of an encoder;
//! - `params`: settings that every training by steps has; `data`: files or records in memory; `event`:
//!   progress and notes;
//! - `tag`: from tagged sentences; `labels`: from labelled texts and pairs; `similarity`: from pairs;
//!   `language`: from running text; `causal`: decoders from running text, from a checkpoint or new;
//! - `base`: the model to begin with; `windows`: its sequences of texts; `sample`: seeded samples;
//! - `head_rate`: learning rate of a new head; `run`: steps, report; `save`, `output`: the folder of the model.
mod base;
mod causal;
mod data;
mod error;
mod event;
mod frozen;
mod head_rate;
mod labels;
mod language;
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

pub use causal::{CausalTrainParams, NewDecoderParams, ValidCausalTrainParams};
pub use data::{DataSource, TrainingData};
pub use error::FineTuneError;
pub use event::{TrainingEvent, TrainingNote, TrainingObserver};
pub use frozen::{
    ClassifierData, ClassifierTrainParams, EncodedExamples, ExampleNotEncoded, FitContext, FitData,
    FitError, FitEvent, FitWarning, FittedTemperature, HeldOutLogits, LabelledText, LabelledTexts,
    ThresholdGoal, TrainedClassifier, ValidClassifierTrainParams, confident_errors,
    encode_examples, labels_of, read_labelled_chunks, warn_of_data,
};
pub use labels::{TunedClassifierTrainParams, ValidTunedClassifierTrainParams};
pub use language::{
    DocumentParams, DocumentUnit, Documents, LanguageMasking, LanguageModelTrainParams,
    LanguageTally, MASK_EVALUATION_SEED, PackedText, ValidDocumentParams,
    ValidLanguageModelTrainParams, packed,
};
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
