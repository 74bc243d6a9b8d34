//! Dropout sites of a task.
use crate::encoder::DropoutAt;
use crate::kernel::dropout::Dropout;
use crate::random::derive;

/// Keeps the task's dropout apart from the encoder's, which has the same seed.
const TASK: u64 = 0x7461_736b;

/// Dropout of one of a task's several sites; none if nothing is dropped.
pub(super) fn dropout(dropout: Option<DropoutAt>, part: u64) -> Option<Dropout> {
    let dropout = dropout.filter(|dropout| dropout.rate > 0.0)?;
    Some(Dropout::new(derive(derive(dropout.seed, TASK), part), dropout.rate))
}
