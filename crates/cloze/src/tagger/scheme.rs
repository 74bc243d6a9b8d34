//! Tagging scheme of a model: IOB1 and IOB2 have the same names of tags, and taggers of both are about.
use cloze_core::{Encode as _, Prefix, Scheme, Tag, TagSet};
use cloze_encoder::Encoder;
use cloze_heads::tag::{TagParams, Unit};
use serde::Serialize;

use crate::Error;

/// Sentences that a tagger of most things finds entities in.
const SENTENCES: [&str; 8] = [
    "Angela Merkel lives in Berlin.",
    "John Smith works for Google in London.",
    "Barack Obama met Vladimir Putin in Paris on Monday.",
    "Siemens baut ein Werk in Hamburg.",
    "Marie Curie est née à Varsovie.",
    "王小明住在北京。",
    "The patient was given aspirin and insulin for diabetes.",
    "Mutations of BRCA1 cause breast cancer in mice.",
];
/// Beginnings of entities that are enough to tell.
const ENOUGH: usize = 4;
/// Most words of the vocabulary that are tried where the sentences show too few.
const WORDS: usize = 128;
/// Words tried at once.
const CHUNK: usize = 32;

/// Reason for the scheme that a tagger decodes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SchemeBasis {
    /// It was asked for.
    Asked,
    /// The model's `cloze.json` has it.
    Card,
    /// The names of the tags leave no other.
    Names,
    /// The names fit IOB1 and IOB2, and cloze trained the model, which is always in IOB2.
    Training,
    /// The names fit IOB1 and IOB2, and the tagger was run on some words: IOB2 if more of the entities in
    /// them begin with `B-` than with `I-`, else IOB.
    Run {
        /// Number of entities that begin with `B-`.
        begin: usize,
        /// Number of entities that begin with `I-`, as those of IOB1 do.
        inside: usize,
    },
}

/// Beginnings of entities in some texts.
#[derive(Clone, Copy, Default)]
struct Beginnings {
    begin: usize,
    inside: usize,
}

impl Beginnings {
    fn add(&mut self, units: &[Unit], set: &TagSet) {
        let mut previous = None;
        for unit in units {
            let mut best = 0;
            for (i, p) in unit.probabilities.iter().enumerate() {
                if *p > unit.probabilities[best] {
                    best = i;
                }
            }
            let tag = set.tags()[best];
            if let Tag::Part(prefix, label) = tag {
                match prefix {
                    Prefix::Begin => self.begin += usize::from(previous != Some(label)),
                    Prefix::Inside => self.inside += usize::from(previous != Some(label)),
                    _ => {}
                }
                previous = Some(label);
            } else {
                previous = None;
            }
        }
    }

    fn are_enough(self) -> bool {
        self.begin + self.inside >= ENOUGH
    }
}

/// Finds out whether the entities of a tagger begin with `B-` or with `I-`: runs it on some sentences,
/// and if it finds little there, on words of its vocabulary.
pub(super) fn run(encoder: &Encoder, tags: &[String]) -> Result<(Scheme, SchemeBasis), Error> {
    let decoder = TagParams::new(tags.to_vec()).scheme(Some(Scheme::Iob)).check()?;
    let mut found = Beginnings::default();
    let mut try_texts = |texts: &[&str]| {
        for rows in encoder.encode(texts)? {
            found.add(&decoder.predict(&rows)?, decoder.tags());
        }
        Ok::<_, Error>(found.are_enough())
    };
    if !try_texts(&SENTENCES)? {
        let words = vocabulary_words(encoder);
        let rounds = words.len().div_ceil(CHUNK);
        for round in 0..rounds {
            let texts = words.iter().skip(round).step_by(rounds).map(String::as_str);
            if try_texts(&texts.collect::<Vec<_>>())? {
                break;
            }
        }
    }
    let Beginnings { begin, inside } = found;
    let scheme = if begin > inside { Scheme::Iob2 } else { Scheme::Iob };
    Ok((scheme, SchemeBasis::Run { begin, inside }))
}

/// At most [`WORDS`] words from all parts of the vocabulary.
fn vocabulary_words(encoder: &Encoder) -> Vec<String> {
    let is_word = |text: &str| text.chars().count() > 1 && text.chars().all(char::is_alphabetic);
    let mut words = vec![];
    for id in 0..u32::try_from(encoder.vocabulary()).unwrap_or(u32::MAX) {
        if encoder.is_special(id) {
            continue;
        }
        let Some(word) = encoder.words(&[id]) else { continue };
        // A further piece of a word in letters with case is none; Chinese has no marks of words.
        let is_piece =
            word.glued && word.text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
        if !is_piece && is_word(&word.text) {
            words.push(word.text);
        }
    }
    let step = words.len().div_ceil(WORDS).max(1);
    words.into_iter().step_by(step).collect()
}
