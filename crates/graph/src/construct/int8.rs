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
use super::nodes::{MICROSOFT, Nodes, Numbers, Weight, int, ints};
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
        [outputs, inputs]: [usize; 2],
        turned: bool,
        output: &str,
    ) -> Result<String, GraphError> {
        let Int8Matrix { mut numbers, mut scales, input, factors, .. } =
            self.reader.read_int8(weight, turned)?;
        let (columns, scale) = (format!("{weight}.int8"), format!("{weight}.scale"));
        // Layers that share a matrix have it once.
        if !self.has_weight(&columns) {
            if self.seven_bits {
                halve(&mut numbers, &mut scales);
            }
            let numbers = if turned { numbers } else { transposed(&numbers, outputs, inputs) };
            self.numbers(&columns, &[inputs, outputs], Numbers::I8(numbers));
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
        let inputs = [&*rows.numbers, &*columns, &*rows.scale, &*scale, &*rows.zero];
        let sums = if rows.by_row.is_some() { format!("{output}.sums") } else { output.to_owned() };
        let sums = self.node(MICROSOFT, "MatMulIntegerToFloat", &inputs, &sums, vec![]);
        Ok(match rows.by_row {
            Some(by_row) => self.plain("Mul", &[&sums, &by_row], output),
            None => sums,
        })
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
        let (scale, zero) = match floor {
            Some(floor) => {
                let scale = (scale * 127.0 + floor) / 255.0;
                // 0 to 255: floor is at most 255 scales.
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "see above"
                )]
                (scale, (floor / scale).round() as u8)
            }
            None => (scale, MIDDLE),
        };
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
        let unit_scale = self.scalar("int8.one", 1.0);
        let (zero, least) = match floor {
            Some(0.0) => (0, LEAST),
            Some(floor) => (BELOW, floor / f32::from(BELOW)),
            None => (MIDDLE, LEAST),
        };
        let room = f32::from(255 - zero);
        let zero = self.zero(zero);
        if !self.has(&numbers) {
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
}

/// The matrix in 7 bits, −64 to 64: processors without instructions for sums of four products (VNNI)
/// add two in 16 bits, which two products of 8-bit numbers can be too large for.
fn halve(numbers: &mut [i8], scales: &mut [f32]) {
    for q in numbers {
        // To the even neighbour of two, so that sums do not drift.
        *q = match (*q % 2, *q / 2) {
            (0, half) => half,
            (_, half) if half % 2 == 0 => half,
            (rest, half) => half + rest,
        };
    }
    for scale in scales {
        *scale *= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::halve;

    /// 127 / 2 = 63.5 goes to 64, −127 / 2 to −64, 125 / 2 = 62.5 to 62, 1 / 2 to 0, 3 / 2 to 2.
    #[test]
    fn seven_bits_are_half_rounded_to_even() {
        let mut numbers = [127, -127, 125, -125, 1, -1, 3, -3, 4, 0, -128];
        let mut scales = [0.5];
        halve(&mut numbers, &mut scales);
        assert_eq!(numbers, [64, -64, 62, -62, 0, 0, 2, -2, 2, 0, -64]);
        assert_eq!(scales[0].to_bits(), 1.0_f32.to_bits());
    }
}
