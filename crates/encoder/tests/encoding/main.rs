//! Results of an encoder for texts, seen from outside: on the small models of the testkit, and on
//! the model that comes with the repository where real numbers matter.
//!
//! - `reference`: the numbers themselves, against Python;
//! - `checkpoints`: hidden states and logits of weights, against transformers;
//! - `adapters`: adapters over such weights, against PEFT;
//! - `asked`: a language model asked at some positions;
//! - `first`: the first token alone is read;
//! - `halves`: word tables stored in 16 bits;
//! - `casing`: words told apart by how they are written;
//! - `int8`: weights in 8 bits;
//! - `own`: operators of cloze's own;
//! - `company`: a text alone and in a batch with others;
//! - `windows`: long texts, nothing lost;
//! - `spans`: positions of tokens in their text;
//! - `counts`: batches and padding;
//! - `token_counter`: tokens counted without running;
//! - `shared`: threads that several models share;
//! - `documents`: entities of a long document;
//! - `folders`: faults of a folder or a setting, and their errors.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

mod adapters;
mod asked;
mod casing;
mod checkpoints;
mod company;
mod counts;
mod documents;
mod first;
mod folders;
mod halves;
mod int8;
mod own;
mod reference;
mod shared;
mod spans;
mod token_counter;
mod windows;

use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_core::{Encode as _, TokenRows};
use cloze_encoder::{Encoder, EncoderError, EncoderParams, Runtime, RuntimeParams};

fn runtime() -> Runtime {
    Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {})
        .expect("a runtime on this machine, or a way to fetch one")
}

fn try_open(folder: &Path, params: EncoderParams) -> Result<Encoder, EncoderError> {
    Encoder::open(&runtime(), &ModelFolder::open(folder)?, params)
}

fn open(folder: &Path, params: EncoderParams) -> Encoder {
    try_open(folder, params).expect("the folder is in order")
}

/// A copy of a small model that says it takes texts of any length here.
fn open_unlimited(name: &str, params: EncoderParams) -> Encoder {
    let copy = cloze_testkit::model_copy(name);
    let config = copy.path().join("config.json");
    let limited = fs_err::read_to_string(&config).unwrap();
    let unlimited =
        limited.replace("\"max_position_embeddings\": 32", "\"max_position_embeddings\": 100000");
    assert_ne!(unlimited, limited);
    fs_err::write(&config, unlimited).unwrap();
    // What it needs is read by now.
    open(copy.path(), params)
}

/// The model that comes with the repository.
fn pii() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pii")
}

fn encode(encoder: &Encoder, texts: &[&str]) -> Vec<TokenRows> {
    encoder.encode(texts).expect("the texts can be encoded")
}

fn encode_one(encoder: &Encoder, text: &str) -> TokenRows {
    encode(encoder, &[text]).pop().expect("a result for the text")
}

/// The numbers as bits: of two zeros, or two NaN, this tells which.
fn bits(rows: &TokenRows) -> Vec<u32> {
    rows.rows.as_slice().iter().map(|x| x.to_bits()).collect()
}
