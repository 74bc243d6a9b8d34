//! `cloze data check`: counts of labelled data, and its likely errors.
mod data;
mod label_errors;
mod report;

use anyhow::bail;
use cloze::data_check::DataCheck;

use crate::cli::CommonFlags;
use crate::commands::data::args::CheckArgs;
use crate::flags::find_model;
use crate::flags::vectors::VECTOR_MODEL;
use crate::terminal::messages::Messages;
use crate::terminal::out::json_line;

/// Default number of findings shown per kind.
const SHOWN: usize = 10;

pub(crate) fn run(
    common: &CommonFlags,
    args: &CheckArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    if args.format.is_json() && args.show.is_some() {
        bail!("--show is for --format text: json has every finding");
    }
    if args.label_errors && args.labelled.label_separator.is_some() {
        bail!("--label-errors is for texts with one label each, not for --label-separator");
    }
    let name = args.model.as_deref().or(args.label_errors.then_some(VECTOR_MODEL));
    let model = name.map(|name| find_model(name, messages)).transpose()?;
    let data = data::read(&args.paths, args, args.label_errors, messages)?;
    if args.label_errors && data.is_tagged() {
        bail!("--label-errors is for texts with labels, not for tagged sentences");
    }
    let mut check = DataCheck::new(&data).scheme(args.scheme.value());
    if !args.against.is_empty() {
        let searched = check.against(&data::read(&args.against, args, false, messages)?);
        if !searched {
            messages.note("the texts are too many to compare: near-duplicates are not looked for");
        }
    }
    if let Some(model) = &model {
        for error in check.long_texts(model)? {
            messages.failure(&error);
        }
    }
    if let Some(model) = model.filter(|_| args.label_errors) {
        check.extend(label_errors::find(common, model, &args.work, &data, messages)?);
    }
    let report = check.report();
    if args.strict && !report.findings.is_empty() {
        messages.fail();
    }
    let mut out = args.out.open()?;
    if args.format.is_json() {
        json_line(&mut out, &report)?;
    } else {
        report::write(&report, &mut out, args.show.unwrap_or(SHOWN))?;
    }
    out.finish()
}
