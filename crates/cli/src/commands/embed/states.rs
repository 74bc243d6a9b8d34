//! `cloze embed --level token` as arrays: hidden states of each layer, and logits of a head.
use std::time::Instant;

use anyhow::bail;
use cloze::{HiddenStates, Level};

use crate::cli::CommonFlags;
use crate::commands::embed::args::{EmbedArgs, EmbedFormat, HeadArg};
use crate::commands::embed::arrays::Arrays;
use crate::commands::embed::note_cut;
use crate::flags::find_model;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};

/// Checks the flags against the model, then encodes.
pub(crate) fn run(
    common: &CommonFlags,
    args: &EmbedArgs,
    format: EmbedFormat,
    messages: &Messages,
) -> anyhow::Result<()> {
    if args.level != Level::Token || !matches!(format, EmbedFormat::Npz | EmbedFormat::Safetensors)
    {
        bail!("--logits is for --level token with --format npz or safetensors");
    }
    let flags = &args.vectors;
    let unfit = [
        ("--static", flags.statics),
        ("--zscore", flags.zscore.is_some()),
        ("--pooling", flags.pooling.is_some()),
        ("--truncate-dim", flags.truncate_dim.is_some()),
        ("--prompt", flags.prompt.is_some()),
        ("--prompt-name", flags.prompt_name.is_some()),
        ("--route", flags.route.is_some()),
    ];
    if let Some((flag, _)) = unfit.iter().find(|(_, set)| *set) {
        bail!("{flag} is not for hidden states as arrays, which are the model's own");
    }
    args.read.params()?;
    let model = find_model(&flags.model, messages)?;
    let states = HiddenStates::builder(model)
        .runtime(common.load_runtime(messages)?)
        .threads(flags.work.threads)
        .batch_tokens(flags.work.batch_tokens)
        .truncate(flags.truncate)
        .layers(flags.layers.clone())
        .head(args.logits.map(HeadArg::value))
        .open()?;
    let mut arrays = Arrays::open(format, args.offsets.value(), states.layers(), args.out.open()?)?;
    let started = Instant::now();
    let mut next = 0;
    let texts = texts::for_each_text(&args.texts, &args.read, messages, |chunk| {
        write(&states, &chunk, &mut next, &mut arrays, messages)
    })?;
    arrays.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = texts as f64 / seconds.max(1e-9);
    messages.note(&format!("{} in {seconds:.1} s, {rate:.0} texts/s", plural(texts, "text")));
    note_cut(states.counts().truncated, states.model().max_tokens(), messages);
    Ok(())
}

/// Writes the arrays of a chunk, whose first text is number `next`.
fn write(
    states: &HiddenStates,
    chunk: &[Input],
    next: &mut usize,
    arrays: &mut Arrays,
    messages: &Messages,
) -> anyhow::Result<()> {
    let texts = chunk.iter().map(|text| text.text.as_str());
    for (text, result) in chunk.iter().zip(states.encode_iter(texts)) {
        match result {
            Ok(states) => arrays.write(*next, text, &states)?,
            Err(error) if error.is_of_one_text() => messages.failure(&text.not_encoded(error)),
            Err(error) => return Err(error.into()),
        }
        *next += 1;
    }
    Ok(())
}
