//! Word sense induction: occurrences of a word clustered by use.
use cloze::heads::senses::places;

use super::occurrences::{self, Found};
use crate::cli::CommonFlags;
use crate::commands::cluster::Files;
use crate::commands::embed::note_truncated;
use crate::commands::senses::args::SensesInduceArgs;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;

pub(super) fn run(
    common: &CommonFlags,
    args: &SensesInduceArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    args.grouping.check()?;
    args.out.check()?;
    let encoder = args.vectors.open_layers(common, messages)?;
    let files = Files::open(&args.out)?;
    let places = |text: &str| places(text, &args.word, true);
    let (texts, read) = (&args.texts, &args.read);
    let hits = occurrences::find(&[&encoder], &args.word, places, texts, read, messages)?;
    note_truncated(&encoder, messages);
    let vectors = occurrences::matrix(&hits, 0);
    let excerpt = |hit: Found| Input { text: hit.excerpt(), ..hit.input };
    let texts: Vec<Input> = hits.into_iter().map(excerpt).collect();
    files.write("occurrence", &texts, &vectors, &args.grouping, messages)
}
