//! Groups of texts that are the same or nearly so, as plain text and JSON Lines.
use std::collections::HashMap;
use std::io::{self, Write};

use cloze_search::duplicates::{DuplicateGroup, DuplicatePair};
use serde::Serialize;

use crate::PlacedText;
use crate::plot::label;
use crate::text::one_line;
use crate::write::json_line;

/// Characters shown of a text.
const SHOWN: usize = 72;

/// Groups of texts to be written.
#[derive(Clone, Copy, Debug)]
pub struct DuplicatesReport<'a> {
    /// Texts that were compared.
    pub texts: &'a [PlacedText<'a>],
    /// Groups, whose indices are those of `texts`.
    pub groups: &'a [DuplicateGroup],
}

/// Pair of a group; `a` and `b` are indices into the group's texts, from 0.
#[derive(Serialize)]
struct MemberPair {
    a: usize,
    b: usize,
    score: f32,
    /// Whether the two are the same, character by character.
    same: bool,
}

#[derive(Serialize)]
struct GroupLine<'a> {
    texts: Vec<PlacedText<'a>>,
    pairs: Vec<MemberPair>,
}

#[derive(Serialize)]
struct PairLine<'a> {
    a: PlacedText<'a>,
    b: PlacedText<'a>,
    score: f32,
    same: bool,
}

impl DuplicatesReport<'_> {
    /// Writes a JSON object per group: its texts, and its pairs as indices into them.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_jsonl(&self, out: &mut dyn Write) -> io::Result<()> {
        for group in self.groups {
            let index = |text: usize| group.texts.partition_point(|&other| other < text);
            let mut pairs = Vec::with_capacity(group.pairs.len());
            for &DuplicatePair { first, second, score, same } in &group.pairs {
                pairs.push(MemberPair { a: index(first), b: index(second), score, same });
            }
            let texts = group.texts.iter().map(|&text| self.texts[text]).collect();
            json_line(out, &GroupLine { texts, pairs })?;
        }
        Ok(())
    }

    /// Writes a JSON object per pair.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_pairs_jsonl(&self, out: &mut dyn Write) -> io::Result<()> {
        for pair in self.pairs() {
            let (a, b) = (self.texts[pair.first], self.texts[pair.second]);
            json_line(out, &PairLine { a, b, score: pair.score, same: pair.same })?;
        }
        Ok(())
    }

    /// Writes all pairs as a table.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_pairs(&self, out: &mut dyn Write) -> io::Result<()> {
        let pairs = self.pairs();
        let ids = self.id_width(pairs.iter().flat_map(|pair| [pair.first, pair.second]));
        if !pairs.is_empty() {
            writeln!(out, "score   {:ids$}  text", "id")?;
        }
        for (i, pair) in pairs.into_iter().enumerate() {
            let (a, b) = (&self.texts[pair.first], &self.texts[pair.second]);
            if i > 0 {
                writeln!(out)?;
            }
            writeln!(out, "{:6}  {}", shown(pair.score, pair.same), line(a, ids))?;
            writeln!(out, "{:6}  {}", "", line(b, ids))?;
        }
        Ok(())
    }

    /// Writes the groups as a table: each text with the highest of its scores.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        let groups = self.groups;
        let ids = self.id_width(groups.iter().flat_map(|group| group.texts.iter().copied()));
        let number = groups.len().to_string().len().max("group".len());
        if !groups.is_empty() {
            writeln!(out, "{:number$}  score   {:ids$}  text", "group", "id")?;
        }
        for (i, group) in (1..).zip(groups) {
            if i > 1 {
                writeln!(out)?;
            }
            let mut best: HashMap<usize, (f32, bool)> = HashMap::new();
            for pair in &group.pairs {
                for text in [pair.first, pair.second] {
                    let (score, same) = best.entry(text).or_insert((pair.score, false));
                    *score = score.max(pair.score);
                    *same |= pair.same;
                }
            }
            for (nth, text) in group.texts.iter().enumerate() {
                let number_of = if nth == 0 { i.to_string() } else { String::new() };
                let (score, same) = best.get(text).copied().unwrap_or((1.0, false));
                let text = line(&self.texts[*text], ids);
                writeln!(out, "{number_of:>number$}  {:6}  {text}", shown(score, same))?;
            }
        }
        Ok(())
    }

    /// Returns all pairs, sorted by the first text, then by the second.
    fn pairs(&self) -> Vec<&DuplicatePair> {
        let mut pairs: Vec<&DuplicatePair> =
            self.groups.iter().flat_map(|group| &group.pairs).collect();
        pairs.sort_by_key(|pair| (pair.first, pair.second));
        pairs
    }

    fn id_width(&self, texts: impl Iterator<Item = usize>) -> usize {
        let ids = texts.map(|text| one_line(self.texts[text].id).chars().count());
        ids.max().unwrap_or(0).max("id".len())
    }
}

fn line(text: &PlacedText<'_>, ids: usize) -> String {
    format!("{:ids$}  {}", one_line(text.id), label(text.text, SHOWN)).trim_end().to_owned()
}

/// Formats a cosine, `0.9876`; one that rounding has put above 1 is 1.
fn shown(score: f32, same: bool) -> String {
    if same { "same".to_owned() } else { format!("{:.4}", score.clamp(-1.0, 1.0)) }
}
