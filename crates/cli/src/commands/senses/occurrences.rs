//! Occurrences of a word in texts without annotated senses.
use anyhow::bail;
use cloze::batch::isolate;
use cloze::{Matrix, SentenceEncoder, Span, check_finite};

use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};

/// Characters shown before a word.
const BEFORE: usize = 32;
/// Characters shown after a word.
const AFTER: usize = 128;

/// An occurrence of the word.
pub(super) struct Found {
    /// Text with its place.
    pub(super) input: Input,
    /// Span in the text.
    pub(super) span: Span,
    /// Vectors of the word, one per encoder.
    pub(super) vectors: Vec<Vec<f32>>,
}

impl Found {
    /// Returns the word with the text around it.
    pub(super) fn excerpt(&self) -> String {
        let (text, Span { start, end }) = (&self.input.text, self.span);
        let (before, after) = (&text[..start], &text[end..]);
        let from =
            before.char_indices().rev().take(BEFORE).last().map_or(start, |(offset, _)| offset);
        let to = after.char_indices().nth(AFTER).map_or(after.len(), |(offset, _)| offset);
        let more = |cut| if cut { "…" } else { "" };
        format!(
            "{}{}[{}]{}{}",
            more(from > 0),
            &before[from..],
            &text[start..end],
            &after[..to],
            more(to < after.len())
        )
    }
}

/// Returns every occurrence that `places` finds in the texts of `from`, with its vector by each encoder.
/// Texts that cannot be read or encoded are reported, and the others are used; `word` is for messages.
pub(super) fn find(
    encoders: &[&SentenceEncoder],
    word: &str,
    places: impl Fn(&str) -> Vec<Span>,
    from: &TextsFlags,
    read: &ReadFlags,
    messages: &Messages,
) -> anyhow::Result<Vec<Found>> {
    let mut hits = vec![];
    let texts = texts::for_each_text(from, read, messages, |chunk| {
        let with: Vec<(Input, Vec<Span>)> = chunk
            .into_iter()
            .map(|input| {
                let spans = places(&input.text);
                (input, spans)
            })
            .filter(|(_, spans)| !spans.is_empty())
            .collect();
        let inputs: Vec<(&str, &[Span])> =
            with.iter().map(|(input, spans)| (&*input.text, &**spans)).collect();
        let encoded = isolate(&inputs, |inputs| encode_spans(encoders, inputs))?;
        for ((input, spans), encoded) in with.iter().zip(encoded) {
            match encoded {
                Ok(encoded) => {
                    for (span, vectors) in spans.iter().zip(encoded) {
                        let Some(vectors) = vectors else { continue };
                        let input = Input {
                            path: input.path.clone(),
                            line: input.line,
                            id: input.id.clone(),
                            text: input.text.clone(),
                            metadata: input.metadata.clone(),
                            cells: None,
                        };
                        hits.push(Found { input, span: *span, vectors });
                    }
                }
                Err(error) => messages.failure(&input.not_encoded(error)),
            }
        }
        Ok(())
    })?;
    if hits.is_empty() {
        bail!("expected the word {word:?} in at least one text, found it in none of {texts}");
    }
    let occurrences = plural(hits.len() as u64, "occurrence");
    messages.note(&format!("{occurrences} of {word:?} in {}", plural(texts, "text")));
    Ok(hits)
}

/// Vectors of a span by each encoder; `None` if one of them sees no token of it.
type SpanVectors = Option<Vec<Vec<f32>>>;

/// The vectors of each text's spans.
fn encode_spans(
    encoders: &[&SentenceEncoder],
    inputs: &[(&str, &[Span])],
) -> Result<Vec<Vec<SpanVectors>>, cloze::Error> {
    let mut by_encoder: Vec<Vec<Vec<Option<Vec<f32>>>>> = vec![];
    for encoder in encoders {
        let vectors = encoder.spans(inputs)?;
        vectors.iter().flatten().flatten().try_for_each(|v| check_finite(v))?;
        by_encoder.push(vectors);
    }
    let mut by_text = Vec::with_capacity(inputs.len());
    for (text, (_, spans)) in inputs.iter().enumerate() {
        let vectors_of = |span: usize| by_encoder.iter().map(|v| v[text][span].clone()).collect();
        by_text.push((0..spans.len()).map(vectors_of).collect());
    }
    Ok(by_text)
}

/// Returns the vectors of one encoder at length 1, one row per occurrence.
pub(super) fn matrix(hits: &[Found], encoder: usize) -> Matrix {
    let mut numbers = vec![];
    let mut width = 1;
    for hit in hits {
        let mut vector = hit.vectors[encoder].clone();
        cloze::embed::l2_normalize(&mut vector);
        width = vector.len();
        numbers.extend(vector);
    }
    Matrix::from_vec(width, numbers).unwrap_or_default()
}
