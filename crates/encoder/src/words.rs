//! Tokens as people read them: vocabularies mark where words begin or go on, each in its way.
use tokenizers::{DecoderWrapper, ModelWrapper};

/// Words or pieces of a text that tokens represent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The text, without white space around it and without marks. Bytes that are not a whole
    /// character are U+FFFD.
    pub text: String,
    /// Whether it goes on where the token before it ends, without a space: a word's second piece, or a
    /// full stop.
    pub glued: bool,
}

/// Marks of words in a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// Prefix of a piece that continues a word: `##` of `WordPiece`.
    Continuing(String),
    /// Prefix of a piece that begins a word, a stand-in for a space: `▁` of `SentencePiece`.
    Space(char),
    /// Tokens are bytes, spaces among them: `Ġ` of GPT-2's byte pairs.
    Bytes,
    /// Every token is a word.
    None,
}

impl Marks {
    pub(crate) fn of(tokenizer: &tokenizers::Tokenizer) -> Self {
        if let ModelWrapper::WordPiece(model) = tokenizer.get_model() {
            return Self::Continuing(model.continuing_subword_prefix.clone());
        }
        let mut decoders = match tokenizer.get_decoder() {
            Some(DecoderWrapper::Sequence(sequence)) => sequence.get_decoders().to_vec(),
            Some(decoder) => vec![decoder.clone()],
            None => vec![],
        };
        let marks = decoders.drain(..).find_map(|decoder| match decoder {
            DecoderWrapper::ByteLevel(_) => Some(Self::Bytes),
            DecoderWrapper::Metaspace(space) => Some(Self::Space(space.get_replacement())),
            _ => None,
        });
        match (marks, tokenizer.get_model()) {
            (Some(marks), _) => marks,
            // Unigram is SentencePiece's model.
            (None, ModelWrapper::Unigram(_)) => Self::Space('▁'),
            (None, _) => Self::None,
        }
    }

    /// Tokens that follow one another. `None` if one is not in the vocabulary.
    pub(crate) fn read(&self, tokenizer: &tokenizers::Tokenizer, ids: &[u32]) -> Option<Words> {
        let pieces = ids.iter().map(|&id| tokenizer.id_to_token(id)).collect::<Option<Vec<_>>>()?;
        let added = tokenizer.get_added_tokens_decoder();
        let whole = |i: usize| ids.get(i).is_some_and(|id| added.contains_key(id));
        let (mut text, mut glued) = (String::new(), false);
        match self {
            Self::Continuing(prefix) => {
                for (i, piece) in pieces.iter().enumerate() {
                    let rest = piece.strip_prefix(prefix.as_str()).filter(|rest| !rest.is_empty());
                    let closing = matches!(piece.as_str(), "." | "," | "!" | "?");
                    let goes_on = rest.is_some() || closing;
                    if i == 0 {
                        glued = goes_on;
                    } else if !goes_on {
                        text.push(' ');
                    }
                    text.push_str(rest.unwrap_or(piece));
                }
            }
            Self::Space(mark) => {
                glued = pieces.first().is_some_and(|p| !p.starts_with(*mark)) && !whole(0);
                text = pieces.concat().replace(*mark, " ");
            }
            Self::Bytes => {
                text = tokenizer.decode(ids, false).ok()?;
                glued = !text.starts_with(char::is_whitespace) && !whole(0);
            }
            Self::None => text = pieces.join(" "),
        }
        Some(Words { text: text.trim().to_owned(), glued })
    }
}
