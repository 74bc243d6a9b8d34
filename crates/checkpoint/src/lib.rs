//! A model folder in the layout of the Hugging Face ecosystem: finding it by name, its settings,
//! weights, adapters, casings and card, each checked before anything is computed with it.
//!
//! In the order data flows:
//! - [`find_folder`], [`list_folders`], [`roots`]: models by name;
//! - [`card`]: `cloze.json` and `README.md`;
//! - [`Sources`]: a folder, its adapters and their base;
//! - [`sentence`]: modules, prompts and settings of sentence-transformers;
//! - [`ModelFolder`]: contents of the files of any model, of weights or of a graph;
//! - [`family`]: every fact in which architectures differ;
//! - [`relative`]: attention biases by relative position;
//! - [`Config`]: the shape of an encoder, from `config.json`;
//! - [`weights`]: tensors in safetensors files, read one at a time, and written;
//! - [`adapter`]: LoRA adapters in PEFT's format, read, merged and written;
//! - [`layout`]: tensors by what they are for;
//! - [`casing`]: the table of how words were written;
//! - [`StaticTable`]: a table of vectors, one per token;
//! - [`Checkpoint`]: weights, of which every tensor is known;
//! - [`quantize`]: a checkpoint in 8 bits;
//! - [`decoder`]: the same for decoders: family, shape and tensors;
//! - [`encoder_decoder`]: the same for encoder–decoders.
//!
//! ```no_run
//! use cloze_checkpoint::{Checkpoint, ModelFolder};
//!
//! let model = ModelFolder::find("ner-en")?;
//! println!("{}: {} labels", model.name(), model.labels().len());
//! let checkpoint = Checkpoint::of(model.sources())?;
//! for part in checkpoint.parts() {
//!     println!("{}: {} parameters", part.name, part.parameters);
//! }
//! # Ok::<(), cloze_checkpoint::CheckpointError>(())
//! ```
pub mod adapter;
pub mod card;
pub mod casing;
mod checkpoint;
mod config;
pub mod decoder;
pub mod encoder_decoder;
mod error;
pub mod family;
mod find;
mod folder;
pub mod layout;
mod quantization;
pub mod quantize;
pub mod relative;
pub mod sentence;
mod sharing;
mod source;
mod static_table;
pub mod weights;

pub use checkpoint::{Checkpoint, Head, ModelPart};
pub use config::{Activation, ClassifierLayout, Config};
pub use error::CheckpointError;
pub use find::{find_folder, install_root, list_folders, nearest, roots};
pub use folder::{ExportedGraphs, GENAI_CONFIG, ModelFolder};
pub use source::Sources;
pub use static_table::StaticTable;
