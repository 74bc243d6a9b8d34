//! Text to token ids, with the bytes each token stands for.
//!
//! - `basic_words`: words where the tokenizer has none of its own;
//! - `file`: checks of a `tokenizer.json` before the tokenizers library sees it;
//! - `json`, `vocabulary`, `pattern`: its parts;
//! - `vocabulary_files`: vocabularies without such a file;
//! - `settings`, `apply`: settings beside the file, and the tokenizer that transformers makes of both;
//! - `train`: a tokenizer trained from texts.
mod apply;
mod basic_words;
mod file;
mod json;
mod pattern;
mod settings;
mod train;
mod vocabulary;
mod vocabulary_files;

use std::collections::HashSet;

use cloze_checkpoint::ModelFolder;
use cloze_core::{Casing, Span, Token, casings_of_tokens};
use cloze_store::Location;
use tokenizers::{NormalizedString, Normalizer as _};
use unicode_normalization::char::is_combining_mark;

use basic_words::{assign_basic_words, has_bert_words};
pub use cloze_core::panics_are_caught;
use file::CheckedFile;
use settings::Settings;
pub use train::train_tokenizer;

use crate::count::{PairPieces, Pieces};
use crate::output::Sequence;
use crate::words::{Marks, Words};
use crate::{EncoderError, PairCut};

/// More than any tokenizer; one with 250,000 words takes 20 MiB.
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;
/// Most that a long text may grow by normalisation; Unicode's own forms make 11 bytes of 1 at most, and of
/// a text of words about 1.
const MAX_TEXT_GROWTH: usize = 12;
/// Length of text in bytes that is normalised for a trial; a normaliser makes 100 times as much of it at
/// most.
const TRIAL_BYTES: usize = 64 << 10;

/// Result of `work` by the tokenizers library, which panics on damaged files in a dozen places.
fn guard<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    cloze_core::guard("the tokenizers library", work)
}

/// One text's tokens, without the special ones.
#[derive(Debug, Default)]
pub(crate) struct Tokenized {
    pub(crate) ids: Vec<u32>,
    pub(crate) tokens: Vec<Token>,
    /// Casing of each token's whole word, in every window that sees it.
    pub(crate) casing: Vec<Casing>,
}

/// A `tokenizer.json`, with whatever padding and truncation it carries taken off: here nothing is
/// cut, and batches are padded by what is in them.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// The ids of special tokens, which a text may have in it and which are not words.
    special: HashSet<u32>,
    /// The special tokens before a sequence and behind it, as (id, type id).
    pub(crate) before: Vec<(i64, i64)>,
    pub(crate) after: Vec<(i64, i64)>,
    /// The type id of a sequence's own tokens.
    pub(crate) type_id: i64,
    /// Template of two sequences; `None` if the tokenizer takes only one.
    pub(crate) pair: Option<PairTemplate>,
    /// Marks of words in the vocabulary.
    marks: Marks,
    /// Whether its own words are BERT's.
    bert_words: bool,
    /// Bytes that the normalisers may make of one.
    growth: f64,
    /// As [`cuts_left`](Self::cuts_left).
    cuts_left: bool,
}

/// The special tokens around two sequences, as (id, type id), and the type ids of their own tokens.
#[derive(Debug)]
pub(crate) struct PairTemplate {
    pub(crate) before: Vec<(i64, i64)>,
    pub(crate) between: Vec<(i64, i64)>,
    pub(crate) after: Vec<(i64, i64)>,
    pub(crate) types: [i64; 2],
}

impl PairTemplate {
    /// As seen on two sequences of one letter, whose tokens are `letter_ids`.
    fn of(whole: &tokenizers::Encoding, letter_ids: &[u32]) -> Option<Self> {
        let ids = whole.get_ids();
        let find = |from: usize| {
            let offset =
                ids.get(from..)?.windows(letter_ids.len().max(1)).position(|w| w == letter_ids)?;
            Some(from + offset)
        };
        let first = find(0)?;
        let second = find(first + letter_ids.len())?;
        let token = |i: usize| (i64::from(ids[i]), i64::from(whole.get_type_ids()[i]));
        let special = |range: std::ops::Range<usize>| range.map(token).collect();
        Some(Self {
            before: special(0..first),
            between: special(first + letter_ids.len()..second),
            after: special(second + letter_ids.len()..ids.len()),
            types: [token(first).1, token(second).1],
        })
    }

    pub(crate) fn special_tokens(&self) -> usize {
        self.before.len() + self.between.len() + self.after.len()
    }

    /// The same, and where in the sequence the texts are. No more tokens stay than there are.
    pub(crate) fn pieces(&self, texts: [&Tokenized; 2], stay: [usize; 2]) -> PairPieces {
        let first = self.before.len()..self.before.len() + stay[0];
        let start = first.end + self.between.len();
        let second = start..start + stay[1];
        PairPieces { sequence: self.sequence(texts, stay), first, second, cut: false }
    }

    /// The beginnings of both texts in one sequence: as many tokens of each as `stay` says.
    pub(crate) fn sequence(&self, texts: [&Tokenized; 2], stay: [usize; 2]) -> Sequence {
        // Ids came from 32 bits.
        let narrow = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let mut sequence = Sequence::default();
        let special = |sequence: &mut Sequence, tokens: &[(i64, i64)]| {
            sequence.ids.extend(tokens.iter().map(|&(id, _)| narrow(id)));
            sequence.types.extend(tokens.iter().map(|&(_, type_id)| narrow(type_id)));
            sequence.casing.extend(tokens.iter().map(|_| Casing::None));
        };
        special(&mut sequence, &self.before);
        push_beginning(&mut sequence, texts[0], stay[0], narrow(self.types[0]));
        special(&mut sequence, &self.between);
        push_beginning(&mut sequence, texts[1], stay[1], narrow(self.types[1]));
        special(&mut sequence, &self.after);
        sequence
    }
}

/// Adds the first tokens of a text, at most `most`, to a sequence.
fn push_beginning(sequence: &mut Sequence, text: &Tokenized, most: usize, type_id: u32) {
    let n = most.min(text.ids.len());
    sequence.ids.extend(&text.ids[..n]);
    sequence.types.extend(std::iter::repeat_n(type_id, n));
    sequence.casing.extend(text.casing.iter().take(n));
}

impl Tokenizer {
    /// These tokens of a text in a sequence, between the special ones.
    pub(crate) fn sequence(&self, text: &Tokenized, part: std::ops::Range<usize>) -> Sequence {
        let text_tokens = text.ids[part.clone()].iter().map(|&id| (i64::from(id), self.type_id));
        let (before, after) = (self.before.iter().copied(), self.after.iter().copied());
        let tokens = before.chain(text_tokens).chain(after);
        // Ids came from 32 bits.
        let narrow = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let none = |special: &[_]| std::iter::repeat_n(Casing::None, special.len());
        let casing = text.casing[part].iter().copied();
        Sequence {
            ids: tokens.clone().map(|(id, _)| narrow(id)).collect(),
            types: tokens.map(|(_, kind)| narrow(kind)).collect(),
            casing: none(&self.before).chain(casing).chain(none(&self.after)).collect(),
            asked: vec![],
        }
    }

    /// Two texts in one sequence of at most `most` tokens, special ones included, cut as `cut` says.
    pub(crate) fn pair_pieces(
        &self,
        texts: [&str; 2],
        index: usize,
        cut: PairCut,
        most: usize,
    ) -> Result<PairPieces, EncoderError> {
        let template = self.pair.as_ref().ok_or(EncoderError::NoPairs { room: 0 })?;
        let room = most.saturating_sub(template.special_tokens());
        if room == 0 {
            return Err(EncoderError::NoPairs { room: most });
        }
        let first = self.encode(texts[0], index)?;
        let second = self.encode(texts[1], index)?;
        let stay = cut.lengths(first.ids.len(), second.ids.len(), room);
        let cut = stay != (first.ids.len(), second.ids.len());
        Ok(PairPieces { cut, ..template.pieces([&first, &second], stay.into()) })
    }

    /// Opens the tokenizer of a model, whose files may come from anywhere: they are checked before the
    /// tokenizers library sees them, and a panic of the library is an error. It does what transformers'
    /// does with the same files.
    ///
    /// # Errors
    /// [`EncoderError::Store`] for a file that cannot be read or is too large;
    /// [`EncoderError::TokenBeyond`] for a token without a row of the embedding matrix; else
    /// [`EncoderError::Tokenizer`].
    pub(crate) fn open(model: &ModelFolder) -> Result<Self, EncoderError> {
        let path = &model.tokenizer_path();
        let settings = Settings::read(model)?;
        let bytes = if path.name().as_deref() == Some("tokenizer.json") {
            cloze_store::read::read_capped(path, MAX_TOKENIZER_BYTES)?
        } else {
            vocabulary_files::read(path, &settings)?
        };
        let rows = model.embedding_rows();
        let opened = file::check(&bytes).and_then(|checked| {
            let open = || Self::of(&bytes, &checked, &settings, rows);
            Ok((guard(open).and_then(|opened| opened)?, checked.largest_id))
        });
        let wrong = |what| EncoderError::Tokenizer { path: path.to_path_buf(), what };
        let (tokenizer, largest_id) = opened.map_err(wrong)?;
        tokenizer.check_rows(path, rows, largest_id)?;
        Ok(tokenizer)
    }

    /// Checks that every id has a row of the embedding matrix.
    fn check_rows(
        &self,
        path: &Location,
        rows: Option<usize>,
        largest_id: u32,
    ) -> Result<(), EncoderError> {
        let added = self.inner.get_added_tokens_decoder();
        let id = added.keys().copied().max().unwrap_or(0).max(largest_id);
        match rows {
            Some(rows) if usize::try_from(id).is_ok_and(|id| id >= rows) => {
                let token = self.piece(id).unwrap_or_default();
                Err(EncoderError::TokenBeyond { path: path.to_path_buf(), token, id, rows })
            }
            _ => Ok(()),
        }
    }

    /// Whether texts that are too long are to lose their beginning.
    pub(crate) fn cuts_left(&self) -> bool {
        self.cuts_left
    }

    /// Whether all texts are lower-cased.
    pub(crate) fn lower_cases(&self) -> bool {
        let mut text = NormalizedString::from("Ab");
        let normalizer = self.inner.get_normalizer();
        normalizer.is_some_and(|n| n.normalize(&mut text).is_ok() && text.get().contains("ab"))
    }

    /// The tokenizer of a file that has been checked.
    fn of(
        bytes: &[u8],
        checked: &CheckedFile,
        settings: &Settings,
        rows: Option<usize>,
    ) -> Result<Self, String> {
        let text = |error: tokenizers::Error| error.to_string();
        let inner = tokenizers::Tokenizer::from_bytes(bytes).map_err(text)?;
        let mut inner = apply::apply(inner, settings, &checked.added, rows)?;
        let (growth, cuts_left) = (checked.growth, settings.cuts_left);
        inner.with_padding(None);
        inner.with_truncation(None).map_err(text)?;
        // What the tokenizer puts around a sequence, seen on one: the template itself has many forms.
        let bare = inner.encode("a", false).map_err(text)?;
        let whole = inner.encode("a", true).map_err(text)?;
        let letter_ids = bare.get_ids();
        let start = whole.get_ids().windows(letter_ids.len().max(1)).position(|w| w == letter_ids);
        let start = start.ok_or("a sequence with special tokens does not hold the sequence")?;
        let special = |range: std::ops::Range<usize>| {
            let ids = whole.get_ids()[range.clone()].iter().map(|&id| i64::from(id));
            ids.zip(whole.get_type_ids()[range].iter().map(|&id| i64::from(id))).collect()
        };
        let before = special(0..start);
        let after = special(start + letter_ids.len()..whole.get_ids().len());
        let type_id = whole.get_type_ids().get(start).map_or(0, |&id| i64::from(id));
        let both = inner.encode(("a", "a"), true).map_err(text)?;
        let pair = PairTemplate::of(&both, letter_ids);
        let added = inner.get_added_tokens_decoder();
        let special = added.iter().filter(|(_, token)| token.special).map(|(&id, _)| id).collect();
        let marks = Marks::of(&inner);
        let bert_words = has_bert_words(&inner);
        Ok(Self {
            inner,
            special,
            before,
            after,
            type_id,
            pair,
            marks,
            bert_words,
            growth,
            cuts_left,
        })
    }

    /// Number of ids, added tokens included.
    pub(crate) fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The id of a token as the vocabulary has it.
    pub(crate) fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// A token as the vocabulary has it.
    pub(crate) fn piece(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// Tokens that follow one another as people read them.
    pub(crate) fn read(&self, ids: &[u32]) -> Option<Words> {
        guard(|| self.marks.read(&self.inner, ids)).ok()?
    }

    /// Text of tokens, without special ones.
    pub(crate) fn decode(&self, ids: &[u32]) -> Result<String, String> {
        guard(|| self.inner.decode(ids, true)).and_then(|text| text.map_err(|e| e.to_string()))
    }

    /// Whether it is a special token, which a text may have in it.
    pub(crate) fn is_special(&self, id: u32) -> bool {
        self.special.contains(&id)
    }

    /// A text in the tokens that a model takes, whole, with the tokenizer's own words, which
    /// likelihoods by the word are defined on; `index` as in [`encode`](Self::encode).
    pub(crate) fn pieces(&self, text: &str, index: usize) -> Result<Pieces, EncoderError> {
        let text = self.encode_with(text, index, false)?;
        let sequence = self.sequence(&text, 0..text.ids.len());
        Ok(Pieces { sequence, tokens: text.tokens, before: self.before.len() })
    }

    /// Number of special tokens of a sequence.
    pub(crate) fn special_tokens(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// The tokens of `text`, with BERT's words; `index` is its place among its texts, for the error.
    pub(crate) fn encode(&self, text: &str, index: usize) -> Result<Tokenized, EncoderError> {
        self.encode_with(text, index, !self.bert_words)
    }

    /// The tokens of `text`, with its own words or with `basic_words`.
    fn encode_with(
        &self,
        text: &str,
        index: usize,
        basic_words: bool,
    ) -> Result<Tokenized, EncoderError> {
        let encoding = guard(|| {
            self.check_growth(text)?;
            self.inner.encode(text, false).map_err(|error| error.to_string())
        });
        let encoding = encoding
            .and_then(|encoding| encoding)
            .map_err(|what| EncoderError::Tokenize { index, what })?;
        let spans =
            encoding.get_offsets().iter().map(|&(start, end)| on_characters(text, start, end));
        let words = encoding.get_word_ids().iter();
        let mut tokens: Vec<Token> =
            spans.zip(words).map(|(span, &word)| Token { span, word }).collect();
        take_marks(text, &mut tokens);
        if basic_words {
            guard(|| assign_basic_words(&mut tokens, text))
                .and_then(|assigned| assigned)
                .map_err(|what| EncoderError::Tokenize { index, what })?;
        }
        let ids = encoding.get_ids().to_vec();
        let mut casing = casings_of_tokens(text, &tokens);
        for (casing, id) in casing.iter_mut().zip(&ids) {
            if self.special.contains(id) {
                *casing = Casing::None;
            }
        }
        Ok(Tokenized { ids, tokens, casing })
    }
}

impl Tokenizer {
    /// Refuses a text that normalisation would make many times as long. Files whose normalisers could,
    /// such as tables of characters, seldom do: long texts are tried piece by piece.
    fn check_growth(&self, text: &str) -> Result<(), String> {
        let normalizer = self.inner.get_normalizer().filter(|_| self.growth > 2.0);
        let Some(normalizer) = normalizer.filter(|_| text.len() > TRIAL_BYTES) else {
            return Ok(());
        };
        let (mut rest, mut bytes) = (text, 0);
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.ceil_char_boundary(TRIAL_BYTES));
            let mut piece = NormalizedString::from(piece);
            normalizer.normalize(&mut piece).map_err(|error| error.to_string())?;
            bytes += piece.get().len();
            if bytes > MAX_TEXT_GROWTH * text.len() {
                return Err(format!(
                    "normalisation makes more than {MAX_TEXT_GROWTH} times as much of it"
                ));
            }
            rest = behind;
        }
        Ok(())
    }
}

/// Offsets as a span on character boundaries, without white space at its ends: byte-level
/// tokenizers cut within characters, and a token that stands for a part of one stands for it; and
/// many count the space before a word into the word.
fn on_characters(text: &str, start: usize, end: usize) -> Span {
    let start = text.floor_char_boundary(start);
    let end = text.ceil_char_boundary(end).max(start);
    let piece = &text[start..end];
    let start = start + piece.len() - piece.trim_start().len();
    Span::new(start, start + piece.trim().len())
}

/// Gives each token the combining marks beside it that no token has. A tokenizer that strips accents leaves
/// the last one of a word outside: redacting `Jose\u{301}` would leave the accent behind. And one that
/// decomposes characters puts marks into their canonical order (UAX #15), but not their offsets: of two
/// marks that change places, one of them stripped, the other has its place. White space ends a word;
/// characters that the tokenizer removes, such as U+FFFD, do not.
fn take_marks(text: &str, tokens: &mut [Token]) {
    let mut end = 0;
    for i in 0..tokens.len() {
        let span = tokens[i].span;
        let next = tokens.get(i + 1).map_or(text.len(), |next| next.span.start);
        if span.is_empty() {
            continue;
        }
        // Marks that begin a text or follow white space have no token before them.
        if span.start > end && text[span.start..].starts_with(is_combining_mark) {
            let gap = &text[end..span.start];
            let word =
                gap.rfind(char::is_whitespace).map_or(0, |at| gap.ceil_char_boundary(at + 1));
            let mark = gap[word..].find(is_combining_mark);
            tokens[i].span.start = mark.map_or(span.start, |mark| end + word + mark);
        }
        if next > span.end {
            let gap = text[span.end..next].split(char::is_whitespace).next().unwrap_or_default();
            let last = gap.char_indices().rfind(|&(_, c)| is_combining_mark(c));
            tokens[i].span.end += last.map_or(0, |(at, mark)| at + mark.len_utf8());
        }
        end = end.max(tokens[i].span.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_becomes_the_whole_one() {
        // 👍 is bytes 1..5.
        assert_eq!(on_characters("a👍b", 1, 3), Span::new(1, 5));
        assert_eq!(on_characters("a👍b", 3, 5), Span::new(1, 5));
        assert_eq!(on_characters("a👍b", 0, 1), Span::new(0, 1));
        assert_eq!(on_characters("a", 5, 9), Span::new(1, 1));
        assert_eq!(on_characters("a bc d", 1, 5), Span::new(2, 4));
        assert!(on_characters("a  b", 1, 3).is_empty());
    }

    #[test]
    fn stripped_accents_belong_to_the_token_before_them() {
        // "Jose" + U+0301 (2 bytes) + " x": the tokenizer's spans are 0..4 and 7..8.
        let text = "Jose\u{301} x";
        let token = |start, end| Token { span: Span::new(start, end), word: None };
        let mut tokens = [token(0, 4), token(7, 8)];
        take_marks(text, &mut tokens);
        assert_eq!(tokens.map(|t| t.span), [Span::new(0, 6), Span::new(7, 8)]);
        // A mark that the next token has stays with it.
        let mut tokens = [token(0, 4), token(4, 6)];
        take_marks(text, &mut tokens);
        assert_eq!(tokens[0].span, Span::new(0, 4));
    }

    /// U+1D17B, of class 220, is stripped, U+FFFD (3 bytes) removed, and U+1134D, of class 9, put first: it
    /// is the only token, and has the place of U+1D17B. U+1D16D, of class 226, stays, and goes behind
    /// U+94D, of class 9, whose place it has. All but U+FFFD and U+94D (3 bytes) have 4 bytes.
    #[test]
    fn marks_that_change_places_belong_to_one_token() {
        let token = |start, end| Token { span: Span::new(start, end), word: None };
        for (text, tokens, expected) in [
            ("\u{1d17b}\u{fffd}\u{1134d}", &[token(0, 4)][..], &[(0, 11)][..]),
            ("\u{1d16d}\u{94d}", &[token(4, 7)], &[(0, 7)]),
            // "a" + U+200D (3 bytes) + U+301 (2 bytes): the joiner is removed.
            ("a\u{200d}\u{301} b", &[token(0, 1), token(7, 8)], &[(0, 6), (7, 8)]),
            // White space between them: another word's.
            ("a \u{301}b", &[token(0, 1), token(4, 5)], &[(0, 1), (4, 5)]),
            ("a \u{1d16d}\u{94d}", &[token(0, 1), token(6, 9)], &[(0, 1), (2, 9)]),
            // What is removed at the end is of no word.
            ("a\u{fffd}b", &[token(0, 1), token(4, 5)], &[(0, 1), (4, 5)]),
        ] {
            let mut tokens = tokens.to_vec();
            take_marks(text, &mut tokens);
            let spans: Vec<_> = tokens.iter().map(|t| (t.span.start, t.span.end)).collect();
            assert_eq!(spans, expected, "{text:?}");
        }
    }
}
