//! The texts that one thread takes through all layers, and what it keeps of them.
use super::layer::{Kept, Scratch};
use super::norm::NormKept;
use crate::encoder::group::Sequences;
use crate::kernel::{self};
use crate::{Id, Parameters};

/// Some texts of a batch, end to end.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Index of each text in the batch.
    members: Vec<usize>,
    /// Start of each text's tokens, and the end of the last one's.
    starts: Vec<usize>,
    /// Tokens, but each text's last.
    pub(super) ids: Vec<u32>,
    /// Activations that each layer saves for the backward pass.
    pub(super) layers: Vec<Kept>,
    /// `[tokens, hidden]`: in the forward pass, the input of the next layer.
    pub(super) state: Vec<f32>,
    /// `[tokens, hidden]`: in the backward pass, the gradient of a layer's output.
    pub(super) gradient: Vec<f32>,
    /// `[tokens, hidden]`: output of the last norm.
    pub(super) top: Vec<f32>,
    pub(super) top_norm: NormKept,
    pub(super) scratch: Scratch,
    /// Gradients of small parameters, of this group's tokens alone.
    pub(super) partials: Vec<(Id, Vec<f32>)>,
}

impl Group {
    /// Takes the members out of a batch.
    pub(super) fn begin(&mut self, members: Vec<usize>, texts: &[&[u32]]) {
        self.members = members;
        self.ids.clear();
        self.starts.clear();
        self.starts.push(0);
        for text in self.members.iter().map(|&i| texts[i]) {
            self.ids.extend_from_slice(&text[..text.len() - 1]);
            self.starts.push(self.ids.len());
        }
    }

    pub(super) fn sequences(&self) -> Sequences<'_> {
        Sequences::without_squares(&self.members, &self.starts)
    }

    /// Puts the rows of the last norm where the batch has them.
    pub(super) fn scatter(&self, batch_starts: &[usize], width: usize, out: &mut [f32]) {
        for (i, tokens, _) in self.sequences().iter() {
            let rows = &self.top[tokens.start * width..tokens.end * width];
            out[batch_starts[i] * width..][..rows.len()].copy_from_slice(rows);
        }
    }

    /// Takes the gradient of the last norm's rows.
    pub(super) fn gather(&mut self, batch_starts: &[usize], width: usize, of_top: &[f32]) {
        self.gradient.clear();
        for (&i, tokens) in self.members.iter().zip(self.starts.windows(2)) {
            let len = (tokens[1] - tokens[0]) * width;
            self.gradient.extend_from_slice(&of_top[batch_starts[i] * width..][..len]);
        }
    }
}

/// Adds what the groups have summed up apart, in order.
pub(super) fn add_partials(groups: &mut [Group], parameters: &mut Parameters) {
    for group in groups {
        for (id, partial) in group.partials.drain(..) {
            kernel::add(parameters.gradient_mut(id), &partial);
        }
    }
}
