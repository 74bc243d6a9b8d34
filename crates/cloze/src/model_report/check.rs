//! Models checked without running them.
use std::path::Path;
use std::time::Duration;

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::card::{CARD, Card, Missing};
use cloze_encoder::decoder::{Decoder, DecoderParams, is_language_model};
use cloze_encoder::{Encoder, EncoderParams, Runtime};
use serde::Serialize;

use super::scheme::{run_scheme, unknown_scheme};
use crate::{Error, Task, modules, tasks};

/// Longest time of the run: a text of a few tokens.
const RUN_LIMIT: Duration = Duration::from_secs(30);

/// The text of the run.
const TEXT: &str = "Angela lives in Kassel.";

/// A check of a model: its files beside the hashes of its card, and the card itself.
#[derive(Clone, Debug, Serialize)]
pub struct ModelCheck {
    /// Name of the model.
    pub name: String,
    /// Whether nothing was found that is wrong: its files can be read, and are those that the card has
    /// hashes of. Without [`ran`](Self::ran) it may still fail when it runs.
    pub sound: bool,
    /// Whether it has run on a text.
    pub ran: bool,
    /// Files that are other than the card says, or not there.
    pub changed: Vec<String>,
    /// Reasons why it cannot be used.
    pub problems: Vec<String>,
    /// Points that may change results.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Tasks that it can be used for.
    pub tasks: Vec<Task>,
    /// Items missing from the cards; a sound model may still lack them.
    #[serde(serialize_with = "names")]
    pub missing: Vec<Missing>,
    /// Number of files that the card has hashes of.
    #[serde(skip)]
    pub hashes: usize,
}

fn names<S: serde::Serializer>(missing: &[Missing], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(missing.iter().map(|missing| missing.name()))
}

impl ModelCheck {
    /// A check of the files in `folder`; `problem` is why the model cannot be used.
    pub(super) fn new(
        name: String,
        folder: &Path,
        card: &Card,
        problem: Option<&impl std::error::Error>,
    ) -> Result<Self, Error> {
        let changed: Vec<String> = card
            .changed_files(folder)?
            .iter()
            .map(|(name, actual)| match actual {
                Some(hash) => {
                    let expected = &card.sha256[name];
                    format!("{name}: SHA-256 is {hash}, but {CARD} has {expected}")
                }
                None => format!("{name}: not there, but {CARD} has its SHA-256"),
            })
            .collect();
        Ok(Self {
            name,
            sound: problem.is_none() && changed.is_empty(),
            ran: false,
            changed,
            problems: problem.iter().map(ToString::to_string).collect(),
            warnings: vec![],
            tasks: vec![],
            missing: card.missing(folder)?,
            hashes: card.sha256.len(),
        })
    }
}

impl ModelCheck {
    /// Takes in how a run of the model ended, with the scheme it found; returns its error.
    #[must_use]
    pub fn after_run(&mut self, run: Result<Option<String>, Error>) -> Option<Error> {
        self.ran = run.is_ok();
        let error = match run {
            Ok(scheme) => {
                self.warnings = scheme.into_iter().collect();
                return None;
            }
            Err(error) => error,
        };
        self.sound = false;
        self.problems.push(error.to_string());
        Some(error)
    }
}

/// Runs a model on a short text: a graph from elsewhere may pass all checks and still not run. Returns
/// the tagging scheme that was found so, in words, where the model's folder does not say which it is.
///
/// # Errors
/// [`Error::Encoder`] with the reason.
pub fn run_model(model: &ModelFolder, runtime: &Runtime) -> Result<Option<String>, Error> {
    if is_language_model(model)? {
        let params = DecoderParams::new().threads(Some(1)).run_limit(Some(RUN_LIMIT));
        Decoder::open(runtime, model, params)?.try_out(TEXT)?;
        return Ok(None);
    }
    let output = cloze_encoder::main_output(model)?;
    let params = EncoderParams::new().threads(Some(1)).run_limit(Some(RUN_LIMIT));
    let encoder = Encoder::open_for(runtime, model, &[output], params)?;
    encoder.map_windows(&[TEXT], |_| ())?;
    run_scheme(model, runtime)
}

/// Checks a model's files without running it. The problem is beside the report on it.
///
/// # Errors
/// [`Error::Checkpoint`] if a file that the card has a hash of cannot be read.
pub fn check_model(model: &ModelFolder) -> Result<(ModelCheck, Option<Error>), Error> {
    let problem = problem(model).err();
    let mut check = ModelCheck::new(model.name(), model.folder(), model.card(), problem.as_ref())?;
    check.warnings.extend(unknown_scheme(model)?);
    if problem.is_none() {
        check.tasks = tasks(model)?;
    }
    Ok((check, problem))
}

fn problem(model: &ModelFolder) -> Result<(), Error> {
    cloze_encoder::check_model(model)?;
    // A folder of sentence-transformers is for its vectors, and so has to have all that they go through.
    if model.modules().is_some() {
        modules::check(model)?;
    }
    Ok(())
}
