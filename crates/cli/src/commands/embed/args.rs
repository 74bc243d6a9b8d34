//! `cloze embed`, as typed.
use clap::{Args, ValueEnum};
use cloze::Head;
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
    /// Logits of this head, too (with --level token and --format npz or safetensors)
    #[arg(long, value_enum, value_name = "HEAD", help_heading = "Vectors")]
    pub(crate) logits: Option<HeadArg>,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// The form of the results [default: by the ending of --output, else jsonl]
    #[arg(short, long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<EmbedFormat>,
    /// What offsets of words and tokens count
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
    /// The tensor `vectors`, f32, a row a text; with --level token the arrays of npz
    Safetensors,
    /// With --level token: for text I from 0 the arrays I.hidden `[layers, tokens, hidden]`, I.ids,
    /// I.offsets, I.special and, with --logits, I.logits; layers are not averaged
    Npz,
}

/// Heads of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeadArg {
    /// A label for each token
    Tokens,
    /// A label for the text
    Sequence,
    /// Whether a text follows another
    NextSentence,
    /// The first token's hidden state, through the pooler
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
