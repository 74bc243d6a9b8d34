//! Predicted labels of texts as JSON Lines and tab-separated values.
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::cells::{Cell, Table};
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
    /// Number of labels whose probabilities are written; `None` for all.
    pub top: Option<usize>,
    /// Layout of tab-separated values.
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
    probabilities: Map<String, Value>,
}

impl LabelLayout<'_> {
    /// Writes a JSON object.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_jsonl(&self, text: &PredictedLabels<'_>, out: &mut dyn Write) -> io::Result<()> {
        let PredictedLabels { path, line, id, labels, .. } = *text;
        let probabilities = self.shown(text).iter();
        let single = labels.first().map(String::as_str);
        let row = LabelRow {
            path,
            line,
            id,
            label: Some(Value::from(single)).filter(|_| !self.multi_label),
            labels: Some(labels).filter(|_| self.multi_label),
            probabilities: probabilities.map(|(l, p)| (l.clone(), Value::from(*p))).collect(),
        };
        json_line(out, &row)
    }

    /// Writes the header of tab-separated values.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_tsv_header(&self, out: &mut dyn Write) -> io::Result<()> {
        let ours = ["path", "line", "id", "label"].map(Cell::Plain);
        let names: Vec<String> = (1..=self.top.unwrap_or(0))
            .flat_map(|i| [format!("label_{i}"), format!("probability_{i}")])
            .collect();
        let labels = self.labels.iter().filter(|_| self.top.is_none());
        let labels = labels.map(|label| Cell::Text(label));
        let names = names.iter().map(|name| Cell::Plain(name));
        self.table.write(out, ours.into_iter().chain(labels).chain(names))
    }

    /// Writes a row of tab-separated values.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_tsv(&self, text: &PredictedLabels<'_>, out: &mut dyn Write) -> io::Result<()> {
        let (line, chosen) = (text.line.to_string(), text.labels.join(","));
        let mut row = vec![
            Cell::Text(text.path),
            Cell::Plain(&line),
            Cell::Text(text.id.unwrap_or("")),
            Cell::Text(&chosen),
        ];
        let probability = |label: &String| {
            let entry = text.probabilities.iter().find(|(l, _)| l == label);
            entry.map(|(_, p)| p.to_string()).unwrap_or_default()
        };
        let numbers: Vec<String> = match self.top {
            None => self.labels.iter().map(probability).collect(),
            Some(top) => {
                let shown = self.shown(text).iter().map(|(_, p)| p.to_string());
                // As many columns, also where a text has no label.
                shown.chain(std::iter::repeat_n(String::new(), top)).take(top).collect()
            }
        };
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

    /// The model's order is a, b; the text's order is by probability.
    #[test]
    fn columns_have_the_order_of_the_model() {
        let labels = ["a", "b"].map(String::from);
        let (chosen, probabilities) = (["b".to_owned()], [("b".into(), 0.75), ("a".into(), 0.25)]);
        let (labels_of, probabilities) = (&chosen[..], &probabilities[..]);
        let text =
            PredictedLabels { path: "t", line: 3, id: None, labels: labels_of, probabilities };
        let layout =
            LabelLayout { labels: &labels, multi_label: false, top: None, table: Table::tsv() };
        let mut out = vec![];
        layout.write_tsv_header(&mut out).unwrap();
        layout.write_tsv(&text, &mut out).unwrap();
        LabelLayout { top: Some(1), ..layout }.write_jsonl(&text, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "path\tline\tid\tlabel\ta\tb\nt\t3\t\tb\t0.25\t0.75\n\
             {\"path\":\"t\",\"line\":3,\"id\":null,\"label\":\"b\",\"probabilities\":{\"b\":0.75}}\n"
        );
    }
}
