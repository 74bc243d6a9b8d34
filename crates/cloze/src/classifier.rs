//! Texts and pairs to labels: by a head that was fitted, by a checkpoint's own head, or by the labels'
//! names alone.
use std::path::{Path, PathBuf};

use cloze_checkpoint::card::{BaseRef, CARD, CARD_VERSION, Card, KIND};
use cloze_checkpoint::{CheckpointError, Head, ModelFolder, find_folder};
use cloze_core::Matrix;
use cloze_encoder::{Counts, Encoder, EncoderParams, Output, PairCut, Runtime};
use cloze_heads::classify::{Classifier, ClassifyHead, FeatureParams, HeadSpec, Prediction};
use cloze_store::{Existing, StoreError, envelope};
use serde::{Deserialize, Serialize};

use crate::rows::{PairRows, rows};
use crate::{Error, Input, RowParams, SentenceEncoder};

/// The file of a head's numbers in its folder.
pub const HEAD: &str = "head.safetensors";
/// What cosines are multiplied with before they become probabilities where labels are chosen by
/// their names: the scale that sentence-transformers' contrastive loss, and so all-MiniLM-L6-v2, was
/// trained with (`MultipleNegativesRankingLoss`, version 6.2).
pub const ZERO_SHOT_SCALE: f64 = 20.0;

/// What the `cloze.json` of a head's folder says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeadCard {
    /// What every model's says, with the base model.
    #[serde(flatten)]
    pub card: Card,
    /// How the head's rows are made.
    pub rows: RowParams,
    /// What the head is, and how it was fitted.
    pub head: HeadSpec,
    /// What it was fitted on, for people.
    #[serde(default)]
    pub training: serde_json::Value,
}

impl HeadCard {
    /// Reads the one in a folder.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a file that is not there or none of these.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Ok(envelope::read_json(&folder.join(CARD), KIND, CARD_VERSION)?)
    }

    /// Writes it into a folder.
    ///
    /// # Errors
    /// [`Error::Encoder`] if it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(CARD);
        Ok(envelope::write_json(&path, KIND, CARD_VERSION, self, Existing::Refuse)?)
    }

    /// The model that the head in `folder` goes on top of: at its place relative to that folder, or
    /// else of its name.
    ///
    /// # Errors
    /// [`Error::Model`] if none is named; [`Error::OtherBase`] if it is another than the head was
    /// fitted on; else as [`ModelFolder::find`].
    pub fn base(&self, folder: &Path) -> Result<ModelFolder, Error> {
        let Some(base) = &self.card.base else {
            let what = "expected the model that the head goes on top of, base, found none";
            return Err(Error::Model { path: folder.join(CARD), what: what.into() });
        };
        open_base(base, folder)
    }
}

/// The model that what is saved in `folder` goes on top of.
pub(crate) fn open_base(base: &BaseRef, folder: &Path) -> Result<ModelFolder, Error> {
    let found = base.find(folder);
    let found =
        found.map_err(|looked| CheckpointError::NoModel { name: base.name.clone(), looked })?;
    let model = ModelFolder::open(&found)?;
    check_base(base, folder, &model)?;
    Ok(model)
}

/// Whether `model` is the one that what is saved in `folder` goes on top of.
pub(crate) fn check_base(base: &BaseRef, folder: &Path, model: &ModelFolder) -> Result<(), Error> {
    let found = model.sha256()?;
    if found == base.sha256 {
        return Ok(());
    }
    Err(Error::OtherBase {
        head: folder.to_owned(),
        model: model.folder().to_owned(),
        expected: base.sha256.clone(),
        found,
    })
}

/// What gives labels to texts or pairs. It can be shared between threads.
#[derive(Debug)]
pub struct TextClassifier {
    rows: Rows,
    classifier: Classifier,
    name: String,
}

/// Where a head's rows come from.
#[derive(Debug)]
enum Rows {
    /// Hidden states, pooled.
    Pooled { encoder: Box<SentenceEncoder>, pairs: Option<PairRows> },
    /// A checkpoint's own logits.
    Logits { encoder: Box<Encoder>, cut: PairCut },
}

impl TextClassifier {
    /// Opens a model for classification by name or folder: a head that was fitted, with the model
    /// beneath it, or a checkpoint with a head for sequences. `change` sets how much work is done at
    /// once, and of a checkpoint also the windows; `cut` is for a checkpoint's pairs.
    ///
    /// # Errors
    /// As [`HeadCard::base`] and [`RowParams::open`]; [`Error::Head`] for a head that cannot be read
    /// or does not fit; [`Error::Encoder`] for a checkpoint without such a head.
    pub fn open(
        runtime: &Runtime,
        name: &str,
        cut: PairCut,
        change: impl FnOnce(EncoderParams) -> EncoderParams,
    ) -> Result<Self, Error> {
        let folder = find_folder(name)?;
        if Card::open(&folder)?.is_head(&folder) {
            return Self::open_head(runtime, &folder, change);
        }
        let model = ModelFolder::open(&folder)?;
        let outputs = [Output::Head(Head::Sequence)];
        let encoder = Encoder::open_for(runtime, &model, &outputs, change(EncoderParams::new()))?;
        let width = encoder.width(0).unwrap_or(model.labels().len());
        let labels = match model.labels() {
            // As transformers calls them where the folder does not.
            [] => (0..width).map(|i| format!("LABEL_{i}")).collect(),
            labels => labels.to_vec(),
        };
        // Its logits as they are; one alone is a yes or no, as in transformers.
        let multi_label = model.multi_label() || width == 1;
        let own = |i: usize| if i.is_multiple_of(width + 1) { 1.0 } else { 0.0 };
        let weight = (0..width * width).map(own).collect();
        let head = ClassifyHead::new("checkpoint", labels, weight, vec![0.0; width])?;
        let classifier = plain(width, head.with_multi_label(multi_label))?;
        let rows = Rows::Logits { encoder: Box::new(encoder), cut };
        Ok(Self { rows, classifier, name: model.name() })
    }

    fn open_head(
        runtime: &Runtime,
        folder: &Path,
        change: impl FnOnce(EncoderParams) -> EncoderParams,
    ) -> Result<Self, Error> {
        let card = HeadCard::open(folder)?;
        let classifier = Classifier::open(&folder.join(HEAD), &card.head)?;
        let encoder = card.rows.open(runtime, card.base(folder)?, change)?;
        let name = fs_err::canonicalize(folder).map_err(StoreError::Read)?;
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rows = Rows::Pooled { encoder: Box::new(encoder), pairs: card.rows.pairs };
        Ok(Self { rows, classifier, name })
    }

    /// Labels chosen by what they mean, with nothing to learn from: a text gets the label whose
    /// description's vector is nearest to its own, by cosine. The probabilities are the softmax of the cosines
    /// times [`ZERO_SHOT_SCALE`].
    ///
    /// # Errors
    /// [`Error::Head`] for fewer than two labels or one twice; else as [`SentenceEncoder::encode`].
    pub fn zero_shot(encoder: SentenceEncoder, labels: &[(String, String)]) -> Result<Self, Error> {
        let (names, descriptions): (Vec<_>, Vec<_>) = labels.iter().cloned().unzip();
        if names.len() < 2 {
            return Err(Error::Conflict("to choose among labels takes at least two"));
        }
        let mut weight = Matrix::with_capacity(labels.len(), encoder.width());
        for vector in encoder.pool(&descriptions)? {
            let mut vector = vector;
            cloze_embed::l2_normalize(&mut vector);
            let pushed = weight.push_rows(&vector);
            debug_assert!(pushed, "every vector has the same width");
        }
        let numbers = weight.as_slice().iter().map(|&x| f64::from(x)).collect();
        let head = ClassifyHead::new("zero-shot", names, numbers, vec![0.0; labels.len()])?
            .with_temperature(1.0 / ZERO_SHOT_SCALE)?;
        let features = FeatureParams::new().normalize(true).check()?;
        let classifier = Classifier::new(features.fit(&weight)?, head)?;
        let name = encoder.model().name();
        let rows = Rows::Pooled { encoder: Box::new(encoder), pairs: None };
        Ok(Self { rows, classifier, name })
    }

    /// The head with what it makes of a row.
    #[must_use]
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// The labels, in the head's order.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        self.classifier.head().labels()
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it takes pairs (`true`) or single texts (`false`); `None` if it takes both.
    #[must_use]
    pub fn takes_pairs(&self) -> Option<bool> {
        match &self.rows {
            Rows::Pooled { pairs, .. } => Some(pairs.is_some()),
            Rows::Logits { .. } => None,
        }
    }

    /// The work done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        match &self.rows {
            Rows::Pooled { encoder, .. } => encoder.counts(),
            Rows::Logits { encoder, .. } => encoder.counts(),
        }
    }

    /// What the labels of each input are. Of a long text's windows, a checkpoint's logits are averaged
    /// by their numbers of tokens.
    ///
    /// # Errors
    /// As [`RowParams::rows`]; [`Error::Head`] for a row that is not finite. Then no input has labels.
    pub fn classify(&self, inputs: &[Input<'_>]) -> Result<Vec<Prediction>, Error> {
        self.rows(inputs)?.iter().map(|row| Ok(self.classifier.classify(row)?)).collect()
    }

    /// The logits of each input, `[labels]` in the order of [`labels`](Self::labels), before the
    /// temperature. Of a checkpoint with one label, a cross-encoder, it is the score itself, which
    /// probabilities near 1 hardly tell apart.
    ///
    /// # Errors
    /// As [`classify`](Self::classify). Then no input has logits.
    pub fn logits(&self, inputs: &[Input<'_>]) -> Result<Vec<Vec<f64>>, Error> {
        self.rows(inputs)?.iter().map(|row| Ok(self.classifier.predict(row)?)).collect()
    }

    /// What the head takes of each input.
    fn rows(&self, inputs: &[Input<'_>]) -> Result<Vec<Vec<f32>>, Error> {
        match &self.rows {
            Rows::Pooled { encoder, pairs } => rows(encoder, *pairs, inputs),
            Rows::Logits { encoder, cut } => logits(encoder, *cut, inputs),
        }
    }
}

/// A classifier that takes rows as they are.
fn plain(width: usize, head: ClassifyHead) -> Result<Classifier, Error> {
    let zeros = Matrix::from_vec(width, vec![0.0; width]).unwrap_or_default();
    Ok(Classifier::new(FeatureParams::new().check()?.fit(&zeros)?, head)?)
}

/// A checkpoint's logits, `[labels]` each, in the order of the inputs.
fn logits(encoder: &Encoder, cut: PairCut, inputs: &[Input<'_>]) -> Result<Vec<Vec<f32>>, Error> {
    let texts: Vec<&str> =
        inputs.iter().filter(|i| i.second.is_none()).map(|input| input.text).collect();
    let pairs: Vec<(&str, &str)> =
        inputs.iter().filter_map(|input| Some((input.text, input.second?))).collect();
    let mapped = encoder.map_windows(&texts, |w| (w.rows(0).to_vec(), w.kept.len()))?;
    let averaged = mapped
        .into_iter()
        .map(|text| cloze_embed::Pooling::Mean.combine(&text.windows).map_err(Error::from));
    let mut of_texts = averaged.collect::<Result<Vec<_>, _>>()?.into_iter();
    let of_pairs = if pairs.is_empty() {
        vec![]
    } else {
        encoder.map_pairs(&pairs, cut, |w| w.rows(0).to_vec())?
    };
    let mut of_pairs = of_pairs.into_iter();
    let next = |input: &Input<'_>| {
        if input.second.is_some() { of_pairs.next() } else { of_texts.next() }
    };
    Ok(inputs.iter().filter_map(next).collect())
}

/// The path of `to` as seen from the folder `from`, both as they are on the disk.
///
/// # Errors
/// [`Error::Encoder`] if one of them is not there.
pub fn relative(from: &Path, to: &Path) -> Result<PathBuf, Error> {
    let [from, to] = [from, to].map(|p| fs_err::canonicalize(p).map_err(StoreError::Read));
    let (from, to) = (from?, to?);
    let same = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(same).map(|_| PathBuf::from(".."));
    Ok(up.chain(to.components().skip(same).map(|c| PathBuf::from(c.as_os_str()))).collect())
}
