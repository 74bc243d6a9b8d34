//! Fuzzing of everything in cloze that parses foreign bytes.
//!
//! - [`targets`]: one function per parser, with inputs to begin with; `fuzz_targets/` hands them to
//!   libFuzzer (`cargo +nightly fuzz run NAME --features libfuzzer`);
//! - [`mutate`]: damaged variants of inputs, the same for a seed, for the runner that needs no nightly Rust
//!   (`cargo run --release -- --seconds 60`).
pub mod mutate;
pub mod targets;
