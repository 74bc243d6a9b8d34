use std::fmt;

/// The type of a tensor's elements (`TensorProto.DataType`), shown as `numpy` and `ml_dtypes` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its name")]
#[non_exhaustive]
pub enum ElementType {
    /// None given: a value that is not a tensor, too.
    Undefined,
    Float32,
    UInt8,
    Int8,
    UInt16,
    Int16,
    Int32,
    Int64,
    String,
    Bool,
    Float16,
    Float64,
    UInt32,
    UInt64,
    Complex64,
    Complex128,
    BFloat16,
    Float8E4M3Fn,
    Float8E4M3FnUz,
    Float8E5M2,
    Float8E5M2FnUz,
    UInt4,
    Int4,
    Float4E2M1,
    Float8E8M0,
    UInt2,
    Int2,
    Float6E2M3,
    Float6E3M2,
    /// One that is newer than this list, by its number.
    Other(i32),
}

#[derive(Clone, Copy, PartialEq)]
enum Family {
    Float,
    Integer,
    Neither,
}

use Family::{Float, Integer, Neither};

/// By number: the type, its name, its bits, what it is.
/// Source: onnx/onnx.proto, `TensorProto.DataType` (IR version 14).
const TYPES: [(ElementType, &str, u64, Family); 29] = [
    (ElementType::Undefined, "undefined", 0, Neither),
    (ElementType::Float32, "float32", 32, Float),
    (ElementType::UInt8, "uint8", 8, Integer),
    (ElementType::Int8, "int8", 8, Integer),
    (ElementType::UInt16, "uint16", 16, Integer),
    (ElementType::Int16, "int16", 16, Integer),
    (ElementType::Int32, "int32", 32, Integer),
    (ElementType::Int64, "int64", 64, Integer),
    (ElementType::String, "string", 0, Neither),
    (ElementType::Bool, "bool", 8, Neither),
    (ElementType::Float16, "float16", 16, Float),
    (ElementType::Float64, "float64", 64, Float),
    (ElementType::UInt32, "uint32", 32, Integer),
    (ElementType::UInt64, "uint64", 64, Integer),
    (ElementType::Complex64, "complex64", 64, Float),
    (ElementType::Complex128, "complex128", 128, Float),
    (ElementType::BFloat16, "bfloat16", 16, Float),
    (ElementType::Float8E4M3Fn, "float8_e4m3fn", 8, Float),
    (ElementType::Float8E4M3FnUz, "float8_e4m3fnuz", 8, Float),
    (ElementType::Float8E5M2, "float8_e5m2", 8, Float),
    (ElementType::Float8E5M2FnUz, "float8_e5m2fnuz", 8, Float),
    (ElementType::UInt4, "uint4", 4, Integer),
    (ElementType::Int4, "int4", 4, Integer),
    (ElementType::Float4E2M1, "float4_e2m1fn", 4, Float),
    (ElementType::Float8E8M0, "float8_e8m0fnu", 8, Float),
    (ElementType::UInt2, "uint2", 2, Integer),
    (ElementType::Int2, "int2", 2, Integer),
    (ElementType::Float6E2M3, "float6_e2m3fn", 6, Float),
    (ElementType::Float6E3M2, "float6_e3m2fn", 6, Float),
];

impl ElementType {
    /// The type with this number in an `.onnx` file.
    #[must_use]
    pub fn from_onnx(number: i32) -> Self {
        let known = usize::try_from(number).ok().and_then(|i| TYPES.get(i));
        known.map_or(Self::Other(number), |row| row.0)
    }

    /// Number of the type in an `.onnx` file.
    #[must_use]
    pub fn number(self) -> i32 {
        let known = TYPES.iter().position(|row| row.0 == self).and_then(|i| i32::try_from(i).ok());
        match self {
            Self::Other(number) => number,
            _ => known.unwrap_or(0),
        }
    }

    /// Whether elements are floating-point numbers.
    #[must_use]
    pub fn is_float(self) -> bool {
        self.row().2 == Float
    }

    /// Whether elements are integers, of any width.
    #[must_use]
    pub fn is_integer(self) -> bool {
        self.row().2 == Integer
    }

    /// Bits an element takes; 0 where that is unknown or varies.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.row().1
    }

    /// Bytes that `elements` take.
    pub(super) fn bytes(self, elements: u64) -> u64 {
        elements.saturating_mul(self.bits()).div_ceil(8)
    }

    fn row(self) -> (&'static str, u64, Family) {
        let row = TYPES.iter().find(|row| row.0 == self);
        row.map_or(("", 0, Neither), |row| (row.1, row.2, row.3))
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(number) => write!(f, "type {number}"),
            known => f.write_str(known.row().0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_in_onnx() {
        let names = |n: i32| ElementType::from_onnx(n).to_string();
        // onnx.proto: FLOAT 1, INT64 7, FLOAT16 10, BFLOAT16 16, UINT4 21, INT4 22, INT2 26.
        assert_eq!([1, 7, 10, 16].map(names), ["float32", "int64", "float16", "bfloat16"]);
        assert_eq!([21, 22, 26].map(names), ["uint4", "int4", "int2"]);
        assert_eq!([0, -1, 29].map(names), ["undefined", "type -1", "type 29"]);
        assert!(ElementType::Float6E2M3.is_float() && !ElementType::Float6E2M3.is_integer());
        assert!(ElementType::Int4.is_integer() && !ElementType::Bool.is_integer());
    }

    #[test]
    fn the_last_byte_may_be_half_used() {
        assert_eq!(ElementType::UInt4.bytes(3), 2);
        assert_eq!(ElementType::Float32.bytes(3), 12);
        assert_eq!(ElementType::Float64.bytes(u64::MAX), u64::MAX / 8 + 1);
        assert_eq!(ElementType::Other(99).bytes(3), 0);
    }
}
