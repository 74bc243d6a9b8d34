//! Products of 8-bit numbers: matrices that are stored so, and inputs that are rounded to 8 bits on the
//! way.
//!
//! Each row of inputs has a scale of its own, its largest number divided by 127, or all have one that was
//! found beforehand: either way a row's result depends on nothing but the row, where ONNX Runtime's own
//! dynamic quantisation has one scale for a whole batch. Products and sums are exact; then each is
//! multiplied with the scales of its row and column.
//!
//! If some inputs are always much larger than others, they take all the room of a row's scale: such
//! inputs are divided, and their columns of the matrix multiplied, beforehand (Xiao et al. 2023,
//! "`SmoothQuant`").
//!
//! Source: ONNX Runtime 1.32, docs/ContribOperators.md, `MatMulIntegerToFloat`; its kernels multiply
//! unsigned inputs by signed weights.
use super::nodes::{MICROSOFT, Nodes, Numbers, Weight, float, int, ints};
use super::own::Own;
use super::transposed;
use crate::GraphError;
use crate::check::ElementType;
use cloze_checkpoint::weights::Int8Matrix;

/// Smallest scale of a row.
const LEAST: f32 = 1e-30;
/// Zero point of numbers that are as large below 0 as above.
const MIDDLE: u8 = 128;
/// Zero point of numbers that are hardly below 0.
const BELOW: u8 = 40;

/// Rows of 8-bit numbers.
struct Rows {
    /// The numbers, `[…, inputs]`.
    numbers: String,
    /// Scale of all rows, or 1 if each has its own.
    scale: String,
    /// Scale of each row, `[…, 1]`.
    by_row: Option<String>,
    /// Zero point.
    zero: String,
}

/// Sums of a product, in the scales of the matrix's columns.
pub(super) struct Sums {
    /// `[…, outputs]`.
    pub(super) sums: String,
    /// Scale of each row, `[…, 1]`, that they are still to be multiplied with.
    pub(super) by_row: Option<String>,
}

impl Nodes<'_> {
    /// Whether a matrix is stored as 8-bit numbers.
    pub(super) fn is_int8(&self, weight: &str) -> bool {
        self.reader.is_int8(weight)
    }

    /// `x · weightᵀ` of an 8-bit `weight`, `[outputs, inputs]`; or `x · weight` of one that is `turned`,
    /// `[inputs, outputs]`.
    pub(super) fn matmul_int8(
        &mut self,
        x: &str,
        weight: &str,
        dims: [usize; 2],
        turned: bool,
        output: &str,
    ) -> Result<String, GraphError> {
        let Sums { sums, by_row } = self.sums_int8(x, weight, dims, turned, output)?;
        Ok(match by_row {
            Some(by_row) => self.plain("Mul", &[&sums, &by_row], output),
            None => sums,
        })
    }

    /// The same, to be multiplied with the scales of rows.
    pub(super) fn sums_int8(
        &mut self,
        x: &str,
        weight: &str,
        [outputs, inputs]: [usize; 2],
        turned: bool,
        output: &str,
    ) -> Result<Sums, GraphError> {
        let mut matrix = self.reader.read_int8(weight, turned)?;
        let columns = format!("{weight}.int8");
        if !turned && !self.has_weight(&columns) {
            matrix.numbers = transposed(&matrix.numbers, outputs, inputs);
        }
        Ok(self.sums_of(x, (&columns, weight), matrix, [outputs, inputs], output))
    }

    /// x · `matrix`, whose numbers are `[inputs, outputs]` and called `columns`; `weight` names its factors and scales.
    pub(super) fn sums_of(
        &mut self,
        x: &str,
        (columns, weight): (&str, &str),
        matrix: Int8Matrix,
        [outputs, inputs]: [usize; 2],
        output: &str,
    ) -> Sums {
        let Int8Matrix { mut numbers, mut scales, input, factors, .. } = matrix;
        let scale = format!("{columns}.scale");
        // Layers that share a matrix have it once.
        if !self.has_weight(columns) {
            if self.seven_bits {
                halve(&mut numbers, &mut scales);
            }
            self.numbers(columns, &[inputs, outputs], Numbers::I8(numbers));
            self.weight(&scale, &[outputs], scales);
        }
        let x = match factors {
            Some(factors) => self.smoothed(x, weight, factors),
            None => x.to_owned(),
        };
        let floor = self.floors.get(&x).copied();
        let rows = match input {
            Some(scale) => self.rounded(&x, scale, floor),
            None => self.rounded_by_row(&x, inputs, floor),
        };
        let inputs = [&*rows.numbers, columns, &*rows.scale, &*scale, &*rows.zero];
        let sums = if rows.by_row.is_some() { format!("{output}.sums") } else { output.to_owned() };
        let sums = self.node(MICROSOFT, "MatMulIntegerToFloat", &inputs, &sums, vec![]);
        Sums { sums, by_row: rows.by_row }
    }

    /// `x` times the factors of `weight`; matrices with the same inputs and factors share it.
    fn smoothed(&mut self, x: &str, weight: &str, factors: Vec<f32>) -> String {
        let inputs = factors.len();
        let same = |w: &&Weight| {
            w.name.starts_with(&format!("{x}.for.")) && w.data.floats() == Some(&factors)
        };
        if let Some(existing) = self.weights.iter().find(same) {
            return existing.name.trim_end_matches(".factors").to_owned();
        }
        let output = format!("{x}.for.{weight}");
        let factors = self.weight(&format!("{output}.factors"), &[inputs], factors);
        self.plain("Mul", &[x, &factors], &output)
    }

    /// The number, 0 to 255, that stands for 0.
    fn zero(&mut self, zero: u8) -> String {
        let name = format!("int8.zero.{zero}");
        self.constant(&name, &[], ElementType::UInt8, &[i64::from(zero)])
    }

    /// `x` with a scale for all its rows, of which 127 were the largest number; what is larger becomes
    /// that. Where no number is below −`floor`, there is room for more of the others.
    fn rounded(&mut self, x: &str, scale: f32, floor: Option<f32>) -> Rows {
        let numbers = format!("{x}.int8.{:08x}", scale.to_bits());
        let (scale, zero) = fixed_room(scale, floor);
        let scale = self.scalar(&format!("{numbers}.scale"), scale);
        let zero = self.zero(zero);
        if !self.has(&numbers) {
            self.plain("QuantizeLinear", &[x, &scale, &zero], &numbers);
        }
        Rows { numbers, scale, by_row: None, zero }
    }

    /// `x`, `[…, inputs]`, with a scale for each row: its largest number has room above 0, and −`floor`, where
    /// no number is below that, or the largest number again, below.
    ///
    /// Rows are the channels of one `QuantizeLinear`, which divides and rounds in one pass; the sizes of a row
    /// come from its largest and its smallest number, which writes nothing as long as `x`.
    fn rounded_by_row(&mut self, x: &str, inputs: usize, floor: Option<f32>) -> Rows {
        let name = |part: &str| format!("{x}.{part}");
        let (numbers, scale) = (name("int8"), name("int8.scale"));
        let unit_scale = self.one();
        let (zero, least) = room_below(floor);
        let room = f32::from(255 - zero);
        let zero = self.zero(zero);
        if self.own_operators && !self.has(&numbers) {
            self.rounded_rows(Own::RoundRows, &[x], x, None);
        } else if !self.has(&numbers) {
            let axes = || vec![ints("axes", &[-1])];
            let mut most = self.node("", "ReduceMax", &[x], &name("most"), axes());
            if floor.is_none() {
                let lowest = self.node("", "ReduceMin", &[x], &name("lowest"), axes());
                let below = self.plain("Neg", &[&lowest], &name("below"));
                most = self.plain("Max", &[&most, &below], &name("size"));
            }
            let step = self.scalar(&format!("int8.part.{room}"), 1.0 / room);
            let part = self.plain("Mul", &[&most, &step], &name("most.part"));
            // A row of zeros stays one, but not if it is divided by 0.
            let least = self.scalar(&format!("int8.least.{:08x}", least.to_bits()), least);
            let by_row = self.plain("Max", &[&part, &least], &scale);

            let inputs = i64::try_from(inputs).unwrap_or(i64::MAX);
            let matrix = format!("int8.matrix.{inputs}");
            let matrix = self.constant(&matrix, &[2], ElementType::Int64, &[-1, inputs]);
            let list = self.constant("int8.list", &[1], ElementType::Int64, &[-1]);
            let by_channel = self.plain("Reshape", &[&by_row, &list], &name("int8.scales"));
            let rows = self.plain("Shape", &[&by_channel], &name("int8.rows"));
            let zeros = self.plain("Expand", &[&zero, &rows], &name("int8.zeros"));
            let matrix = self.plain("Reshape", &[x, &matrix], &name("matrix"));
            let by_row_axis = vec![int("axis", 0)];
            let given = [&*matrix, &*by_channel, &*zeros];
            let rounded =
                self.node("", "QuantizeLinear", &given, &name("int8.matrix"), by_row_axis);
            let shape = self.plain("Shape", &[x], &name("int8.shape"));
            self.plain("Reshape", &[&rounded, &shape], &numbers);
        }
        Rows { numbers, scale: unit_scale, by_row: Some(scale), zero }
    }

    /// A node that gives `x` in 8 bits: with this scale, as [`rounded`](Self::rounded) does, or a scale for each row, as
    /// [`rounded_by_row`](Self::rounded_by_row) finds it.
    pub(super) fn rounded_rows(&mut self, own: Own, inputs: &[&str], x: &str, scale: Option<f32>) {
        let floor = self.floors.get(x).copied();
        let (numbers, zero, setting) = if let Some(given) = scale {
            let (scale, zero) = fixed_room(given, floor);
            (format!("{x}.int8.{:08x}", given.to_bits()), zero, float("scale", scale))
        } else {
            let (zero, least) = room_below(floor);
            (format!("{x}.int8"), zero, float("least", least))
        };
        let scales = format!("{x}.int8.scale");
        self.own(own, inputs, &[&numbers, &scales], vec![int("zero", zero.into()), setting]);
    }
}

/// The scale of numbers of which `scale` · 127 were the largest, and the number that stands for 0, where none is below
/// −`floor`.
fn fixed_room(scale: f32, floor: Option<f32>) -> (f32, u8) {
    let Some(floor) = floor else { return (scale, MIDDLE) };
    let scale = (scale * 127.0 + floor) / 255.0;
    // 0 to 255: floor is at most 255 scales.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    let zero = (floor / scale).round() as u8;
    (scale, zero)
}

/// The number that stands for 0 where no number is below −`floor`, and the least scale of a row.
fn room_below(floor: Option<f32>) -> (u8, f32) {
    match floor {
        Some(0.0) => (0, LEAST),
        Some(floor) => (BELOW, floor / f32::from(BELOW)),
        None => (MIDDLE, LEAST),
    }
}

/// The matrix, `[inputs, outputs]`, in 7 bits, −64 to 64: processors without instructions for sums of four products (VNNI)
/// add two in 16 bits, which two products of 8-bit numbers can be too large for.
fn halve(numbers: &mut [i8], scales: &mut [f32]) {
    // Halves between two numbers go up and down in turns, column by column: sums over inputs that are all of one sign, as
    // those behind an activation, do not drift.
    let mut up = vec![false; scales.len()];
    for row in numbers.chunks_exact_mut(scales.len().max(1)) {
        for (q, up) in row.iter_mut().zip(&mut up) {
            if *q % 2 == 0 {
                *q /= 2;
            } else {
                *q = q.div_euclid(2) + i8::from(*up);
                *up = !*up;
            }
        }
    }
    for scale in scales {
        *scale *= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::halve;

    /// Two columns. Halves of the first, 63.5, −63.5, 0.5, 1.5 go down, up, down, up; −64 and 2 are whole. Those of the second,
    /// −62.5 and 62.5, go down and up.
    #[test]
    fn halves_go_up_and_down_in_turns() {
        let mut numbers = [127, 0, -127, -125, 1, 4, -128, -4, 4, 2, 3, 125];
        let mut scales = [0.5, 1.0];
        halve(&mut numbers, &mut scales);
        assert_eq!(numbers, [63, 0, -63, -63, 0, 2, -64, -2, 2, 1, 2, 63]);
        assert_eq!(scales.map(f32::to_bits), [1.0_f32, 2.0].map(f32::to_bits));
    }
}
