//! Reports on models trained by gradient steps, for any task: plain text, `report.json`, a page, a model
//! card.
//!
//! - `figures`: figures of an evaluation, for any task; `entities`: of tags; `labels`: of labels;
//!   `similarity`: of vectors; `language`: of masked words and next sentences; `causal`: of next tokens;
//! - `curve`: losses and scores over the steps;
//! - `text`: plain tables; `card`: the model card; `page`: the page; `plot`: its curves, `bars`: its
//!   figures by label.
mod bars;
mod card;
mod causal;
mod curve;
mod entities;
mod figures;
mod labels;
mod language;
mod page;
mod plot;
mod similarity;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::DataFile;
use crate::text::plural;
pub use causal::CausalFigures;
pub use curve::TrainingCurve;
pub use entities::{EntityFigures, EntityMistakes};
pub use figures::Figures;
pub use labels::LabelFigures;
pub use language::{LanguageFigures, MaskedWordFigures, NextSentenceFigures};
pub use similarity::{RankedPairFigures, ScoredPairFigures};
pub use text::write_figures;

/// Words of a report about its task; its JSON has the name alone.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TaskWords {
    /// Name of the task, as in the command: `tag`.
    pub task: &'static str,
    /// Beginning of a sentence about the model: `Finds entities`.
    #[serde(skip)]
    pub what: &'static str,
    /// Command that uses the model, without the model: `cloze tag FILE`.
    #[serde(skip)]
    pub usage: &'static str,
    /// Noun for an example: `sentence`.
    #[serde(skip)]
    pub unit: &'static str,
    /// Heading of the labels' counts: `training entities`.
    #[serde(skip)]
    pub counted: &'static str,
}

/// Part of the model that was trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainedPart {
    /// Low-rank adapters.
    Adapters {
        /// Rank of the adapters.
        rank: usize,
    },
    /// The encoder.
    Encoder,
    /// The head alone.
    Head,
    /// Everything, of a model that was new.
    New,
}

/// Texts of the card besides figures, given by the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CardWords {
    /// Purpose of the model, in a sentence.
    pub description: Option<String>,
    /// Licence, as an SPDX name.
    pub license: Option<String>,
    /// Attribution required by the licence of the data or the base model.
    pub attribution: Option<String>,
    /// Source of the data.
    pub source: Option<String>,
    /// Language code of the data.
    pub language: Option<String>,
}

/// Model that the training started from.
#[derive(Clone, Debug, Serialize)]
pub struct BaseModel {
    /// Name.
    pub name: String,
    /// SHA-256 of its weights.
    pub sha256: String,
}

/// Report on a model trained by steps.
#[derive(Clone, Debug, Serialize)]
pub struct TuningReport<F> {
    /// Version of cloze.
    pub cloze: &'static str,
    /// Name of the task, and its words.
    #[serde(flatten)]
    pub words: TaskWords,
    /// Arguments of the command that trains the model again, without the program's name.
    pub command: Vec<String>,
    /// Words of the card.
    #[serde(flatten)]
    pub card: CardWords,
    /// Model that the training started from.
    pub base: BaseModel,
    /// Files of the training data.
    pub data: Vec<DataFile>,
    /// Number of training examples.
    pub examples: usize,
    /// Counts of the labels.
    pub labels: BTreeMap<String, usize>,
    /// Settings of the encoder.
    pub encoder: Value,
    /// Part that was trained.
    #[serde(skip)]
    pub part: TrainedPart,
    /// Settings of the steps.
    pub training: Value,
    /// Settings of the task.
    pub settings: Map<String, Value>,
    /// `true` if the tokenizer lower-cases texts.
    pub lower_cases: bool,
    /// Number of parameters that were trained.
    pub trained: usize,
    /// Number of all parameters.
    pub parameters: usize,
    /// Number of steps.
    pub steps: u64,
    /// Step with the best score.
    pub best_step: Option<u64>,
    /// Reason why the training ended: `done`, `patience`.
    pub why: Value,
    /// Files of the validation data; none where examples were held out.
    pub dev: Vec<DataFile>,
    /// Number of validation examples; 0 if they are not counted.
    pub held_out_examples: usize,
    /// Figures on the validation data.
    pub held_out: Option<F>,
    /// Figures on the test data.
    pub test: Option<TestFigures<F>>,
    /// Losses and scores over the steps.
    pub curve: TrainingCurve,
    /// Duration of the whole training, in seconds.
    pub seconds: f64,
}

/// Figures on test data.
#[derive(Clone, Debug, Serialize)]
pub struct TestFigures<F> {
    /// Files of the test data.
    pub data: Vec<DataFile>,
    /// Figures.
    #[serde(flatten)]
    pub figures: F,
}

impl<F: Figures> TuningReport<F> {
    /// Record of the training for `cloze.json`.
    #[must_use]
    pub fn training(&self) -> Value {
        json!({
            "cloze": self.cloze,
            "command": self.command,
            "data": self.data,
            "labels": self.labels,
            "encoder": self.encoder,
            "settings": self.training,
            "more_settings": self.settings,
            "steps": self.steps,
            "best_step": self.best_step,
        })
    }

    /// Returns the evaluations: the heading, the files and the figures of each.
    fn evaluations(&self) -> impl Iterator<Item = (String, &[DataFile], &F)> {
        let n = Some(self.held_out_examples as u64).filter(|n| *n > 0);
        let n = n.map(|n| plural(n, self.words.unit));
        let while_training = match (&self.dev[..], n) {
            ([], Some(n)) => format!("{n} held out"),
            ([], None) => "examples held out".to_owned(),
            (files, Some(n)) => format!("{}, {n}", names(files)),
            (files, None) => names(files),
        };
        let held_out = self.held_out.as_ref();
        let held_out = held_out.map(|figures| (while_training, &self.dev[..], figures));
        let test = self.test.as_ref();
        let test = test.map(|test| (names(&test.data), &test.data[..], &test.figures));
        held_out.into_iter().chain(test)
    }

    /// Describes the trained part: `LoRA adapters of rank 16 on all-MiniLM-L6-v2`, the name left out.
    fn how(&self) -> String {
        match self.part {
            TrainedPart::Adapters { rank } => format!("LoRA adapters of rank {rank} on"),
            TrainedPart::Encoder => "fine-tuned from".into(),
            TrainedPart::Head => "a head on".into(),
            TrainedPart::New => "trained from scratch, of the shape of".into(),
        }
    }

    /// Describes the share of trained parameters: `124 of 4096 parameters, 3.03 %`.
    fn share(&self) -> String {
        let share = percent(self.trained, self.parameters);
        format!("{} of {} parameters, {share:.2} %", self.trained, self.parameters)
    }
}

/// Returns the share of `part` in `whole`, in percent.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn names(files: &[DataFile]) -> String {
    files.iter().map(|data| data.file.as_str()).collect::<Vec<_>>().join(", ")
}
