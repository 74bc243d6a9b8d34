//! `cloze data check`: what is in labelled data, and what may be wrong with it.
//!
//! Every kind of thing that may be wrong is a [`finding::Kind`], and each makes [`finding::Finding`]s
//! with a weight, by which they are sorted. All texts are held in memory, as training holds them.
mod data;
mod finding;
mod label_errors;
mod labels;
mod long;
mod report;
mod tags;
mod texts;

use anyhow::bail;
use data::Data;
use report::{Report, TagReport};

use crate::cli::CommonFlags;
use crate::commands::data::args::CheckArgs;
use crate::flags::find_model;
use crate::flags::vectors::VECTOR_MODEL;
use crate::terminal::messages::Messages;
use crate::terminal::out::json_line;

pub(crate) fn run(
    common: &CommonFlags,
    args: &CheckArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    if args.label_errors && args.labelled.label_separator.is_some() {
        bail!("--label-errors is for texts with one label each, not for --label-separator");
    }
    let name = args.model.as_deref().or(args.label_errors.then_some(VECTOR_MODEL));
    let model = name.map(find_model).transpose()?;
    let mut data = Data::read(&args.paths, args, args.label_errors, messages)?;
    if args.label_errors && data.tagged.is_some() {
        bail!("--label-errors is for texts with labels, not for tagged sentences");
    }
    let mut findings = std::mem::take(&mut data.empty);
    data.texts.repeated(&mut findings);
    if !args.against.is_empty() {
        let other = Data::read(&args.against, args, false, messages)?;
        data.texts.leaked(&other.texts, &mut findings);
    }
    let (labels, tags) = if let Some(tagged) = &data.tagged {
        let entities = tagged.entities();
        let (scheme, illegal) = tagged.judge(args.scheme.value());
        findings.extend(illegal);
        entities.judge(&mut findings);
        let words = data.labels.total();
        let tags = data.labels.shares(words);
        let labels = entities.shares(entities.total());
        (labels, Some(TagReport { words, scheme: scheme.name(), tags }))
    } else {
        data.labels.judge(&mut findings);
        (data.labels.shares(data.examples), None)
    };
    if let Some(model) = &model {
        findings.extend(long::texts(&data.texts, model, messages)?);
    }
    if let (Some(model), Some((examples, places))) = (model, &data.kept) {
        let work = &args.work;
        findings.extend(label_errors::find(common, model, work, (examples, places), messages)?);
    }
    let findings = finding::sorted(findings);
    if args.strict && !findings.is_empty() {
        messages.fail();
    }
    let files = data.files.iter().map(ToString::to_string).collect();
    let examples = data.examples;
    let report = Report { files, examples, labels, tags, findings };
    let mut out = args.out.open()?;
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        report.write(&mut out, args.show)?;
    }
    out.finish()
}
