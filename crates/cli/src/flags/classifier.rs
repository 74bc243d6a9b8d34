//! Flags that choose a classifier of texts or pairs.
use anyhow::bail;
use clap::{Args, ValueEnum};
use cloze::checkpoint::card::Card;
use cloze::checkpoint::{ModelFolder, find_folder};
use cloze::encoder::PairCut;
use cloze::{PairClassifier, TextClassifier, TextClassifierBuilder};

use crate::cli::CommonFlags;
use crate::flags::vectors::VECTOR_MODEL;
use crate::flags::work::WorkFlags;
use crate::flags::{find_model, find_model_folder};
use crate::terminal::messages::Messages;

/// Default classifier.
const MODEL: &str = "sentiment-en";

/// Source of the labels.
#[derive(Args)]
pub(crate) struct ClassifierFlags {
    /// Classifier's name or folder: written by `cloze train`, or a checkpoint with a sequence
    /// classification head; with --labels an encoder [default: sentiment-en, with --labels minilm-l6-v2]
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Truncate texts longer than the model takes; by default they go through several windows. For
    /// checkpoints; a trained head does as it was trained
    #[arg(long, help_heading = "Model")]
    pub(crate) truncate: bool,
    /// Text of a pair that is cut where both are too long (checkpoints only)
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", help_heading = "Model")]
    pub(crate) cut: PairCutArg,
    /// Choose among these labels without training (zero-shot): A,B or A=DESCRIPTION; repeatable, or
    /// comma-separated where no description has a comma
    #[arg(long, value_name = "A,B|A=TEXT", help_heading = "Labels")]
    pub(crate) labels: Vec<String>,
    /// Template for a label's description, which replaces {}
    #[arg(
        long,
        default_value = "{}",
        value_name = "TEXT",
        requires = "labels",
        help_heading = "Labels"
    )]
    pub(crate) template: String,
}

impl ClassifierFlags {
    /// Opens the classifier of texts that these flags choose.
    pub(crate) fn open_texts(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<TextClassifier> {
        if self.labels.is_empty() {
            return self.open_own(self.own_model(messages), common, messages);
        }
        self.open_zero_shot(self.model.as_deref().unwrap_or(VECTOR_MODEL), common, messages)
    }

    /// Opens the second model of a comparison: an encoder without labels of its own gets those of
    /// `--labels`, and a classifier keeps its own.
    pub(crate) fn open_other_texts(
        &self,
        name: &str,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<TextClassifier> {
        let encoder_alone = || -> anyhow::Result<bool> {
            let folder = find_folder(name)?;
            let trained = Card::open(&folder)?.is_head(&folder);
            Ok(!trained && ModelFolder::open(&folder)?.labels().is_empty())
        };
        if !self.labels.is_empty() && encoder_alone()? {
            return self.open_zero_shot(name, common, messages);
        }
        self.open_own(name, common, messages)
    }

    /// Opens the classifier of pairs that these flags choose.
    pub(crate) fn open_pairs(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<PairClassifier> {
        self.open_other_pairs(self.own_model(messages), common, messages)
    }

    /// The model, or the default one with a note: its labels are hardly those that are wanted of other
    /// texts.
    fn own_model(&self, messages: &Messages) -> &str {
        self.model.as_deref().unwrap_or_else(|| {
            messages.note(
                "no --model: labels are those of sentiment-en, whether a film review is positive (pos) or \
                 negative (neg)",
            );
            MODEL
        })
    }

    /// Opens the classifier of pairs of this name, with the same settings.
    pub(crate) fn open_other_pairs(
        &self,
        name: &str,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<PairClassifier> {
        let builder = PairClassifier::builder(find_model_folder(name, messages)?)
            .threads(self.work.threads)
            .batch_tokens(self.work.batch_tokens)
            .cut(self.cut.value());
        Ok(builder.runtime(common.load_runtime(messages)?).open()?)
    }

    fn open_zero_shot(
        &self,
        name: &str,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<TextClassifier> {
        let labels = self.descriptions()?;
        let model = find_model(name, messages)?;
        let builder = self.texts(TextClassifier::builder(model)).zero_shot(labels);
        Ok(builder.runtime(common.load_runtime(messages)?).open()?)
    }

    fn open_own(
        &self,
        name: &str,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<TextClassifier> {
        let builder = self.texts(TextClassifier::builder(find_model_folder(name, messages)?));
        Ok(builder.runtime(common.load_runtime(messages)?).open()?)
    }

    fn texts(&self, builder: TextClassifierBuilder) -> TextClassifierBuilder {
        builder
            .threads(self.work.threads)
            .batch_tokens(self.work.batch_tokens)
            .truncate(self.truncate)
    }

    /// Returns each label with its description.
    fn descriptions(&self) -> anyhow::Result<Vec<(String, String)>> {
        if !self.template.contains("{}") {
            bail!("--template {:?}: expected {{}} where the description goes", self.template);
        }
        let mut labels: Vec<(String, String)> = vec![];
        for value in &self.labels {
            let parts: Vec<&str> = match value.split_once('=') {
                Some(_) => vec![value],
                None => value.split(',').collect(),
            };
            for part in parts {
                let (label, description) = part.split_once('=').unwrap_or((part, part));
                let (label, description) = (label.trim(), description.trim());
                if label.is_empty() || description.is_empty() {
                    bail!("--labels {value:?}: expected A,B or A=DESCRIPTION, found an empty one");
                }
                if labels.iter().any(|(known, _)| known == label) {
                    bail!("--labels names {label:?} twice");
                }
                labels.push((label.to_owned(), self.template.replace("{}", description)));
            }
        }
        if labels.len() < 2 {
            bail!("--labels: expected at least two to choose among, found {}", labels.len());
        }
        Ok(labels)
    }
}

/// Text of a pair to truncate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PairCutArg {
    /// The longer one, until both are as long
    #[default]
    Longest,
    /// The first
    First,
    /// The second
    Second,
}

impl PairCutArg {
    pub(crate) fn value(self) -> PairCut {
        match self {
            Self::Longest => PairCut::Longest,
            Self::First => PairCut::First,
            Self::Second => PairCut::Second,
        }
    }
}
