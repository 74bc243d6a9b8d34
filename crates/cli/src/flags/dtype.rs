//! Flag of the storage type of weights.
use clap::ValueEnum;
use cloze_checkpoint::weights::StoredType;

/// Storage types.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DtypeArg {
    /// 32 bits
    F32,
    /// 16 bits, half the size
    F16,
    /// 16 bits, the upper half of f32 (safetensors)
    Bf16,
}

impl DtypeArg {
    pub(crate) fn value(self) -> StoredType {
        match self {
            Self::F32 => StoredType::F32,
            Self::F16 => StoredType::F16,
            Self::Bf16 => StoredType::BF16,
        }
    }
}
