//! Flags of the destination of results.
use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use crate::terminal::out::Out;

/// Destination of results.
#[derive(Args)]
pub(crate) struct OutFlags {
    /// Write to a file, whose ending chooses the format
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "output", help_heading = "Output")]
    force: bool,
}

impl OutFlags {
    /// Opens the file, or standard output.
    pub(crate) fn open(&self) -> anyhow::Result<Out> {
        Out::to(self.output.as_deref(), self.force)
    }
}

impl OutFlags {
    /// Refuses to write a `format` of bytes to a terminal, which takes some of them for commands.
    pub(crate) fn check_binary(&self, format: &str) -> anyhow::Result<()> {
        if self.output.is_none() { check_binary(format) } else { Ok(()) }
    }
}

/// Refuses standard output for a `format` of bytes if it is a terminal.
pub(crate) fn check_binary(format: &str) -> anyhow::Result<()> {
    if std::io::stdout().is_terminal() {
        bail!(
            "--format {format} is not text, and standard output is a terminal\nhint: --output FILE, or a \
             pipe"
        );
    }
    Ok(())
}

/// Destination of results of a command that writes another file, too.
#[derive(Args)]
pub(crate) struct OutFilesFlags {
    /// Write to a file, whose ending chooses the format
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

impl OutFilesFlags {
    /// Checks that `--force` has a file to replace: that of the results, or, if `other`, the one that
    /// `flag` names.
    pub(crate) fn check(&self, flag: &str, other: bool) -> anyhow::Result<()> {
        if self.force && self.output.is_none() && !other {
            bail!("--force is for --output or {flag}");
        }
        Ok(())
    }

    /// Opens the file, or standard output.
    pub(crate) fn open(&self) -> anyhow::Result<Out> {
        Out::to(self.output.as_deref(), self.force)
    }
}
