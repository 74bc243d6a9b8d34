//! Masks of a text, and windows on a text that is too long for the model.
use std::ops::Range;

use cloze_core::{Casing, Span};
use cloze_encoder::{Pieces, Sequence};

use super::{MASKS, MaskedLm};
use crate::Error;

/// A text in tokens, with its masks.
pub(super) struct Marked {
    /// All of it; spans are those of the text as it was given.
    pub(super) pieces: Pieces,
    /// Positions of the masks in the text, in bytes.
    pub(super) written: Vec<Range<usize>>,
    /// Positions of the masks among the tokens, special ones counted.
    pub(super) places: Vec<usize>,
}

/// A part of a text for some of its masks.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Range of the text's own tokens.
    tokens: Range<usize>,
    /// Range of its masks.
    masks: Range<usize>,
}

/// Sequence of a window for the model, with the positions of the masks in it.
pub(super) struct View {
    pub(super) sequence: Sequence,
    pub(super) places: Vec<usize>,
    /// Range of the text's masks at `places`.
    pub(super) masks: Range<usize>,
}

impl Marked {
    pub(super) fn new(model: &MaskedLm, text: &str) -> Result<Self, Error> {
        Self::with(model, text, 1)
    }

    /// Of a text in which every mask stands for `n` of them.
    pub(super) fn with(model: &MaskedLm, text: &str, n: usize) -> Result<Self, Error> {
        let written = find(text, &model.mask_token);
        let needed = n.saturating_mul(written.len().max(1));
        let room = model.max_tokens();
        if n > 1 && needed > room {
            // Before there is text for them all.
            return Err(Error::MaskSpan { needed, room });
        }
        let replacement = vec![model.mask_token.as_str(); n].join(" ");
        let mut rewritten = String::with_capacity(text.len());
        // Where each mask is now, and where it was.
        let mut moved: Vec<(Range<usize>, Range<usize>)> = vec![];
        let mut from = 0;
        for was in &written {
            rewritten.push_str(&text[from..was.start]);
            let start = rewritten.len();
            rewritten.push_str(&replacement);
            moved.push((start..rewritten.len(), was.clone()));
            from = was.end;
        }
        rewritten.push_str(&text[from..]);
        let mut pieces = model.encoder.pieces(&rewritten, 0)?;
        for token in &mut pieces.tokens {
            token.span =
                Span::new(origin(token.span.start, &moved), origin(token.span.end, &moved));
        }
        let content = pieces.before..pieces.before + pieces.tokens.len();
        let places: Vec<usize> =
            content.filter(|&i| pieces.sequence.ids[i] == model.mask).collect();
        if places.len() != n * written.len() {
            let (path, mask) = (model.tokenizer.clone(), &model.mask_token);
            let (masks, count) = (n * written.len(), places.len());
            let what = format!("of {masks} times {mask} it makes {count} mask tokens");
            return Err(Error::Model { path, what });
        }
        Ok(Self { pieces, written, places })
    }

    /// Window on all masks at once, with room left for `extra` tokens: the text, or the
    /// part of it in whose middle they are. `None` if they are too far apart.
    pub(super) fn window(&self, model: &MaskedLm, extra: usize) -> Option<Window> {
        self.around(model, 0..self.places.len(), extra)
    }

    /// Window on mask `i`.
    pub(super) fn window_of(&self, model: &MaskedLm, i: usize, extra: usize) -> Option<Window> {
        self.window(model, extra).or_else(|| self.around(model, i..i + 1, extra))
    }

    /// Whether the model does not see all of it at once.
    pub(super) fn is_long(&self, model: &MaskedLm) -> bool {
        self.pieces.sequence.ids.len() > model.max_tokens()
    }

    fn around(&self, model: &MaskedLm, masks: Range<usize>, extra: usize) -> Option<Window> {
        let n = self.pieces.tokens.len();
        let room = self.room(model).checked_sub(extra)?;
        let places = self.places.get(masks.clone())?;
        let (first, last) = (places.first()?, places.last()?);
        let before = self.pieces.before;
        let tokens = window(n, room, first - before..last + 1 - before)?;
        Some(Window { tokens, masks })
    }

    /// Number of tokens of the text that the model takes.
    pub(super) fn room(&self, model: &MaskedLm) -> usize {
        let special = self.pieces.sequence.ids.len() - self.pieces.tokens.len();
        model.max_tokens().saturating_sub(special)
    }

    /// Sequence of a window for the model.
    pub(super) fn view(&self, Window { tokens, masks }: Window) -> View {
        let Pieces { sequence, tokens: text_tokens, before } = &self.pieces;
        let (before, total) = (*before, sequence.ids.len());
        let in_window = before + tokens.start..before + tokens.end;
        let kept = (0..before).chain(in_window).chain(before + text_tokens.len()..total);
        let pick = |values: &[u32]| kept.clone().filter_map(|i| values.get(i).copied()).collect();
        let casing = |i: usize| sequence.casing.get(i).copied().unwrap_or(Casing::None);
        View {
            sequence: Sequence {
                ids: pick(&sequence.ids),
                types: pick(&sequence.types),
                casing: kept.clone().map(casing).collect(),
                asked: vec![],
            },
            places: self.places[masks.clone()]
                .iter()
                .map(|position| position - tokens.start)
                .collect(),
            masks,
        }
    }
}

impl View {
    /// The sequence, asked at all its places.
    pub(super) fn asked(&self) -> Sequence {
        let narrow = |&position: &usize| u32::try_from(position).unwrap_or(u32::MAX);
        let asked = self.places.iter().map(narrow).collect();
        Sequence { asked, ..self.sequence.clone() }
    }

    /// The sequence with `ids` and then masks, `n` in all, in place of the mask at `position`; asked
    /// at the first mask of them.
    pub(super) fn widened(&self, position: usize, ids: &[u32], n: usize, mask: u32) -> Sequence {
        let mut sequence = self.sequence.clone();
        let put = ids.iter().copied().chain(std::iter::repeat(mask)).take(n);
        let one_type = sequence.types.get(position).copied().unwrap_or(0);
        sequence.ids.splice(position..=position, put);
        sequence.types.splice(position..=position, std::iter::repeat_n(one_type, n));
        sequence.casing.splice(position..=position, std::iter::repeat_n(Casing::None, n));
        sequence.asked = vec![u32::try_from(position + ids.len()).unwrap_or(u32::MAX)];
        sequence
    }
}

/// The part of `n` tokens that a model with this much room sees: all, or that with `middle` in its
/// middle, as far as the text's ends allow. `None` if `middle` does not fit.
fn window(n: usize, room: usize, middle: Range<usize>) -> Option<Range<usize>> {
    if n <= room {
        return Some(0..n);
    }
    let beside = room.checked_sub(middle.len())?;
    let start = middle.start.saturating_sub(beside / 2).min(n - room);
    Some(start..start + room)
}

/// Positions of the masks in `text`.
fn find(text: &str, mask: &str) -> Vec<Range<usize>> {
    let mut names = vec![mask];
    names.extend(MASKS.into_iter().filter(|name| *name != mask));
    names.retain(|name| !name.is_empty());
    let matches = names.into_iter().flat_map(|name| text.match_indices(name));
    let mut ranges: Vec<Range<usize>> =
        matches.map(|(start, name)| start..start + name.len()).collect();
    // Of two names that begin at one place, the longer is meant.
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    ranges.retain(|range| {
        let apart = range.start >= end;
        end = if apart { range.end } else { end };
        apart
    });
    ranges
}

/// A place in a text whose masks were `moved`, (now, before), in the text as it was.
fn origin(offset: usize, moved: &[(Range<usize>, Range<usize>)]) -> usize {
    let before = moved.partition_point(|(now, _)| now.start < offset);
    let Some((now, was)) = moved[..before].last() else { return offset };
    // Within several masks that one stands for, all of them are it.
    if offset < now.end { was.start } else { was.end + (offset - now.end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_found_however_they_are_written() {
        assert_eq!(find("a [MASK]<mask> b", "[MASK]"), [2..8, 8..14]);
        assert_eq!(find("…*…[MASK]", "*"), [3..4, 7..13]);
        assert!(find("[mask] [MASK", "[MASK]").is_empty() && find("", "<mask>").is_empty());
    }

    /// "a [MASK] b" with `<m>` for it is "a <m> b": b is at 6, and was at 9.
    #[test]
    fn places_are_those_of_the_text_given() {
        let moved = [(2..5, 2..8), (7..10, 10..16)];
        for (offset, was) in [(0, 0), (2, 2), (5, 8), (6, 9), (7, 10), (10, 16), (12, 18)] {
            assert_eq!(origin(offset, &moved), was, "{offset}");
        }
    }

    #[test]
    fn windows_have_the_masks_in_their_middle() {
        assert_eq!(window(10, 10, 9..10), Some(0..10));
        // Of 5 two are on either side of token 4; at the ends the window stays inside.
        assert_eq!(window(10, 5, 4..5), Some(2..7));
        assert_eq!(window(10, 5, 0..1), Some(0..5));
        assert_eq!(window(10, 5, 9..10), Some(5..10));
        assert_eq!(window(10, 5, 2..7), Some(2..7));
        assert_eq!(window(10, 5, 2..8), None);
    }
}
