//! Multiple-choice questions in tables and in JSON.
use cloze_corpus::Cells;

use super::choices::ChoiceScore;

/// Most choices: the letters of the alphabet.
const MAX_CHOICES: usize = 26;
/// Names of the fields, the first that a record has.
const QUESTION: [&str; 2] = ["question", "prompt"];
const ANSWER: [&str; 4] = ["answer", "gold", "label", "target"];
const SUBJECT: [&str; 2] = ["subject", "category"];
const CHOICES: [&str; 2] = ["choices", "options"];

/// A question with its choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Text.
    pub question: String,
    /// At least two.
    pub choices: Vec<String>,
    /// Place of the right one.
    pub gold: usize,
    /// Group, such as a subject.
    pub subject: Option<String>,
}

/// A record that is no question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuestionError {
    /// A field that a question needs.
    #[error("no {expected}; it has {found}")]
    Missing {
        /// Field.
        expected: &'static str,
        /// Fields of the record.
        found: String,
    },
    /// Columns of a table without a header that are too few.
    #[error("{found} columns; expected a question, at least two choices, and the answer")]
    Columns {
        /// Number of columns.
        found: usize,
    },
    /// A field without a value.
    #[error("{field} is empty")]
    Empty {
        /// Field.
        field: String,
    },
    /// Choices that are too few or too many.
    #[error("{found} choices; expected 2 to {MAX_CHOICES}")]
    Choices {
        /// Number of choices.
        found: usize,
    },
    /// An answer that is no choice.
    #[error(
        "answer {found:?}: expected {expected}, the number of a choice from 0, or a choice's text"
    )]
    Answer {
        /// Letters.
        expected: String,
        /// Value.
        found: String,
    },
}

/// Columns of questions in one input: by their names where it has them, or as MMLU's files without a
/// header have them: question, choices, and the letter of the right one.
#[derive(Clone, Debug, Default)]
pub struct QuestionColumns {
    /// Names of a header that was read as the first row; `None` where there was none.
    header: Option<Vec<String>>,
    started: bool,
}

impl QuestionColumns {
    /// The question of the next record of an input; `None` for a header. Rows come as of a table without
    /// one, whose columns are called 1, 2, …
    ///
    /// # Errors
    /// [`QuestionError`] for a record that is no question; the next may be one.
    pub fn question(&mut self, cells: &Cells) -> Result<Option<Question>, QuestionError> {
        let is_row = cells.names.iter().enumerate().all(|(i, name)| *name == (i + 1).to_string());
        let is_first = !std::mem::replace(&mut self.started, true);
        if !is_row {
            return named(&cells.names, &cells.values).map(Some);
        }
        if is_first && place(&cells.values, &QUESTION).is_some() {
            self.header = Some(cells.values.clone());
            return Ok(None);
        }
        match &self.header {
            Some(header) => named(header, &cells.values).map(Some),
            None => unnamed(&cells.values).map(Some),
        }
    }
}

/// Place of the first of these names, whatever its case.
fn place(names: &[String], wanted: &[&str]) -> Option<usize> {
    let find =
        |wanted: &&str| names.iter().position(|name| name.trim().eq_ignore_ascii_case(wanted));
    wanted.iter().find_map(find)
}

fn named(names: &[String], values: &[String]) -> Result<Question, QuestionError> {
    let value = |place: usize| values.get(place).map(String::as_str).unwrap_or_default();
    let missing = |expected| QuestionError::Missing { expected, found: names.join(", ") };
    let question = place(names, &QUESTION).ok_or_else(|| missing("field \"question\""))?;
    let answer = place(names, &ANSWER).ok_or_else(|| missing("field \"answer\""))?;
    let choices: Vec<String> = match place(names, &CHOICES) {
        Some(place) => serde_json::from_str(value(place))
            .map_err(|_| missing("list of texts in \"choices\""))?,
        None => ('A'..='Z')
            .map_while(|letter| place(names, &[&letter.to_string()]))
            .map(|place| value(place).to_owned())
            .collect(),
    };
    if choices.is_empty() {
        return Err(missing("fields \"A\", \"B\", … or \"choices\""));
    }
    let subject = place(names, &SUBJECT).map(|place| value(place).to_owned());
    Question::new(value(question), choices, value(answer), subject.filter(|text| !text.is_empty()))
}

fn unnamed(values: &[String]) -> Result<Question, QuestionError> {
    match values {
        [question, choices @ .., answer] if choices.len() >= 2 => {
            Question::new(question, choices.to_vec(), answer, None)
        }
        values => Err(QuestionError::Columns { found: values.len() }),
    }
}

impl Question {
    /// A question; the answer is the letter of a choice, its number from 0, or its text.
    ///
    /// # Errors
    /// [`QuestionError`] for a question without text, choices that are too few, too many or empty, and an
    /// answer that is none.
    pub fn new(
        question: &str,
        choices: Vec<String>,
        answer: &str,
        subject: Option<String>,
    ) -> Result<Self, QuestionError> {
        let empty = |field: String| Err(QuestionError::Empty { field });
        if question.trim().is_empty() {
            return empty("the question".into());
        }
        if !(2..=MAX_CHOICES).contains(&choices.len()) {
            return Err(QuestionError::Choices { found: choices.len() });
        }
        let blank = choices.iter().zip('A'..).find(|(choice, _)| choice.trim().is_empty());
        if let Some((_, letter)) = blank {
            return empty(format!("choice {letter}"));
        }
        let answer = answer.trim();
        if answer.is_empty() {
            return empty("the answer".into());
        }
        let letter = ('A'..).take(choices.len()).position(|letter| {
            answer.len() == 1 && answer.starts_with([letter, letter.to_ascii_lowercase()])
        });
        let number = || answer.parse().ok().filter(|&place: &usize| place < choices.len());
        let text = || choices.iter().position(|choice| choice.trim() == answer);
        let Some(gold) = letter.or_else(text).or_else(number) else {
            let letters: Vec<String> = ('A'..).take(choices.len()).map(String::from).collect();
            let (expected, found) = (letters.join(", "), answer.to_owned());
            return Err(QuestionError::Answer { expected, found });
        };
        Ok(Self { question: question.trim().to_owned(), choices, gold, subject })
    }

    /// Text that the answers stand behind.
    #[must_use]
    pub fn prompt(&self, score: ChoiceScore) -> String {
        match score {
            ChoiceScore::Letter => {
                let choices = self.choices.iter().zip('A'..);
                let lines = choices.map(|(choice, letter)| format!("{letter}. {}", choice.trim()));
                let lines: Vec<String> = lines.collect();
                format!("{}\n{}\nAnswer:", self.question, lines.join("\n"))
            }
            ChoiceScore::Text => format!("Question: {}\nAnswer:", self.question),
        }
    }

    /// Texts of the answers behind the prompt.
    #[must_use]
    pub fn answers(&self, score: ChoiceScore) -> Vec<String> {
        let answer = |(choice, letter): (&String, char)| match score {
            ChoiceScore::Letter => format!(" {letter}"),
            ChoiceScore::Text => format!(" {}", choice.trim()),
        };
        self.choices.iter().zip('A'..).map(answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(names: &[&str], values: &[&str]) -> Cells {
        let strings = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        Cells { names: strings(names).into(), values: strings(values) }
    }

    #[test]
    fn questions_of_each_form_are_the_same() {
        let row = ["1", "2", "3", "4"];
        let mmlu = QuestionColumns::default().question(&cells(&row, &["Why?", "so", "not", "B"]));
        let question = mmlu.unwrap().unwrap();
        assert_eq!((question.gold, question.choices.len()), (1, 2));
        let mut with_header = QuestionColumns::default();
        let header = cells(&row, &["answer", "A", "B", "Question"]);
        assert_eq!(with_header.question(&header).unwrap(), None);
        let found = with_header.question(&cells(&row, &["not", "so", "not", "Why?"])).unwrap();
        assert_eq!(found.unwrap(), question);
        let json = cells(&["question", "choices", "answer"], &["Why?", r#"["so","not"]"#, "1"]);
        assert_eq!(QuestionColumns::default().question(&json).unwrap().unwrap(), question);
        assert_eq!(question.prompt(ChoiceScore::Letter), "Why?\nA. so\nB. not\nAnswer:");
        assert_eq!(question.answers(ChoiceScore::Text), [" so", " not"]);
    }

    #[test]
    fn what_is_no_question_is_named() {
        let error = |names: &[&str], values: &[&str]| {
            QuestionColumns::default().question(&cells(names, values)).unwrap_err().to_string()
        };
        let row = ["1", "2", "3", "4"];
        assert_eq!(error(&row, &["Why?", "so", "not", ""]), "the answer is empty");
        assert_eq!(error(&row, &["Why?", "so", " ", "A"]), "choice B is empty");
        assert!(error(&row, &["Why?", "so", "not", "C"]).contains("expected A, B"));
        assert!(error(&row[..2], &["Why?", "so"]).contains("2 columns"));
        let named = ["question", "A", "B"];
        assert!(error(&named, &["Why?", "so", "not"]).contains("no field \"answer\"; it has"));
    }
}
