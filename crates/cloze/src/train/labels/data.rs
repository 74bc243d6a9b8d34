//! Labelled texts of a training, and the encoder's sequences of them.
use cloze_corpus::LabelledParams;
use cloze_report::DataFile;
use cloze_train::Labels;
use cloze_tune::task::LabelledExample;

use super::ValidTunedClassifierTrainParams;
use crate::train::event::{TrainingNote, TrainingObserver, note};
use crate::train::windows::{TextWindows, Windows};
use crate::train::{
    DataSource, FineTuneError, FitContext, FitData, FitEvent, FitWarning, LabelledText,
    LabelledTexts, TrainingData, TrainingEvent, labels_of, warn_of_data,
};

/// Labelled texts of a training.
pub(super) struct Splits {
    pub(super) train: Vec<LabelledText>,
    pub(super) labels: Labels,
    pub(super) files: Vec<DataFile>,
    pub(super) dev: Vec<LabelledText>,
    /// Files of the validation data; none where it was held out.
    pub(super) dev_files: Vec<DataFile>,
    pub(super) test: Option<LabelledTexts>,
}

impl Splits {
    pub(super) fn read(
        data: &TrainingData<LabelledText>,
        params: &ValidTunedClassifierTrainParams,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let settings = &params.params;
        let tell = |event: &FitEvent<'_>| observer(TrainingEvent::Fit(event));
        let context = FitContext::new().observer(&tell);
        let reader = settings.reader.clone().pairs(settings.pairs.is_some());
        let read = |source: &DataSource<LabelledText>| {
            Ok::<_, FineTuneError>(as_fit_data(source, &reader).read(&context)?)
        };
        let LabelledTexts { examples, files } = read(&data.train)?;
        let labels = labels_of(&examples, settings.multi_label, &data.train.names())?;
        warn_of_data(&examples, &labels, &context);
        let given = data.dev.as_ref().map(read).transpose()?;
        let test = data.test.as_ref().map(read).transpose()?;
        let (train, labels, dev, dev_files) = if let Some(dev) = given {
            (examples, labels, dev.examples, dev.files)
        } else {
            let out = held_out(params, &labels, &context)?;
            let (dev, train) = parted(examples, &out);
            let stay: Vec<usize> =
                (0..labels.len()).filter(|i| out.binary_search(i).is_err()).collect();
            (train, labels.subset(&stay), dev, vec![])
        };
        let (n, held_out) = (train.len(), dev.len());
        note(observer, &TrainingNote::Examples { unit: "example", train: n, dev: held_out });
        Ok(Self { train, labels, files, dev, dev_files, test })
    }
}

fn as_fit_data(source: &DataSource<LabelledText>, reader: &LabelledParams) -> FitData {
    match source {
        DataSource::Files(paths) => FitData::files(paths.iter().cloned(), reader.clone()),
        DataSource::Records { records, .. } => FitData::Memory(records.clone()),
    }
}

/// Indices of the examples that are held out, in order.
fn held_out(
    params: &ValidTunedClassifierTrainParams,
    labels: &Labels,
    context: &FitContext<'_>,
) -> Result<Vec<usize>, FineTuneError> {
    let share = params.common.params.hold_out;
    let rare = labels.names().iter().zip(labels.counts()).find(|(_, n)| *n == 1);
    match rare {
        _ if share <= 0.0 => Ok(vec![]),
        Some((label, _)) if !params.params.multi_label => {
            context.warn(FitWarning::OneExample { label: label.clone() });
            Ok(vec![])
        }
        _ => Ok(cloze_train::hold_out(labels, share, params.common.seed())?.1),
    }
}

/// Splits examples into those at the indices `out`, and the others.
fn parted(examples: Vec<LabelledText>, out: &[usize]) -> (Vec<LabelledText>, Vec<LabelledText>) {
    let (mut taken, mut others) = (vec![], vec![]);
    for (i, example) in examples.into_iter().enumerate() {
        if out.binary_search(&i).is_ok() { taken.push(example) } else { others.push(example) }
    }
    (taken, others)
}

/// Sequences of examples, of at most `most` tokens.
pub(super) fn sequences(
    windows: &Windows<'_>,
    examples: &[LabelledText],
    most: usize,
    truncate: bool,
) -> Result<Vec<TextWindows>, FineTuneError> {
    if examples.iter().any(|e| e.second.is_some()) {
        let pairs = examples.iter().map(|e| [&*e.text, e.second.as_deref().unwrap_or_default()]);
        return windows.pairs(pairs, most);
    }
    windows.texts(examples.iter().map(|e| &*e.text), most, truncate)
}

/// Training examples of sequences: each window of a text has all of its labels.
pub(super) fn labelled(texts: Vec<TextWindows>, labels: &Labels) -> Vec<LabelledExample> {
    let mut examples = vec![];
    for (i, windows) in texts.into_iter().enumerate() {
        let labels = || labels.of(i).to_vec();
        let windows = windows.into_iter();
        examples
            .extend(windows.map(|(sequence, _)| LabelledExample { sequence, labels: labels() }));
    }
    examples
}
