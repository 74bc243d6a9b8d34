//! Vectors of the words or tokens of texts.
use cloze_core::words_of_tokens;
use cloze_core::{Matrix, Span};
use cloze_embed::{Level, average};
use cloze_encoder::Mapped;

use super::SentenceEncoder;
use crate::Error;

/// A token with its vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPiece {
    /// The token's id in the vocabulary; of a word, its first token's.
    pub id: u32,
    /// The bytes of the text it stands for; empty for special tokens.
    pub span: Span,
    /// Whether it is a special token.
    pub special: bool,
}

/// The vectors of one text's tokens or words.
#[derive(Clone, Debug, PartialEq)]
pub struct PieceVectors {
    /// In text order.
    pub pieces: Vec<TokenPiece>,
    /// `[pieces, width]`.
    pub vectors: Matrix,
}

impl SentenceEncoder {
    /// The vectors of each text's words or tokens. Special tokens come with the tokens if asked for.
    ///
    /// # Errors
    /// As [`encode`](Self::encode); [`Error::Conflict`] for [`Level::Sentence`], which has no
    /// pieces, and for special tokens among words.
    pub fn encode_pieces<T: AsRef<str>>(
        &self,
        texts: &[T],
        level: Level,
        special: bool,
    ) -> Result<Vec<PieceVectors>, Error> {
        let mut texts = self.pieces(texts, level, special)?;
        for PieceVectors { vectors, .. } in &mut texts {
            // A correction may change the width.
            let (mut width, mut data) = (vectors.cols(), vec![]);
            for row in &*vectors {
                let row = self.finish(row.to_vec(), level)?;
                width = row.len();
                data.extend(row);
            }
            *vectors = Matrix::from_vec(width, data).unwrap_or_default();
        }
        Ok(texts)
    }

    /// [`encode_pieces`](Self::encode_pieces) without correction, cut or length 1: what a correction
    /// of words or tokens is fitted on.
    ///
    /// # Errors
    /// As [`encode_pieces`](Self::encode_pieces).
    pub fn pieces<T: AsRef<str>>(
        &self,
        texts: &[T],
        level: Level,
        special: bool,
    ) -> Result<Vec<PieceVectors>, Error> {
        match level {
            Level::Sentence => return Err(Error::Conflict("a sentence is one vector, not pieces")),
            Level::Word if special => {
                return Err(Error::Conflict("special tokens are tokens, not words"));
            }
            Level::Word | Level::Token => {}
        }
        let prompted = self.prompted(texts);
        let inputs: Vec<&str> = prompted.iter().map(AsRef::as_ref).collect();
        let encoder = match &self.whole {
            Some(whole) => whole.get(&self.model)?,
            None => &self.encoder,
        };
        let mapped = encoder.map_windows(&inputs, |window| {
            let rows = self.rows(window)?;
            let width = self.hidden;
            let offset = |token: usize| (window.before + token - window.tokens.start) * width;
            let kept = rows[offset(window.kept.start)..offset(window.kept.end)].to_vec();
            let before = rows[..window.before * width].to_vec();
            let after = rows[rows.len() - window.after * width..].to_vec();
            Ok::<_, Error>([before, kept, after])
        })?;
        let texts = texts.iter().map(AsRef::as_ref);
        mapped.into_iter().zip(texts).map(|(m, text)| self.join(m, text, level, special)).collect()
    }

    /// The pieces of one text from those of its windows.
    fn join(
        &self,
        mapped: Mapped<Result<[Vec<f32>; 3], Error>>,
        text: &str,
        level: Level,
        special: bool,
    ) -> Result<PieceVectors, Error> {
        let Mapped { tokens, ids, windows } = mapped;
        let windows = windows.into_iter().collect::<Result<Vec<_>, _>>()?;
        let kept: Vec<f32> = windows.iter().flat_map(|[_, kept, _]| kept.iter().copied()).collect();
        let prompt = self.prompt.len();
        let moved = |span: Span| {
            Span::new(span.start.saturating_sub(prompt), span.end.saturating_sub(prompt))
        };
        let row = |i: usize| &kept[i * self.hidden..(i + 1) * self.hidden];
        let mut pieces = vec![];
        let mut vectors = Matrix::with_capacity(tokens.len(), self.hidden);
        let mut add = |piece: TokenPiece, rows: &[f32]| {
            pieces.push(piece);
            let pushed = vectors.push_rows(rows);
            debug_assert!(pushed, "a row for each piece");
        };
        let specials = |ids: &[u32], offset: usize| {
            ids.iter()
                .map(|&id| TokenPiece { id, span: Span::new(offset, offset), special: true })
                .collect::<Vec<_>>()
        };
        let (before, after) = self.encoder.special_ids();
        if let (true, Some([rows, _, _])) = (special, windows.first()) {
            let rows = rows.chunks_exact(self.hidden);
            specials(&before, 0).into_iter().zip(rows).for_each(|(p, row)| add(p, row));
        }
        // What begins within the prompt is the prompt's.
        let in_text = |span: Span| prompt == 0 || (!span.is_empty() && span.start >= prompt);
        if level == Level::Token {
            for (i, token) in tokens.iter().enumerate().filter(|(_, t)| in_text(t.span)) {
                add(TokenPiece { id: ids[i], span: moved(token.span), special: false }, row(i));
            }
        } else {
            for word in words_of_tokens(&tokens).into_iter().filter(|w| in_text(w.span)) {
                let rows: Vec<&[f32]> = word.tokens.clone().map(row).collect();
                let piece = TokenPiece {
                    id: ids[word.tokens.start],
                    span: moved(word.span),
                    special: false,
                };
                add(piece, &average(&rows)?);
            }
        }
        if let (true, Some([_, _, rows])) = (special, windows.last()) {
            let rows = rows.chunks_exact(self.hidden);
            specials(&after, text.len()).into_iter().zip(rows).for_each(|(p, row)| add(p, row));
        }
        Ok(PieceVectors { pieces, vectors })
    }
}
