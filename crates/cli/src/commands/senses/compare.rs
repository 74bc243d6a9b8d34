//! The static vector of a word and its vectors in context, on one map.
use std::io::Write as _;

use anyhow::bail;
use cloze::heads::senses::places;
use cloze::{Matrix, Senses, SentenceEncoder, Span, States};
use cloze_core::{OffsetConverter, OffsetUnit};
use cloze_train::cluster::principal_with;

use super::occurrences::{self, Found};
use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::senses::args::{SensesCompareArgs, open_senses};
use crate::terminal::messages::Messages;
use crate::terminal::out::json_line;
use cloze_report::senses::{ContextReport, OccurrencePoint, StaticPoint};

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
            Some(open_senses(folder, &args.vectors.work, runtime)?)
        }
    };
    let opened = match &saved {
        None => Some(args.vectors.open_layers(common, messages)?),
        Some(_) => None,
    };
    let Some(encoder) = saved.as_ref().map(Senses::encoder).or(opened.as_ref()) else {
        bail!("expected a model");
    };
    if !encoder.model().has_weights() {
        let folder = encoder.model().folder().display();
        bail!("{folder}: model.onnx has no readable word embeddings; expected model.safetensors");
    }
    let statics = SentenceEncoder::builder(encoder.model().clone())
        .states(States::Static)
        .threads(args.vectors.work.threads)
        .batch_tokens(args.vectors.work.batch_tokens)
        .runtime(common.load_runtime(messages)?)
        .open()?;
    let mut out = args.out.open()?;
    let places = |text: &str| match &saved {
        Some(saved) => saved.fitted().lexicon().places(text, &args.word),
        None => places(text, &args.word, true),
    };
    let (texts, read) = (&args.texts, &args.read);
    let hits = occurrences::find(&[encoder, &statics], &args.word, places, texts, read, messages)?;
    note_truncated(encoder, messages);
    let report = report(&args.word, encoder, saved.as_ref(), &hits)?;
    if args.format.is_json() {
        json_line(&mut out, &report)?;
    } else {
        out.write_all(report.page()?.as_bytes())?;
    }
    out.finish()
}

fn report<'a>(
    word: &'a str,
    encoder: &SentenceEncoder,
    saved: Option<&Senses>,
    hits: &[Found],
) -> anyhow::Result<ContextReport<'a>> {
    let rows = occurrences::matrix(hits, 0);
    let (forms, embeddings) = static_rows(hits);
    if embeddings.cols() != rows.cols() {
        let (table, hidden) = (embeddings.cols(), rows.cols());
        bail!(
            "word embeddings have {table} dimensions, hidden states {hidden}: one map cannot show both"
        );
    }
    let (rows, embeddings) = principal_with(&rows, &embeddings, 2)?;
    let coordinate =
        |row: Option<&[f32]>, d: usize| row.and_then(|row| row.get(d)).copied().unwrap_or(0.0);
    let statics = forms.into_iter().enumerate();
    let statics = statics.map(|(i, forms)| {
        let (x, y) = (coordinate(embeddings.row(i), 0), coordinate(embeddings.row(i), 1));
        StaticPoint { forms, x, y }
    });
    let mut occurrences = vec![];
    for (i, hit) in hits.iter().enumerate() {
        let Found { input, span: Span { start, end }, .. } = hit;
        let mut unit = OffsetConverter::new(&input.text, OffsetUnit::Char);
        occurrences.push(OccurrencePoint {
            path: input.path.clone(),
            line: input.line,
            id: input.id.clone(),
            form: input.text[*start..*end].to_owned(),
            start: unit.convert(*start),
            end: unit.convert(*end),
            sense: saved.map(|saved| sense(saved, word, &hit.vectors[0])).transpose()?.flatten(),
            x: coordinate(rows.row(i), 0),
            y: coordinate(rows.row(i), 1),
            excerpt: hit.excerpt(),
        });
    }
    let provenance = encoder.provenance(cloze::Level::Word)?;
    Ok(ContextReport {
        word,
        model: provenance.model,
        layers: provenance.layers.to_string(),
        offsets: OffsetUnit::Char.name(),
        statics: statics.collect(),
        occurrences,
    })
}

/// Returns the most probable sense; `None` for a word that was not in the training data.
fn sense(saved: &Senses, word: &str, vector: &[f32]) -> anyhow::Result<Option<String>> {
    let words = saved.fitted().lexicon().named(word);
    let told = saved.fitted().predict(words, vector)?;
    Ok(told.first().map(|told| told.sense.name.clone()))
}

/// Returns the distinct static vectors, one row each, and the forms that have them.
fn static_rows(hits: &[Found]) -> (Vec<Vec<String>>, Matrix) {
    let vectors = occurrences::matrix(hits, 1);
    let (mut forms, mut rows): (Vec<Vec<String>>, Matrix) =
        (vec![], Matrix::with_capacity(0, vectors.cols()));
    for (hit, row) in hits.iter().zip(&vectors) {
        let form = hit.input.text[hit.span.start..hit.span.end].to_owned();
        let known = rows.iter().position(|known| known == row);
        match known {
            Some(index) if forms[index].contains(&form) => {}
            Some(index) => forms[index].push(form),
            None => {
                let pushed = rows.push_rows(row);
                debug_assert!(pushed, "every vector has the same width");
                forms.push(vec![form]);
            }
        }
    }
    (forms, rows)
}
