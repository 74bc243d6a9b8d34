//! Vectors of a word in context beside its static vector, on a map.
use std::collections::{BTreeMap, BTreeSet};

use cloze_core::Matrix;
use serde::Serialize;

use crate::ReportError;
use crate::page::map::{self, Point, draw, middle};
use crate::page::table::{Numbers, Words, number, row, table, words};
use crate::page::{self, report};
use crate::plot::label;
use crate::text::plural;

/// Characters shown of an occurrence.
const SHOWN: usize = 200;

const ABOUT: &str = "A static vector is the row of the embedding matrix: the same in every sentence, so that all \
                     occurrences are one point, the black square on its corner. In context each occurrence \
                     has a vector of its own. The map is of the first two principal components of these; \
                     the static vector, at the same length, is projected onto them. Near points \
                     may be far apart in other components.";

/// Occurrences of a word, as points at the first two principal components of their vectors.
#[derive(Clone, Debug, Serialize)]
pub struct ContextReport<'a> {
    /// The word.
    pub word: &'a str,
    /// Name of the model.
    pub model: String,
    /// Layers whose hidden states are averaged.
    pub layers: String,
    /// Unit of offsets: `char`.
    pub offsets: &'static str,
    /// Static vectors: one per form where the vocabulary has a token for each.
    pub statics: Vec<StaticPoint>,
    /// Occurrences in order.
    pub occurrences: Vec<OccurrencePoint>,
}

/// Static vector of some forms of a word.
#[derive(Clone, Debug, Serialize)]
pub struct StaticPoint {
    /// Forms with this vector.
    pub forms: Vec<String>,
    /// First component.
    pub x: f32,
    /// Second component.
    pub y: f32,
}

/// Occurrence of a word in a text.
#[derive(Clone, Debug, Serialize)]
pub struct OccurrencePoint {
    /// Path of the text's file, or `-`.
    pub path: String,
    /// Line the text begins in; counts from 1.
    pub line: u64,
    /// Name of the text.
    pub id: String,
    /// Word as it is written.
    pub form: String,
    /// Offset of its first character.
    pub start: Option<usize>,
    /// Offset behind its last character.
    pub end: Option<usize>,
    /// Predicted sense, where senses are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sense: Option<String>,
    /// First component.
    pub x: f32,
    /// Second component.
    pub y: f32,
    /// Part of the text around the word.
    #[serde(skip)]
    pub excerpt: String,
}

impl ContextReport<'_> {
    /// Returns the report as an HTML page.
    ///
    /// # Errors
    /// [`ReportError::Format`] if the text cannot be formatted.
    pub fn page(&self) -> Result<String, ReportError> {
        let Self { word, model, layers, statics, occurrences, .. } = self;
        let title = format!("“{}” without and in context", label(word, SHOWN));
        let mut page = page::head(&title, &format!("{}{}", report::STYLE, map::STYLE));
        let count = plural(occurrences.len() as u64, "occurrence");
        let points = plural(statics.len() as u64, "static vector");
        let about = format!("{count}, {points}; {model}, layers {layers}.");
        page.extend(["<p>", &page::text(&about), "</p>\n"]);
        let senses = self.senses();
        match self.map(&title, &senses)? {
            None => page += "<p>There is no map: no two vectors differ.</p>\n",
            Some(svg) => page.extend(["<figure>\n", &svg, "</figure>\n<p>", ABOUT, "</p>\n"]),
        }
        if !senses.is_empty() {
            page += &self.sense_table(&senses);
        }
        page += &self.occurrence_table(&senses);
        page += "</body>\n</html>\n";
        Ok(page)
    }

    /// Returns the predicted senses, numbered from 0 in alphabetical order.
    fn senses(&self) -> BTreeMap<&str, usize> {
        let senses: BTreeSet<&str> =
            self.occurrences.iter().filter_map(|o| o.sense.as_deref()).collect();
        senses.into_iter().zip(0..).collect()
    }

    /// Draws the map as SVG; `None` if no two vectors differ.
    fn map(
        &self,
        title: &str,
        senses: &BTreeMap<&str, usize>,
    ) -> Result<Option<String>, ReportError> {
        let Self { statics, occurrences, .. } = self;
        let coordinates =
            occurrences.iter().map(|o| [o.x, o.y]).chain(statics.iter().map(|s| [s.x, s.y]));
        let rows = Matrix::from_vec(2, coordinates.flatten().collect()).unwrap_or_default();
        let Some(places) = map::places(&rows) else { return Ok(None) };
        let (of_occurrences, rest) = places.split_at(occurrences.len());
        let group = |o: &OccurrencePoint| match &o.sense {
            Some(sense) => senses.get(&**sense).copied(),
            None => Some(0),
        };
        let mut points: Vec<Point> = vec![];
        for (occurrence, position) in occurrences.iter().zip(of_occurrences) {
            let sense = occurrence.sense.as_ref().map_or(String::new(), |s| format!("{s}: "));
            let title = format!("{sense}{}", label(&occurrence.excerpt, SHOWN));
            points.push(Point { at: *position, group: group(occurrence), title, marked: false });
        }
        for (point, position) in statics.iter().zip(rest) {
            let title = format!("static vector of {}", label(&point.forms.join(", "), SHOWN));
            points.push(Point { at: *position, group: None, title, marked: true });
        }
        // A number above all points: where the middle of a sense's points is.
        let mut numbers = Vec::with_capacity(senses.len());
        for (sense, i) in senses {
            let members = occurrences.iter().zip(of_occurrences);
            let members = members.filter(|(o, _)| o.sense.as_deref() == Some(*sense));
            let members: Vec<(f64, f64)> = members.map(|(_, position)| *position).collect();
            numbers.push((middle(&members), (i + 1).to_string()));
        }
        Ok(Some(draw(title, &points, &numbers)?))
    }

    fn sense_table(&self, senses: &BTreeMap<&str, usize>) -> String {
        let rows = senses.iter().map(|(sense, i)| {
            let of = self.occurrences.iter().filter(|o| o.sense.as_deref() == Some(*sense)).count();
            let head = format!("<th scope=\"row\" class=\"list\">{}{}</th>", map::key(*i), i + 1);
            row(&[head, words(sense), number(of)])
        });
        let head = [Words("number"), Words("sense"), Numbers("occurrences")];
        table("Senses", &head, &rows.collect::<Vec<_>>())
    }

    fn occurrence_table(&self, senses: &BTreeMap<&str, usize>) -> String {
        let rows = self.occurrences.iter().map(|o| {
            let sense = o.sense.as_deref().map_or("–".to_owned(), |sense| {
                senses.get(sense).map_or("–".to_owned(), |i| (i + 1).to_string())
            });
            let text = page::text(&label(&o.excerpt, SHOWN));
            let text = format!("<td class=\"text\" dir=\"auto\">{text}</td>");
            row(&[words(&sense), words(&o.id), text])
        });
        let head = [Words("sense"), Words("id"), Words("text")];
        table("Occurrences", &head, &rows.collect::<Vec<_>>())
    }
}
