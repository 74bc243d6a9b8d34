//! `cloze setup`: ONNX Runtime ready ahead of time.
use std::io::Write as _;

use serde::Serialize;

use crate::cli::CommonFlags;
use crate::terminal::messages::Messages;
use crate::terminal::out::stdout;

#[derive(Serialize)]
struct Report {
    library: String,
    origin: &'static str,
    build: &'static str,
}

pub(crate) fn run(common: &CommonFlags, json: bool, messages: &Messages) -> anyhow::Result<()> {
    let runtime = common.load_runtime(messages)?;
    let report = Report {
        library: runtime.path().display().to_string(),
        origin: runtime.origin().name(),
        build: runtime.build_info(),
    };
    // Not `println!`, which panics where standard output is closed.
    let mut out = stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(out, "ONNX Runtime {}: {}", report.origin, report.library)?;
    }
    Ok(())
}
