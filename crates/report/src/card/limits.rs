//! Limits of a trained model, as far as its training shows them, and the people they may hurt
//! (Mitchell et al. 2019, "Model Cards for Model Reporting": data, factors, figures, caveats).
use std::collections::BTreeMap;

use cloze_metrics::Scores;

use super::markdown::escaped;
use crate::DataFile;

/// Labels with fewer training examples are named as rare.
const FEW: usize = 10;
/// Most files named, and most of the worst labels.
const NAMED: usize = 3;

/// Facts about a trained model that bear on its limits.
pub struct Limits<'a> {
    /// Amount of training data: `9596 texts`.
    pub learned: String,
    /// Training data.
    pub data: &'a [DataFile],
    /// Language code of the data.
    pub language: Option<&'a str>,
    /// Number of training examples by label.
    pub labels: &'a BTreeMap<String, usize>,
    /// Noun for the examples of a label: `examples`.
    pub counted: &'a str,
    /// Evaluation by label.
    pub evaluation: Option<ByLabel<'a>>,
    /// Limits of this model alone, one sentence each.
    pub own: Vec<String>,
}

/// Scores by label.
pub struct ByLabel<'a> {
    /// Evaluation data: `1066 texts held out`.
    pub on: String,
    /// Labels with their scores.
    pub labels: Vec<(&'a str, &'a Scores)>,
}

impl Limits<'_> {
    /// Writes the section of the card.
    #[must_use]
    pub fn section(mut self) -> String {
        let mut limits = vec![format!(
            "It was trained on {}{}{}, and the metrics hold for similar texts. On texts of another kind, \
             time or language it may be worse; by how much was not measured.",
            escaped(&self.learned),
            self.files(),
            self.language
                .map(|code| format!(", in the language {}", escaped(code)))
                .unwrap_or_default()
        )];
        limits.append(&mut self.own);
        limits.extend(self.few());
        limits.extend(self.worst());
        limits.push(
            "Whether its errors affect some people more than others, by name, dialect, origin, gender or \
             age, has not been measured. Measure it before the model takes part in decisions about \
             people, and let it take none on its own."
                .to_owned(),
        );
        let lines: Vec<String> = limits.iter().map(|limit| format!("- {limit}\n")).collect();
        format!("## Limits\n\n{}\n", lines.concat())
    }

    /// Lists the files: ` (a.csv, b.csv and 4 more files)`.
    fn files(&self) -> String {
        let names: Vec<String> =
            self.data.iter().take(NAMED).map(|file| escaped(&file.file)).collect();
        let more = match self.data.len() - names.len() {
            0 => String::new(),
            1 => " and 1 more file".to_owned(),
            n => format!(" and {n} more files"),
        };
        if names.is_empty() { more } else { format!(" ({}{more})", names.join(", ")) }
    }

    fn few(&self) -> Option<String> {
        let few = self.labels.iter().filter(|(_, n)| **n < FEW);
        let few: Vec<String> = few.map(|(label, _)| escaped(label)).collect();
        (!few.is_empty())
            .then(|| format!("Fewer than {FEW} {}: {}.", escaped(self.counted), few.join(", ")))
    }

    fn worst(&self) -> Option<String> {
        let Some(ByLabel { on, labels }) = &self.evaluation else {
            return Some("Its quality is unknown: it was not evaluated.".to_owned());
        };
        // What was not there to be found says nothing.
        let mut labels: Vec<_> = labels.iter().filter(|(_, s)| s.support > 0).collect();
        // Stable, so that of equals the first by name are named.
        labels.sort_by(|(_, a), (_, b)| a.f1.total_cmp(&b.f1));
        // More than half of them would be the table once more.
        let worst: Vec<String> = labels[..NAMED.min(labels.len() / 2)]
            .iter()
            .map(|(label, s)| format!("{} (F1 {:.4})", escaped(label), s.f1))
            .collect();
        (!worst.is_empty())
            .then(|| format!("On {} it is worst at {}.", escaped(on), worst.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(labels: &[(&str, f64, u64)], files: &[&str]) -> String {
        let scores: Vec<Scores> = labels
            .iter()
            .map(|&(_, f1, support)| Scores { precision: f1, recall: f1, f1, support })
            .collect();
        let data: Vec<DataFile> = files
            .iter()
            .map(|file| DataFile { file: (*file).into(), sha256: None, examples: 1 })
            .collect();
        let counts = labels.iter().zip(9..).map(|(label, n)| (label.0.to_owned(), n)).collect();
        let labels = labels.iter().map(|label| label.0).zip(&scores).collect();
        let limits = Limits {
            learned: "12 texts".into(),
            data: &data,
            language: None,
            labels: &counts,
            counted: "examples",
            evaluation: Some(ByLabel { on: "5 texts held out".into(), labels }),
            own: vec![],
        };
        limits.section()
    }

    /// Of five labels with examples two are named, the worst first; `e` has none.
    #[test]
    fn the_worst_labels_are_named() {
        let labels = [("a", 0.9, 3), ("b", 0.25, 1), ("c", 0.8, 2), ("d", 0.5, 2), ("e", 0.0, 0)];
        let text = section(&[&labels[..], &[("f", 1.0, 4)]].concat(), &[]);
        assert!(
            text.contains("- On 5 texts held out it is worst at b (F1 0.2500), d (F1 0.5000).\n")
        );
        assert!(text.contains("- Fewer than 10 examples: a.\n"), "{text}");
        // One label is best and worst.
        assert!(!section(&[("a", 0.9, 3)], &[]).contains("worst"));
    }

    #[test]
    fn files_are_named_up_to_a_few() {
        for (files, expected) in [
            (&[][..], "on 12 texts, and"),
            (&["a", "b|"], r"on 12 texts (a, b\|), and"),
            (&["a", "b", "c", "d"], "on 12 texts (a, b, c and 1 more file), and"),
            (&["a", "b", "c", "d", "e"], "on 12 texts (a, b, c and 2 more files), and"),
        ] {
            let text = section(&[], files);
            assert!(text.contains(expected), "{text}");
        }
    }
}
