//! Kernels of cloze's own operators, [`cloze_graph::construct::own`], for ONNX Runtime. In a session with several threads
//! they share rows, or heads of the attention, out among those.
use std::sync::{Mutex, PoisonError};

use cloze_graph::construct::own::{self, Own};
use cloze_kernel::attention::{self, Given, Room};
use cloze_kernel::rows::{self, Rounding, Scale, SumNorm};
use ort::operator::{
    BoxedKernel, ComputeContext, KernelContext, Operator, OperatorDomain, OperatorInput,
    OperatorOutput,
};
use ort::value::{TensorElementType, ValueRef};

/// The operators, for a session with so many threads.
pub(super) fn domain(threads: usize) -> ort::Result<OperatorDomain> {
    let domain = OperatorDomain::new(own::DOMAIN)?;
    Own::ALL.into_iter().try_fold(domain, |domain, own| domain.add(Described { own, threads }))
}

/// Operator with its inputs and outputs.
struct Described {
    own: Own,
    threads: usize,
}

impl Operator for Described {
    type Kernel<'attr> = BoxedKernel<'attr>;

    fn name(&self) -> &str {
        self.own.name()
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        let floats = TensorElementType::Float32;
        let elements = match self.own {
            Own::RoundRows => vec![floats],
            Own::ScaledParts | Own::ScaledGelu | Own::ScaledGeluRounded => vec![floats; 3],
            Own::ScaledAttention => vec![floats, floats, floats, TensorElementType::Int32],
            Own::ScaledSumNorm => vec![floats; 6],
        };
        elements.into_iter().map(OperatorInput::required)
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        let floats = TensorElementType::Float32;
        let elements = match self.own {
            Own::RoundRows | Own::ScaledGeluRounded => vec![TensorElementType::Uint8, floats],
            Own::ScaledParts => vec![floats; 3],
            Own::ScaledAttention | Own::ScaledGelu | Own::ScaledSumNorm => vec![floats],
        };
        elements.into_iter().map(OperatorOutput::required)
    }

    fn create_kernel<'attr>(&self, node: &KernelContext<'attr>) -> ort::Result<BoxedKernel<'attr>> {
        let threads = self.threads;
        Ok(match self.own {
            Own::RoundRows => {
                let rounding = rounding(node)?;
                Box::new(move |run: &ComputeContext| round_rows(run, threads, rounding))
            }
            Own::ScaledParts => Box::new(move |run: &ComputeContext| scaled_parts(run, threads)),
            Own::ScaledAttention => {
                let heads = node.get::<i64>("heads").and_then(|heads| usize::try_from(heads).ok());
                let heads = heads.filter(|&heads| heads > 0).ok_or_else(|| wrong("no heads"))?;
                let rooms: Vec<Mutex<Room>> =
                    (0..threads.clamp(1, heads)).map(|_| Mutex::default()).collect();
                Box::new(move |run: &ComputeContext| scaled_attention(run, heads, &rooms))
            }
            Own::ScaledGelu => Box::new(move |run: &ComputeContext| scaled_gelu(run, threads)),
            Own::ScaledGeluRounded => {
                let rounding = rounding(node)?;
                Box::new(move |run: &ComputeContext| scaled_gelu_rounded(run, threads, rounding))
            }
            Own::ScaledSumNorm => {
                let epsilon = node.get("epsilon").ok_or_else(|| wrong("no epsilon"))?;
                Box::new(move |run: &ComputeContext| scaled_sum_norm(run, threads, epsilon))
            }
        })
    }
}

/// Numbers that are worth another thread: some 20 µs.
const PART: usize = 32 * 1024;

/// Rows that are worked out at a time, of those that `numbers` are in, `width` each.
fn rows_at_once(threads: usize, numbers: usize, width: usize) -> usize {
    let rows = numbers / width.max(1);
    if threads > 1 { (PART / width.max(1)).min(rows).max(1) } else { rows.max(1) }
}

/// Works on `parts`, on the threads of the session.
fn share<P: Send>(
    run: &ComputeContext,
    parts: impl Iterator<Item = P>,
    work: impl Fn(P) + Send + Sync,
) -> ort::Result<()> {
    let mut parts: Vec<Mutex<Option<P>>> = parts.map(|part| Mutex::new(Some(part))).collect();
    let take = |part: &Mutex<Option<P>>| {
        part.lock().unwrap_or_else(PoisonError::into_inner).take().map(&work);
    };
    match &mut parts[..] {
        [only] => take(only),
        parts => run.par_for(parts.len(), 0, |i| take(&parts[i]))?,
    }
    Ok(())
}

/// Scales of `rows` rows at a time, or again and again that of all.
fn scales_of(scales: &[f32], rows: usize) -> Box<dyn Iterator<Item = &[f32]> + '_> {
    match scales {
        [_] => Box::new(std::iter::repeat(scales)),
        scales => Box::new(scales.chunks(rows)),
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

fn round_rows(run: &ComputeContext, threads: usize, rounding: Rounding) -> ort::Result<()> {
    let inputs = Inputs::<1>::of(run)?;
    let x = inputs.floats(0)?;
    let shapes = [inputs.shape(None)?, inputs.shape(Some(1))?];
    with_outputs!(run, [numbers: u8 = shapes[0].clone(), scales: f32 = shapes[1].clone()], {
        let width = x.len().checked_div(scales.len()).unwrap_or(0).max(1);
        let rows = rows_at_once(threads, x.len(), width);
        let parts = x.chunks(rows * width).zip(numbers.chunks_mut(rows * width));
        share(run, parts.zip(scales.chunks_mut(rows)), |((x, numbers), scales)| {
            rows::round(rounding, x, numbers, scales);
        })
    })
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

fn scaled_parts(run: &ComputeContext, threads: usize) -> ort::Result<()> {
    let inputs = Inputs::<3>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let shape = inputs.shape(Some(bias.len() / 3))?;
    with_outputs!(run, [a: f32 = shape.clone(), b: f32 = shape.clone(), c: f32 = shape], {
        let rows = rows_at_once(threads, sums.len(), bias.len());
        let (step, part) = (rows * bias.len(), (rows * bias.len() / 3).max(1));
        let outputs = a.chunks_mut(part).zip(b.chunks_mut(part)).zip(c.chunks_mut(part));
        let parts = sums.chunks(step).zip(scales_of(scales, rows)).zip(outputs);
        share(run, parts, |((sums, scales), ((a, b), c))| {
            rows::scaled_parts(sums, scales, bias, [a, b, c]);
        })
    })
}

fn scaled_attention(run: &ComputeContext, heads: usize, rooms: &[Mutex<Room>]) -> ort::Result<()> {
    let inputs = Inputs::<4>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let (mask_shape, mask) = inputs.0[3].try_extract_tensor::<i32>()?;
    let seq = mask_shape.last().and_then(|&seq| usize::try_from(seq).ok()).unwrap_or(0);
    if mask.len() * bias.len() != sums.len() || bias.len() % (3 * heads) != 0 {
        return Err(wrong("mask or heads do not go with the sums"));
    }
    let shape = inputs.shape(Some(bias.len() / 3))?;
    let given = Given { sums, scales, bias, mask, seq, heads };
    let beside = |n: usize, work: &(dyn Fn(usize) + Send + Sync)| run.par_for(n, 0, work);
    with_outputs!(run, [out: f32 = shape], attention::attention(given, rooms, out, beside))
}

fn scaled_gelu(run: &ComputeContext, threads: usize) -> ort::Result<()> {
    let inputs = Inputs::<3>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let shape = inputs.shape(None)?;
    with_outputs!(run, [out: f32 = shape], {
        let rows = rows_at_once(threads, sums.len(), bias.len());
        let step = rows * bias.len();
        let parts = sums.chunks(step).zip(scales_of(scales, rows)).zip(out.chunks_mut(step));
        share(run, parts, |((sums, scales), out)| rows::scaled_gelu(sums, scales, bias, out))
    })
}

fn scaled_gelu_rounded(
    run: &ComputeContext,
    threads: usize,
    rounding: Rounding,
) -> ort::Result<()> {
    let inputs = Inputs::<3>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let shapes = [inputs.shape(None)?, inputs.shape(Some(1))?];
    with_outputs!(run, [numbers: u8 = shapes[0].clone(), steps: f32 = shapes[1].clone()], {
        let rows = rows_at_once(threads, sums.len(), bias.len());
        let step = rows * bias.len();
        let outputs = numbers.chunks_mut(step).zip(steps.chunks_mut(rows));
        let parts = sums.chunks(step).zip(scales_of(scales, rows)).zip(outputs);
        share(run, parts, |((sums, scales), (numbers, steps))| {
            rows::scaled_gelu_rounded(rounding, [sums, scales, bias], numbers, steps);
        })
    })
}

fn scaled_sum_norm(run: &ComputeContext, threads: usize, epsilon: f32) -> ort::Result<()> {
    let inputs = Inputs::<6>::of(run)?;
    let [sums, scales, bias] = scaled(&inputs)?;
    let [skip, weight, shift] = [inputs.floats(3)?, inputs.floats(4)?, inputs.floats(5)?];
    if skip.len() != sums.len() || weight.len() != bias.len() || shift.len() != bias.len() {
        return Err(wrong("skip, weight or bias of the norm are of another size"));
    }
    let shape = inputs.shape(None)?;
    with_outputs!(run, [out: f32 = shape], {
        let rows = rows_at_once(threads, sums.len(), bias.len());
        let step = rows * bias.len();
        let inputs = sums.chunks(step).zip(scales_of(scales, rows)).zip(skip.chunks(step));
        share(run, inputs.zip(out.chunks_mut(step)), |(((sums, scales), skip), out)| {
            let given = SumNorm { sums, scales, bias, skip, weight, shift, epsilon };
            rows::scaled_sum_norm(given, out);
        })
    })
}
