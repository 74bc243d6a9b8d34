//! `cloze model merge`: merges adapters into their base model.
use std::io::Write as _;

use anyhow::bail;
use cloze::model_report::AdapterReport;
use cloze_checkpoint::Checkpoint;
use cloze_checkpoint::weights::StoredType;
use cloze_store::Existing;
use serde::Serialize;

use super::standalone::{self, Written};
use crate::commands::model::args::ModelMergeArgs;
use crate::flags::dtype::DtypeArg;
use crate::terminal::messages::Messages;
use crate::terminal::out::stdout;

#[derive(Serialize)]
struct Merged {
    output: String,
    base: String,
    adapters: Vec<AdapterReport>,
    bytes: u64,
    sha256: String,
}

pub(super) fn merge(args: &ModelMergeArgs, messages: &Messages) -> anyhow::Result<()> {
    let model = args.open(messages)?;
    let folder = model.folder().display();
    if model.sources().adapters().is_empty() {
        bail!(
            "{folder}: expected a model with adapters, found none\nhint: --adapter adds one; cloze model convert copies a model"
        );
    }
    let adapters = AdapterReport::all(&Checkpoint::of(model.sources())?);
    let base = model.sources().base();
    let line = |adapter: &AdapterReport| {
        format!("- `{}`: {adapter}\n", standalone::name(adapter.folder.as_ref()))
    };
    let lines: String = adapters.iter().map(line).collect();
    let made =
        format!("`{}` with these adapters merged into it:\n\n{lines}", standalone::name(base));
    let checkpoint = Checkpoint::of(model.sources())?;
    let Written { bytes, sha256 } =
        standalone::write(&model, &args.output, args.force, &made, |path| {
            let stored = || checkpoint.weights().stored_type().unwrap_or(StoredType::F32);
            let to = args.dtype.map_or_else(stored, DtypeArg::value);
            checkpoint.write_weights(to, path, Existing::Refuse)?;
            Ok(checkpoint.config_json()?)
        })?;
    let (output, base) = (args.output.display().to_string(), base.display().to_string());
    let report = Merged { output, base, adapters, bytes, sha256 };
    let mut out = stdout();
    if args.format.is_json() {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(out, "{}", report.output)?;
        let n = report.adapters.len();
        let what = if n == 1 { "1 adapter".into() } else { format!("{n} adapters") };
        messages.note(&format!("{what} merged into {}; {} bytes", report.base, report.bytes));
    }
    Ok(())
}
