//! How often the right sense is told.
use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Instant;

use anyhow::bail;
use cloze::embed::{Level, Spread};
use cloze::heads::senses::{FittedSenses, Lexicon, SenseFitter, Word, most_frequent};
use cloze::{SentenceEncoder, States};
use cloze_corpus::senses::SenseWord;
use serde::Serialize;

use super::data::{self, Sample};
use super::fit;
use super::score::Score;
use super::split::{Part, split};
use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::senses::args::{PartArg, SensesEvalArgs, open_senses};
use crate::flags::vectors::CorrectionArg;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};

#[derive(Serialize)]
struct Report {
    model: String,
    layers: String,
    prior: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<Split>,
    /// What is judged.
    texts: usize,
    occurrences: u64,
    ambiguous: u64,
    /// Whose lemma was not there in training: nothing is told of them.
    unseen: u64,
    /// Words and senses in training.
    words: usize,
    senses: usize,
    scores: Vec<Score>,
}

#[derive(Serialize)]
struct Split {
    on: &'static str,
    hold_out: f64,
    seed: u64,
    documents: usize,
    train_documents: usize,
    judged_documents: usize,
    train_occurrences: usize,
}

/// What is told apart, and how it is called.
struct Trial<'s> {
    senses: &'s FittedSenses,
    score: Score,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &SensesEvalArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    let started = Instant::now();
    let mut out = args.out.open()?;
    let report = match &args.senses {
        Some(folder) => {
            let runtime = common.load_runtime(messages)?;
            let saved = open_senses(folder, &args.vectors.work, runtime)?;
            let samples = data::read(&args.read, messages)?;
            let all: Vec<&Sample> = samples.iter().collect();
            let senses = std::slice::from_ref(saved.fitted());
            let mut report = Report::new(saved.encoder(), args, senses, &all)?;
            report.judge(saved.encoder(), "in context", senses, &all, messages)?;
            report
        }
        None => held_out(common, args, messages)?,
    };
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        report.write(&mut out)?;
    }
    out.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    messages.note(&format!("{} in {seconds:.1} s", plural(report.occurrences, "occurrence")));
    Ok(())
}

/// Learns from some documents and judges by others.
fn held_out(
    common: &CommonFlags,
    args: &SensesEvalArgs,
    messages: &Messages,
) -> anyhow::Result<Report> {
    for (i, correction) in args.correction.iter().enumerate() {
        if args.correction[..i].contains(correction) {
            bail!("--correction names one twice");
        }
    }
    args.prior.check(&args.correction)?;
    let trials = args.correction.iter().map(|correction| args.prior.params(*correction).check());
    let trials = trials.collect::<Result<Vec<_>, _>>()?;
    let encoder = args.vectors.open_layers(common, messages)?;
    let samples = data::read(&args.read, messages)?;
    let parts = split(samples.iter().map(Sample::document), args.hold_out, args.seed)?;
    let of = |part| samples.iter().filter(|s| parts[s.document()] == part).collect::<Vec<_>>();
    let (mut train, judged) = match args.on {
        PartArg::Test => (of(Part::Train), of(Part::Test)),
        PartArg::Dev => (of(Part::Train), of(Part::Dev)),
    };
    if args.on == PartArg::Test {
        train.extend(of(Part::Dev));
    }
    let documents =
        |samples: &[&Sample]| samples.iter().map(|s| s.document()).collect::<BTreeSet<_>>().len();
    let covariance = trials.iter().any(|trial| trial.spread() == Spread::Covariance);
    let spread = if covariance { Spread::Covariance } else { Spread::Variance };
    let width = encoder.provenance(Level::Word)?.width;
    let mut fitter = SenseFitter::new(width, spread);
    fit::gather(&encoder, &train, &mut fitter, messages)?;
    let senses = trials.iter().map(|trial| fitter.fit(trial)).collect::<Result<Vec<_>, _>>()?;
    let mut report = Report::new(&encoder, args, &senses, &judged)?;
    report.split = Some(Split {
        on: if args.on == PartArg::Test { "test" } else { "dev" },
        hold_out: args.hold_out,
        seed: args.seed,
        documents: parts.len(),
        train_documents: documents(&train),
        judged_documents: documents(&judged),
        train_occurrences: train.iter().map(|sample| sample.text.words.len()).sum(),
    });
    if encoder.model().has_weights() {
        let statics = args.vectors.open(States::Static, common, messages)?;
        let plain = args.prior.params(CorrectionArg::None).check()?;
        let mut fitter = SenseFitter::new(statics.pooled_width(), plain.spread());
        fit::gather(&statics, &train, &mut fitter, messages)?;
        report.judge(&statics, "static", &[fitter.fit(&plain)?], &judged, messages)?;
    } else {
        messages.note("no static vectors: model.onnx has no word table to be read");
    }
    report.judge(&encoder, "in context", &senses, &judged, messages)?;
    note_truncated(&encoder, messages);
    Ok(report)
}

impl Report {
    /// With what the most frequent sense comes to.
    fn new(
        encoder: &SentenceEncoder,
        args: &SensesEvalArgs,
        senses: &[FittedSenses],
        samples: &[&Sample],
    ) -> anyhow::Result<Self> {
        let Some(first) = senses.first() else { bail!("--correction: expected one at least") };
        let lexicon = first.lexicon();
        let provenance = encoder.provenance(Level::Word)?;
        let mut score = Score::new("most frequent sense", None);
        let mut unseen = 0;
        for word in samples.iter().flat_map(|sample| &sample.text.words) {
            let words = lookup(lexicon, word);
            unseen += u64::from(words.is_empty());
            let told = most_frequent(words).map(|(_, sense)| &*sense.name);
            score.add(word, words, told);
        }
        Ok(Self {
            model: provenance.model,
            layers: provenance.layers.to_string(),
            prior: first.prior(),
            unit: args.read.unit(),
            split: None,
            texts: samples.len(),
            occurrences: score.all.of,
            ambiguous: score.ambiguous.of,
            unseen,
            words: lexicon.words().len(),
            senses: lexicon.senses(),
            scores: vec![score],
        })
    }

    /// Adds what each of `senses` tells.
    fn judge(
        &mut self,
        encoder: &SentenceEncoder,
        method: &str,
        senses: &[FittedSenses],
        samples: &[&Sample],
        messages: &Messages,
    ) -> anyhow::Result<()> {
        let trial =
            |senses| Trial { senses, score: Score::new(method, Some(fit::correction(senses))) };
        let mut trials: Vec<Trial<'_>> = senses.iter().map(trial).collect();
        data::for_each_word(encoder, samples, messages, |_, word, vector| {
            for Trial { senses, score } in &mut trials {
                let words = lookup(senses.lexicon(), word);
                let told = senses.predict(words, vector)?;
                score.add(word, words, told.first().map(|told| &*told.sense.name));
            }
            Ok(())
        })?;
        self.scores.extend(trials.into_iter().map(|trial| trial.score));
        Ok(())
    }

    fn write(&self, out: &mut Out) -> anyhow::Result<()> {
        let Self { model, layers, prior, unit, .. } = self;
        writeln!(out, "{model}, layers {layers}, a {unit} at once, prior {prior}")?;
        if let Some(split) = &self.split {
            let train = plural(split.train_occurrences as u64, "occurrence");
            writeln!(
                out,
                "learned from {train} in {} of {}, judged on {} ({}, seed {})",
                split.train_documents,
                plural(split.documents as u64, "document"),
                split.judged_documents,
                split.on,
                split.seed
            )?;
        }
        let (senses, words) = (self.senses, plural(self.words as u64, "word"));
        let (unseen, all) = (self.unseen, plural(self.occurrences, "occurrence"));
        writeln!(out, "{senses} senses of {words}; {unseen} of {all} are of words not seen")?;
        let pos: Vec<&String> = self
            .scores
            .iter()
            .flat_map(|s| s.ambiguous_by_pos.keys())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        write!(out, "\n{:<28}  {:>9}  {:>9}", "", "all", "ambiguous")?;
        for pos in &pos {
            write!(out, "  {:>9}", if pos.is_empty() { "-" } else { pos })?;
        }
        writeln!(out)?;
        for score in &self.scores {
            let correction = score.correction.map_or(String::new(), |c| format!(", {c}"));
            write!(out, "{:<28}", format!("{}{correction}", score.method))?;
            let by_pos = pos.iter().map(|pos| score.ambiguous_by_pos.get(*pos).copied());
            let tallies = [score.all, score.ambiguous]
                .into_iter()
                .chain(by_pos.map(Option::unwrap_or_default));
            for tally in tallies {
                let shown = tally.accuracy.map_or("-".into(), |a| format!("{a:.4}"));
                write!(out, "  {shown:>9}")?;
            }
            writeln!(out)?;
        }
        write!(out, "{:<28}  {:>9}  {:>9}", "occurrences", self.occurrences, self.ambiguous)?;
        for pos in &pos {
            let tally = self.scores[0].ambiguous_by_pos.get(*pos).copied().unwrap_or_default();
            write!(out, "  {:>9}", tally.of)?;
        }
        Ok(writeln!(out)?)
    }
}

/// The words whose senses an occurrence may have.
fn lookup<'l>(lexicon: &'l Lexicon, word: &SenseWord) -> &'l [Word] {
    lexicon.lookup(&word.lemma, Some(&word.pos))
}
