//! Where a task's own dropout stands.
use crate::encoder::DropoutAt;
use crate::kernel::dropout::Dropout;
use crate::random::derive;

/// Keeps the task's dropout apart from the encoder's, which has the same seed.
const TASK: u64 = 0x7461_736b;

/// That of one of a task's several places; none where nothing is dropped.
pub(super) fn dropout(at: Option<DropoutAt>, part: u64) -> Option<Dropout> {
    let at = at.filter(|at| at.rate > 0.0)?;
    Some(Dropout::new(derive(derive(at.seed, TASK), part), at.rate))
}
