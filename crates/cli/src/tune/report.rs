//! What a training has come to: as text, as `report.json`, as a page, as a model card.
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use cloze::metrics::{EntityReport, Scores};
use cloze_tune::Parameters;
use cloze_tune::encoder::{EncoderParams, Tuning};
use cloze_tune::training::ValidTrainingParams;
use serde::Serialize;
use serde_json::{Value, json};

use super::curve;
use super::model::Base;
use super::watch::Curve;
use crate::args::TuneArgs;
use crate::examples::DataFile;
use crate::messages::Messages;
use crate::output::pretty::visible;
use crate::page;
use crate::train::card::again::{self, quoted};
use crate::train::card::markdown::{code_block, escaped, table};

/// A number that is trained takes four places: its own, its gradient's and two moments'.
const BYTES_TRAINED: usize = 16;
const BYTES_FROZEN: usize = 4;

/// What was learned from, and how good it is by what was not.
pub(super) struct Data {
    pub(super) files: Vec<DataFile>,
    pub(super) examples: usize,
    pub(super) labels: BTreeMap<String, usize>,
    pub(super) held_out: Option<EntityReport>,
    pub(super) test: Option<(Vec<String>, EntityReport)>,
}

/// What a training has come to.
#[derive(Serialize)]
pub(super) struct Report {
    cloze: &'static str,
    task: &'static str,
    command: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) license: Option<String>,
    pub(super) attribution: Option<String>,
    base: Value,
    data: Vec<DataFile>,
    examples: usize,
    labels: BTreeMap<String, usize>,
    encoder: EncoderParams,
    training: Value,
    trained: usize,
    parameters: usize,
    steps: u64,
    best_step: Option<u64>,
    why: Value,
    held_out: Option<EntityReport>,
    test: Option<Tested>,
    curve: Curve,
    seconds: f64,
}

#[derive(Serialize)]
struct Tested {
    data: Vec<String>,
    #[serde(flatten)]
    entities: EntityReport,
}

/// Says how many numbers are trained, and what that takes.
pub(super) fn note_sizes(parameters: &Parameters, messages: &Messages) {
    let (trained, all) = parameters.counts();
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let share = 100.0 * trained as f64 / all.max(1) as f64;
    let mib = |bytes: usize| bytes >> 20;
    let own = BYTES_TRAINED * trained + BYTES_FROZEN * (all - trained);
    messages.note(&format!(
        "{trained} of {all} numbers are trained, {share:.2} %; they and their moments take {} MiB, \
         where all of the model would take {} MiB",
        mib(own),
        mib(BYTES_TRAINED * all)
    ));
}

impl Report {
    pub(super) fn new(
        task: &'static str,
        args: &TuneArgs,
        (base, encoder, training): (&Base, &EncoderParams, &ValidTrainingParams),
        (parameters, done): (&Parameters, super::Trained),
        data: Data,
        started: Instant,
    ) -> anyhow::Result<Self> {
        let (trained, all) = parameters.counts();
        let command = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        Ok(Self {
            cloze: env!("CARGO_PKG_VERSION"),
            task,
            command: command.collect(),
            description: args.card.description.clone(),
            license: args.card.license.clone(),
            attribution: args.card.attribution.clone(),
            base: json!({"name": base.folder.name(), "sha256": base.folder.sha256()?}),
            data: data.files,
            examples: data.examples,
            labels: data.labels,
            encoder: encoder.clone(),
            training: json!(training.params()),
            trained,
            parameters: all,
            steps: done.outcome.steps,
            best_step: done.outcome.best.as_ref().map(|best| best.step),
            why: json!(done.outcome.why),
            held_out: data.held_out,
            test: data.test.map(|(data, entities)| Tested { data, entities }),
            curve: done.curve,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// What `cloze.json` says of the training.
    pub(super) fn training(&self) -> Value {
        json!({
            "cloze": self.cloze,
            "command": self.command,
            "data": self.data,
            "labels": self.labels,
            "encoder": self.encoder,
            "settings": self.training,
            "steps": self.steps,
            "best_step": self.best_step,
        })
    }

    /// The report's files, into the model's folder.
    pub(super) fn write_files(&self, folder: &Path, output: &Path) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (file, bytes) in [
            ("report.json", json),
            ("report.html", self.page(&name)?.into_bytes()),
            ("README.md", self.card(&name).into_bytes()),
        ] {
            let written = fs_err::write(folder.join(file), bytes);
            written.with_context(|| output.display().to_string())?;
        }
        Ok(())
    }

    /// What was judged by, and the figures.
    fn judged(&self) -> impl Iterator<Item = (String, &EntityReport)> {
        let held_out = self.held_out.as_ref().map(|report| ("held out".to_owned(), report));
        let test = self.test.as_ref().map(|test| (test.data.join(", "), &test.entities));
        held_out.into_iter().chain(test)
    }

    /// The figures of each label, then over all.
    fn rows(report: &EntityReport) -> Vec<Vec<String>> {
        let of = |name: &str, s: &Scores| {
            let mut row = vec![name.to_owned()];
            row.extend([s.precision, s.recall, s.f1].map(|x| format!("{x:.4}")));
            row.push(s.support.to_string());
            row
        };
        let labels = report.labels.iter().map(|(label, s)| of(label, s));
        labels.chain([of("micro average", &report.averages.micro)]).collect()
    }

    /// The model card: Markdown with the front matter that Hugging Face reads.
    fn card(&self, name: &str) -> String {
        let license = self.license.as_deref();
        let license = license.map_or(String::new(), |l| format!("license: {}\n", l.to_lowercase()));
        let mut parts = vec![format!(
            "---\n{license}library_name: cloze\npipeline_tag: token-classification\nbase_model: {}\n\
             tags:\n- token-classification\n- cloze\nmetrics:\n- f1\n---\n\n# {}\n\n",
            self.base["name"],
            escaped(name)
        )];
        parts.extend(self.description.as_deref().map(|text| escaped(text) + "\n\n"));
        let what = match self.encoder.tuning() {
            Tuning::Lora(lora) => format!("adapters of rank {} on", lora.rank()),
            Tuning::Full => "trained from".into(),
            Tuning::Head => "a head on".into(),
        };
        parts.push(format!(
            "Finds entities: {what} {}, made by cloze {}; {} of {} numbers were trained, in {} \
             steps.\n\n## Use\n\n{}\n",
            self.base["name"],
            self.cloze,
            self.trained,
            self.parameters,
            self.steps,
            code_block("sh", &format!("cloze tag FILE --model {}", quoted(&format!("./{name}"))))
        ));
        let labels = self.labels.iter().map(|(label, n)| vec![escaped(label), n.to_string()]);
        let labels = table(&["label", "entities learned from"], 1, &labels.collect::<Vec<_>>());
        parts.push(format!("## Labels\n\n{labels}\n"));
        let file = |file: &DataFile| {
            let sha256 = file.sha256.clone().unwrap_or_else(|| "–".to_owned());
            vec![escaped(&file.file), file.examples.to_string(), sha256]
        };
        let files: Vec<_> = self.data.iter().map(file).collect();
        let files = table(&["file", "sentences", "SHA-256"], 1, &files);
        parts.push(format!("## Training data\n\n{files}\n## How good it is\n\n"));
        for (name, report) in self.judged() {
            let head = ["label", "precision", "recall", "F1", "entities"];
            let rows = table(&head, 1, &Self::rows(report));
            let convention = report.convention;
            parts.push(format!("On {}, convention {convention}:\n\n{rows}\n", escaped(&name)));
        }
        parts.push(again::section(&self.command));
        let rights = [("Licence", &self.license), ("Attribution", &self.attribution)];
        let rights = rights.iter().filter_map(|(name, text)| {
            text.as_deref().map(|text| format!("- {name}: {}\n", escaped(text)))
        });
        let rights: String = rights.collect();
        if !rights.is_empty() {
            parts.push(format!("\n## Rights\n\n{rights}"));
        }
        parts.concat()
    }

    /// The page: figures, and what the loss and the metric did.
    fn page(&self, name: &str) -> anyhow::Result<String> {
        let mut parts = vec![page::head(name, "")];
        for (name, report) in self.judged() {
            let head = ["label", "precision", "recall", "F1", "entities"];
            let head = format!("<th>{}</th>", head.join("</th><th>"));
            let row = |row: Vec<String>| {
                let cells = row.iter().map(|cell| format!("<td>{}</td>", page::text(cell)));
                format!("<tr>{}</tr>\n", cells.collect::<String>())
            };
            let rows: String = Self::rows(report).into_iter().map(row).collect();
            parts.push(format!(
                "<h2>{}</h2>\n<p>convention {}</p>\n<div class=\"table\"><table>\n<thead><tr>{head}</tr>\
                 </thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
                page::text(&name),
                report.convention
            ));
        }
        let curve = &self.curve;
        parts.push("<h2>Loss</h2>\n".to_owned());
        parts.push(curve::plot(
            "loss over the steps",
            &[("of each step's examples", &curve.losses), ("held out", &curve.judged_losses)],
        )?);
        if !curve.scores.is_empty() {
            parts.push("<h2>Micro F1 on what is held out</h2>\n".to_owned());
            parts.push(curve::plot("micro F1 over the steps", &[("held out", &curve.scores)])?);
        }
        parts.push("</body>\n</html>\n".to_owned());
        Ok(parts.concat())
    }

    /// The report for reading.
    pub(super) fn write(&self, out: &mut impl Write) -> anyhow::Result<()> {
        for (i, (name, report)) in self.judged().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            writeln!(out, "{}, convention {}:", visible(&name), report.convention)?;
            let rows = Self::rows(report);
            let width = rows.iter().map(|row| row[0].chars().count()).max().unwrap_or(0);
            writeln!(out, "  {:width$}  precision   recall       F1  entities", "")?;
            for row in rows {
                let [name, precision, recall, f1, support] = &row[..] else { continue };
                writeln!(
                    out,
                    "  {:width$}  {precision:>9} {recall:>8} {f1:>8} {support:>9}",
                    visible(name)
                )?;
            }
        }
        Ok(())
    }

    pub(super) fn note_done(&self, output: &Path, messages: &Messages) {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let rate = self.curve.tokens as f64 / self.curve.seconds.max(1e-9);
        messages.note(&format!(
            "{}: {} steps in {:.0} s, {rate:.0} tokens/s",
            output.display(),
            self.steps,
            self.seconds
        ));
    }
}
