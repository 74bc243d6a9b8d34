//! Products that are added in one instruction, where the machine has it.

/// Way to compute a · b + c.
pub(crate) trait MulAdd {
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// Rounded once.
pub(crate) struct Fused;
/// Rounded twice: without the instruction, rounding once takes a hundred times as long.
pub(crate) struct Plain;

impl MulAdd for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl MulAdd for Plain {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// Whether loops that are [vectorised](crate::vectorised) have the instruction.
pub(crate) fn has_fused() -> bool {
    cfg!(target_arch = "aarch64") || !matches!(pulp::Arch::new(), pulp::Arch::Scalar)
}

/// Vectorises loops in which `$way` is a [`MulAdd`] for this machine.
macro_rules! vectorised_with {
    (|$way:ident| $loops:expr) => {
        if $crate::fused::has_fused() {
            type $way = $crate::fused::Fused;
            $crate::vectorised(
                #[inline(always)]
                || $loops,
            )
        } else {
            type $way = $crate::fused::Plain;
            $crate::vectorised(
                #[inline(always)]
                || $loops,
            )
        }
    };
}
pub(crate) use vectorised_with;
