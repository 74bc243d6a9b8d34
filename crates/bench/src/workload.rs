//! The texts, and how they are asked for.
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use cloze_checkpoint::ModelFolder;
use cloze_encoder::{EncoderParams, TokenCounter};
use cloze_store::checksum;
use cloze_testkit::{Random, texts};
use serde::Serialize;

/// Task of a workload: the output made from its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    Vectors,
    Entities,
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Vectors { "vectors" } else { "entities" })
    }
}

/// A kind of workload.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) task: Task,
    /// One text after the other, and not all at once.
    pub(crate) each: bool,
    /// Default number of texts.
    count: usize,
}

/// Words of a passage of a long document: so many are hardly ever more than 256 tokens.
const PASSAGE: usize = 180;
/// Words of a text that is tagged: all systems take it whole.
const TAGGED: usize = 250;

/// All of them, in the order of the report.
pub(crate) const KINDS: [Kind; 5] = [
    Kind { name: "short", what: "sentences", task: Task::Vectors, each: false, count: 300 },
    Kind {
        name: "mixed",
        what: "texts of 1 to 400 words",
        task: Task::Vectors,
        each: false,
        count: 120,
    },
    Kind {
        name: "long",
        what: "passages of 180 words of documents of 2,000",
        task: Task::Vectors,
        each: false,
        count: 30,
    },
    Kind {
        name: "queries",
        what: "sentences, one at a time",
        task: Task::Vectors,
        each: true,
        count: 100,
    },
    Kind {
        name: "tag",
        what: "texts of 1 to 250 words, entities",
        task: Task::Entities,
        each: false,
        count: 120,
    },
];

/// A workload with its texts.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) kind: &'static Kind,
    pub(crate) texts: Vec<String>,
    /// File of the texts, one per line.
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    /// Tokens of each text, special ones included, none longer than the model takes.
    pub(crate) lengths: Vec<usize>,
    /// The file they are from; they were made where there is none.
    pub(crate) source: Option<PathBuf>,
}

impl Workload {
    /// The texts of a kind, written to `folder`: from a file, or made.
    pub(crate) fn new(
        kind: &'static Kind,
        source: Option<&Path>,
        count: Option<usize>,
        model: &ModelFolder,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let count = count.unwrap_or(kind.count);
        let texts = match source {
            Some(source) => spread(from_file(kind, source)?, count),
            None => made(kind, count),
        };
        if texts.is_empty() {
            bail!("{}: no texts", kind.name);
        }
        let lines = texts.join("\n");
        let path = folder.join(format!("{}.txt", kind.name));
        fs_err::write(&path, &lines)?;
        let counter = TokenCounter::open(model)?;
        let params = EncoderParams::new().truncate(true);
        let length = |(i, text): (usize, &String)| {
            let windows = counter.windows(text, i, &params)?;
            anyhow::Ok(windows.sequences.iter().map(|(sequence, _)| sequence.ids.len()).sum())
        };
        let lengths = texts.iter().enumerate().map(length).collect::<Result<_, _>>()?;
        let source = source.map(Path::to_owned);
        Ok(Self { kind, texts, path, sha256: checksum::sha256(lines.as_bytes()), lengths, source })
    }

    pub(crate) fn tokens(&self) -> usize {
        self.lengths.iter().sum()
    }

    pub(crate) fn words(&self) -> usize {
        self.texts.iter().map(|text| text.split_whitespace().count()).sum()
    }
}

fn made(kind: &Kind, count: usize) -> Vec<String> {
    let mut random = Random::new(17);
    match kind.name {
        "mixed" => texts::of_mixed_lengths(11, count),
        "long" => {
            let document = |random: &mut Random| passages(&texts::prose(random, 2000));
            std::iter::repeat_with(|| document(&mut random)).flatten().take(count).collect()
        }
        "tag" => {
            let fits = |text: &String| text.split_whitespace().count() <= TAGGED;
            let generated = texts::of_mixed_lengths(7, count + count / 10 + 1);
            generated.into_iter().filter(fits).take(count).collect()
        }
        _ => (0..count).map(|_| short(&mut random)).collect(),
    }
}

/// 6 to 16 words, 11 on average, which is what sentences of STS-Benchmark have.
fn short(random: &mut Random) -> String {
    let words = 6 + random.below(11);
    texts::prose(random, words)
}

/// Texts of a file for a workload; without those that have no words.
fn from_file(kind: &Kind, path: &Path) -> anyhow::Result<Vec<String>> {
    let texts = read_texts(path)?.into_iter();
    Ok(match kind.name {
        "long" => texts.flat_map(|text| passages(&text)).collect(),
        "tag" => texts.filter(|text| text.split(' ').count() <= TAGGED).collect(),
        _ => texts.collect(),
    })
}

/// Texts of a file: a line each, or of `.csv` files the first column; without those that have no words.
fn read_texts(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs_err::read_to_string(path)?;
    let lines: Vec<String> = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let first = |row: csv::Result<csv::StringRecord>| {
            let row = row.with_context(|| path.display().to_string())?;
            anyhow::Ok(row.get(0).unwrap_or_default().to_owned())
        };
        rows.records().map(first).collect::<Result<_, _>>()?
    } else {
        text.lines().map(str::to_owned).collect()
    };
    Ok(lines.iter().map(|line| one_line(line)).filter(|text| !text.is_empty()).collect())
}

/// The text on one line, as peers read it.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Number of texts that 8 bits with fixed scales are calibrated on.
const CALIBRATION: usize = 300;

/// Texts to calibrate by, of a file or made, which no workload has: `{"text": …}` a line, in `folder`.
pub(crate) fn calibration(source: Option<&Path>, folder: &Path) -> anyhow::Result<PathBuf> {
    let texts = match source {
        Some(source) => spread(read_texts(source)?, CALIBRATION),
        None => texts::of_mixed_lengths(5, CALIBRATION),
    };
    let lines = texts.iter().map(|text| serde_json::json!({ "text": text }).to_string() + "\n");
    let lines: String = lines.collect();
    let hash = checksum::sha256(lines.as_bytes());
    // Peers keep what they make of it under its name.
    let path = folder.join(format!("calibration-{}.jsonl", hash.get(..16).unwrap_or_default()));
    fs_err::write(&path, lines)?;
    Ok(path)
}

/// A document in passages, all but the last of the same number of words.
fn passages(document: &str) -> Vec<String> {
    let words: Vec<&str> = document.split_whitespace().collect();
    words.chunks(PASSAGE).map(|words| words.join(" ")).collect()
}

/// So many of all, evenly spread.
fn spread(texts: Vec<String>, count: usize) -> Vec<String> {
    let n = texts.len();
    if n <= count {
        return texts;
    }
    (0..count).map(|i| texts[i * n / count].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> &'static Kind {
        KINDS.iter().find(|kind| kind.name == name).unwrap()
    }

    #[test]
    fn made_texts_are_as_many_as_asked_for_and_of_one_line() {
        for kind in &KINDS {
            let texts = made(kind, 50);
            assert_eq!(texts.len(), 50, "{}", kind.name);
            assert!(texts.iter().all(|t| !t.is_empty() && !t.contains('\n')), "{}", kind.name);
            let most = if kind.name == "tag" { TAGGED } else { 400 };
            assert!(texts.iter().all(|t| t.split_whitespace().count() <= most), "{}", kind.name);
        }
    }

    /// 2,000 words are eleven passages of 180 and one of 20.
    #[test]
    fn no_word_of_a_document_is_lost() {
        let document = texts::prose(&mut Random::new(1), 2000);
        let passages = passages(&document);
        assert_eq!(passages.len(), 12);
        assert_eq!(passages[11].split(' ').count(), 20);
        assert_eq!(passages.join(" "), document);
    }

    #[test]
    fn texts_come_from_lines_or_from_a_first_column() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs_err::write(&path, text).unwrap();
            path
        };
        let lines = write("a.txt", "one  two\n\nthrée\r\n");
        assert_eq!(from_file(kind("short"), &lines).unwrap(), ["one two", "thrée"]);
        let table = write("a.CSV", "\"one, two\n three\",x,5\nfour\n");
        assert_eq!(from_file(kind("mixed"), &table).unwrap(), ["one, two three", "four"]);
        assert!(from_file(kind("short"), Path::new("no-such-file")).is_err());
    }

    #[test]
    fn texts_to_calibrate_by_are_named_by_their_hash() {
        let folder = tempfile::tempdir().unwrap();
        let made = calibration(None, folder.path()).unwrap();
        assert_eq!(calibration(None, folder.path()).unwrap(), made);
        assert_eq!(fs_err::read_to_string(&made).unwrap().lines().count(), CALIBRATION);
        let own = folder.path().join("own.txt");
        fs_err::write(&own, "a \"b\"\n").unwrap();
        let read = calibration(Some(&own), folder.path()).unwrap();
        assert_ne!(read, made);
        assert_eq!(fs_err::read_to_string(read).unwrap(), "{\"text\":\"a \\\"b\\\"\"}\n");
    }

    #[test]
    fn fewer_texts_are_from_all_over_the_file() {
        let texts: Vec<String> = (0..10).map(|i| i.to_string()).collect();
        assert_eq!(spread(texts.clone(), 4), ["0", "2", "5", "7"]);
        assert_eq!(spread(texts.clone(), 20), texts);
    }
}
