//! HTML page: the trained model, figures, curves of loss and metric, settings.
use serde_json::{Map, Value};

use super::{Figures, TrainedPart, TrainingCurve, TuningReport, bars, plot};
use crate::page::report::{STYLE, figure, files, section, settings};
use crate::page::table::{Column, Numbers, Words, label, name, number, row, table, words};
use crate::page::{head, text};
use crate::text::plural;

impl<F: Figures> TuningReport<F> {
    /// Returns the text of `report.html`, for a model in a folder of this name.
    #[must_use]
    pub fn page(&self, name: &str) -> String {
        let mut parts = vec![head(name, STYLE), self.subject()];
        for (i, (name, files_of, figures)) in self.evaluations().enumerate() {
            let id = if i == 0 && self.held_out.is_some() { "held-out" } else { "test" };
            let mut body = format!("<p>{}.</p>\n", text(&figures.note()));
            if !files_of.is_empty() {
                body += &files("Evaluation data", &format!("{}s", self.words.unit), files_of);
            }
            body += &table_of(figures);
            parts.push(section(id, &format!("Evaluated on {name}"), &body));
        }
        if self.held_out.is_none() {
            let none =
                "<p>No data was held out, so the model was not evaluated during training.</p>\n";
            parts.push(section("held-out", "Not evaluated during training", none));
        }
        parts.push(self.curves());
        parts.push(section("settings", "Settings", &self.settings()));
        parts.push(section("time", "Time", &self.time()));
        parts.push("</body>\n</html>\n".to_owned());
        parts.concat()
    }

    /// Describes the model and its training data.
    fn subject(&self) -> String {
        let counts = self.labels.iter().map(|(name, n)| format!("{} {n}", label(name)));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let best = self.best_step.map(|step| format!(", the best after step {step}"));
        let why = match self.why.as_str() {
            Some("patience") => "; stopped early, as the metric did not improve",
            _ => "",
        };
        let steps = plural(self.steps, "step");
        let is_new = self.part == TrainedPart::New;
        let base_hash = if is_new { "SHA-256 of the shape" } else { "SHA-256 of the base" };
        let mut facts = vec![
            ("task", text(self.words.what)),
            ("model", format!("{} {}", text(&self.how()), label(&self.base.name))),
            (base_hash, text(&self.base.sha256)),
            ("trained", text(&self.share())),
            ("steps", format!("{steps}{}{why}", best.unwrap_or_default())),
            ("examples", plural(self.examples as u64, self.words.unit)),
        ];
        if !counts.is_empty() {
            facts.push(("labels", format!("{}: {counts}", self.labels.len())));
        }
        facts.push(("cloze", text(self.cloze)));
        let facts = facts.iter().map(|(what, html)| format!("<dt>{what}</dt><dd>{html}</dd>\n"));
        let data = files("Training data", &format!("{}s", self.words.unit), &self.data);
        format!("<dl>\n{}</dl>\n{data}", facts.collect::<Vec<_>>().concat())
    }

    fn curves(&self) -> String {
        let TrainingCurve { losses, judged_losses, scores, rates, .. } = &self.curve;
        let loss = [("training", &losses[..]), ("held out", &judged_losses[..])];
        let drawn = figure(plot::draw("Loss over the steps", &loss, self.best_step));
        let beyond = plot::beyond(&loss).map(|(n, highest)| {
            let n = plural(n as u64, "value");
            format!("<p>{n} above the range of the plot, the highest {highest:e}.</p>\n")
        });
        let mut parts = vec![section("loss", "Loss", &(drawn + &beyond.unwrap_or_default()))];
        if !scores.is_empty() {
            let title = format!("{} over the steps", F::METRIC);
            let drawn = figure(plot::draw(&title, &[("held out", scores)], self.best_step));
            let body = drawn + &self.evaluations_table();
            parts.push(section("metric", &format!("{} during training", F::METRIC), &body));
        }
        let rates = figure(plot::draw("Learning rate over the steps", &[("rate", rates)], None));
        parts.push(section("rate", "Learning rate", &rates));
        parts.concat()
    }

    /// Returns a table of the curve's numbers.
    fn evaluations_table(&self) -> String {
        let TrainingCurve { judged_losses, scores, .. } = &self.curve;
        let mut rows = Vec::with_capacity(scores.len());
        for (step, score) in scores {
            let loss = judged_losses.iter().find(|(evaluated, _)| evaluated == step);
            let best = if self.best_step == Some(*step) { "best" } else { "" };
            rows.push(row(&[
                number(step),
                number(format_args!("{score:.4}")),
                loss.map_or(number("–"), |(_, loss)| number(plot::shown(*loss))),
                words(best),
            ]));
        }
        let head = [Numbers("step"), Numbers(F::METRIC), Numbers("loss"), Words("")];
        table("During training", &head, &rows)
    }

    fn settings(&self) -> String {
        let map = |value: Value| match value {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let encoder = settings("Trained parameters", &map(self.encoder.clone()));
        let steps = settings("Steps", &map(self.training.clone()));
        format!("{encoder}{steps}{}", settings("Task", &self.settings))
    }

    /// Returns the durations, the only part that differs from run to run.
    fn time(&self) -> String {
        let seconds = |s: f64| number(format_args!("{s:.1}"));
        let TrainingCurve { tokens, seconds: stepping, .. } = &self.curve;
        let rows = [
            row(&[
                name("total seconds, since the start or the last resume"),
                seconds(self.seconds),
            ]),
            row(&[name("seconds in training steps"), seconds(*stepping)]),
            row(&[name("tokens in training steps"), number(tokens)]),
            row(&[
                name("tokens per second"),
                number(format_args!("{:.0}", self.curve.tokens_a_second())),
            ]),
        ];
        table("Time", &[Words(""), Numbers("")], &rows)
    }
}

/// Returns figures as a table, as bars, and the task's own parts.
fn table_of(figures: &impl Figures) -> String {
    let head = figures.head();
    let columns: Vec<Column<'_>> = head
        .iter()
        .enumerate()
        .map(|(i, name)| if i == 0 { Words(name) } else { Numbers(name) })
        .collect();
    let mut rows = vec![];
    for figures in figures.rows() {
        let cells = figures.iter().enumerate();
        let cells = cells.map(|(i, cell)| if i == 0 { name(cell) } else { number(text(cell)) });
        rows.push(row(&cells.collect::<Vec<_>>()));
    }
    let (what, labels) = figures.bars();
    let bars = bars::draw(what, &labels).transpose().map(figure).unwrap_or_default();
    format!("{}{bars}{}", table("Figures", &columns, &rows), figures.extra_html())
}
