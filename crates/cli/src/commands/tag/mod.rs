//! `cloze tag`: entities in texts.
pub(crate) mod args;
pub(crate) mod job;
pub(crate) mod output;
pub(crate) mod pipeline;

use anyhow::bail;

use crate::cli::CommonFlags;
use crate::commands::tag::args::{OutputArg, TagArgs};
use crate::commands::tag::job::JobParams;
use crate::commands::tag::output::redact::DocumentForm;
use crate::commands::tag::output::sink::Place;
#[cfg(feature = "parquet")]
use crate::flags::out::check_binary;
use crate::terminal::messages::Messages;

/// Checks the flags against the model, then tags.
pub(crate) fn run(common: &CommonFlags, args: TagArgs, messages: &Messages) -> anyhow::Result<()> {
    let job = job::Job::new(common, params(args)?, messages)?;
    pipeline::run(job, messages)
}

fn params(args: TagArgs) -> anyhow::Result<JobParams> {
    let format = args.format.given().unwrap_or_default();
    if args.mask.is_some() && format != OutputArg::Redact {
        bail!("--mask is for --format redact");
    }
    #[cfg(feature = "parquet")]
    if matches!(format, OutputArg::Parquet | OutputArg::Arrow) && args.output.is_none() {
        check_binary("parquet or arrow")?;
    }
    let destination = Place::of(args.output.as_deref(), &args.texts.paths);
    Ok(JobParams {
        texts: args.texts,
        tagger: args.tagger,
        read: args.read,
        kept_fields: vec![],
        scheme: args.scheme.value(),
        labels: args.labels,
        format,
        documents: DocumentForm::PageOrText,
        drop_attachments: false,
        offsets: args.offsets.value(),
        masks: vec![("--mask", args.mask.unwrap_or_else(|| "[{label}]".into()))],
        table: if format == OutputArg::Csv { args.formulas.csv() } else { args.formulas.tsv() },
        destination,
        force: args.force,
        redaction: None,
    })
}
