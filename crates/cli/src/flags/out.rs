//! Flags that say where results go.
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use crate::terminal::out::Out;

/// Where results go.
#[derive(Args)]
pub(crate) struct OutFlags {
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "output", help_heading = "Output")]
    force: bool,
}

impl OutFlags {
    /// The file, or standard output.
    pub(crate) fn open(&self) -> anyhow::Result<Out> {
        Out::to(self.output.as_deref(), self.force)
    }
}

/// Where results go, where a command writes another file, too.
#[derive(Args)]
pub(crate) struct OutFilesFlags {
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

impl OutFilesFlags {
    /// That there is a file to replace: that of the results, or the one that `flag` names, if `other`
    /// says so.
    pub(crate) fn check(&self, flag: &str, other: bool) -> anyhow::Result<()> {
        if self.force && self.output.is_none() && !other {
            bail!("--force is for --output or {flag}");
        }
        Ok(())
    }

    /// The file, or standard output.
    pub(crate) fn open(&self) -> anyhow::Result<Out> {
        Out::to(self.output.as_deref(), self.force)
    }
}
