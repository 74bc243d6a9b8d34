//! Similarities of texts and of a word's occurrences, as plain tables and JSON.
use std::io::{self, Write};

use cloze_embed::{CorrectedSimilarity, Metric};
use serde::Serialize;

use crate::text::{one_line, shown};

/// Settings that the vectors of a report were made with.
#[derive(Clone, Debug, Serialize)]
pub struct SimilaritySettings {
    /// Metric.
    pub metric: Metric,
    /// Name of the model.
    pub model: String,
    /// Pooling.
    pub pooling: String,
    /// Layers, or `static`.
    pub layers: String,
    /// Method of the correction, or `none`.
    pub correction: &'static str,
}

/// Two texts compared.
#[derive(Clone, Debug, Serialize)]
pub struct TwoTextsReport<'a> {
    /// First text.
    pub first: &'a str,
    /// Second text.
    pub second: &'a str,
    /// Similarity of both.
    #[serde(flatten)]
    pub similarity: CorrectedSimilarity,
    /// Settings.
    #[serde(flatten)]
    pub settings: SimilaritySettings,
}

impl TwoTextsReport<'_> {
    /// Writes the similarity as plain text.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let similarity = shown(self.similarity.similarity);
        match self.similarity.corrected {
            None => writeln!(out, "{similarity}"),
            Some(corrected) => {
                writeln!(out, "similarity  {similarity:>7}")?;
                writeln!(out, "corrected   {:>7}", shown(corrected))
            }
        }
    }
}

/// A text compared with others, best first.
#[derive(Clone, Debug, Serialize)]
pub struct RankedReport<'a> {
    /// The text.
    pub text: &'a str,
    /// Settings.
    #[serde(flatten)]
    pub settings: SimilaritySettings,
    /// Number of texts compared, whether in the results or not.
    pub compared: u64,
    /// Most similar texts.
    pub results: Vec<RankedText<'a>>,
}

/// Result of a [`RankedReport`].
#[derive(Clone, Debug, Serialize)]
pub struct RankedText<'a> {
    /// Rank, from 1.
    pub rank: usize,
    /// Similarity.
    #[serde(flatten)]
    pub similarity: CorrectedSimilarity,
    /// Name, of a text from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// Name in a table that has names.
    #[serde(skip)]
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

impl RankedReport<'_> {
    /// Writes the results as a table.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        let corrected = self.settings.correction != "none";
        let ids = self.results.iter().any(|result| result.id.is_some());
        let wide = |result: &RankedText<'_>| one_line(result.name).chars().count();
        let id_width = ids.then(|| self.results.iter().map(wide).max().unwrap_or(0).max(2));
        let columns = Columns { corrected, id_width };
        columns.write(out, ["similarity", "corrected", "id", "text"])?;
        for RankedText { similarity, name, text, .. } in &self.results {
            let other = similarity.corrected.map(shown).unwrap_or_default();
            let (name, text) = (one_line(name), one_line(text));
            columns.write(out, [&*shown(similarity.similarity), &*other, &*name, &*text])?;
        }
        Ok(())
    }
}

/// Occurrences of a word compared, each with each.
#[derive(Clone, Debug, Serialize)]
pub struct WordReport<'a> {
    /// The word.
    pub word: &'a str,
    /// Settings.
    #[serde(flatten)]
    pub settings: SimilaritySettings,
    /// Unit of offsets: `char`.
    pub offsets: &'static str,
    /// Texts with the word.
    pub texts: Vec<NumberedText<'a>>,
    /// Occurrences in order.
    pub occurrences: Vec<WordOccurrence<'a>>,
    /// Pairs of occurrences, each with each later one.
    pub pairs: Vec<WordPair>,
}

/// Columns of the table of similarities.
struct Columns {
    corrected: bool,
    /// Characters in the column of ids; `None` without one.
    id_width: Option<usize>,
}

impl Columns {
    fn write(&self, out: &mut dyn Write, cells: [&str; 4]) -> io::Result<()> {
        let [similarity, corrected, id, text] = cells;
        write!(out, "{similarity:>10}  ")?;
        if self.corrected {
            write!(out, "{corrected:>9}  ")?;
        }
        if let Some(width) = self.id_width {
            write!(out, "{id:width$}  ")?;
        }
        writeln!(out, "{text}")
    }
}

/// Text of a [`WordReport`].
#[derive(Clone, Debug, Serialize)]
pub struct NumberedText<'a> {
    /// Number among the texts that were read, from 1.
    pub number: usize,
    /// Name.
    pub id: &'a str,
    /// The text.
    pub text: &'a str,
}

/// Occurrence of a word in a [`WordReport`].
#[derive(Clone, Debug, Serialize)]
pub struct WordOccurrence<'a> {
    /// Name: `2.1` for the first in the second text.
    pub name: String,
    /// Number of the text.
    pub text: usize,
    /// Number in the text, from 1.
    pub occurrence: usize,
    /// Word as it is written.
    pub form: &'a str,
    /// Offset of its first character.
    pub start: Option<usize>,
    /// Offset behind its last character.
    pub end: Option<usize>,
    /// Text before the word.
    #[serde(skip)]
    pub before: &'a str,
    /// Text after the word.
    #[serde(skip)]
    pub after: &'a str,
}

/// Pair of occurrences in a [`WordReport`].
#[derive(Clone, Debug, Serialize)]
pub struct WordPair {
    /// Name of the earlier occurrence.
    pub first: String,
    /// Name of the later occurrence.
    pub second: String,
    /// Similarity of the vectors without context.
    #[serde(rename = "static")]
    pub statics: f64,
    /// Similarity of the vectors in context.
    pub contextual: f64,
    /// Similarity of the corrected vectors in context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contextual_corrected: Option<f64>,
    /// Similarity of the texts.
    pub sentence: f64,
    /// Similarity of the texts' corrected vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence_corrected: Option<f64>,
}

impl WordReport<'_> {
    /// Writes the occurrences, and a table of the pairs.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.occurrences.iter().map(|o| o.name.len()).max().unwrap_or(0);
        for WordOccurrence { name, form, before, after, .. } in &self.occurrences {
            let [before, form, after] = [before, form, after].map(|part| one_line(part));
            writeln!(out, "{name:width$}  {before}[{form}]{after}")?;
        }
        let corrected =
            |of: fn(&WordPair) -> Option<f64>| self.pairs.first().and_then(of).map(|_| "corrected");
        let head = [
            Some("static"),
            Some("contextual"),
            corrected(|pair| pair.contextual_corrected),
            Some("sentence"),
            corrected(|pair| pair.sentence_corrected),
        ];
        write!(out, "\n{:width$}  {:width$}", "", "")?;
        for name in head.into_iter().flatten() {
            write!(out, "  {name:>10}")?;
        }
        writeln!(out)?;
        for pair in &self.pairs {
            write!(out, "{:width$}  {:width$}", pair.first, pair.second)?;
            let numbers = [
                Some(pair.statics),
                Some(pair.contextual),
                pair.contextual_corrected,
                Some(pair.sentence),
                pair.sentence_corrected,
            ];
            for number in numbers.into_iter().flatten() {
                write!(out, "  {:>10}", shown(number))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(correction: &'static str) -> SimilaritySettings {
        let (pooling, layers) = ("mean".to_owned(), "-1".to_owned());
        SimilaritySettings {
            metric: Metric::Cosine,
            model: "m".into(),
            pooling,
            layers,
            correction,
        }
    }

    #[test]
    fn a_table_has_the_columns_that_it_has_values_for() {
        let similarity = CorrectedSimilarity { similarity: 0.5, corrected: Some(-0.25) };
        let result = RankedText { rank: 1, similarity, id: Some("a"), name: "a", text: "b\nc" };
        let mut report = RankedReport {
            text: "x",
            settings: settings("zscore"),
            compared: 1,
            results: vec![result],
        };
        let mut out = vec![];
        report.write_table(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "similarity  corrected  id  text\n    0.5000    -0.2500  a   b\\nc\n"
        );
        report.settings = settings("none");
        report.results[0].id = None;
        let mut out = vec![];
        report.write_table(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "similarity  text\n    0.5000  b\\nc\n");
    }
}
