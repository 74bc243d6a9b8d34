//! Prediction of a word's sense in a text.
use std::io::Write as _;

use cloze::heads::senses::SensePrediction;
use cloze::{SenseAnswer, SenseQuery, Senses, WordSenses};
use cloze_core::{OffsetConverter, OffsetUnit};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::senses::args::SensesTellArgs;
use crate::flags::find_model;
use crate::input::texts::note_file_name;
use crate::terminal::messages::Messages;
use crate::terminal::out::{Out, json_line};
use cloze_report::text::one_line;

/// Reason for a missing prediction.
#[derive(Debug, thiserror::Error)]
enum Untold {
    #[error("{word:?}: not among the words that the senses in {folder} were fitted on")]
    Unseen { word: String, folder: String },
    #[error("{word:?}: not in the text {text:?}, in any form seen in training")]
    Absent { word: String, text: String },
}

#[derive(Serialize)]
struct Report<'a> {
    text: &'a str,
    word: &'a str,
    /// Whether the word was in the training data.
    known: bool,
    offsets: &'static str,
    occurrences: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    form: &'a str,
    start: Option<usize>,
    end: Option<usize>,
    senses: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    sense: &'a str,
    lemma: &'a str,
    pos: &'a str,
    score: f64,
    cosine: f64,
    share: f64,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gloss: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of(prediction: &SensePrediction<'a>) -> Self {
        let SensePrediction { word, sense, cosine, share, score } = *prediction;
        let (lemma, pos) = (word.lemma.as_str(), word.pos.as_str());
        let (count, gloss) = (sense.count, sense.gloss.as_deref());
        Self { sense: &sense.name, lemma, pos, score, cosine, share, count, gloss }
    }
}

pub(super) fn run(
    common: &CommonFlags,
    args: &SensesTellArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    note_file_name(&args.text, "the text itself is expected, in quotes", messages);
    let runtime = common.load_runtime(messages)?;
    let model = args.model.as_deref().map(|name| find_model(name, messages)).transpose()?;
    let senses = Senses::builder(&args.senses)
        .model(model)
        .threads(args.work.threads)
        .batch_tokens(args.work.batch_tokens)
        .runtime(runtime)
        .open()?;
    let mut out = args.out.open()?;
    let answer = senses.predict(SenseQuery {
        text: &args.text,
        word: &args.word,
        pos: args.pos.as_deref(),
    })?;
    let known = answer != SenseAnswer::Unseen;
    let (word, text) = (args.word.clone(), args.text.clone());
    let places = match answer {
        SenseAnswer::Unseen => {
            let folder = args.senses.display().to_string();
            messages.failure(&Untold::Unseen { word, folder });
            vec![]
        }
        SenseAnswer::Absent => {
            messages.failure(&Untold::Absent { word, text });
            vec![]
        }
        SenseAnswer::Found(mut places) => {
            let most = args.top.and_then(|top| usize::try_from(top).ok()).unwrap_or(usize::MAX);
            for occurrence in &mut places {
                occurrence.senses.truncate(most);
            }
            places
        }
    };
    if args.format.is_json() {
        json_line(&mut out, &report(args, known, &places))?;
    } else {
        pretty(&args.text, &places, &mut out)?;
    }
    out.finish()
}

fn report<'a>(args: &'a SensesTellArgs, known: bool, places: &[WordSenses<'a>]) -> Report<'a> {
    let mut unit = OffsetConverter::new(&args.text, OffsetUnit::Char);
    let mut occurrences = Vec::with_capacity(places.len());
    for occurrence in places {
        occurrences.push(Row {
            form: occurrence.span.of(&args.text).unwrap_or_default(),
            start: unit.convert(occurrence.span.start),
            end: unit.convert(occurrence.span.end),
            senses: occurrence.senses.iter().map(Line::of).collect(),
        });
    }
    let (text, word, offsets) = (&*args.text, &*args.word, OffsetUnit::Char.name());
    Report { text, word, known, offsets, occurrences }
}

fn pretty(text: &str, places: &[WordSenses<'_>], out: &mut Out) -> anyhow::Result<()> {
    for (i, WordSenses { span, senses }) in places.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        let parts = [&text[..span.start], &text[span.start..span.end], &text[span.end..]];
        let [before, form, after] = parts.map(one_line);
        writeln!(out, "{before}[{form}]{after}")?;
        let name = |prediction: &SensePrediction<'_>| one_line(&prediction.sense.name);
        let width =
            senses.iter().map(|prediction| name(prediction).chars().count()).max().unwrap_or(0);
        let word = |prediction: &SensePrediction<'_>| {
            one_line(format!("{} {}", prediction.word.lemma, prediction.word.pos).trim_end())
        };
        let words = senses.iter().map(|prediction| word(prediction).chars().count());
        let word_width = words.max().unwrap_or(0).max("word".len());
        let title = if senses.iter().any(|prediction| prediction.sense.gloss.is_some()) {
            format!("{:word_width$}  meaning", "word")
        } else {
            "word".to_owned()
        };
        writeln!(
            out,
            "{:>9}  {:>9}  {:>7}  {:width$}  {title}",
            "score", "cosine", "share", "sense"
        )?;
        for prediction in senses {
            let gloss = one_line(prediction.sense.gloss.as_deref().unwrap_or_default());
            let line = format!(
                "{:>9.4}  {:>9.4}  {:>5.1} %  {:width$}  {:word_width$}  {gloss}",
                prediction.score,
                prediction.cosine,
                100.0 * prediction.share,
                name(prediction),
                word(prediction)
            );
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}
