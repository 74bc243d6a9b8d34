//! Wrongly labelled examples as JSON lines, the most confident errors first. Until the last one is
//! known they wait in a file without a name: their texts may be more than memory holds.
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};

use cloze_heads::classify::Prediction;
use serde::Serialize;
use serde_json::{Map, Value};

use super::GoldExample;

/// Wrongly labelled examples, in a temporary file until they are [written](Self::write).
#[derive(Debug)]
pub struct ConfidentErrors {
    lines: BufWriter<File>,
    errors: Vec<WrittenError>,
    end: u64,
}

/// Place of an error in the temporary file.
#[derive(Debug)]
struct WrittenError {
    confidence: f64,
    start: u64,
    end: u64,
}

/// Place of an example in its file.
#[derive(Clone, Copy, Debug)]
pub struct SourceExample<'a> {
    /// Path of the file.
    pub path: &'a str,
    /// Line, counted from 1.
    pub line: u64,
    /// Id, where it has one.
    pub id: Option<&'a str>,
}

/// Line of an error.
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

/// Label, or several where there may be any number.
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

impl ConfidentErrors {
    /// An empty list.
    ///
    /// # Errors
    /// Errors of creating a temporary file.
    pub fn new() -> io::Result<Self> {
        let file = tempfile::tempfile().map_err(|error| named("no temporary file", &error))?;
        Ok(Self { lines: BufWriter::new(file), errors: vec![], end: 0 })
    }

    /// Adds an example whose labels are not the predicted ones.
    ///
    /// # Errors
    /// Errors of writing the temporary file.
    pub fn add(
        &mut self,
        source: SourceExample<'_>,
        example: &GoldExample<'_>,
        prediction: &Prediction,
        multi_label: bool,
    ) -> io::Result<()> {
        let probabilities =
            prediction.probabilities.iter().map(|(l, p)| (l.clone(), Value::from(*p))).collect();
        let line = Written {
            path: source.path,
            line: source.line,
            id: source.id,
            text: example.input.text,
            second: example.input.second,
            gold: Labels::of(example.labels, multi_label),
            predicted: Labels::of(&prediction.labels, multi_label),
            probabilities,
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        self.lines.write_all(&bytes).map_err(|error| named(TEMPORARY, &error))?;
        let start = self.end;
        self.end += bytes.len() as u64;
        let confidence = confidence(example.labels, prediction, multi_label);
        self.errors.push(WrittenError { confidence, start, end: self.end });
        Ok(())
    }

    /// Writes the examples as JSON lines, the most confident errors first; of those as confident as each
    /// other, the one added first comes first.
    ///
    /// # Errors
    /// Errors of reading the temporary file and of `out`.
    pub fn write(mut self, out: &mut dyn Write) -> io::Result<()> {
        let file = self.lines.into_inner();
        let mut file = file.map_err(|error| named(TEMPORARY, error.error()))?;
        self.errors.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        for WrittenError { start, end, .. } in self.errors {
            file.seek(SeekFrom::Start(start))?;
            let mut line = vec![];
            (&mut file).take(end - start).read_to_end(&mut line)?;
            out.write_all(&line)?;
        }
        Ok(())
    }
}

/// Name of the temporary file in errors.
const TEMPORARY: &str = "the temporary file of wrong examples";

fn named(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

/// Confidence of the model in its error: the probability of the label it chose; of several the highest one
/// that it gave without cause, or one less the probability of a label that it missed.
fn confidence(gold: &[String], prediction: &Prediction, multi_label: bool) -> f64 {
    let wrong = |(label, p): &(String, f64)| match (
        gold.contains(label),
        prediction.labels.contains(label),
    ) {
        (false, true) => Some(*p),
        (true, false) if multi_label => Some(1.0 - p),
        _ => None,
    };
    prediction.probabilities.iter().filter_map(wrong).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a was right to be there, b was given with 0.7 without cause, c was missed at 0.2: 1 − 0.2.
    #[test]
    fn what_was_missed_counts_by_what_it_lacked() {
        let strings = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let probabilities = [("a", 0.9), ("b", 0.7), ("c", 0.2), ("d", 0.1)];
        let prediction = Prediction {
            labels: strings(&["a", "b"]),
            probabilities: probabilities.map(|(l, p)| (l.to_owned(), p)).to_vec(),
        };
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(confidence(&strings(&["a", "c"]), &prediction, true), 0.8);
        near(confidence(&strings(&["a"]), &prediction, true), 0.7);
        near(confidence(&strings(&["a", "b"]), &prediction, true), 0.0);
        // Where one is chosen, its probability alone is the confidence.
        near(confidence(&strings(&["a", "c"]), &prediction, false), 0.7);
    }
}
