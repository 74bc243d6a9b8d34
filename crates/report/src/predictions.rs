//! Predicted labels of texts as JSON Lines and as tables.
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::cells::{Cell, Table, free_names};
use crate::write::json_line;

/// Text or pair of texts with its predicted labels.
#[derive(Clone, Copy, Debug)]
pub struct PredictedLabels<'a> {
    /// Path of its file, or `-`.
    pub path: &'a str,
    /// Line it begins in; counts from 1.
    pub line: u64,
    /// Name, if it has one.
    pub id: Option<&'a str>,
    /// Predicted labels, the most probable first.
    pub labels: &'a [String],
    /// Every label with its probability, the most probable first.
    pub probabilities: &'a [(String, f64)],
}

/// Layout of a stream of predicted labels.
#[derive(Clone, Copy, Debug)]
pub struct LabelLayout<'l> {
    /// Labels of the model.
    pub labels: &'l [String],
    /// Whether a text may have several labels.
    pub multi_label: bool,
    /// Whether there are numbers in place of labels and probabilities.
    pub regression: bool,
    /// Number of labels whose probabilities are written; `None` for all.
    pub top: Option<usize>,
    /// Layout of a table.
    pub table: Table,
}

#[derive(Serialize)]
struct LabelRow<'a> {
    path: &'a str,
    line: u64,
    id: Option<&'a str>,
    /// Label of a single one, null where there is none; no field where there may be several.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'a [String]>,
    /// Probabilities, the highest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    probabilities: Option<Map<String, Value>>,
    /// Numbers of a regression.
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<Map<String, Value>>,
}

impl LabelLayout<'_> {
    /// Writes a JSON object.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_jsonl(&self, text: &PredictedLabels<'_>, out: &mut dyn Write) -> io::Result<()> {
        let PredictedLabels { path, line, id, labels, .. } = *text;
        let numbers = self.shown(text).iter().map(|(l, p)| (l.clone(), Value::from(*p))).collect();
        let (probabilities, scores) =
            if self.regression { (None, Some(numbers)) } else { (Some(numbers), None) };
        let single = labels.first().map(String::as_str);
        let row = LabelRow {
            path,
            line,
            id,
            label: Some(Value::from(single)).filter(|_| !self.multi_label && !self.regression),
            labels: Some(labels).filter(|_| self.multi_label),
            probabilities,
            scores,
        };
        json_line(out, &row)
    }

    /// Writes the header of a table whose rows begin with the columns `input`: `label`, where a text has
    /// one also `probability`, and a column per label, or per rank of the most probable. A regression has
    /// the columns of its outputs alone. A name that is among `input` gets `predicted_` in front.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_header(&self, input: &[String], out: &mut dyn Write) -> io::Result<()> {
        let mut names = vec![];
        names.extend((!self.regression).then(|| "label".to_owned()));
        let one = !self.regression && !self.multi_label;
        names.extend(one.then(|| "probability".to_owned()));
        let number = if self.regression { "score" } else { "probability" };
        match self.top {
            None => names.extend(self.labels.iter().cloned()),
            Some(top) => {
                let ranks = 1..=top;
                names.extend(ranks.flat_map(|i| [format!("label_{i}"), format!("{number}_{i}")]));
            }
        }
        let names = free_names(input, names.iter().map(String::as_str));
        self.table.write(out, names.iter().map(|name| Cell::Text(name)))
    }

    /// Writes a row of a table, which begins with the cells `input`.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_row(
        &self,
        input: &[String],
        text: &PredictedLabels<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let chosen = text.labels.join(",");
        let probability = |label: &String| {
            let of_label = text.probabilities.iter().find(|(other, _)| other == label);
            of_label.map(|(_, probability)| probability.to_string()).unwrap_or_default()
        };
        let first = text.labels.first().map(probability).unwrap_or_default();
        let numbers: Vec<String> = match self.top {
            None => self.labels.iter().map(probability).collect(),
            Some(top) => {
                let shown = self.shown(text).iter().map(|(_, p)| p.to_string());
                // As many columns, also where a text has no label.
                shown.chain(std::iter::repeat_n(String::new(), top)).take(top).collect()
            }
        };
        let mut row: Vec<Cell<'_>> = input.iter().map(|cell| Cell::Text(cell)).collect();
        row.extend((!self.regression).then_some(Cell::Text(&chosen)));
        let one = !self.regression && !self.multi_label;
        row.extend(one.then_some(Cell::Plain(&first)));
        for (i, number) in numbers.iter().enumerate() {
            if self.top.is_some() {
                row.push(Cell::Text(self.shown(text).get(i).map_or("", |(label, _)| label)));
            }
            row.push(Cell::Plain(number));
        }
        self.table.write(out, row)
    }

    fn shown<'a>(&self, text: &PredictedLabels<'a>) -> &'a [(String, f64)] {
        let probabilities = text.probabilities;
        &probabilities[..self.top.unwrap_or(probabilities.len()).min(probabilities.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number is no probability, and chooses no label.
    #[test]
    fn a_regression_has_scores() {
        let (labels, scores) = (["s".to_owned()], [("s".to_owned(), 1.5)]);
        let layout = LabelLayout {
            labels: &labels,
            multi_label: false,
            regression: true,
            top: None,
            table: Table::tsv(),
        };
        let text =
            PredictedLabels { path: "t", line: 1, id: None, labels: &[], probabilities: &scores };
        let mut out = vec![];
        layout.write_jsonl(&text, &mut out).unwrap();
        layout.write_header(&["text".to_owned()], &mut out).unwrap();
        layout.write_row(&["x".to_owned()], &text, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"path\":\"t\",\"line\":1,\"id\":null,\"scores\":{\"s\":1.5}}\ntext\ts\nx\t1.5\n"
        );
    }

    /// The model's order is a, b; the text's order is by probability.
    #[test]
    fn columns_have_the_order_of_the_model() {
        let labels = ["a", "b"].map(String::from);
        let (chosen, probabilities) = (["b".to_owned()], [("b".into(), 0.75), ("a".into(), 0.25)]);
        let (labels_of, probabilities) = (&chosen[..], &probabilities[..]);
        let text =
            PredictedLabels { path: "t", line: 3, id: None, labels: labels_of, probabilities };
        let layout = LabelLayout {
            labels: &labels,
            multi_label: false,
            regression: false,
            top: None,
            table: Table::tsv(),
        };
        let mut out = vec![];
        // An input that has a column `label` and one that is called as a label is.
        layout.write_header(&["label", "a"].map(String::from), &mut out).unwrap();
        layout.write_row(&["gold", "1,5"].map(String::from), &text, &mut out).unwrap();
        let top = LabelLayout { top: Some(1), multi_label: true, table: Table::csv(), ..layout };
        top.write_header(&["text".to_owned()], &mut out).unwrap();
        top.write_row(&["=1+1".to_owned()], &text, &mut out).unwrap();
        LabelLayout { top: Some(1), ..layout }.write_jsonl(&text, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "label\ta\tpredicted_label\tprobability\tpredicted_a\tb\n\
             gold\t1,5\tb\t0.75\t0.25\t0.75\n\
             text,label,label_1,probability_1\n\
             '=1+1,b,b,0.75\n\
             {\"path\":\"t\",\"line\":3,\"id\":null,\"label\":\"b\",\"probabilities\":{\"b\":0.75}}\n"
        );
    }
}
