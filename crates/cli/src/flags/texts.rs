//! Flags of the texts that a command works on.
use clap::Args;

use crate::input::texts::{self, Input};
use crate::terminal::messages::Messages;

/// Texts of files and of the command line.
#[derive(Args, Clone)]
pub(crate) struct TextsFlags {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required_unless_present = "text", value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) given: GivenTextFlags,
}

impl TextsFlags {
    /// Texts of the command line.
    pub(crate) fn given(&self, messages: &Messages) -> Vec<Input> {
        texts::given(&self.given.text, "without --text the file is read", messages)
    }
}

/// Texts of the command line.
#[derive(Args, Clone)]
pub(crate) struct GivenTextFlags {
    /// A text itself, taken before those of files; can be repeated
    #[arg(long, value_name = "TEXT", help_heading = "Input")]
    pub(crate) text: Vec<String>,
}
