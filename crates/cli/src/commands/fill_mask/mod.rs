//! `cloze fill-mask`: predicted words for the masks of texts.
pub(crate) mod args;
mod form;

use cloze::{Error, MaskedLm, ValidGenerateParams};

use crate::cli::CommonFlags;
use crate::commands::fill_mask::args::FillMaskArgs;
use crate::flags::find_model;
use crate::flags::work::WorkFlags;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};
use form::{Answer, Form};

pub(crate) fn run(
    common: &CommonFlags,
    args: &FillMaskArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    let filling = args.filling()?;
    let top = args.top()?;
    let model = open(&args.model, &args.work, common, messages)?;
    let targets: Vec<&str> = args.targets.iter().map(|target| target.trim()).collect();
    targets.iter().try_for_each(|target| model.check_target(target))?;
    let ask = Request { model: &model, filling, targets, top };
    let mut form = Form::open(args)?;
    let mut windowed = 0;
    let mut work = |chunk: Vec<Input>| {
        windowed += write_answers(&ask, &chunk, &mut form, messages)?;
        Ok(())
    };
    let given = texts::given(&args.given, "--texts reads files", messages);
    if !given.is_empty() {
        work(given)?;
    }
    if !args.texts.is_empty() {
        texts::for_each_chunk(&args.texts, &args.read, messages, work)?;
    }
    form.finish()?;
    if windowed > 0 {
        let texts = plural(windowed, "text");
        messages.note(&format!(
            "{texts} longer than the model's limit, cut to a window around the masks"
        ));
    }
    Ok(())
}

/// Opens the masked language model of this name.
pub(crate) fn open(
    name: &str,
    work: &WorkFlags,
    common: &CommonFlags,
    messages: &Messages,
) -> anyhow::Result<MaskedLm> {
    let model = find_model(name, messages)?;
    let builder = MaskedLm::builder(model).threads(work.threads).batch_tokens(work.batch_tokens);
    Ok(builder.runtime(common.load_runtime(messages)?).open()?)
}

/// Writes the answer for each text; returns the number of texts that were longer than the model takes.
fn write_answers(
    ask: &Request<'_>,
    texts: &[Input],
    form: &mut Form,
    messages: &Messages,
) -> anyhow::Result<u64> {
    let mut windowed = 0;
    for (text, answer) in texts.iter().zip(ask.answers(texts)?) {
        match answer {
            Ok(answer) => {
                windowed += u64::from(answer.windowed());
                form.write(text, &answer)?;
            }
            Err(error) => messages.failure(&text.not_encoded(error)),
        }
    }
    form.flush()?;
    Ok(windowed)
}

/// Request for each text.
struct Request<'a> {
    model: &'a MaskedLm,
    filling: Option<ValidGenerateParams>,
    targets: Vec<&'a str>,
    top: usize,
}

impl Request<'_> {
    /// Returns the answer for each text; a failure concerns only the text that causes it.
    fn answers(&self, chunk: &[Input]) -> anyhow::Result<Vec<Result<Answer, Error>>> {
        let texts: Vec<&str> = chunk.iter().map(|text| text.text.as_str()).collect();
        if let Some(params) = &self.filling {
            let filled = self.model.generate_batch(&texts, params)?;
            return Ok(filled.into_iter().map(|text| text.map(Answer::Filled)).collect());
        }
        let predicted = match &self.targets[..] {
            [] => self.model.predict_batch(&texts, self.top)?,
            targets => self.model.targets_batch(&texts, targets)?,
        };
        Ok(predicted.into_iter().map(|text| text.map(Answer::Predicted)).collect())
    }
}
