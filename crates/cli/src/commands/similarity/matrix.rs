//! Similarity matrix of texts: as a table, JSON, and a heat map.
use std::io::Write as _;

use anyhow::bail;
use serde::{Serialize, Serializer};

use cloze::batch::isolate;
use cloze::embed::Level;
use cloze::similarity::{ComparableVectors, SimilarityMeasure};
use cloze_report::similarity::SimilaritySettings;

use super::{for_each_chunk, settings, strs};
use crate::commands::similarity::args::SimilarityArgs;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;
use crate::terminal::out::json_line;
use cloze_report::heatmap::{self, HeatMapPanel, MAX_TEXTS};
use cloze_report::text::{one_line, shown};

/// Texts with their vectors. Similarities are computed when they are needed: of many texts they would
/// take most of the memory.
pub(super) struct Matrix<'a> {
    measure: &'a SimilarityMeasure,
    pub(super) texts: Vec<(Input, ComparableVectors)>,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    settings: SimilaritySettings,
    ids: Vec<&'a str>,
    texts: Vec<&'a str>,
    similarity: Rows<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected: Option<Rows<'a>>,
}

/// The matrix as it is written, row by row.
struct Rows<'a> {
    matrix: &'a Matrix<'a>,
    corrected: bool,
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error as _, SerializeSeq as _};
        let mut rows = serializer.serialize_seq(Some(self.matrix.texts.len()))?;
        for i in 0..self.matrix.texts.len() {
            let row = self.matrix.row(i, self.corrected).map_err(S::Error::custom)?;
            rows.serialize_element(&row)?;
        }
        rows.end()
    }
}

impl Matrix<'_> {
    /// Returns a row, without or with correction.
    pub(super) fn row(&self, i: usize, corrected: bool) -> anyhow::Result<Vec<f64>> {
        let (_, vectors) = &self.texts[i];
        let each = self.texts.iter().map(|(_, other)| {
            let both = self.measure.similarity(vectors, other)?;
            Ok(if corrected { both.key() } else { both.similarity })
        });
        each.collect()
    }
}

pub(super) fn run(
    measure: &SimilarityMeasure,
    args: &SimilarityArgs,
    messages: &Messages,
    out: &mut Out,
) -> anyhow::Result<()> {
    let picture = args.svg.as_deref().map(|path| Out::to(Some(path), args.force)).transpose()?;
    let mut matrix = Matrix { measure, texts: vec![] };
    for_each_chunk(args, messages, |chunk| {
        let encoded = isolate(&strs(&chunk), |texts| measure.vectors(texts))?;
        for (input, vectors) in chunk.into_iter().zip(encoded) {
            match vectors {
                Ok(vectors) => matrix.texts.push((input, vectors)),
                Err(error) => messages.failure(&input.not_encoded(error)),
            }
        }
        Ok(())
    })?;
    if matrix.texts.is_empty() {
        bail!("expected texts, found none");
    }
    let corrected = measure.corrects(Level::Sentence);
    if let Some(mut picture) = picture {
        picture.write_all(heat_map(&matrix, corrected)?.as_bytes())?;
        picture.finish()?;
    }
    if args.format.is_json() {
        let rows = |corrected| Rows { matrix: &matrix, corrected };
        let inputs = || matrix.texts.iter().map(|(input, _)| input);
        return json_line(
            out,
            &Report {
                settings: settings(measure, args),
                ids: inputs().map(|input| &*input.id).collect(),
                texts: inputs().map(|input| &*input.text).collect(),
                similarity: rows(false),
                corrected: corrected.then(|| rows(true)),
            },
        );
    }
    let number = matrix.texts.len().to_string().len();
    for (i, (input, _)) in (1..).zip(&matrix.texts) {
        writeln!(out, "{i:>number$}  {}", one_line(&input.text))?;
    }
    write_table(&matrix, false, out)?;
    if corrected {
        write_table(&matrix, true, out)?;
    }
    Ok(())
}

/// Draws the matrix as a heat map, with the corrected one beside it.
fn heat_map(matrix: &Matrix<'_>, corrected: bool) -> anyhow::Result<String> {
    let count = matrix.texts.len();
    if count > MAX_TEXTS {
        bail!("--svg draws at most {MAX_TEXTS} texts, found {count}");
    }
    let kinds: &[bool] = if corrected { &[false, true] } else { &[false] };
    let mut panels = vec![];
    for &corrected in kinds {
        let kind = if corrected { "corrected " } else { "" };
        let title = format!("{kind}{}", matrix.measure.metric().name());
        let rows = (0..count).map(|i| matrix.row(i, corrected)).collect::<anyhow::Result<_>>()?;
        panels.push(HeatMapPanel { title, rows });
    }
    let texts: Vec<&str> = matrix.texts.iter().map(|(input, _)| input.text.as_str()).collect();
    Ok(heatmap::draw(&texts, &panels)?)
}

fn write_table(matrix: &Matrix<'_>, corrected: bool, out: &mut Out) -> anyhow::Result<()> {
    let count = matrix.texts.len();
    let number = count.to_string().len();
    // Distances and products may be wider than cosines; two passes, so that no row is kept.
    let mut width = number.max(7);
    for i in 0..count {
        let row = matrix.row(i, corrected)?;
        width = row.into_iter().map(|x| shown(x).len()).fold(width, usize::max);
    }
    writeln!(out, "\n{}", if corrected { "corrected" } else { "similarity" })?;
    write!(out, "{:number$}", "")?;
    for i in 1..=count {
        write!(out, "  {i:>width$}")?;
    }
    writeln!(out)?;
    for i in 0..count {
        write!(out, "{:>number$}", i + 1)?;
        for x in matrix.row(i, corrected)? {
            write!(out, "  {:>width$}", shown(x))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
