//! `cloze eval choices` and `cloze eval generate`, as typed.
use clap::Args;
use cloze::evaluate::choices::ChoiceScore;

use crate::commands::short_help;
use crate::flags::decoder::{DecoderFlags, RecordFlags};
use crate::flags::format::{FigureFormat, FormatFlags};
use crate::flags::out::OutFlags;

/// Flags of the short help of `cloze eval choices`.
const CHOICES_SHOWN: &[&str] = &["model", "score", "shots", "limit", "format", "json", "output"];

const CHOICES_EXAMPLES: &str = "\
Examples:
  cloze eval choices test/*.csv --model ./qwen --shots dev.csv
  cloze eval choices questions.jsonl --model ./gpt2 --score text --json";

/// Flags of the short help of `cloze eval generate`.
const GENERATE_SHOWN: &[&str] =
    &["model", "reference_field", "max_new_tokens", "stop", "chat", "format", "json", "output"];

const GENERATE_EXAMPLES: &str = "\
Examples:
  cloze eval generate answers.jsonl --model ./qwen --chat
  cloze eval generate pairs.tsv --model ./gpt2 --prompt-field source --reference-field a,b --stop '\\n'";

/// Arguments of `cloze eval choices`.
#[derive(Args)]
#[command(
    after_help = CHOICES_EXAMPLES,
    mut_args(|arg| short_help::only(CHOICES_SHOWN, arg))
)]
pub(crate) struct EvalChoicesArgs {
    /// Questions (csv, tsv, jsonl), as files, folders or patterns, or - for standard input
    ///
    /// Tables as MMLU has them, without a header: question, choices, letter of the right one. With a header,
    /// or in JSON: question; A, B, … or a list in choices; answer: a letter, a number from 0, or the text;
    /// optionally subject.
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) decoder: DecoderFlags,
    /// Score of a choice: the probability of its letter behind all choices, or that of its text, per byte
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "Score")]
    pub(crate) score: ScoreArg,
    /// Solved questions to put before each (few-shot), from a file of the same form
    #[arg(long, value_name = "FILE", help_heading = "Score")]
    pub(crate) shots: Option<String>,
    /// Only the first N questions of each file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Input")]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) records: RecordFlags,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

crate::flags::values! { ScoreArg => ChoiceScore {
    /// Letter behind the question and all choices
    #[default]
    Letter => ChoiceScore::Letter,
    /// Text behind the question alone, per byte
    Text => ChoiceScore::Text,
} }

/// Arguments of `cloze eval generate`.
#[derive(Args)]
#[command(
    after_help = GENERATE_EXAMPLES,
    mut_args(|arg| short_help::only(GENERATE_SHOWN, arg))
)]
pub(crate) struct EvalGenerateArgs {
    /// Prompts with references (csv, tsv, jsonl), as files, folders or patterns, or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) decoder: DecoderFlags,
    /// Field or column of the prompt
    #[arg(long, default_value = "prompt", value_name = "NAME", help_heading = "Input")]
    pub(crate) prompt_field: String,
    /// Fields or columns of references; one in JSON may be a list
    #[arg(
        long,
        default_value = "reference",
        value_delimiter = ',',
        value_name = "A,B",
        help_heading = "Input"
    )]
    pub(crate) reference_field: Vec<String>,
    /// Each prompt is a user's message in the model's chat template
    #[arg(long, help_heading = "Input")]
    pub(crate) chat: bool,
    /// Only the first N records of each file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Input")]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) records: RecordFlags,
    /// Maximum number of new tokens of a text
    #[arg(long, default_value_t = 128, value_name = "N", help_heading = "Length")]
    pub(crate) max_new_tokens: usize,
    /// End a text where this string begins, \n for a line end; can be repeated
    #[arg(long, value_name = "STRING", help_heading = "Length")]
    pub(crate) stop: Vec<String>,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}
