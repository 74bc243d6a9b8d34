//! Output formats of predicted words.
use std::io::{self, Write as _};

use cloze::{GeneratedText, MaskPrediction, MaskPredictions};
use serde::Serialize;

use crate::commands::fill_mask::args::FillMaskArgs;
use crate::input::texts::Input;
use crate::terminal::out::{Out, json_line};
use cloze_report::text::{one_line, shown};

/// Prediction for a text.
pub(super) enum Answer {
    Predicted(MaskPredictions),
    Filled(GeneratedText),
}

impl Answer {
    /// Returns whether the text is longer than the window that the model sees of it.
    pub(super) fn windowed(&self) -> bool {
        match self {
            Self::Predicted(predicted) => predicted.windowed,
            Self::Filled(filled) => filled.windowed,
        }
    }
}

#[derive(Serialize)]
struct Record<'a> {
    path: &'a str,
    line: u64,
    id: &'a str,
    /// Text with its masks filled, if filling was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    masks: Vec<Vec<Word<'a>>>,
}

#[derive(Serialize)]
struct Word<'a> {
    token: &'a str,
    /// Id of a word of one token.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    /// Ids of a target of several tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<&'a [u32]>,
    probability: f64,
}

impl<'a> Word<'a> {
    fn of(prediction: &'a MaskPrediction) -> Self {
        let (id, ids) = match &prediction.ids[..] {
            [id] => (Some(*id), None),
            ids => (None, Some(ids)),
        };
        Self { token: &prediction.word, id, ids, probability: prediction.probability }
    }
}

/// A stream of answers.
pub(super) struct Form {
    out: Out,
    json: bool,
}

impl Form {
    pub(super) fn open(args: &FillMaskArgs) -> anyhow::Result<Self> {
        Ok(Self { out: args.out.open()?, json: args.format.is_json() })
    }

    pub(super) fn write(&mut self, input: &Input, answer: &Answer) -> anyhow::Result<()> {
        if self.json {
            let (text, masks) = match answer {
                Answer::Predicted(predicted) => {
                    let masks = predicted.masks.iter();
                    (None, masks.map(|words| words.iter().map(Word::of).collect()).collect())
                }
                Answer::Filled(filled) => {
                    let words = filled.words.iter().map(|word| vec![Word::of(word)]);
                    (Some(filled.text.as_str()), words.collect())
                }
            };
            let Input { path, line, id, .. } = input;
            return json_line(&mut self.out, &Record { path, line: *line, id, text, masks });
        }
        match answer {
            Answer::Filled(filled) => writeln!(self.out, "{}", one_line(&filled.text))?,
            Answer::Predicted(predicted) => self.table(&input.text, predicted)?,
        }
        Ok(())
    }

    fn table(&mut self, text: &str, predicted: &MaskPredictions) -> io::Result<()> {
        writeln!(self.out, "── {} ──", one_line(text))?;
        let several = predicted.masks.len() > 1;
        for (i, words) in (1..).zip(&predicted.masks) {
            if several {
                writeln!(self.out, "mask {i}")?;
            }
            for prediction in words {
                let word = one_line(&prediction.word);
                writeln!(self.out, "{:>8}  {word}", shown(prediction.probability))?;
            }
        }
        writeln!(self.out)
    }

    /// Flushes the output, so that a reader sees all answers so far.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.out.finish()
    }
}
