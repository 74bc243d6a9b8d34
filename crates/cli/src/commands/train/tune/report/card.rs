//! The model card.
use cloze_tune::encoder::Tuning;

use super::{Report, Verdict};
use crate::terminal::messages::plural;
use cloze_report::card::again::{self, quoted};
use cloze_report::card::limits::{ByLabel, Limits};
use cloze_report::card::markdown::{code_block, escaped, table};
use cloze_report::card::{FrontMatter, files, labels, rights};

impl<V: Verdict> Report<V> {
    /// The text of `README.md`, for a model in a folder of this name.
    pub(super) fn card(&self, name: &str) -> String {
        let front = FrontMatter {
            license: self.license.as_deref(),
            language: self.language.as_deref(),
            pipeline: V::PIPELINE,
            base: self.base("name"),
            tags: &[],
            metrics: V::METRICS,
        };
        let mut parts = vec![front.write(), format!("# {}\n\n", escaped(name))];
        parts.extend(self.description.as_deref().map(|text| escaped(text) + "\n\n"));
        parts.push(self.what());
        parts.push(self.use_it(name));
        parts.push(labels(&self.labels, self.counted));
        let n = plural(self.examples as u64, self.unit);
        let data = files(&self.data, &format!("{}s", self.unit));
        parts.push(format!("## Training data\n\n{n} to learn from.\n\n{data}\n"));
        parts.push(self.quality());
        parts.push(self.limits().section());
        parts.push(again::section(&self.command));
        let source = self.source.as_deref();
        parts.push(rights(self.license.as_deref(), self.attribution.as_deref(), source));
        parts.concat()
    }

    fn what(&self) -> String {
        let steps = plural(self.steps, "step");
        let best = self.best_step.map(|step| format!(", step {step} being the best"));
        format!(
            "{}: {} {}, made by cloze {}; {} were trained, in {steps}{}.\n\n",
            self.what,
            self.how(),
            escaped(self.base("name")),
            escaped(self.cloze),
            self.share(),
            best.unwrap_or_default()
        )
    }

    fn use_it(&self, name: &str) -> String {
        let call = format!("{} --model {}", self.usage, quoted(&format!("./{name}")));
        let call = code_block("sh", &call);
        let sha256 = escaped(self.base("sha256"));
        let base = match &self.encoder.tuning {
            Tuning::Lora(_) => format!(
                "The encoder beneath the adapters is not in this folder: `cloze.json` says where it \
                 was, and by its SHA-256, {sha256}, it is known.\n\n"
            ),
            _ => format!("The encoder that training began with has the SHA-256 {sha256}.\n\n"),
        };
        format!("## Use\n\n{call}\n{base}")
    }

    fn quality(&self) -> String {
        let mut parts = vec!["## How good it is\n\n".to_owned()];
        for (i, (name, files_of, verdict)) in self.judged().enumerate() {
            let cells = |row: Vec<String>| row.iter().map(|cell| escaped(cell)).collect();
            let rows: Vec<Vec<String>> = verdict.rows().into_iter().map(cells).collect();
            let figures = table(&verdict.head(), 1, &rows);
            let mut note = verdict.note();
            if i == 0 && self.best_step.is_some() {
                note += "; the best step was chosen by them, so other texts may do a little worse";
            }
            parts.push(format!("On {}, {}:\n\n", escaped(&name), escaped(&note)));
            if !files_of.is_empty() {
                parts.push(files(files_of, &format!("{}s", self.unit)) + "\n");
            }
            parts.push(format!("{figures}\n{}", verdict.extra_markdown()));
        }
        if parts.len() == 1 {
            parts.push("Nothing was held out to judge it by.\n\n".to_owned());
        }
        parts.push("`report.html` has all figures, plots and settings.\n\n".to_owned());
        parts.concat()
    }

    fn limits(&self) -> Limits<'_> {
        // Of test data, if there are any: nothing was chosen by them.
        let judged = self.judged().last();
        let judged = judged.map(|(on, _, verdict)| ByLabel { on, labels: verdict.by_label() });
        Limits {
            learned: plural(self.examples as u64, self.unit),
            data: &self.data,
            language: self.language.as_deref(),
            labels: &self.labels,
            counted: self.counted,
            judged,
            own: self.own_limits(),
        }
    }

    fn own_limits(&self) -> Vec<String> {
        let mut own = vec![];
        if !self.labels.is_empty() {
            own.push("It knows the labels above alone.".to_owned());
        }
        if self.lower_cases {
            own.push(
                "Its tokenizer lower-cases texts: large letters tell it nothing, neither of names \
                 nor of the beginnings of sentences."
                    .to_owned(),
            );
        }
        if self.task == "mlm" {
            own.push(
                "It has learned what texts say of groups of people, too, and may say it again \
                 where it guesses words. `cloze bias FILE` measures some of that, on pairs of \
                 sentences."
                    .to_owned(),
            );
        }
        let max = &self.settings["max_tokens"];
        own.push(format!("It was trained on sequences of at most {max} tokens."));
        if let Some(held_out) = Some(self.held_out_examples).filter(|n| (1..100).contains(n)) {
            let n = plural(held_out as u64, self.unit);
            own.push(format!("{n} to judge by while training are few: figures by them are rough."));
        }
        own
    }
}
