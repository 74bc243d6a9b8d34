//! Kernels of cloze's own operators, [`cloze_graph::construct::own`], for ONNX Runtime. They run on the thread that runs
//! the session.
use cloze_graph::construct::own::{self, Own};
use cloze_kernel::attention::{self, Given, Room};
use cloze_kernel::rows::{self, Rounding, Scale, SumNorm};
use ort::operator::{
    BoxedKernel, ComputeContext, KernelContext, Operator, OperatorDomain, OperatorInput,
    OperatorOutput,
};
use ort::value::{TensorElementType, ValueRef};

/// The operators, for a session.
pub(super) fn domain() -> ort::Result<OperatorDomain> {
    let domain = OperatorDomain::new(own::DOMAIN)?;
    Own::ALL.into_iter().try_fold(domain, |domain, own| domain.add(Described(own)))
}

/// Operator with its inputs and outputs.
struct Described(Own);

impl Operator for Described {
    type Kernel<'attr> = BoxedKernel<'attr>;

    fn name(&self) -> &str {
        self.0.name()
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        let floats = TensorElementType::Float32;
        let elements = match self.0 {
            Own::RoundRows => vec![floats],
            Own::ScaledParts | Own::ScaledGelu | Own::ScaledGeluRounded => vec![floats; 3],
            Own::ScaledAttention => vec![floats, floats, floats, TensorElementType::Int32],
            Own::ScaledSumNorm => vec![floats; 6],
        };
        elements.into_iter().map(OperatorInput::required)
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        let floats = TensorElementType::Float32;
        let elements = match self.0 {
            Own::RoundRows | Own::ScaledGeluRounded => vec![TensorElementType::Uint8, floats],
            Own::ScaledParts => vec![floats; 3],
            Own::ScaledAttention | Own::ScaledGelu | Own::ScaledSumNorm => vec![floats],
        };
        elements.into_iter().map(OperatorOutput::required)
    }

    fn create_kernel<'attr>(&self, node: &KernelContext<'attr>) -> ort::Result<BoxedKernel<'attr>> {
        Ok(match self.0 {
            Own::RoundRows => {
                let rounding = rounding(node)?;
                Box::new(move |run: &ComputeContext| round_rows(run, rounding))
            }
            Own::ScaledParts => Box::new(scaled_parts),
            Own::ScaledAttention => {
                let heads = node.get::<i64>("heads").and_then(|heads| usize::try_from(heads).ok());
                let heads = heads.filter(|&heads| heads > 0).ok_or_else(|| wrong("no heads"))?;
                let mut room = Room::default();
                Box::new(move |run: &ComputeContext| scaled_attention(run, heads, &mut room))
            }
            Own::ScaledGelu => Box::new(scaled_gelu),
            Own::ScaledGeluRounded => {
                let rounding = rounding(node)?;
                let mut row = vec![];
                Box::new(move |run: &ComputeContext| scaled_gelu_rounded(run, rounding, &mut row))
            }
            Own::ScaledSumNorm => {
                let epsilon = node.get("epsilon").ok_or_else(|| wrong("no epsilon"))?;
                Box::new(move |run: &ComputeContext| scaled_sum_norm(run, epsilon))
            }
        })
    }
}

fn wrong(what: &str) -> ort::Error {
    ort::Error::new(format!("{}: {what}", own::DOMAIN))
}

fn rounding(node: &KernelContext<'_>) -> ort::Result<Rounding> {
    let zero = node.get::<i64>("zero").and_then(|zero| u8::try_from(zero).ok());
    let zero = zero.ok_or_else(|| wrong("no zero"))?;
    let scale = match (node.get::<f32>("scale"), node.get::<f32>("least")) {
        (Some(scale), _) => Scale::Fixed(scale),
        (None, Some(least)) => Scale::Least(least),
        (None, None) => return Err(wrong("no scale and no least")),
    };
    Ok(Rounding { zero, scale })
}

/// Inputs of a node.
struct Inputs<'r, const N: usize>([ValueRef<'r>; N]);

impl<'r, const N: usize> Inputs<'r, N> {
    fn of(run: &'r ComputeContext) -> ort::Result<Self> {
        let mut inputs = vec![];
        for i in 0..N {
            inputs.push(run.input(i)?.ok_or_else(|| wrong("an input is missing"))?);
        }
        inputs.try_into().map(Self).map_err(|_| wrong("an input is missing"))
    }

    fn floats(&self, i: usize) -> ort::Result<&[f32]> {
        Ok(self.0[i].try_extract_tensor::<f32>()?.1)
    }

    /// Shape of the first, whose last size is `last` instead.
    fn shape(&self, last: Option<usize>) -> ort::Result<Vec<i64>> {
        let mut shape = self.0[0].try_extract_tensor::<f32>()?.0.to_vec();
        if let (Some(size), Some(last)) = (shape.last_mut(), last) {
            *size = i64::try_from(last).unwrap_or(i64::MAX);
        }
        Ok(shape)
    }
}

/// Calls `$use` with the numbers of outputs, of these shapes and types.
macro_rules! with_outputs {
    ($run:expr, [$($name:ident: $type:ty = $shape:expr),*], $use:expr) => {{
        let mut place = 0..;
        $(
            let mut $name = $run
                .output(place.next().unwrap_or_default(), $shape)?
                .ok_or_else(|| wrong("an output is missing"))?;
            let (_, $name) = $name.try_extract_tensor_mut::<$type>()?;
        )*
        $use
    }};
}

fn round_rows(run: &ComputeContext, rounding: Rounding) -> ort::Result<()> {
    let inputs = Inputs::<1>::of(run)?;
    let x = inputs.floats(0)?;
    let shapes = [inputs.shape(None)?, inputs.shape(Some(1))?];
    with_outputs!(run, [numbers: u8 = shapes[0].clone(), scales: f32 = shapes[1].clone()], {
        rows::round(rounding, x, numbers, scales);
    });
    Ok(())
}

/// Sums, scales and bias of the first three inputs, whose lengths go together.
fn scaled<'i, const N: usize>(inputs: &'i Inputs<'_, N>) -> ort::Result<[&'i [f32]; 3]> {
    let [sums, scales, bias] = [inputs.floats(0)?, inputs.floats(1)?, inputs.floats(2)?];
    if bias.is_empty() || sums.len() % bias.len() != 0 {
        return Err(wrong("sums and bias are of different widths"));
    }
    if scales.len() != 1 && scales.len() != sums.len() / bias.len() {
        return Err(wrong("expected a scale for each row, or one for all"));
    }
    Ok([sums, scales, bias])
}

fn scaled_parts(run: &ComputeContext) -> ort::Result<()> {
    let inputs = Inputs::<3>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let shape = inputs.shape(Some(bias.len() / 3))?;
    with_outputs!(
        run,
        [a: f32 = shape.clone(), b: f32 = shape.clone(), c: f32 = shape],
        rows::scaled_parts(sums, scales, bias, [a, b, c])
    );
    Ok(())
}

fn scaled_attention(run: &ComputeContext, heads: usize, room: &mut Room) -> ort::Result<()> {
    let inputs = Inputs::<4>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let (mask_shape, mask) = inputs.0[3].try_extract_tensor::<i32>()?;
    let seq = mask_shape.last().and_then(|&seq| usize::try_from(seq).ok()).unwrap_or(0);
    if mask.len() * bias.len() != sums.len() || bias.len() % (3 * heads) != 0 {
        return Err(wrong("mask or heads do not go with the sums"));
    }
    let shape = inputs.shape(Some(bias.len() / 3))?;
    let given = Given { sums, scales, bias, mask, seq, heads };
    with_outputs!(run, [out: f32 = shape], attention::attention(given, room, out));
    Ok(())
}

fn scaled_gelu(run: &ComputeContext) -> ort::Result<()> {
    let inputs = Inputs::<3>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let shape = inputs.shape(None)?;
    with_outputs!(run, [out: f32 = shape], rows::scaled_gelu(sums, scales, bias, out));
    Ok(())
}

fn scaled_gelu_rounded(
    run: &ComputeContext,
    rounding: Rounding,
    row: &mut Vec<f32>,
) -> ort::Result<()> {
    let inputs = Inputs::<3>::of(run)?;
    let given = scaled(&inputs)?;
    let shapes = [inputs.shape(None)?, inputs.shape(Some(1))?];
    with_outputs!(run, [numbers: u8 = shapes[0].clone(), scales: f32 = shapes[1].clone()], {
        rows::scaled_gelu_rounded(rounding, given, row, numbers, scales);
    });
    Ok(())
}

fn scaled_sum_norm(run: &ComputeContext, epsilon: f32) -> ort::Result<()> {
    let inputs = Inputs::<6>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let [skip, weight, shift] = [inputs.floats(3)?, inputs.floats(4)?, inputs.floats(5)?];
    if skip.len() != sums.len() || weight.len() != bias.len() || shift.len() != bias.len() {
        return Err(wrong("skip, weight or bias of the norm are of another size"));
    }
    let given = SumNorm { sums, scales, bias, skip, weight, shift, epsilon };
    let shape = inputs.shape(None)?;
    with_outputs!(run, [out: f32 = shape], rows::scaled_sum_norm(given, out));
    Ok(())
}
