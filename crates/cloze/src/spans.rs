//! Vectors of places in texts: of words, or of whatever else a span covers.
use cloze_core::Span;
use cloze_embed::{Level, average};

use crate::{Error, PieceVectors, SentenceEncoder};

/// As many texts are encoded at once: the rows of all their tokens are in memory then.
const CHUNK: usize = 256;

impl SentenceEncoder {
    /// The vector of each span of each text: the mean of the rows of the tokens that have a byte of it,
    /// neither corrected nor brought to length 1, `[hidden]` each. `None` for a span that no token has
    /// a byte of: one of blanks alone, or beyond what is seen of a text that is cut.
    ///
    /// # Errors
    /// As [`pieces`](Self::pieces).
    pub fn spans<T: AsRef<str>>(
        &self,
        texts: &[(T, &[Span])],
    ) -> Result<Vec<Vec<Option<Vec<f32>>>>, Error> {
        let mut by_text = Vec::with_capacity(texts.len());
        for chunk in texts.chunks(CHUNK) {
            let only: Vec<&str> = chunk.iter().map(|(text, _)| text.as_ref()).collect();
            let pieces = self.pieces(&only, Level::Token, false)?;
            for ((_, spans), pieces) in chunk.iter().zip(pieces) {
                let vectors = spans.iter().map(|span| of_span(&pieces, *span));
                by_text.push(vectors.collect::<Result<_, _>>()?);
            }
        }
        Ok(by_text)
    }
}

fn of_span(pieces: &PieceVectors, span: Span) -> Result<Option<Vec<f32>>, Error> {
    let both = pieces.pieces.iter().zip(&pieces.vectors);
    let rows: Vec<&[f32]> =
        both.filter(|(piece, _)| piece.span.overlaps(span)).map(|(_, row)| row).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(average(&rows)?))
}
