//! Examples that are labelled wrongly, as JSON lines, the surest first. Until the last one is known
//! they wait in a file without a name: their texts may be more than memory holds.
use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use anyhow::Context as _;
use cloze::heads::classify::Prediction;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::input::examples::Example;
use crate::terminal::out::{Out, json_line};

/// Lines in the order of reading, and the place of each.
pub(super) struct Wrong {
    lines: BufWriter<File>,
    places: Vec<Place>,
    end: u64,
}

struct Place {
    sureness: f64,
    start: u64,
    end: u64,
}

/// A line of it.
#[derive(Serialize)]
struct Written<'a> {
    path: &'a str,
    line: u64,
    id: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<&'a str>,
    gold: Labels<'a>,
    predicted: Labels<'a>,
    /// The likeliest first.
    probabilities: Map<String, Value>,
}

/// A label, or several where there may be any number.
#[derive(Serialize)]
#[serde(untagged)]
enum Labels<'a> {
    One(Option<&'a str>),
    Several(&'a [String]),
}

impl<'a> Labels<'a> {
    fn of(labels: &'a [String], multi_label: bool) -> Self {
        if multi_label {
            Self::Several(labels)
        } else {
            Self::One(labels.first().map(String::as_str))
        }
    }
}

impl Wrong {
    pub(super) fn new() -> anyhow::Result<Self> {
        let file = tempfile::tempfile().context("no temporary file")?;
        Ok(Self { lines: BufWriter::new(file), places: vec![], end: 0 })
    }

    /// Adds an example whose labels are not the predicted ones.
    pub(super) fn add(
        &mut self,
        example: &Example,
        found: &Prediction,
        multi_label: bool,
    ) -> anyhow::Result<()> {
        let probabilities =
            found.probabilities.iter().map(|(l, p)| (l.clone(), Value::from(*p))).collect();
        let line = Written {
            path: &example.path,
            line: example.line,
            id: example.id.as_deref(),
            text: &example.text,
            second: example.second.as_deref(),
            gold: Labels::of(&example.labels, multi_label),
            predicted: Labels::of(&found.labels, multi_label),
            probabilities,
        };
        let mut bytes = vec![];
        json_line(&mut bytes, &line)?;
        self.lines.write_all(&bytes).context("the temporary file of wrong examples")?;
        let start = self.end;
        self.end += bytes.len() as u64;
        let sureness = sureness(&example.labels, found, multi_label);
        self.places.push(Place { sureness, start, end: self.end });
        Ok(())
    }

    /// Writes them in order; of those as sure as each other, the one read first comes first.
    pub(super) fn write(mut self, mut out: Out) -> anyhow::Result<()> {
        let mut file = self.lines.into_inner().context("the temporary file of wrong examples")?;
        self.places.sort_by(|a, b| b.sureness.total_cmp(&a.sureness));
        for Place { start, end, .. } in self.places {
            file.seek(SeekFrom::Start(start))?;
            let mut line = vec![];
            (&mut file).take(end - start).read_to_end(&mut line)?;
            out.write_all(&line)?;
        }
        out.finish()
    }
}

/// How sure the model is of what is wrong: the probability of the label it chose; of several the highest
/// one that it gave without cause, or one less the probability of a label that it missed.
fn sureness(gold: &[String], found: &Prediction, multi_label: bool) -> f64 {
    let wrong =
        |(label, p): &(String, f64)| match (gold.contains(label), found.labels.contains(label)) {
            (false, true) => Some(*p),
            (true, false) if multi_label => Some(1.0 - p),
            _ => None,
        };
    found.probabilities.iter().filter_map(wrong).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a was right to be there, b was given with 0.7 without cause, c was missed at 0.2: 1 − 0.2.
    #[test]
    fn what_was_missed_counts_by_what_it_lacked() {
        let strings = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let probabilities = [("a", 0.9), ("b", 0.7), ("c", 0.2), ("d", 0.1)];
        let found = Prediction {
            labels: strings(&["a", "b"]),
            probabilities: probabilities.map(|(l, p)| (l.to_owned(), p)).to_vec(),
        };
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(sureness(&strings(&["a", "c"]), &found, true), 0.8);
        near(sureness(&strings(&["a"]), &found, true), 0.7);
        near(sureness(&strings(&["a", "b"]), &found, true), 0.0);
        // Where one is chosen, it alone is what the model is sure of.
        near(sureness(&strings(&["a", "c"]), &found, false), 0.7);
    }
}
