//! Tags (`B-PER`), the labels behind them (`PER`), and the schemes that say which may follow which.
//!
//! Schemes as in Ramshaw & Marcus 1995 (IOB1), Tjong Kim Sang & Veenstra 1999 (IOB2) and
//! Ratinov & Roth 2009 (BILOU); IOBES is BILOU under other letters.
use std::collections::HashMap;
use std::ops::Range;

/// Position of a tag in its entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `B`: the first of several (IOBES, BILOU), or of one or several (IOB).
    Begin,
    /// `I`: a further one; in IOB1 and IO also the first.
    Inside,
    /// `E` or `L`: the last of several.
    End,
    /// `S` or `U`: the only one.
    Single,
}

/// Tag of a token or word. Labels are indices into a [`TagSet`]'s list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// `O`: in no entity.
    Outside,
    /// A part of an entity with this label.
    Part(Prefix, usize),
}

/// Tagging scheme: the sequences of tags that are legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Every part is `I-X` (or plain `X`); neighbours with one label are one entity.
    Io,
    /// `B-X` only where an entity directly follows another with the same label.
    Iob1,
    /// Every entity begins with `B-X`.
    Iob2,
    /// IOB1, IOB2 and everything between: an entity begins with `B-X`, or with `I-X` behind another
    /// label or none, as the transformers library reads such tags.
    Iob,
    /// `B I E` for several, `S` for one; also BILOU.
    Iobes,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 5] = [Self::Io, Self::Iob1, Self::Iob2, Self::Iob, Self::Iobes];

    /// Name in flags and reports: `iob2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Iob1 => "iob1",
            Self::Iob2 => "iob2",
            Self::Iob => "iob",
            Self::Iobes => "iobes",
        }
    }

    /// Scheme of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let bilou = name.eq_ignore_ascii_case("bilou").then_some(Self::Iobes);
        bilou.or_else(|| Self::ALL.into_iter().find(|s| s.name().eq_ignore_ascii_case(name)))
    }

    /// Whether `next` may come directly after `previous`; `None` is the edge of the sequence.
    #[must_use]
    pub fn allows(self, previous: Option<Tag>, next: Option<Tag>) -> bool {
        use Prefix::{Begin, End, Inside, Single};
        let label = |tag| match tag {
            Some(Tag::Part(_, label)) => Some(label),
            _ => None,
        };
        let same = label(previous).is_some() && label(previous) == label(next);
        let prefix = match next {
            Some(Tag::Part(prefix, _)) => Some(prefix),
            _ => None,
        };
        match self {
            Self::Io => matches!(prefix, None | Some(Inside)),
            Self::Iob1 => match prefix {
                None | Some(Inside) => true,
                Some(Begin) => same,
                Some(End | Single) => false,
            },
            Self::Iob2 => match prefix {
                None | Some(Begin) => true,
                Some(Inside) => same,
                Some(End | Single) => false,
            },
            Self::Iob => matches!(prefix, None | Some(Begin | Inside)),
            Self::Iobes => {
                let open = matches!(previous, Some(Tag::Part(Begin | Inside, _)));
                match prefix {
                    Some(Inside | End) => open && same,
                    None | Some(Begin | Single) => !open,
                }
            }
        }
    }
}

/// An entity as a run of tagged units.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chunk {
    /// The label, as a place in a [`TagSet`]'s list.
    pub label: usize,
    /// The units it covers.
    pub units: Range<usize>,
}

/// The entities in a sequence of tags, by conlleval's reading (Tjong Kim Sang & Buchholz 2000,
/// `conlleval.pl`), which takes any sequence, legal or not: a new entity begins at `B` or `S`,
/// after `E` or `S`, and where the label changes. On a sequence that its scheme allows this is the
/// scheme's own reading; on IOB tags it is also that of the transformers library.
#[must_use]
pub fn chunks_of_tags(tags: &[Tag]) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = vec![];
    let mut previous = None;
    for (i, tag) in tags.iter().enumerate() {
        if let Tag::Part(prefix, label) = *tag {
            let goes_on = matches!(prefix, Prefix::Inside | Prefix::End)
                && matches!(previous, Some(Tag::Part(Prefix::Begin | Prefix::Inside, l)) if l == label);
            match chunks.last_mut() {
                Some(last) if goes_on => last.units.end = i + 1,
                _ => chunks.push(Chunk { label, units: i..i + 1 }),
            }
        }
        previous = Some(*tag);
    }
    chunks
}

/// The tags of `len` units with these entities, which must rise and not overlap (what lies
/// outside `len` is left out).
#[must_use]
pub fn tags_of_chunks(chunks: &[Chunk], len: usize, scheme: Scheme) -> Vec<Tag> {
    let mut tags = vec![Tag::Outside; len];
    for chunk in chunks {
        let range = chunk.units.start.min(len)..chunk.units.end.min(len);
        let label = chunk.label;
        let touches = range
            .start
            .checked_sub(1)
            .is_some_and(|i| matches!(tags[i], Tag::Part(_, l) if l == label));
        for i in range.clone() {
            let (first, last) = (i == range.start, i + 1 == range.end);
            let prefix = match scheme {
                Scheme::Iob1 if first && touches => Prefix::Begin,
                Scheme::Iob2 | Scheme::Iob if first => Prefix::Begin,
                Scheme::Io | Scheme::Iob1 | Scheme::Iob2 | Scheme::Iob => Prefix::Inside,
                Scheme::Iobes => match (first, last) {
                    (true, true) => Prefix::Single,
                    (true, false) => Prefix::Begin,
                    (false, true) => Prefix::End,
                    (false, false) => Prefix::Inside,
                },
            };
            tags[i] = Tag::Part(prefix, label);
        }
    }
    tags
}

/// A model's tags in the order of its outputs, read from their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSet {
    names: Vec<String>,
    tags: Vec<Tag>,
    labels: Vec<String>,
    scheme: Scheme,
}

impl TagSet {
    /// Reads tag names, in the order of the model's outputs.
    ///
    /// `O` is outside. `B-X` and `I-X` are parts of `X`. `E-X`, `S-X`, `L-X` and `U-X` are too, but
    /// only beside `B-` tags: alone, `E-MAIL` is a label. A name without prefix is a label whose
    /// neighbours join (IO), as the transformers library has it.
    /// The scheme follows: IOBES if there are end or single tags, IOB if a label has an `I-` tag and
    /// no `B-` tag where others have one, IOB2 if there are `B-` tags ([IOB1 has the same
    /// names](Self::fits_iob1)), else IO.
    #[must_use]
    pub fn parse(names: Vec<String>) -> Self {
        let begins = names.iter().any(|n| n.starts_with("B-"));
        let mut labels: Vec<String> = vec![];
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut scheme = if begins { Scheme::Iob2 } else { Scheme::Io };
        let mut tags = vec![];
        for name in &names {
            if name == "O" {
                tags.push(Tag::Outside);
                continue;
            }
            let (prefix, label) = match name.split_once('-') {
                Some(("B", rest)) => (Prefix::Begin, rest),
                Some(("I", rest)) => (Prefix::Inside, rest),
                Some(("E" | "L", rest)) if begins => (Prefix::End, rest),
                Some(("S" | "U", rest)) if begins => (Prefix::Single, rest),
                _ => (Prefix::Inside, name.as_str()),
            };
            if matches!(prefix, Prefix::End | Prefix::Single) {
                scheme = Scheme::Iobes;
            }
            let label = *places.entry(label.to_owned()).or_insert_with(|| {
                labels.push(label.to_owned());
                labels.len() - 1
            });
            tags.push(Tag::Part(prefix, label));
        }
        let never_begins = |label: usize| !tags.contains(&Tag::Part(Prefix::Begin, label));
        if scheme == Scheme::Iob2 && (0..labels.len()).any(never_begins) {
            scheme = Scheme::Iob;
        }
        Self { names, tags, labels, scheme }
    }

    /// The tags' names, in the order of the model's outputs.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The tags, in the order of the model's outputs.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// The labels, in the order of their first tag.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The scheme that the names show.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the names fit IOB1 and IOB2: a label has a `B-` and an `I-` tag, and none marks ends.
    #[must_use]
    pub fn fits_iob1(&self) -> bool {
        let has_inside = |tag: &Tag| matches!(tag, Tag::Part(Prefix::Inside, _));
        self.scheme == Scheme::Iob2 && self.tags.iter().any(has_inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Prefix::{Begin, End, Inside, Single};
    use proptest::prelude::*;

    fn set(names: &[&str]) -> TagSet {
        TagSet::parse(names.iter().map(|&n| n.to_owned()).collect())
    }

    /// Tag with the prefix `letter`, of label 0.
    fn tag_of_letter(letter: &str) -> Tag {
        match letter {
            "O" => Tag::Outside,
            "B" => Tag::Part(Begin, 0),
            "I" => Tag::Part(Inside, 0),
            "E" => Tag::Part(End, 0),
            _ => Tag::Part(Single, 0),
        }
    }

    #[test]
    fn names_show_labels_and_scheme() {
        let bio = set(&["O", "B-PER", "I-PER", "B-creative-work"]);
        assert_eq!(bio.labels(), ["PER", "creative-work"]);
        assert_eq!(bio.tags()[3], Tag::Part(Begin, 1));
        assert_eq!(bio.scheme(), Scheme::Iob2);
        assert!(bio.fits_iob1());
        assert_eq!(set(&["O", "B-X", "I-X", "L-X", "U-X"]).scheme(), Scheme::Iobes);
        // No entity Y could begin in IOB2.
        let never = set(&["O", "B-X", "I-X", "I-Y"]);
        assert_eq!((never.scheme(), never.fits_iob1()), (Scheme::Iob, false));
        // Without I- tags there is nothing to begin with but B-.
        let begins = set(&["O", "B-X", "B-Y"]);
        assert_eq!((begins.scheme(), begins.fits_iob1()), (Scheme::Iob2, false));
        assert_eq!(Scheme::parse("IOB1"), Some(Scheme::Iob1));
        assert_eq!(Scheme::parse("bilou"), Some(Scheme::Iobes));
        assert_eq!(Scheme::parse("bio"), None);
        // Without B- tags a hyphen is part of the label.
        let plain = set(&["E-MAIL", "PHONE", "O"]);
        assert_eq!(
            (plain.labels(), plain.scheme()),
            (&["E-MAIL".into(), "PHONE".into()][..], Scheme::Io)
        );
        assert_eq!(set(&["I-PER", "O"]).labels(), ["PER"]);
        assert_eq!(set(&[]).labels().len(), 0);
    }

    /// conlleval.pl reads `I-A I-A B-A I-B O I-B` as A[0..2] A[2..3] B[3..4] B[5..6].
    #[test]
    fn chunks_take_illegal_sequences() {
        let tags = [
            Tag::Part(Inside, 0),
            Tag::Part(Inside, 0),
            Tag::Part(Begin, 0),
            Tag::Part(Inside, 1),
            Tag::Outside,
            Tag::Part(Inside, 1),
        ];
        let expected = [(0, 0..2), (0, 2..3), (1, 3..4), (1, 5..6)];
        assert_eq!(chunks_of_tags(&tags), expected.map(|(label, units)| Chunk { label, units }));
        // After an end or a single, even `I` and `E` begin anew.
        let tags = [(Begin, 0), (End, 0), (End, 0), (Single, 0), (Inside, 0)];
        let expected = [0..2, 2..3, 3..4, 4..5];
        assert_eq!(
            chunks_of_tags(&tags.map(|(p, l)| Tag::Part(p, l))),
            expected.map(|units| Chunk { label: 0, units })
        );
    }

    /// For each scheme, all (previous, next) pairs over one label that are legal, written out.
    #[test]
    fn legal_pairs_are_those_of_the_papers() {
        let letters = [None, Some("O"), Some("B"), Some("I"), Some("E"), Some("S")];
        let legal = [
            (Scheme::Io, "^O ^I O$ OO OI I$ IO II"),
            (Scheme::Iob1, "^O ^I O$ OO OI I$ IO II IB B$ BO BI BB"),
            (Scheme::Iob2, "^O ^B O$ OO OB B$ BO BB BI I$ IO IB II"),
            (Scheme::Iob, "^O ^B ^I O$ OO OB OI B$ BO BB BI I$ IO IB II"),
            (Scheme::Iobes, "^O ^B ^S O$ OO OB OS BI BE II IE E$ EO EB ES S$ SO SB SS"),
        ];

        for (scheme, pairs) in legal {
            // Only pairs whose first half can be reached in the scheme.
            let first = |n: &str| pairs.split(' ').any(|p| p.ends_with(n));
            for a in letters {
                for b in letters.iter().filter(|b| a.is_some() || b.is_some()) {
                    if a.is_some_and(|a| !first(a)) {
                        continue;
                    }
                    let pair = format!("{}{}", a.unwrap_or("^"), b.unwrap_or("$"));
                    let expected = pairs.split(' ').any(|p| p == pair);
                    let allowed = scheme.allows(a.map(tag_of_letter), b.map(tag_of_letter));
                    assert_eq!(allowed, expected, "{scheme:?} {pair}");
                }
            }
        }
        // Another label's part never continues.
        assert!(!Scheme::Iob2.allows(Some(Tag::Part(Begin, 0)), Some(Tag::Part(Inside, 1))));
        assert!(!Scheme::Iobes.allows(Some(Tag::Part(Begin, 0)), Some(Tag::Part(End, 1))));
        assert!(!Scheme::Iob1.allows(Some(Tag::Part(Inside, 0)), Some(Tag::Part(Begin, 1))));
    }

    /// Entities of 1 to 3 units, some touching, over two labels.
    fn entities() -> impl Strategy<Value = (Vec<Chunk>, usize)> {
        prop::collection::vec((0..3usize, 1..4usize, 0..2usize), 0..6).prop_map(|parts| {
            let (mut offset, mut chunks) = (0, vec![]);
            for (gap, len, label) in parts {
                chunks.push(Chunk { label, units: offset + gap..offset + gap + len });
                offset += gap + len;
            }
            (chunks, offset + 1)
        })
    }

    proptest! {
        /// Entities → tags → entities, except that IO cannot part touching ones of one label.
        #[test]
        fn entities_survive_tagging((chunks_in, len) in entities()) {
            for scheme in Scheme::ALL {
                let tagged = tags_of_chunks(&chunks_in, len, scheme);
                let edges = std::iter::once(None).chain(tagged.iter().copied().map(Some));
                let nexts = tagged.iter().copied().map(Some).chain([None]);
                for (a, b) in edges.zip(nexts) {
                    prop_assert!(scheme.allows(a, b), "{:?}: {:?} then {:?}", scheme, a, b);
                }
                if scheme != Scheme::Io {
                    prop_assert_eq!(&chunks_of_tags(&tagged), &chunks_in);
                }
            }
        }
    }
}
