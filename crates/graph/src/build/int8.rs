//! Products of 8-bit numbers: matrices that are stored so, and inputs that are rounded to 8 bits on the
//! way.
//!
//! Each row of inputs has a scale of its own, its largest number divided by 127, or all have one that was
//! found beforehand: either way a row's result depends on nothing but the row, where ONNX Runtime's own
//! dynamic quantisation has one scale for a whole batch. Products and sums are exact; then each is
//! multiplied with the scales of its row and column.
//!
//! Source: ONNX Runtime 1.32, docs/ContribOperators.md, `MatMulIntegerToFloat`; its kernels multiply
//! unsigned inputs by signed weights.
use super::nodes::{MICROSOFT, Nodes, Numbers, ints};
use super::transposed;
use crate::GraphError;
use crate::check::ElementType;
use crate::checkpoint::weights::Int8Matrix;
use crate::onnx::NodeProto;

/// What the largest number of a row counts as at least, which leaves its scale a normal number.
const LEAST: f32 = 1e-30;

/// Rows of 8-bit numbers.
struct Rows {
    /// The numbers, `[…, inputs]`.
    numbers: String,
    /// What a 1 stands for: of all rows, or 1 where each has its own.
    scale: String,
    /// What a 1 stands for in each row, `[…, 1]`.
    by_row: Option<String>,
}

impl Nodes<'_> {
    /// Whether a matrix is stored as 8-bit numbers.
    pub(super) fn is_int8(&self, weight: &str) -> bool {
        self.reader.is_int8(weight)
    }

    /// `x · weightᵀ` of an 8-bit `weight`, `[outputs, inputs]`.
    pub(super) fn matmul_int8(
        &mut self,
        x: &str,
        weight: &str,
        [outputs, inputs]: [usize; 2],
        output: &str,
    ) -> Result<String, GraphError> {
        let Int8Matrix { mut numbers, mut scales, input } = self.reader.read_int8(weight)?;
        if self.seven_bits {
            halve(&mut numbers, &mut scales);
        }
        let columns = Numbers::I8(transposed(&numbers, outputs, inputs));
        let columns = self.numbers(&format!("{weight}.int8"), &[inputs, outputs], columns);
        let scales = self.weight(&format!("{weight}.scale"), &[outputs], scales);
        let rows = match input {
            Some(scale) => self.rounded(x, scale),
            None => self.rounded_by_row(x),
        };
        let zero = self.zero();
        let inputs = [&*rows.numbers, &*columns, &*rows.scale, &*scales, &*zero];
        let sums = if rows.by_row.is_some() { format!("{output}.sums") } else { output.to_owned() };
        let sums = self.node((MICROSOFT, "MatMulIntegerToFloat"), &inputs, &sums, vec![]);
        Ok(match rows.by_row {
            Some(by_row) => self.plain("Mul", &[&sums, &by_row], output),
            None => sums,
        })
    }

    /// What stands for 0 among unsigned numbers.
    fn zero(&mut self) -> String {
        self.constant("int8.zero", &[], ElementType::UInt8, &[128])
    }

    /// `x` with a scale for all its rows; numbers beyond 127 of it become that.
    fn rounded(&mut self, x: &str, scale: f32) -> Rows {
        let numbers = format!("{x}.int8.{:08x}", scale.to_bits());
        let scale = self.scalar(&format!("{numbers}.scale"), scale);
        if !self.has(&numbers) {
            let zero = self.zero();
            self.plain("QuantizeLinear", &[x, &scale, &zero], &numbers);
        }
        Rows { numbers, scale, by_row: None }
    }

    /// `x` with a scale for each row.
    fn rounded_by_row(&mut self, x: &str) -> Rows {
        let name = |part: &str| format!("{x}.{part}");
        let (numbers, scale) = (name("int8"), name("int8.scale"));
        let one = self.scalar("int8.one", 1.0);
        if !self.has(&numbers) {
            let size = self.plain("Abs", &[x], &name("size"));
            let last = vec![ints("axes", &[-1])];
            let most = self.node(("", "ReduceMax"), &[&size], &name("most"), last);
            // A row of zeros stays one, but not if it is divided by 0.
            let least = self.scalar("int8.least", LEAST);
            let most = self.plain("Max", &[&most, &least], &name("most.positive"));
            let part = self.scalar("int8.part", 1.0 / 127.0);
            let by_row = self.plain("Mul", &[&most, &part], &scale);
            let scaled = self.plain("Div", &[x, &by_row], &name("scaled"));
            let zero = self.zero();
            self.plain("QuantizeLinear", &[&scaled, &one, &zero], &numbers);
        }
        Rows { numbers, scale: one, by_row: Some(scale) }
    }

    fn has(&self, name: &str) -> bool {
        self.list.iter().any(|node: &NodeProto| node.name == name)
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
    scales.iter_mut().for_each(|scale| *scale *= 2.0);
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
