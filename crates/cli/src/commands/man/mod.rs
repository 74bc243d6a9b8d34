//! `cloze man`: manual pages.
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use cloze_store::{AtomicFile, Existing};

use crate::cli::Cli;
use crate::terminal::out::stdout;

/// Prints the page of `cloze`, or writes the pages of all commands into a folder.
pub(crate) fn run(output: Option<&Path>) -> anyhow::Result<()> {
    match output {
        None => {
            let mut page = vec![];
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            Ok(stdout().write_all(&page)?)
        }
        Some(folder) => {
            let pages = tempfile::tempdir().context("a folder for the pages")?;
            clap_mangen::generate_to(Cli::command(), pages.path())?;
            for page in fs_err::read_dir(pages.path())? {
                let page = page?;
                let mut file =
                    AtomicFile::create(&folder.join(page.file_name()), Existing::Replace)?;
                file.write_all(&fs_err::read(page.path())?)?;
                file.commit()?;
            }
            Ok(())
        }
    }
}
