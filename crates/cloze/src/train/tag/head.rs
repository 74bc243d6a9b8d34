//! Classifier of a tagger in training, which goes on from the base's.
use cloze_tune::Parameters;
use cloze_tune::random::derive;
use cloze_tune::task::{DenseLayer, TagTask};

use crate::train::FineTuneError;
use crate::train::base::StartModel;
use crate::train::event::TrainingNote;

/// Part of the seed that a new classifier is drawn by.
const CLASSIFIER: u64 = 0x0063_6c61_7373;
/// Stem of the classifier's names, as transformers has it.
const STEM: &str = "classifier";

/// Adds the task. Where the base is a tagger that has some of the labels, the rows of the tags that both
/// have are the base's, and the note says how many; all others are drawn.
pub(super) fn add(
    base: &StartModel,
    tags: &[String],
    seed: u64,
    crf: bool,
    parameters: &mut Parameters,
) -> Result<(TagTask, Option<TrainingNote>), FineTuneError> {
    let hidden = base.checkpoint.config().hidden;
    let seed = derive(seed, CLASSIFIER);
    let classifier = DenseLayer::drawn(parameters, STEM, hidden, tags.len(), seed)?;
    let labels = base.folder.labels();
    let rows = base_rows(labels, tags);
    let head = base.checkpoint.layout().tokens.as_ref();
    let head = head.filter(|head| head.inputs == hidden && head.outputs == labels.len());
    let note = match head {
        // What is outside of other labels alone is no start.
        Some(head) if rows.iter().any(|(tag, _)| tags[*tag] != "O") => {
            let mut reader = base.checkpoint.weights().reader();
            for (part, name, width) in [("weight", &head.weight, hidden), ("bias", &head.bias, 1)] {
                let values = reader.read(name)?;
                let stem = format!("{STEM}.{part}");
                let drawn = parameters.list_mut().iter_mut().filter(|p| p.name == stem);
                for drawn in drawn {
                    for &(to, from) in &rows {
                        let row = &values[from * width..][..width];
                        drawn.value[to * width..][..width].copy_from_slice(row);
                    }
                }
            }
            Some(TrainingNote::KeptTags { kept: rows.len(), all: tags.len() })
        }
        _ => None,
    };
    Ok((TagTask::add(parameters, classifier, crf)?, note))
}

/// Index of each tag that the base has, too, and its index there.
fn base_rows(base: &[String], tags: &[String]) -> Vec<(usize, usize)> {
    let index = |tag| base.iter().position(|known| known == tag);
    tags.iter().enumerate().filter_map(|(i, tag)| Some((i, index(tag)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_by_name_whatever_the_order() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let base = names(&["B-PER", "O", "I-PER", "B-LOC"]);
        let tags = names(&["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
        assert_eq!(base_rows(&base, &tags), [(0, 1), (1, 3), (3, 0), (4, 2)]);
        assert_eq!(base_rows(&[], &tags), []);
    }
}
