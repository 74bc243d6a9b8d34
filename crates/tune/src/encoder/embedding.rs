//! Words, positions, types and casing to the first hidden state.
use cloze_checkpoint::Config;
use cloze_checkpoint::layout::Layout;

use super::group::{Group, sized};
use super::layer::{learned, norm_backward};
use super::linear::{Around, Linear};
use super::params::TrainableEncoderParams;
use super::{DropoutAt, NormIds, Reader};
use crate::kernel::{add, norm};
use crate::{Id, Parameters, TrainingSequence, TuneError};

/// Dropout site in the encoder.
const SITE: u64 = 0;
/// The casing table's name among the parameters.
pub(super) const CASING: &str = "casing.weight";

#[derive(Debug)]
pub(super) struct Embedding {
    words: Id,
    positions: Id,
    types: Option<Id>,
    type_count: usize,
    casing: Option<Id>,
    /// 1 without a table.
    classes: usize,
    norm: NormIds,
    /// ELECTRA's, where tables are narrower than layers.
    project: Option<Linear>,
    width: usize,
    /// RoBERTa's padding token: it stands at its own position, whatever stands before it.
    pad: Option<u32>,
    /// Whether tables and norm are trained.
    trained: bool,
    /// Whether the casing table is.
    case_trained: bool,
}

/// Activations saved for the backward pass.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Rows of the tables, a token each.
    words: Vec<u32>,
    positions: Vec<u32>,
    types: Vec<u32>,
    normed: Vec<f32>,
    scale: Vec<f32>,
    /// `[tokens, width]`: the input of the projection.
    dropped: Vec<f32>,
}

impl Embedding {
    pub(super) fn open(
        reader: &mut Reader<'_>,
        config: &Config,
        layout: &Layout,
        casing: Option<&[f32]>,
        params: &TrainableEncoderParams,
    ) -> Result<Self, TuneError> {
        let (train, width) = (params.embeddings, config.embedding);
        let words = reader.add(&layout.words, &[config.vocabulary, width], train)?;
        let positions = reader.add(&layout.positions, &[config.positions, width], train)?;
        let types = layout.types.as_ref();
        let types =
            types.map(|name| reader.add(name, &[config.types, width], train)).transpose()?;
        let classes = params.casing.or(casing.map(|rows| rows.len() / width));
        let casing = classes.map(|classes| {
            let there = casing.filter(|rows| rows.len() == classes * width);
            let rows = there.map_or_else(|| vec![0.0; classes * width], <[f32]>::to_vec);
            if params.casing.is_some() {
                reader.parameters.add(CASING, &[classes, width], rows, false)
            } else {
                reader.parameters.add_frozen(CASING, &[classes, width], rows)
            }
        });
        let norm = reader.norm(&layout.embedding_norm, config.norm_epsilon, train)?;
        let project =
            layout.project.as_ref().map(|dense| Linear::open(reader, dense, train)).transpose()?;
        let offset = config.family.offset_positions;
        let pad = if offset { u32::try_from(config.pad_id).ok() } else { None };
        Ok(Self {
            words,
            positions,
            types,
            type_count: config.types.max(1),
            casing,
            classes: classes.unwrap_or(1),
            case_trained: params.casing.is_some(),
            norm,
            project,
            width,
            pad,
            trained: train,
        })
    }

    pub(super) fn words(&self) -> Id {
        self.words
    }

    pub(super) fn is_trained(&self) -> bool {
        self.trained || self.case_trained
    }

    /// Number of classes of casing; 1 without a table.
    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    /// The position of a sequence's first token.
    pub(super) fn first_position(&self) -> usize {
        self.pad.map_or(0, |pad| pad as usize + 1)
    }

    /// Number of token types; unlimited if the family has none and no casing is looked at.
    pub(super) fn types(&self) -> usize {
        let any = self.types.is_none() && self.casing.is_none();
        if any { usize::MAX } else { self.type_count * self.classes }
    }

    /// Fills the group's state.
    pub(super) fn forward(
        &self,
        parameters: &Parameters,
        sequences: &[&TrainingSequence],
        dropout: Option<DropoutAt>,
        group: &mut Group,
    ) {
        let mut kept = std::mem::take(&mut group.embedding);
        for rows in [&mut kept.words, &mut kept.positions, &mut kept.types] {
            rows.clear();
        }
        for sequence in group.members.iter().map(|&i| sequences[i]) {
            kept.words.extend(&sequence.ids);
            let mut next = self.pad.map_or(0, |pad| pad + 1);
            kept.positions.extend(sequence.ids.iter().map(|&id| match self.pad {
                Some(pad) if pad == id => pad,
                _ => {
                    next += 1;
                    next - 1
                }
            }));
            let types = sequence.types.iter().copied().chain(std::iter::repeat(0));
            kept.types.extend(types.take(sequence.len()));
        }
        let (tokens, width) = (group.tokens(), self.width);
        let mut scratch = std::mem::take(&mut group.scratch);
        let mut state = std::mem::take(&mut group.state);
        let sum = sized(&mut scratch.narrow, tokens * width);
        sum.fill(0.0);
        for (table, rows) in self.tables(&kept) {
            let table = parameters.value(table);
            for (out, row) in sum.chunks_exact_mut(width).zip(rows) {
                add(out, &table[row * width..(row + 1) * width]);
            }
        }
        let normed = sized(&mut kept.normed, tokens * width);
        let scale = sized(&mut kept.scale, tokens);
        let (weight, bias) = learned(parameters, self.norm);
        let out = if self.project.is_some() { &mut kept.dropped } else { &mut state };
        let out = sized(out, tokens * width);
        norm::forward(sum, weight, bias, self.norm.epsilon, normed, scale, out);
        if let Some(dropout) = dropout {
            group.sequences().drop_out(dropout, SITE, out, width);
        }
        if let Some(project) = &self.project {
            let mut partials = vec![];
            let mut around = Around {
                sequences: group.sequences(),
                dropout,
                dropped: &mut scratch.dropped,
                low: &mut scratch.low,
                partials: &mut partials,
            };
            let y = sized(&mut state, tokens * project.outputs);
            project.forward(parameters, &mut around, &kept.dropped, y, &mut vec![]);
        }
        group.state = state;
        group.scratch = scratch;
        group.embedding = kept;
    }

    /// The tables and the rows of each that the tokens have.
    fn tables<'k>(
        &self,
        kept: &'k Kept,
    ) -> impl Iterator<Item = (Id, Box<dyn Iterator<Item = usize> + 'k>)> {
        let classes = u32::try_from(self.classes).unwrap_or(1);
        let each = |rows: &'k [u32]| rows.iter().map(|&row| row as usize);
        let types = kept.types.iter().map(move |&t| (t / classes) as usize);
        let casing = kept.types.iter().map(move |&t| (t % classes) as usize);
        let boxed: [(Option<Id>, Box<dyn Iterator<Item = usize> + 'k>); 4] = [
            (Some(self.words), Box::new(each(&kept.words))),
            (Some(self.positions), Box::new(each(&kept.positions))),
            (self.types, Box::new(types)),
            (self.casing, Box::new(casing)),
        ];
        boxed.into_iter().filter_map(|(table, rows)| table.map(|table| (table, rows)))
    }

    /// Takes the group's gradient back to the sum of the tables' rows, into the group's scratch.
    pub(super) fn backward(
        &self,
        parameters: &Parameters,
        dropout: Option<DropoutAt>,
        group: &mut Group,
    ) {
        let tokens = group.tokens();
        let mut scratch = std::mem::take(&mut group.scratch);
        let mut gradient = std::mem::take(&mut group.gradient);
        let mut partials = std::mem::take(&mut group.partials);
        if let Some(project) = &self.project {
            let mut around = Around {
                sequences: group.sequences(),
                dropout,
                dropped: &mut scratch.dropped,
                low: &mut scratch.low,
                partials: &mut partials,
            };
            scratch.down.clone_from(&gradient);
            let narrower = sized(&mut scratch.narrow, tokens * self.width);
            let into = Some((&mut *narrower, false));
            let dropped = &group.embedding.dropped;
            project.backward(parameters, &mut around, dropped, &[], &scratch.down, into);
            gradient.clone_from(&scratch.narrow);
        }
        if let Some(dropout) = dropout {
            group.sequences().drop_out(dropout, SITE, &mut gradient, self.width);
        }
        let kept = &group.embedding;
        let (normed, scale) = (&kept.normed, &kept.scale);
        norm_backward(parameters, self.norm, normed, scale, &mut gradient, &mut partials);
        group.gradient = gradient;
        group.partials = partials;
        group.scratch = scratch;
    }

    /// Adds the gradients of the tables' rows, and of ELECTRA's matrix, group after group.
    pub(super) fn add_table_gradients(&self, parameters: &mut Parameters, groups: &[Group]) {
        for group in groups {
            for (table, rows) in self.tables(&group.embedding) {
                let gradient = parameters.gradient_mut(table);
                if gradient.is_empty() {
                    continue;
                }
                for (row, of_row) in rows.zip(group.gradient.chunks_exact(self.width)) {
                    add(&mut gradient[row * self.width..(row + 1) * self.width], of_row);
                }
            }
            if let Some(project) = self.project.as_ref().filter(|project| project.trained) {
                let mut gradient = parameters.take_gradient(project.weight);
                let (dy, x) = (&group.scratch.down, &group.embedding.dropped);
                project.add_weight_gradient(dy, x, 0, &mut gradient);
                parameters.put_gradient(project.weight, gradient);
            }
        }
    }
}
