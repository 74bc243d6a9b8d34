//! Flags of the commands that evaluate a decoder on records of tables and JSON.
use clap::Args;
use cloze::{Generator, ModelFolder};

use crate::cli::CommonFlags;
use crate::flags::find_model;
use crate::flags::read::{InputArg, ReadFlags};
use crate::flags::table::TableFlags;
use crate::terminal::messages::Messages;

/// Decoder to evaluate.
#[derive(Args)]
pub(crate) struct DecoderFlags {
    /// Decoder, by name or folder
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    /// Number of threads [default: the cores this process may use]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) threads: Option<usize>,
    /// Largest cache of keys and values, in MiB
    #[arg(long, default_value_t = 2048, value_name = "MIB", help_heading = "Model")]
    pub(crate) max_cache_mib: usize,
}

impl DecoderFlags {
    /// Opens the decoder, and returns the folder of its model.
    pub(crate) fn open(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<(Generator, ModelFolder)> {
        let model = find_model(&self.model, messages)?;
        let builder = Generator::builder(model.clone()).threads(self.threads);
        let builder = builder.max_cache_mib(self.max_cache_mib);
        Ok((builder.runtime(common.load_runtime(messages)?).open()?, model))
    }
}

/// Records with all of their columns.
#[derive(Args)]
pub(crate) struct RecordFlags {
    /// Format of the files; auto goes by the file extension, and reads standard input as JSON lines
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Input")]
    input: InputArg,
    /// Delimiter of columns (csv, tsv): a character, or tab [default: , ; | or tab, by the first rows]
    #[arg(long, value_name = "CHAR", value_parser = crate::flags::table::parse_delimiter, help_heading = "Input")]
    delimiter: Option<u8>,
    /// Encoding of the files: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Input")]
    encoding: String,
}

impl RecordFlags {
    /// Flags of a reader of all columns of tables with or without a header, and of all fields of JSON.
    pub(crate) fn read(&self, paths: &[String], has_header: bool) -> ReadFlags {
        let from_stdin = self.input == InputArg::Auto && paths.iter().all(|path| path == "-");
        ReadFlags {
            input: if from_stdin { InputArg::Jsonl } else { self.input },
            text_field: Some("*".into()),
            id_field: None,
            table: TableFlags::with_header(has_header, self.delimiter),
            token_column: None,
            encoding: self.encoding.clone(),
            max_text: 16,
            metadata: false,
            cells: true,
        }
    }
}
