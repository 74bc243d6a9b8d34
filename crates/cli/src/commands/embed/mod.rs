//! `cloze embed`: vectors of texts, words or tokens.
pub(crate) mod args;
mod arrays;
mod form;
mod states;

use std::time::Instant;

use anyhow::bail;
use cloze::batch::isolate;
use cloze::embed::Level;
use cloze::{PieceVectors, SentenceEncoder};

use crate::cli::CommonFlags;
use crate::commands::embed::args::{EmbedArgs, EmbedFormat};
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};
use form::{Form, Vectors};

/// Checks the flags against the model, then encodes.
pub(crate) fn run(
    common: &CommonFlags,
    args: &EmbedArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let format = args.format.given().unwrap_or(EmbedFormat::Jsonl);
    match format {
        EmbedFormat::Jsonl => {}
        EmbedFormat::Npy => args.out.check_binary("npy")?,
        EmbedFormat::Safetensors => args.out.check_binary("safetensors")?,
        EmbedFormat::Npz => args.out.check_binary("npz")?,
        #[cfg(feature = "parquet")]
        EmbedFormat::Parquet => args.out.check_binary("parquet")?,
        #[cfg(feature = "parquet")]
        EmbedFormat::Arrow => args.out.check_binary("arrow")?,
    }
    let arrays = matches!(format, EmbedFormat::Npz | EmbedFormat::Safetensors);
    if args.logits.is_some() || (args.level == Level::Token && arrays) {
        return states::run(common, args, format, messages);
    }
    if format == EmbedFormat::Npz {
        bail!("--format npz is for --level token, not {}", args.level);
    }
    if args.level != Level::Sentence {
        args.read.check_one_field("offsets")?;
    }
    if args.level != Level::Sentence && format != EmbedFormat::Jsonl {
        let fit = if args.level == Level::Token { "jsonl, npz or safetensors" } else { "jsonl" };
        bail!("--level {} is for --format {fit}: a row has no place for offsets", args.level);
    }
    if args.special && args.level != Level::Token {
        bail!("--special is for --level token");
    }
    args.read.params()?;
    let encoder = args.vectors.open(common, messages)?;
    if encoder.correction().is_some_and(|c| c.fitted().level != args.level) {
        let fitted = encoder.correction().map_or(Level::Sentence, |c| c.fitted().level);
        bail!("--zscore was fitted for --level {fitted}, not {}", args.level);
    }
    let out = args.out.open()?;
    let mut form = Form::open(format, args.offsets.value(), encoder.width(), out)?;
    let started = Instant::now();
    let texts = texts::for_each_text(&args.texts, &args.read, messages, |chunk| {
        write(&encoder, args, &chunk, &mut form, messages)
    })?;
    form.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = texts as f64 / seconds.max(1e-9);
    messages.note(&format!("{} in {seconds:.1} s, {rate:.0} texts/s", plural(texts, "text")));
    note_truncated(&encoder, messages);
    Ok(())
}

/// Reports the number of truncated texts.
pub(crate) fn note_truncated(encoder: &SentenceEncoder, messages: &Messages) {
    note_cut(encoder.counts().truncated, encoder.model().max_tokens(), messages);
}

/// Reports `truncated` texts as truncated at `max` tokens.
pub(crate) fn note_cut(truncated: u64, max: usize, messages: &Messages) {
    if truncated > 0 {
        messages.note(&format!(
            "{} cut at {max} tokens, as --truncate asks",
            plural(truncated, "text")
        ));
    }
}

fn write(
    encoder: &SentenceEncoder,
    args: &EmbedArgs,
    chunk: &[Input],
    form: &mut Form,
    messages: &Messages,
) -> anyhow::Result<()> {
    let texts: Vec<&str> = chunk.iter().map(|t| t.text.as_str()).collect();
    if args.level == Level::Sentence {
        for (text, vector) in chunk.iter().zip(encoder.encode_batch(&texts)?) {
            match vector {
                Ok(vector) => form.write(text, Vectors::Text(&vector))?,
                Err(error) => {
                    messages.failure(&text.not_encoded(error));
                    form.skip()?;
                }
            }
        }
    } else {
        let encode = |texts: &[&str]| encoder.encode_pieces(texts, args.level, args.special);
        for (text, encoded) in chunk.iter().zip(isolate(&texts, encode)?) {
            match encoded {
                Ok(PieceVectors { pieces, vectors }) => {
                    form.write(text, Vectors::Pieces(&pieces, &vectors))?;
                }
                Err(error) => messages.failure(&text.not_encoded(error)),
            }
        }
    }
    Ok(form.flush()?)
}
