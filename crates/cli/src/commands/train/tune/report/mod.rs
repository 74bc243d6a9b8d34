//! What a training has come to, whatever is learned: as text, as `report.json`, as a page, as a model
//! card.
//!
//! - `verdict`: what judging has found, for a task; `labels`: of labels;
//! - `text`: the report for reading;
//! - `card`: the model card;
//! - `page`: the page; `plot`: its curves, `bars`: its figures by label.
mod bars;
mod card;
pub(crate) mod labels;
mod page;
mod plot;
mod text;
mod verdict;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use cloze_tune::Parameters;
use cloze_tune::encoder::{EncoderParams, Tuning};
use cloze_tune::training::ValidTrainingParams;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::model::Base;
use super::watch::Curve;
use crate::commands::train::args::training::TrainingArgs;
use crate::commands::train::steps::command_words;
use crate::terminal::messages::{Messages, plural};
use cloze_report::DataFile;
pub(crate) use verdict::Verdict;

/// A number that is trained takes four places: its own, its gradient's and two moments'.
const BYTES_TRAINED: usize = 16;
const BYTES_FROZEN: usize = 4;

/// What was learned from, and how good it is by what was not.
pub(crate) struct Data<V> {
    /// What the model does, as a sentence begins: `Finds entities`.
    pub(crate) what: &'static str,
    /// How it is used, without the model: `cloze tag FILE`.
    pub(crate) usage: &'static str,
    /// What an example is: `sentence`.
    pub(crate) unit: &'static str,
    /// What is counted of a label: `entities learned from`.
    pub(crate) counted: &'static str,
    pub(crate) files: Vec<DataFile>,
    pub(crate) examples: usize,
    pub(crate) labels: BTreeMap<String, usize>,
    /// Settings besides those of the encoder and the steps, by their names.
    pub(crate) settings: Map<String, Value>,
    /// The files that were judged by while training; none where examples were held out.
    pub(crate) dev: Vec<DataFile>,
    /// How many examples were judged by while training; 0 where nobody counts them.
    pub(crate) held_out_examples: usize,
    pub(crate) held_out: Option<V>,
    pub(crate) test: Option<(Vec<DataFile>, V)>,
}

impl<V> Default for Data<V> {
    fn default() -> Self {
        Self {
            what: "Says what it has learned",
            usage: "cloze classify FILE",
            unit: "text",
            counted: "examples",
            files: vec![],
            examples: 0,
            labels: BTreeMap::new(),
            settings: Map::new(),
            dev: vec![],
            held_out_examples: 0,
            held_out: None,
            test: None,
        }
    }
}

/// What a training has come to.
#[derive(Serialize)]
pub(crate) struct Report<V> {
    cloze: &'static str,
    task: &'static str,
    #[serde(skip)]
    what: &'static str,
    #[serde(skip)]
    usage: &'static str,
    #[serde(skip)]
    unit: &'static str,
    #[serde(skip)]
    counted: &'static str,
    command: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) attribution: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) language: Option<String>,
    base: Value,
    data: Vec<DataFile>,
    examples: usize,
    labels: BTreeMap<String, usize>,
    encoder: EncoderParams,
    training: Value,
    settings: Map<String, Value>,
    /// Whether the encoder sees no difference between large letters and small ones.
    lower_cases: bool,
    trained: usize,
    parameters: usize,
    steps: u64,
    best_step: Option<u64>,
    why: Value,
    dev: Vec<DataFile>,
    held_out_examples: usize,
    held_out: Option<V>,
    test: Option<Tested<V>>,
    curve: Curve,
    seconds: f64,
}

#[derive(Serialize)]
struct Tested<V> {
    data: Vec<DataFile>,
    #[serde(flatten)]
    verdict: V,
}

/// Says how many numbers are trained, and what that takes.
pub(crate) fn note_sizes(parameters: &Parameters, messages: &Messages) {
    let (trained, all) = parameters.counts();
    let share = share(trained, all);
    let mib = |bytes: usize| bytes >> 20;
    let own = BYTES_TRAINED * trained + BYTES_FROZEN * (all - trained);
    messages.note(&format!(
        "{trained} of {all} numbers are trained, {share:.2} %; they and their moments take {} MiB, \
         where all of the model would take {} MiB",
        mib(own),
        mib(BYTES_TRAINED * all)
    ));
}

impl<V: Verdict> Report<V> {
    pub(crate) fn new(
        task: &'static str,
        args: &TrainingArgs,
        (base, encoder, training): (&Base, &EncoderParams, &ValidTrainingParams),
        (parameters, done): (&Parameters, super::Trained),
        data: Data<V>,
        started: Instant,
    ) -> anyhow::Result<Self> {
        let (trained, all) = parameters.counts();
        let encoder_sees_case = json!(encoder)["casing"].is_number();
        let mut settings = data.settings;
        settings.insert("max_tokens".into(), json!(base.max_tokens));
        Ok(Self {
            cloze: env!("CARGO_PKG_VERSION"),
            task,
            what: data.what,
            usage: data.usage,
            unit: data.unit,
            counted: data.counted,
            command: command_words(),
            description: args.card.description.clone(),
            license: args.card.license.clone(),
            attribution: args.card.attribution.clone(),
            source: args.card.source.clone(),
            language: args.card.language.clone(),
            base: json!({"name": base.folder.name(), "sha256": base.folder.sha256()?}),
            data: data.files,
            examples: data.examples,
            labels: data.labels,
            encoder: encoder.clone(),
            training: by_text(training.params())?,
            settings,
            lower_cases: base.lower_cases()? && !encoder_sees_case,
            trained,
            parameters: all,
            steps: done.outcome.steps,
            best_step: done.outcome.best.as_ref().map(|best| best.step),
            why: json!(done.outcome.why),
            dev: data.dev,
            held_out_examples: data.held_out_examples,
            held_out: data.held_out,
            test: data.test.map(|(data, verdict)| Tested { data, verdict }),
            curve: done.curve,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// What `cloze.json` says of the training.
    pub(crate) fn training(&self) -> Value {
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

    /// The report's files, into the model's folder.
    pub(crate) fn write_files(&self, folder: &Path, output: &Path) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (file, bytes) in [
            ("report.json", json),
            ("report.html", self.page(&name).into_bytes()),
            ("README.md", self.card(&name).into_bytes()),
        ] {
            let written = fs_err::write(folder.join(file), bytes);
            written.with_context(|| output.display().to_string())?;
        }
        Ok(())
    }

    /// What was judged by, by its heading and files, and the figures.
    fn judged(&self) -> impl Iterator<Item = (String, &[DataFile], &V)> {
        let n = Some(self.held_out_examples as u64).filter(|n| *n > 0);
        let n = n.map(|n| plural(n, self.unit));
        let while_training = match (&self.dev[..], n) {
            ([], Some(n)) => format!("{n} held out"),
            ([], None) => "examples held out".to_owned(),
            (files, Some(n)) => format!("{}, {n}", names(files)),
            (files, None) => names(files),
        };
        let held_out = self.held_out.as_ref();
        let held_out = held_out.map(|verdict| (while_training, &self.dev[..], verdict));
        let test = self.test.as_ref();
        let test = test.map(|test| (names(&test.data), &test.data[..], &test.verdict));
        held_out.into_iter().chain(test)
    }

    /// `adapters of rank 16 on all-MiniLM-L6-v2`, the name left out.
    fn how(&self) -> String {
        match &self.encoder.tuning {
            Tuning::Lora(lora) => format!("adapters of rank {} on", lora.rank),
            Tuning::Full => "trained from".into(),
            Tuning::Head => "a head on".into(),
        }
    }

    fn base(&self, key: &str) -> &str {
        self.base[key].as_str().unwrap_or_default()
    }

    /// `124 of 4096 numbers, 3.03 %`.
    fn share(&self) -> String {
        let share = share(self.trained, self.parameters);
        format!("{} of {} numbers, {share:.2} %", self.trained, self.parameters)
    }

    fn note_done(&self, output: &Path, messages: &Messages) {
        messages.note(&format!(
            "{}: {} steps in {:.0} s, {:.0} tokens/s",
            output.display(),
            self.steps,
            self.seconds,
            self.curve.tokens_a_second()
        ));
    }
}

/// In percent.
#[expect(clippy::cast_precision_loss, reason = "for people")]
fn share(part: usize, all: usize) -> f64 {
    100.0 * part as f64 / all.max(1) as f64
}

fn names(files: &[DataFile]) -> String {
    files.iter().map(|data| data.file.as_str()).collect::<Vec<_>>().join(", ")
}

/// As it stands in a file: 0.1 of f32 is 0.1, where it would else be 0.10000000149011612.
fn by_text(settings: &impl Serialize) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&serde_json::to_string(settings)?)?)
}
