//! `cloze embed`, as typed.
use clap::{Args, ValueEnum};
use cloze::Head;
use cloze::embed::Level;

use crate::commands::short_help;
use crate::flags::OffsetsArg;
use crate::flags::format::{FormatFlags, OutputFormat};
use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::flags::vectors::VectorFlags;

/// Flags in the short help.
const EMBED_SHOWN: &[&str] =
    &["text", "model", "level", "layers", "format", "output", "text_field"];
const EMBED_EXAMPLES: &str = "\
Examples:
  cloze embed notes/ --output notes.npy
  cloze embed reviews.csv --text-field review --format jsonl
  cloze embed texts.txt --level token --layers all --output states.npz";

/// Arguments of `cloze embed`.
#[derive(Args)]
#[command(after_help = EMBED_EXAMPLES, mut_args(|arg| short_help::only(EMBED_SHOWN, arg)))]
pub(crate) struct EmbedArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Unit of a vector: sentence (a whole text), word or token
    #[arg(long, default_value = "sentence", value_name = "LEVEL", value_parser = Level::parse, help_heading = "Vectors")]
    pub(crate) level: Level,
    /// Include special tokens (with --level token)
    #[arg(long, help_heading = "Vectors")]
    pub(crate) special: bool,
    /// Head whose logits are written, too (with --level token and --format npz or safetensors)
    #[arg(long, value_enum, value_name = "HEAD", help_heading = "Vectors")]
    pub(crate) logits: Option<HeadArg>,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) format: FormatFlags<EmbedFormat>,
    /// Unit of offsets of words and tokens
    #[arg(long, value_enum, default_value_t, value_name = "UNIT", help_heading = "Output")]
    pub(crate) offsets: OffsetsArg,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmbedFormat {
    /// One JSON object per text
    #[value(alias = "json")]
    Jsonl,
    /// NumPy file, f32, one row per text
    Npy,
    /// Tensor `vectors`, f32, one row per text; with --level token the arrays of npz
    Safetensors,
    /// Arrays of each text I, from 0 (with --level token): I.hidden `[layers, tokens, hidden]`, I.ids,
    /// I.offsets, I.special and, with --logits, I.logits; layers are not averaged
    Npz,
    /// Columns `id` and `vector` of a Parquet file
    #[cfg(feature = "parquet")]
    Parquet,
    /// The same as an Arrow IPC file
    #[cfg(feature = "parquet")]
    Arrow,
}

impl OutputFormat for EmbedFormat {
    const JSON: Self = Self::Jsonl;
    const HELP: &'static str = "Output format [default: by the ending of --output, else jsonl]";
}

/// Heads of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeadArg {
    /// Token classification
    Tokens,
    /// Sequence classification
    Sequence,
    /// Next-sentence prediction
    NextSentence,
    /// Pooler output: the first token's hidden state through a dense layer
    Pooler,
}

impl HeadArg {
    pub(crate) fn value(self) -> Head {
        match self {
            Self::Tokens => Head::Tokens,
            Self::Sequence => Head::Sequence,
            Self::NextSentence => Head::NextSentence,
            Self::Pooler => Head::Pooler,
        }
    }
}
