//! `cloze embed`, as typed.
use clap::{Args, ValueEnum};
use cloze::embed::Level;

use crate::flags::OffsetsArg;
use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::vectors::VectorFlags;

/// What `cloze embed` is asked for.
#[derive(Args)]
pub(crate) struct EmbedArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// What a vector stands for: sentence (a whole text), word or token
    #[arg(long, default_value = "sentence", value_name = "LEVEL", value_parser = Level::parse, help_heading = "Vectors")]
    pub(crate) level: Level,
    /// Special tokens, too (with --level token)
    #[arg(long, help_heading = "Vectors")]
    pub(crate) special: bool,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// The form of the results [default: by the ending of --output, else jsonl]
    #[arg(short, long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<EmbedFormat>,
    /// What offsets of words and tokens count (jsonl)
    #[arg(long, value_enum, default_value_t, value_name = "UNIT", help_heading = "Output")]
    pub(crate) offsets: OffsetsArg,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// The forms vectors are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmbedFormat {
    /// A JSON object a text
    Jsonl,
    /// NumPy's file format, f32, a row a text
    Npy,
    /// The tensor `vectors`, f32, a row a text
    Safetensors,
}
