//! `cloze man`: manual pages.
use std::io::{self, Write as _};
use std::path::Path;

use clap::CommandFactory as _;

use crate::cli::Cli;

/// Prints the page of `cloze`, or writes the pages of all commands into a folder.
pub(crate) fn run(output: Option<&Path>) -> anyhow::Result<()> {
    match output {
        None => {
            let mut page = vec![];
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            Ok(io::stdout().lock().write_all(&page)?)
        }
        Some(folder) => {
            fs_err::create_dir_all(folder)?;
            Ok(clap_mangen::generate_to(Cli::command(), folder)?)
        }
    }
}
