//! The model card.
use super::{Figures, TrainedPart, TuningReport};
use crate::card::command_line::{self, quoted};
use crate::card::limits::{ByLabel, Limits};
use crate::card::markdown::{code_block, escaped, table};
use crate::card::{FrontMatter, files, labels, rights};
use crate::text::plural;

impl<F: Figures> TuningReport<F> {
    /// Returns the text of `README.md`, for a model in a folder of this name.
    #[must_use]
    pub fn card(&self, name: &str) -> String {
        let front = FrontMatter {
            license: self.card.license.as_deref(),
            language: self.card.language.as_deref(),
            pipeline: F::PIPELINE,
            base: if self.part == TrainedPart::New { "" } else { &self.base.name },
            tags: &[],
            metrics: F::METRICS,
        };
        let mut parts = vec![front.write(), format!("# {}\n\n", escaped(name))];
        parts.extend(self.card.description.as_deref().map(|text| escaped(text) + "\n\n"));
        parts.push(self.what());
        parts.push(self.use_it(name));
        parts.push(labels(&self.labels, self.words.counted));
        let n = plural(self.examples as u64, self.words.unit);
        let data = files(&self.data, &format!("{}s", self.words.unit));
        parts.push(format!("## Training data\n\n{n} for training.\n\n{data}\n"));
        parts.push(self.quality());
        parts.push(self.limits().section());
        parts.push(command_line::section(&self.command));
        let source = self.card.source.as_deref();
        parts.push(rights(self.card.license.as_deref(), self.card.attribution.as_deref(), source));
        parts.concat()
    }

    fn what(&self) -> String {
        let steps = plural(self.steps, "step");
        let best = self.best_step.map(|step| format!(", the best at step {step}"));
        let head_rate = Some(&self.training["head_learning_rate"]).filter(|rate| rate.is_number());
        let head_rate = head_rate.map(|rate| format!(" ({rate} of the head)"));
        format!(
            "{}: {} {}, trained by cloze {}; {} were trained, in {steps}{}, with a learning rate of {}{}.\n\n",
            self.words.what,
            self.how(),
            escaped(&self.base.name),
            escaped(self.cloze),
            self.share(),
            best.unwrap_or_default(),
            self.training["learning_rate"],
            head_rate.unwrap_or_default()
        )
    }

    fn use_it(&self, name: &str) -> String {
        let call = format!("{} --model {}", self.words.usage, quoted(&format!("./{name}")));
        let call = code_block("sh", &call);
        let sha256 = escaped(&self.base.sha256);
        let base = match self.part {
            TrainedPart::Adapters { .. } => format!(
                "The base encoder of the adapters is not in this folder: `cloze.json` has its path, and its \
                 SHA-256, {sha256}, identifies it.\n\n"
            ),
            TrainedPart::New => String::new(),
            _ if self.words.task == "causal" => {
                format!("The base model has the SHA-256 {sha256}.\n\n")
            }
            _ => format!("The base encoder has the SHA-256 {sha256}.\n\n"),
        };
        format!("## Use\n\n{call}\n{base}")
    }

    fn quality(&self) -> String {
        let mut parts = vec!["## Evaluation\n\n".to_owned()];
        for (i, (name, files_of, figures)) in self.evaluations().enumerate() {
            let cells = |row: Vec<String>| row.iter().map(|cell| escaped(cell)).collect();
            let rows: Vec<Vec<String>> = figures.rows().into_iter().map(cells).collect();
            let shown = table(&figures.head(), 1, &rows);
            let mut note = figures.note();
            if i == 0 && self.best_step.is_some() {
                note += "; the best step was selected on these texts, so results on others may be slightly worse";
            }
            parts.push(format!("On {}, {}:\n\n", escaped(&name), escaped(&note)));
            if !files_of.is_empty() {
                parts.push(files(files_of, &format!("{}s", self.words.unit)) + "\n");
            }
            parts.push(format!("{shown}\n{}", figures.extra_markdown()));
        }
        if parts.len() == 1 {
            parts.push("No data was held out for evaluation.\n\n".to_owned());
        }
        parts.push("`report.html` has all metrics, plots and settings.\n\n".to_owned());
        parts.concat()
    }

    fn limits(&self) -> Limits<'_> {
        // Of test data, if there are any: nothing was chosen by them.
        let evaluation = self.evaluations().last();
        let evaluation =
            evaluation.map(|(on, _, figures)| ByLabel { on, labels: figures.by_label() });
        Limits {
            learned: plural(self.examples as u64, self.words.unit),
            data: &self.data,
            language: self.card.language.as_deref(),
            labels: &self.labels,
            counted: self.words.counted,
            evaluation,
            own: self.own_limits(),
        }
    }

    fn own_limits(&self) -> Vec<String> {
        let mut sentences = vec![];
        if !self.labels.is_empty() {
            sentences.push("It predicts only the labels above.".to_owned());
        }
        if self.lower_cases {
            sentences.push(
                "Its tokenizer lower-cases texts, so capital letters carry no information, neither for \
                 names nor for the beginnings of sentences."
                    .to_owned(),
            );
        }
        if self.words.task == "causal" {
            sentences.push(
                "It writes what its training texts make likely, not what is true, and may reproduce their \
                 social biases."
                    .to_owned(),
            );
        }
        if self.words.task == "mlm" {
            sentences.push(
                "It may reproduce social biases of its training texts when it predicts words. `cloze bias \
                 FILE` measures some of them on pairs of sentences."
                    .to_owned(),
            );
        }
        let max = &self.settings["max_tokens"];
        sentences.push(format!("It was trained on sequences of at most {max} tokens."));
        if let Some(held_out) = Some(self.held_out_examples).filter(|n| (1..100).contains(n)) {
            let n = plural(held_out as u64, self.words.unit);
            sentences.push(format!(
                "Only {n} were held out for evaluation during training, so those metrics are imprecise."
            ));
        }
        sentences
    }
}
