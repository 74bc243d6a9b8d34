//! Labelled examples of files, and what the encoder sees of them.
use cloze::train::{FitContext, FitEvent, labels_of, warn_of_data};
use cloze_train::Labels;
use cloze_tune::task::LabelledExample;

use crate::commands::train::args::TrainArgs;
use crate::commands::train::frozen::in_flags;
use crate::commands::train::tune::sight::{Seen, Sight};
use crate::input::examples::{self, Example, Examples};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::training::show;
use cloze_report::DataFile;

/// The share that is held out where nothing is said.
const SHARE: f64 = 0.1;

/// Labelled examples: to learn from, to judge by while that goes on, and afterwards.
pub(super) struct Texts {
    pub(super) all: Vec<Example>,
    pub(super) labels: Labels,
    pub(super) files: Vec<DataFile>,
    pub(super) dev: Vec<Example>,
    /// Where these come from; none where they were held out.
    pub(super) dev_files: Vec<DataFile>,
    pub(super) test: Option<Examples>,
}

impl Texts {
    pub(super) fn read(args: &TrainArgs, pairs: bool, messages: &Messages) -> anyhow::Result<Self> {
        let params = args.read.params()?.pairs(pairs);
        let multi_label = args.read.label_separator.is_some();
        let found = examples::read(&args.data, params.clone(), messages)?;
        let labels = labels_of(&found.examples, multi_label, &args.data.join(", "));
        let labels = labels.map_err(in_flags)?;
        let observer = |event: &FitEvent<'_>| show(event, messages);
        warn_of_data(&found.examples, &labels, &FitContext::new().observer(&observer));
        let read = |paths: &[String]| match paths {
            [] => anyhow::Ok(None),
            paths => Ok(Some(examples::read(paths, params.clone(), messages)?)),
        };
        let (given, test) = (read(&args.tuned_labels.dev)?, read(&args.labels.test)?);
        let Examples { examples: all, files } = found;
        let (all, labels, dev, dev_files) = if let Some(dev) = given {
            (all, labels, dev.examples, dev.files)
        } else {
            let out = held_out(args, &labels, messages)?;
            let (dev, all) = parted(all, &out);
            let stay: Vec<usize> =
                (0..labels.len()).filter(|i| out.binary_search(i).is_err()).collect();
            (all, labels.subset(&stay), dev, vec![])
        };
        messages.note(&format!(
            "{} to learn from, {} to judge by",
            plural(all.len() as u64, "example"),
            plural(dev.len() as u64, "example")
        ));
        Ok(Self { all, labels, files, dev, dev_files, test })
    }
}

/// Which examples are held out, in order.
fn held_out(args: &TrainArgs, labels: &Labels, messages: &Messages) -> anyhow::Result<Vec<usize>> {
    let share = args.labels.hold_out.unwrap_or(SHARE);
    let rare = labels.names().iter().zip(labels.counts()).find(|(_, n)| *n == 1);
    match rare {
        _ if share <= 0.0 => Ok(vec![]),
        Some((label, _)) if args.read.label_separator.is_none() => {
            messages.note(&format!(
                "warning: label {label} has one example alone, so none is held out and nothing is \
                 judged"
            ));
            Ok(vec![])
        }
        _ => Ok(cloze_train::folds::hold_out(labels, share, args.fit.seed)?.1),
    }
}

/// Those at the places `out`, and the others.
fn parted(all: Vec<Example>, out: &[usize]) -> (Vec<Example>, Vec<Example>) {
    let (mut taken, mut others) = (vec![], vec![]);
    for (i, example) in all.into_iter().enumerate() {
        if out.binary_search(&i).is_ok() { taken.push(example) } else { others.push(example) }
    }
    (taken, others)
}

/// Examples in sequences of at most `most` tokens.
pub(super) fn see(
    sight: &Sight<'_>,
    examples: &[Example],
    most: usize,
    truncate: bool,
) -> anyhow::Result<Vec<Seen>> {
    if examples.iter().any(|e| e.second.is_some()) {
        let pairs = examples.iter().map(|e| [&*e.text, e.second.as_deref().unwrap_or_default()]);
        return sight.pairs(pairs, most);
    }
    sight.texts(examples.iter().map(|e| &*e.text), most, truncate)
}

/// The same with their labels, to learn from: each part of a text has all of its labels.
pub(super) fn learned(seen: Vec<Seen>, labels: &Labels) -> Vec<LabelledExample> {
    let of = |(i, seen): (usize, Seen)| {
        let labels = labels.of(i).to_vec();
        seen.into_iter()
            .map(move |(sequence, _)| LabelledExample { sequence, labels: labels.clone() })
    };
    seen.into_iter().enumerate().flat_map(of).collect()
}
