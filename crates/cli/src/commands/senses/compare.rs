//! The one static vector of a word and its vectors in context, on a map.
use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::bail;
use cloze::heads::senses::places;
use cloze::{Matrix, SentenceEncoder, Span, States, WordSenses};
use cloze_core::{OffsetConverter, OffsetUnit};
use cloze_train::cluster::principal_with;
use serde::Serialize;

use super::found::{self, Found};
use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::senses::args::SensesCompareArgs;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::json_line;
use cloze_report::page::map::{self, Point, draw, middle};
use cloze_report::page::table::{Numbers, Words, number, row, table, words};
use cloze_report::page::{self, report};
use cloze_report::plot::label;

/// How much of an occurrence is shown, in characters.
const SHOWN: usize = 200;

const ABOUT: &str = "A static vector is the row of the word table: the same in every sentence, so that all \
                     occurrences are one point, the black square on its corner. In context each occurrence \
                     has a vector of its own. The map is of the first two principal components of these; \
                     the static vector, at the same length, is put where they would have it. What lies \
                     near may be far in other components.";

#[derive(Serialize)]
struct Report<'a> {
    word: &'a str,
    model: String,
    layers: String,
    offsets: &'static str,
    /// A point for each form, which differ where the vocabulary has a token for each.
    statics: Vec<StaticPoint>,
    occurrences: Vec<OccurrencePoint>,
}

#[derive(Serialize)]
struct StaticPoint {
    forms: Vec<String>,
    x: f32,
    y: f32,
}

#[derive(Serialize)]
struct OccurrencePoint {
    path: String,
    line: u64,
    id: String,
    form: String,
    start: Option<usize>,
    end: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sense: Option<String>,
    x: f32,
    y: f32,
    #[serde(skip)]
    excerpt: String,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &SensesCompareArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    let saved = match &args.senses {
        None => None,
        Some(folder) => {
            let runtime = common.load_runtime(messages)?;
            Some(WordSenses::open(&runtime, folder, None, |e| args.vectors.work.encoder(e))?)
        }
    };
    let opened = match &saved {
        None => Some(args.vectors.open_layers(common, messages)?),
        Some(_) => None,
    };
    let Some(encoder) = saved.as_ref().map(WordSenses::encoder).or(opened.as_ref()) else {
        bail!("expected a model");
    };
    if !encoder.model().has_weights() {
        let folder = encoder.model().folder().display();
        bail!(
            "{folder}: model.onnx has no word table to be read; expected weights, model.safetensors"
        );
    }
    let runtime = common.load_runtime(messages)?;
    let work = |e| args.vectors.work.encoder(e);
    let statics =
        cloze::senses::open_encoder(&runtime, encoder.model().clone(), States::Static, work)?;
    let mut out = args.out.open()?;
    let places = |text: &str| match &saved {
        Some(saved) => saved.senses().lexicon().places(text, &args.word),
        None => places(text, &args.word, true),
    };
    let input = (&*args.paths, &args.read);
    let found = found::find(&[encoder, &statics], &args.word, places, input, messages)?;
    note_truncated(encoder, messages);
    let report = report(&args.word, encoder, saved.as_ref(), &found)?;
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        out.write_all(page(&report)?.as_bytes())?;
    }
    out.finish()
}

fn report<'a>(
    word: &'a str,
    encoder: &SentenceEncoder,
    saved: Option<&WordSenses>,
    found: &[Found],
) -> anyhow::Result<Report<'a>> {
    let rows = found::matrix(found, 0);
    let (forms, own) = static_rows(found);
    if own.cols() != rows.cols() {
        let (table, hidden) = (own.cols(), rows.cols());
        bail!(
            "rows of the word table have {table} numbers, hidden states {hidden}: no one map has both"
        );
    }
    let (rows, own) = principal_with(&rows, &own, 2)?;
    let at = |row: Option<&[f32]>, d: usize| row.and_then(|row| row.get(d)).copied().unwrap_or(0.0);
    let statics = forms.into_iter().enumerate();
    let statics = statics.map(|(i, forms)| {
        let (x, y) = (at(own.row(i), 0), at(own.row(i), 1));
        StaticPoint { forms, x, y }
    });
    let mut occurrences = vec![];
    for (i, place) in found.iter().enumerate() {
        let Found { input, span: Span { start, end }, .. } = place;
        let mut unit = OffsetConverter::new(&input.text, OffsetUnit::Char);
        occurrences.push(OccurrencePoint {
            path: input.path.clone(),
            line: input.line,
            id: input.id.clone(),
            form: input.text[*start..*end].to_owned(),
            start: unit.convert(*start),
            end: unit.convert(*end),
            sense: saved.map(|saved| sense(saved, word, &place.vectors[0])).transpose()?.flatten(),
            x: at(rows.row(i), 0),
            y: at(rows.row(i), 1),
            excerpt: place.excerpt(),
        });
    }
    let provenance = encoder.provenance(cloze::Level::Word)?;
    Ok(Report {
        word,
        model: provenance.model,
        layers: provenance.layers.to_string(),
        offsets: OffsetUnit::Char.name(),
        statics: statics.collect(),
        occurrences,
    })
}

/// The likeliest sense; none of a word that was not there in training.
fn sense(saved: &WordSenses, word: &str, vector: &[f32]) -> anyhow::Result<Option<String>> {
    let words = saved.senses().lexicon().named(word);
    let told = saved.senses().predict(words, vector)?;
    Ok(told.first().map(|told| told.sense.name.clone()))
}

/// The static vectors that differ, a row each, and the forms that have them.
fn static_rows(found: &[Found]) -> (Vec<Vec<String>>, Matrix) {
    let all = found::matrix(found, 1);
    let (mut forms, mut rows): (Vec<Vec<String>>, Matrix) =
        (vec![], Matrix::with_capacity(0, all.cols()));
    for (place, row) in found.iter().zip(&all) {
        let form = place.input.text[place.span.start..place.span.end].to_owned();
        let known = rows.iter().position(|known| known == row);
        match known {
            Some(at) if forms[at].contains(&form) => {}
            Some(at) => forms[at].push(form),
            None => {
                let pushed = rows.push_rows(row);
                debug_assert!(pushed, "every vector has the same width");
                forms.push(vec![form]);
            }
        }
    }
    (forms, rows)
}

fn page(report: &Report<'_>) -> anyhow::Result<String> {
    let Report { word, model, layers, statics, occurrences, .. } = report;
    let title = format!("“{}” without and in context", label(word, SHOWN));
    let mut page = page::head(&title, &format!("{}{}", report::STYLE, map::STYLE));
    let count = plural(occurrences.len() as u64, "occurrence");
    let points = plural(statics.len() as u64, "static vector");
    let about = format!("{count}, {points}; {model}, layers {layers}.");
    page.extend(["<p>", &page::text(&about), "</p>\n"]);
    let senses: BTreeMap<&str, usize> = occurrences
        .iter()
        .filter_map(|o| o.sense.as_deref())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .zip(0..)
        .collect();
    let all = occurrences.iter().map(|o| [o.x, o.y]).chain(statics.iter().map(|s| [s.x, s.y]));
    let all = Matrix::from_vec(2, all.flatten().collect()).unwrap_or_default();
    match map::places(&all) {
        None => page += "<p>There is no map: no two vectors differ.</p>\n",
        Some(places) => {
            let (own, rest) = places.split_at(occurrences.len());
            let group = |o: &OccurrencePoint| match &o.sense {
                Some(sense) => senses.get(&**sense).copied(),
                None => Some(0),
            };
            let mut points: Vec<Point> = vec![];
            for (occurrence, at) in occurrences.iter().zip(own) {
                let sense = occurrence.sense.as_ref().map_or(String::new(), |s| format!("{s}: "));
                let title = format!("{sense}{}", label(&occurrence.excerpt, SHOWN));
                points.push(Point { at: *at, group: group(occurrence), title, marked: false });
            }
            for (point, at) in statics.iter().zip(rest) {
                let title = format!("static vector of {}", label(&point.forms.join(", "), SHOWN));
                points.push(Point { at: *at, group: None, title, marked: true });
            }
            // A number above all points: where the middle of a sense's points is.
            let number = |(sense, i): (&&str, &usize)| {
                let own: Vec<(f64, f64)> = occurrences
                    .iter()
                    .zip(own)
                    .filter(|(o, _)| o.sense.as_deref() == Some(*sense))
                    .map(|(_, at)| *at)
                    .collect();
                (middle(&own), (i + 1).to_string())
            };
            let numbers: Vec<_> = senses.iter().map(number).collect();
            page.extend(["<figure>\n", &draw(&title, &points, &numbers)?, "</figure>\n<p>"]);
            page.extend([ABOUT, "</p>\n"]);
        }
    }
    if !senses.is_empty() {
        let rows = senses.iter().map(|(sense, i)| {
            let of = occurrences.iter().filter(|o| o.sense.as_deref() == Some(*sense)).count();
            let head = format!("<th scope=\"row\" class=\"list\">{}{}</th>", map::key(*i), i + 1);
            row(&[head, words(sense), number(of)])
        });
        let head = [Words("number"), Words("sense"), Numbers("occurrences")];
        page += &table("Senses", &head, &rows.collect::<Vec<_>>());
    }
    let rows = occurrences.iter().map(|o| {
        let sense = o.sense.as_deref().map_or("–".to_owned(), |sense| {
            senses.get(sense).map_or("–".to_owned(), |i| (i + 1).to_string())
        });
        let text = page::text(&label(&o.excerpt, SHOWN));
        let text = format!("<td class=\"text\" dir=\"auto\">{text}</td>");
        row(&[words(&sense), words(&o.id), text])
    });
    let head = [Words("sense"), Words("id"), Words("text")];
    page += &table("Occurrences", &head, &rows.collect::<Vec<_>>());
    page += "</body>\n</html>\n";
    Ok(page)
}
