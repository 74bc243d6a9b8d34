//! The six schemes entities are tagged in, and their strict reading.
use std::fmt;

use cloze_core::{Prefix, Scheme, Tag, WrittenTags};
use serde::{Serialize, Serializer};

/// Marking of entities by tags. Source: seqeval 1.2.2, `scheme.py`.
///
/// [`cloze_core::Scheme`] is what taggers decode into; this is what files are written in, which is
/// more: there the end is marked, too (IOE), and the letters matter (IOBES, BILOU).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TagScheme {
    /// `I`; `B` only where an entity directly follows another with the same label.
    Iob1,
    /// `B`, then `I`.
    Iob2,
    /// `I`; `E` only where another entity with the same label directly follows.
    Ioe1,
    /// `I`, and `E` for the last.
    Ioe2,
    /// `B I E` for several, `S` for one.
    Iobes,
    /// `B I L` for several, `U` for one.
    Bilou,
}

impl TagScheme {
    /// Every scheme.
    pub const ALL: [Self; 6] =
        [Self::Iob1, Self::Iob2, Self::Ioe1, Self::Ioe2, Self::Iobes, Self::Bilou];

    /// The name: `IOB2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Iob1 => "IOB1",
            Self::Iob2 => "IOB2",
            Self::Ioe1 => "IOE1",
            Self::Ioe2 => "IOE2",
            Self::Iobes => "IOBES",
            Self::Bilou => "BILOU",
        }
    }

    /// The scheme of a name, in capitals or not.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }

    /// The letters that tags begin with, `O` aside.
    #[must_use]
    pub fn letters(self) -> &'static str {
        match self {
            Self::Iob1 | Self::Iob2 => "BI",
            Self::Ioe1 | Self::Ioe2 => "IE",
            Self::Iobes => "BIES",
            Self::Bilou => "BILU",
        }
    }

    /// Whether an entity begins at `this`.
    fn begins(self, previous: Option<Prefix>, this: Option<Prefix>, same: bool) -> bool {
        use Prefix::{Begin, End, Inside, Single};
        match self {
            Self::Iob1 => match (previous, this) {
                (None | Some(Begin), Some(Inside)) => true,
                (Some(Inside), Some(Inside)) => !same,
                (Some(Inside | Begin), Some(Begin)) => same,
                _ => false,
            },
            Self::Ioe1 => match (previous, this) {
                (None | Some(End), Some(Inside)) => true,
                (Some(Inside), Some(Inside)) => !same,
                (Some(End), Some(End)) => same,
                _ => false,
            },
            Self::Ioe2 => match (previous, this) {
                (None | Some(End), Some(Inside | End)) => true,
                (Some(Inside), Some(Inside | End)) => !same,
                _ => false,
            },
            Self::Iob2 | Self::Iobes | Self::Bilou => matches!(this, Some(Begin | Single)),
        }
    }

    /// Whether `this` is of the same entity as `previous`.
    fn goes_on(self, previous: Option<Prefix>, this: Option<Prefix>, same: bool) -> bool {
        use Prefix::{Begin, End, Inside};
        let (first, next) = (previous, this);
        same && match self {
            Self::Iob1 | Self::Iob2 => {
                matches!((first, next), (Some(Begin | Inside), Some(Inside)))
            }
            Self::Ioe1 | Self::Ioe2 => {
                matches!((first, next), (Some(Inside), Some(Inside | End)))
            }
            Self::Iobes | Self::Bilou => {
                matches!((first, next), (Some(Begin | Inside), Some(Inside | End)))
            }
        }
    }

    /// Whether an entity may end at `last`, when `this` follows.
    fn ends(self, last: Option<Prefix>, this: Option<Prefix>, same: bool) -> bool {
        use Prefix::{Begin, End, Inside, Single};
        match self {
            Self::Iob1 => match (last, this) {
                (Some(Inside), Some(Begin)) | (Some(Inside | Begin), None) => true,
                (Some(Inside | Begin), Some(Inside)) => !same,
                (Some(Begin), Some(Begin)) => same,
                _ => false,
            },
            Self::Ioe1 => match (last, this) {
                (Some(Inside), None) => true,
                (Some(Inside), Some(Inside | End)) => !same,
                (Some(End), Some(Inside | End)) => same,
                _ => false,
            },
            Self::Iob2 => match (last, this) {
                (Some(Inside | Begin), Some(Begin) | None) => true,
                (Some(Inside | Begin), Some(Inside)) => !same,
                _ => false,
            },
            Self::Ioe2 => last == Some(End),
            Self::Iobes | Self::Bilou => matches!(last, Some(End | Single)),
        }
    }

    /// The entities that are tagged as the scheme has it, and no others: `(start, end, label)`.
    /// Source: seqeval 1.2.2, `Tokens.entities`, with its peculiarities: a begun entity that does not
    /// end well is passed over as a whole, and IOE1 does not know an entity whose only tag is `E`.
    pub(super) fn strict(self, tags: &[Tag]) -> Vec<(usize, usize, usize)> {
        let part = |i: Option<usize>| match i.and_then(|i| tags.get(i)) {
            Some(Tag::Part(prefix, label)) => (Some(*prefix), Some(*label)),
            Some(Tag::Outside) | None => (None, None),
        };
        let holds = |i: usize, of: fn(Self, Option<Prefix>, Option<Prefix>, bool) -> bool| {
            let ((previous, a), (this, b)) = (part(i.checked_sub(1)), part(Some(i)));
            of(self, previous, this, a == b)
        };
        let (mut entities, mut start) = (vec![], 0);
        while start < tags.len() {
            let mut end = start + 1;
            if holds(start, Self::begins) {
                while holds(end, Self::goes_on) {
                    end += 1;
                }
                if let (true, Tag::Part(_, label)) = (holds(end, Self::ends), tags[start]) {
                    entities.push((start, end, label));
                }
            }
            start = end;
        }
        entities
    }
}

impl fmt::Display for TagScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for TagScheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Evidence of the tagging scheme in sentences. Parts add up by [`merge`](Self::merge).
#[derive(Clone, Debug)]
pub struct SchemeEvidence {
    /// Letters of `BIESLU` that occur.
    letters: [bool; 6],
    /// Whether every sentence is legal in IOB1, IOB2, IOE1, IOE2.
    legal: [bool; 4],
}

const LETTERS: [char; 6] = ['B', 'I', 'E', 'S', 'L', 'U'];

impl Default for SchemeEvidence {
    fn default() -> Self {
        Self { letters: [false; 6], legal: [true; 4] }
    }
}

impl SchemeEvidence {
    /// Adds a sentence's tags to the evidence. A string that is not a tag shows nothing.
    pub fn add(&mut self, tags: &[impl AsRef<str>]) {
        let mut labels = WrittenTags::default();
        let mut parts = vec![];
        for tag in tags {
            let Some((letter, part)) = labels.parse(tag.as_ref()) else { continue };
            if let Some(i) = LETTERS.iter().position(|l| Some(*l) == letter) {
                self.letters[i] = true;
            }
            parts.push(part);
        }
        let legal = |scheme: Scheme, parts: &[Tag]| {
            let tags = || parts.iter().copied().map(Some);
            std::iter::once(None).chain(tags()).zip(tags()).all(|(a, b)| scheme.allows(a, b))
        };
        // From the end, an end is a beginning.
        let backwards: Vec<Tag> = parts.iter().rev().map(|tag| mirrored(*tag)).collect();
        for (i, is_legal) in [
            legal(Scheme::Iob1, &parts),
            legal(Scheme::Iob2, &parts),
            legal(Scheme::Iob1, &backwards),
            legal(Scheme::Iob2, &backwards),
        ]
        .into_iter()
        .enumerate()
        {
            self.legal[i] &= is_legal;
        }
    }

    /// Adds what other sentences show.
    pub fn merge(&mut self, other: &Self) {
        for (a, b) in self.letters.iter_mut().zip(other.letters) {
            *a |= b;
        }
        for (a, b) in self.legal.iter_mut().zip(other.legal) {
            *a &= b;
        }
    }

    /// The scheme that the letters show, as seqeval's `auto_detect` has it; where `B` and `I` (or `I`
    /// and `E`) leave two, the one in which every sentence is legal, IOB2 (IOE2) before the other.
    /// `I` alone is IOB1. `None` where there are no entities, or letters of two schemes.
    #[must_use]
    pub fn scheme(&self) -> Option<TagScheme> {
        let shown = LETTERS.iter().zip(self.letters).filter(|(_, is_shown)| *is_shown);
        let shown: String = shown.map(|(letter, _)| *letter).collect();
        let within = |scheme: TagScheme| shown.chars().all(|l| scheme.letters().contains(l));
        // The first of two schemes, only where the second is broken.
        let first_alone = |both: &[bool]| both == [true, false];
        match shown.as_str() {
            "" => None,
            "I" => Some(TagScheme::Iob1),
            "B" | "BI" if first_alone(&self.legal[..2]) => Some(TagScheme::Iob1),
            "B" | "BI" => Some(TagScheme::Iob2),
            "E" | "IE" if first_alone(&self.legal[2..]) => Some(TagScheme::Ioe1),
            "E" | "IE" => Some(TagScheme::Ioe2),
            _ => [TagScheme::Iobes, TagScheme::Bilou].into_iter().find(|s| within(*s)),
        }
    }
}

fn mirrored(tag: Tag) -> Tag {
    match tag {
        Tag::Part(Prefix::Begin, label) => Tag::Part(Prefix::End, label),
        Tag::Part(Prefix::End, label) => Tag::Part(Prefix::Begin, label),
        other => other,
    }
}
