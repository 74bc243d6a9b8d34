//! Losses and their gradients.
#![expect(clippy::unwrap_used, reason = "what a test made by hand cannot be wrong")]
#![expect(clippy::print_stdout, reason = "the worst difference, to be read with --nocapture")]

mod alike;
mod batch;
mod crf;
mod masked;
mod numeric;
mod sequence;
mod tokens;
mod vectors;
