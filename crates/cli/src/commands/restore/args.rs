//! `cloze restore`, as typed.
use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  cloze restore clean/ --key-file key.jsonl --output originals/
  cloze restore clean.csv --key-file key.jsonl --output staff.csv";

/// Arguments of `cloze restore`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// Redacted files, as `cloze redact` wrote them: files, folders, patterns, or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// Key file of the redaction
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// Write to a file, or into a folder as a tree like the input's: PATH is a folder if it is one, if
    /// it ends in /, or if a folder is read and PATH has no ending [default: standard output]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, requires = "output", help_heading = "Output")]
    pub(crate) force: bool,
}
