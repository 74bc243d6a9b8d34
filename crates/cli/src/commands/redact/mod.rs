//! `cloze redact`: texts, tables and documents without personal data.
//!
//! - `recorder`: replacements of a run, and its record for the key file and the audit.
pub(crate) mod args;
pub(crate) mod recorder;

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::bail;
use cloze_core::OffsetUnit;
use cloze_redact::{Action, Policy};
use cloze_report::cells::Table;

use crate::cli::CommonFlags;
use crate::commands::redact::args::RedactArgs;
use crate::commands::redact::recorder::{Recorder, SharedRecorder};
use crate::commands::tag::args::OutputArg;
use crate::commands::tag::job::{Job, JobParams, RedactionParams};
use crate::commands::tag::output::redact::DocumentForm;
use crate::commands::tag::output::sink::Place;
use crate::commands::tag::pipeline;
use crate::terminal::messages::Messages;

pub(crate) fn run(
    common: &CommonFlags,
    args: RedactArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    if args.force && args.output.is_none() && args.audit.is_none() && args.backup.is_none() {
        bail!("--force is for --output, --backup or --audit");
    }
    if args.in_place && args.backup.is_none() && !args.yes {
        bail!("--in-place: expected --backup SUFFIX, or --yes to keep no original");
    }
    if let Some(suffix) = &args.backup
        && (suffix.is_empty() || suffix.contains(['/', std::path::MAIN_SEPARATOR]))
    {
        bail!("--backup {suffix:?}: expected an ending of file names, such as .orig");
    }
    let policy = policy(&args)?;
    let labels = policy.labels().map(str::to_owned).collect();
    let masks = masks(&policy);
    let recorder = Recorder::open(policy, args.key_file, args.audit, args.force)?;
    let recorder: SharedRecorder = Rc::new(RefCell::new(recorder));
    let destination = if args.in_place {
        Place::Inputs(args.backup)
    } else {
        Place::of(args.output.as_deref(), &args.texts.paths)
    };
    let mut read = args.read;
    read.text_field.get_or_insert_with(|| "*".to_owned());
    let documents = if args.as_text { DocumentForm::Text } else { DocumentForm::Itself };
    let params = JobParams {
        texts: args.texts,
        tagger: args.tagger,
        read,
        kept_fields: args.keep_columns,
        scheme: None,
        labels: args.labels,
        format: OutputArg::Redact,
        documents,
        drop_attachments: args.drop_attachments,
        offsets: OffsetUnit::default(),
        masks,
        table: Table::tsv(),
        destination,
        force: args.force,
        redaction: Some(RedactionParams { labels, recorder: recorder.clone() }),
    };
    pipeline::run(Job::new(common, params, messages)?, messages)?;
    recorder.borrow().write_audit()
}

fn policy(args: &RedactArgs) -> anyhow::Result<Policy> {
    let file = args.policy_file.as_deref();
    let policy = file.map(Policy::read).transpose()?.unwrap_or_default();
    Ok(args.policy.iter().try_fold(policy, |policy, setting| policy.set(setting))?)
}

/// Texts that the policy masks with.
fn masks(policy: &Policy) -> Vec<(&'static str, String)> {
    let actions = policy.labels().chain([""]).map(|label| policy.action(label));
    let mask = |action: &Action| match action {
        Action::Mask(mask) => Some(("--policy", mask.clone())),
        _ => None,
    };
    actions.filter_map(mask).collect()
}
