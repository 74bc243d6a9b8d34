//! x · Wᵀ + b, with an adapter or without.
use cloze_checkpoint::layout::Dense;

use super::group::{Sequences, sized};
use super::params::LoraParams;
use super::{DropoutAt, LoraModule, Reader};
use crate::kernel::matrix::{Rows, RowsMut};
use crate::kernel::{add_rows, add_to_rows};
use crate::random::uniform;
use crate::{Id, Parameters, TuneError};

/// A matrix `[outputs, inputs]`, and perhaps a bias.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    pub(crate) weight: Id,
    bias: Option<Id>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Whether weight and bias are trained.
    pub(crate) trained: bool,
    lora: Option<Lora>,
}

#[derive(Clone, Debug)]
struct Lora {
    a: Id,
    b: Id,
    rank: usize,
    scale: f32,
    dropout: f32,
    /// Dropout site in the encoder.
    site: u64,
}

/// Inputs and buffers of a linear map beside its parameters.
pub(crate) struct Around<'a> {
    pub(crate) sequences: Sequences<'a>,
    pub(crate) dropout: Option<DropoutAt>,
    /// For `[tokens, inputs]`.
    pub(crate) dropped: &'a mut Vec<f32>,
    /// For `[tokens, rank]`.
    pub(crate) low: &'a mut Vec<f32>,
    pub(crate) partials: &'a mut Vec<(Id, Vec<f32>)>,
}

impl Lora {
    /// The adapter's input: `x`, or `x` with some dropped.
    fn input<'x>(&self, around: &'x mut Around<'_>, x: &'x [f32], width: usize) -> &'x [f32] {
        let dropout = self.dropout_at(around.dropout);
        if dropout.is_none() {
            return x;
        }
        let dropped = sized(around.dropped, x.len());
        around.sequences.copy_dropped(dropout, self.site, x, width, dropped);
        dropped
    }

    fn dropout_at(&self, dropout: Option<DropoutAt>) -> Option<DropoutAt> {
        dropout
            .map(|dropout| DropoutAt { rate: self.dropout, ..dropout })
            .filter(|dropout| dropout.rate > 0.0)
    }
}

impl Linear {
    pub(in crate::encoder) fn open(
        reader: &mut Reader<'_>,
        dense: &Dense,
        train: bool,
    ) -> Result<Self, TuneError> {
        let (inputs, outputs) = (dense.inputs, dense.outputs);
        let weight = reader.add(&dense.weight, &[outputs, inputs], train)?;
        let bias = reader.add(&dense.bias, &[outputs], train)?;
        Ok(Self::new(weight, Some(bias), [inputs, outputs], train))
    }

    /// Map of parameters that were added, trained or not.
    pub(crate) fn new(
        weight: Id,
        bias: Option<Id>,
        [inputs, outputs]: [usize; 2],
        trained: bool,
    ) -> Self {
        Self { weight, bias, inputs, outputs, trained, lora: None }
    }

    /// The matrix with its adapter's update, `[outputs, inputs]`.
    pub(crate) fn merged(&self, parameters: &Parameters) -> Vec<f32> {
        let mut weight = parameters.value(self.weight).to_vec();
        if let Some(lora) = &self.lora {
            let (a, b) = (parameters.value(lora.a), parameters.value(lora.b));
            let out = RowsMut::new(&mut weight, self.inputs).adding();
            out.times(Rows::new(b, lora.rank), Rows::new(a, self.inputs), lora.scale);
        }
        weight
    }

    /// Adds an adapter whose update is zero at first. Source of the first numbers: PEFT 0.18,
    /// `tuners/lora/layer.py`, as `nn.Linear` draws its own.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a width; stored at the model's own width"
    )]
    pub(crate) fn adapt(
        &mut self,
        parameters: &mut Parameters,
        name: &str,
        params: &LoraParams,
        seed: u64,
        site: u64,
    ) -> LoraModule {
        let (rank, inputs, outputs) = (params.rank, self.inputs, self.outputs);
        let drawn = uniform(seed, rank * inputs, 1.0 / (inputs as f64).sqrt());
        let a = parameters.add(format!("{name}.lora_A.weight"), &[rank, inputs], drawn, true);
        let zeros = vec![0.0; outputs * rank];
        let b = parameters.add(format!("{name}.lora_B.weight"), &[outputs, rank], zeros, true);
        let (scale, dropout) = (params.scale() as f32, params.dropout);
        self.lora = Some(Lora { a, b, rank, scale, dropout, site });
        LoraModule { name: name.to_owned(), a, b }
    }

    /// Moves its dropout to another site of the encoder.
    pub(crate) fn move_to(&mut self, site: u64) {
        if let Some(lora) = &mut self.lora {
            lora.site = site;
        }
    }

    /// Whether anything of it is trained.
    pub(crate) fn is_trained(&self) -> bool {
        self.trained || self.lora.is_some()
    }

    /// `y` = x · Wᵀ + b, `[tokens, outputs]`; `kept` holds an adapter's activations for the
    /// backward pass.
    pub(crate) fn forward(
        &self,
        parameters: &Parameters,
        around: &mut Around<'_>,
        x: &[f32],
        y: &mut [f32],
        kept: &mut Vec<f32>,
    ) {
        let weight = Rows::new(parameters.value(self.weight), self.inputs);
        RowsMut::new(y, self.outputs).times_transposed(Rows::new(x, self.inputs), weight, 1.0);
        if let Some(lora) = &self.lora {
            let tokens = x.len() / self.inputs;
            let x = lora.input(around, x, self.inputs);
            let low = sized(kept, tokens * lora.rank);
            let a = Rows::new(parameters.value(lora.a), self.inputs);
            RowsMut::new(low, lora.rank).times_transposed(Rows::new(x, self.inputs), a, 1.0);
            let (low, b) =
                (Rows::new(low, lora.rank), Rows::new(parameters.value(lora.b), lora.rank));
            RowsMut::new(y, self.outputs).adding().times_transposed(low, b, lora.scale);
        }
        if let Some(bias) = self.bias {
            add_to_rows(y, parameters.value(bias));
        }
    }

    /// From the gradient `dy` of what [`forward`](Self::forward) gave: puts that of `x` into `dx`, or
    /// adds it where `adding`; adds those of bias and adapter to the partials. That of the matrix
    /// itself is left to [`add_weight_gradient`](Self::add_weight_gradient).
    pub(crate) fn backward(
        &self,
        parameters: &Parameters,
        around: &mut Around<'_>,
        x: &[f32],
        kept: &[f32],
        dy: &[f32],
        mut dx: Option<(&mut [f32], bool)>,
    ) {
        let gradient = Rows::new(dy, self.outputs);
        if let Some((dx, adding)) = &mut dx {
            let weight = Rows::new(parameters.value(self.weight), self.inputs);
            let out = RowsMut::new(dx, self.inputs);
            let out = if *adding { out.adding() } else { out };
            out.times(gradient, weight, 1.0);
        }
        if let Some(bias) = self.bias.filter(|_| self.trained) {
            let mut of_bias = vec![0.0; self.outputs];
            add_rows(&mut of_bias, dy);
            around.partials.push((bias, of_bias));
        }
        let Some(lora) = &self.lora else { return };
        let tokens = dy.len() / self.outputs;
        let mut of_b = vec![0.0; self.outputs * lora.rank];
        let low = Rows::new(kept, lora.rank);
        RowsMut::new(&mut of_b, lora.rank).transposed_times(gradient, low, lora.scale);
        around.partials.push((lora.b, of_b));
        let mut low = std::mem::take(around.low);
        let b = Rows::new(parameters.value(lora.b), lora.rank);
        let out = RowsMut::new(sized(&mut low, tokens * lora.rank), lora.rank);
        out.times(gradient, b, lora.scale);
        let mut of_a = vec![0.0; lora.rank * self.inputs];
        let input = Rows::new(lora.input(around, x, self.inputs), self.inputs);
        let of_low = Rows::new(&low, lora.rank);
        RowsMut::new(&mut of_a, self.inputs).transposed_times(of_low, input, 1.0);
        around.partials.push((lora.a, of_a));
        if let Some((dx, _)) = dx {
            let a = Rows::new(parameters.value(lora.a), self.inputs);
            if let Some(dropout) = lora.dropout_at(around.dropout) {
                let dropped = sized(around.dropped, dx.len());
                RowsMut::new(dropped, self.inputs).times(of_low, a, 1.0);
                around.sequences.drop_out(dropout, lora.site, dropped, self.inputs);
                crate::kernel::add(dx, dropped);
            } else {
                RowsMut::new(dx, self.inputs).adding().times(of_low, a, 1.0);
            }
        }
        *around.low = low;
    }

    /// Adds rows `from..` of the matrix's gradient to `out`: dyᵀ · x, of some tokens.
    pub(crate) fn add_weight_gradient(&self, dy: &[f32], x: &[f32], from: usize, out: &mut [f32]) {
        let tokens = x.len() / self.inputs;
        let rows = out.len() / self.inputs;
        let dy = Rows::strided(&dy[from..], tokens, rows, self.outputs);
        let out = RowsMut::new(out, self.inputs).adding();
        out.transposed_times(dy, Rows::new(x, self.inputs), 1.0);
    }
}
