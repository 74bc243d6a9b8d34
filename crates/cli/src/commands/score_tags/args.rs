//! `cloze score-tags`, as typed.
use std::path::PathBuf;

use clap::Args;
use cloze::metrics::entity::TagScheme;

use crate::flags::out::OutFlags;

/// What `cloze score-tags` is asked for.
#[derive(Args)]
pub(crate) struct ScoreTagsArgs {
    /// A CoNLL file with the gold tags
    #[arg(value_name = "GOLD")]
    pub(crate) gold: PathBuf,
    /// The same words with the tags to be judged
    #[arg(value_name = "PREDICTED")]
    pub(crate) predicted: PathBuf,
    /// The column of the words in both files, counted from 1
    #[arg(long, default_value_t = 1, value_name = "N", help_heading = "Input")]
    pub(crate) token_column: usize,
    /// The column of the gold tags, counted from 1 [default: the last]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) gold_column: Option<usize>,
    /// The column of the predicted tags, counted from 1 [default: the last]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) predicted_column: Option<usize>,
    /// How the tags mark entities: iob1, iob2, ioe1, ioe2, iobes, bilou. Reported, and with --strict
    /// followed [default with --strict: what the gold tags show]
    #[arg(long, value_name = "SCHEME", value_parser = scheme, help_heading = "Entities")]
    pub(crate) scheme: Option<TagScheme>,
    /// Only what is tagged exactly as the scheme has it is an entity, as seqeval's strict mode has it;
    /// without this every sequence has a meaning, as conlleval has it
    #[arg(long, help_heading = "Entities")]
    pub(crate) strict: bool,
    /// Only entities with these labels
    #[arg(long, value_delimiter = ',', value_name = "A,B", help_heading = "Entities")]
    pub(crate) labels: Option<Vec<String>>,
    /// Also how many entities are nearly right, as SemEval-2013 counts them
    #[arg(long, help_heading = "Output")]
    pub(crate) partial: bool,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// A scheme by its name.
pub(crate) fn scheme(name: &str) -> Result<TagScheme, String> {
    TagScheme::parse(name).ok_or_else(|| {
        let names = TagScheme::ALL.map(|scheme| scheme.name().to_ascii_lowercase());
        format!("expected one of {}", names.join(", "))
    })
}
