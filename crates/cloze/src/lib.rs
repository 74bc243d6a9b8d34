//! A BERT encoder toolkit on ONNX Runtime: one library, without Python or a model hub at run time.
//!
//! A model is a folder as Hugging Face and sentence-transformers lay it out; its name will do where
//! it lies in `models`. Similarity of two texts:
//!
//! ```
//! # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
//! # std::env::set_current_dir(format!("{models}/..")).unwrap();
//! use cloze::SentenceEncoder;
//!
//! let encoder = SentenceEncoder::open("models/minilm-l6-v2")?;
//! let near = encoder.similarity("The cat sits outside.", "A cat is sitting in the garden.")?;
//! let far = encoder.similarity("The cat sits outside.", "The new film is great.")?;
//! assert!(near > 0.6 && far < 0.2, "{near} {far}");
//!
//! let vectors = encoder.encode_matrix(&["one text", "and another"])?;
//! assert_eq!((vectors.rows(), vectors.cols()), (2, 384));
//! # Ok::<(), cloze::Error>(())
//! ```
//!
//! A stream of texts, in memory that does not grow with it, corrected for anisotropy by statistics of
//! a corpus:
//!
//! ```
//! # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
//! # std::env::set_current_dir(format!("{models}/..")).unwrap();
//! use cloze::{Accumulator, FittedCorrection, Level, Method, SentenceEncoder};
//!
//! let encoder = SentenceEncoder::open("minilm-l6-v2")?;
//! let corpus = ["Rain is likely.", "The bank closed.", "He plays the flute.", "Prices rose again."];
//! let provenance = encoder.provenance(Level::Sentence)?;
//! let mut gathered = Accumulator::new(provenance.width, Method::ZScore.spread());
//! for vector in encoder.pool(&corpus)? {
//!     gathered.push(&vector)?;
//! }
//! let zscore = FittedCorrection::fit(Method::ZScore, provenance, gathered.finish())?;
//!
//! let encoder = encoder.with_correction(zscore)?;
//! for vector in encoder.encode_iter(corpus) {
//!     let length: f32 = vector?.iter().map(|x| x * x).sum();
//!     assert!((length - 1.0).abs() < 1e-5);
//! }
//! # Ok::<(), cloze::Error>(())
//! ```
//!
//! Labels, by what they mean or by a model that `cloze train` has made:
//!
//! ```
//! # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
//! # std::env::set_current_dir(format!("{models}/..")).unwrap();
//! use cloze::TextClassifier;
//!
//! let labels = [("sport", "sport"), ("money", "banks and shares")];
//! let classifier = TextClassifier::builder("minilm-l6-v2").zero_shot(labels).open()?;
//! assert_eq!(classifier.classify("The striker scored twice.")?.labels, ["sport"]);
//! # Ok::<(), cloze::Error>(())
//! ```
//!
//! Entities:
//!
//! ```
//! # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
//! # std::env::set_current_dir(format!("{models}/..")).unwrap();
//! use cloze::Tagger;
//!
//! let tagger = Tagger::open("pii")?;
//! let entities = tagger.tag("Angela Merkel lives in Kassel.")?;
//! assert_eq!(entities[0].label, "GIVEN_NAME");
//! # Ok::<(), cloze::Error>(())
//! ```
//!
//! # Services
//!
//! Every model is `Send + Sync` and takes `&self`: a service opens each once and shares it. A call
//! computes, on the caller's thread and on the model's others, and returns when it is done: async code
//! calls it where it may block, with tokio by
//! `tokio::task::spawn_blocking(move || tagger.tag(&text)).await`. Models that are open side by side
//! share their threads by [`SharedThreads`]. The runtime of the process is loaded with the first model, and
//! nothing is downloaded unless [`RuntimeParams::fetch`] asks for it.
//!
//! # A model inside the program
//!
//! Every `open` and `builder` takes a [`MemoryFolder`] in place of a name: the files of a model folder,
//! by their names there. Results are those of the folder, bit for bit. A base or an adapter goes in
//! below the folder, under its own name.
//!
//! ```
//! use cloze::{MemoryFolder, SentenceEncoder};
//!
//! # macro_rules! model { ($file:literal) => {
//! #     concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/checkpoints/bert/", $file)
//! # } }
//! let folder = MemoryFolder::new("tiny")
//!     .file("config.json", include_bytes!(model!("config.json")))
//!     .file("tokenizer.json", include_bytes!(model!("tokenizer.json")))
//!     .file("model.safetensors", include_bytes!(model!("model.safetensors")));
//! let encoder = SentenceEncoder::open(folder)?;
//! assert_eq!(encoder.encode("the son")?.len(), encoder.width());
//! # Ok::<(), cloze::Error>(())
//! ```
//!
//! In the order data flows:
//! - [`ModelRef`]: the model to open;
//! - [`batch`]: many texts, one result per text;
//! - [`Tagger`]: texts to entities;
//! - [`Redactor`]: texts to texts without personal data;
//! - [`SentenceEncoder`]: texts to vectors;
//! - [`HiddenStates`]: texts to hidden states and logits of every token;
//! - [`Input`], [`RowParams`]: texts and pairs to rows for a head;
//! - [`similarity`]: texts and words compared, without and with a correction;
//! - [`LayerSampler`]: hidden states of every layer, sampled;
//! - [`TextClassifier`], [`PairClassifier`]: texts and pairs to labels;
//! - [`Reranker`]: documents ordered for a query;
//! - [`MaskedLm`]: words for masks;
//! - [`Generator`]: prompts to texts, by a decoder or encoder–decoder;
//! - [`Scorer`], [`CausalScorer`]: likelihood of texts to a masked and to a causal language model;
//! - [`NextSentence`]: whether a text goes on from another;
//! - [`Senses`]: senses of words in texts;
//! - [`TextIndex`]: texts found by texts, in an index on disk;
//! - [`evaluate`]: results against gold data;
//! - [`data_check`]: labelled data, checked before training;
//! - [`model_report`]: contents of a model, and whether it is sound;
//! - [`distinct`]: texts of pairs, each distinct one done once;
//! - [`modules`]: sentence-transformers' files in a folder;
//! - [`companions`]: files that belong to a model folder beside its weights;
//! - `train` (feature `train`): training models; beneath it `fit`, `cloze_train`, `tune`,
//!   `cloze_tune`, and `report`, `cloze_report`;
//! - `arrays` (feature `ndarray`): matrices as ndarray views.
//!
//! The crates beneath are re-exported: [`core`], [`corpus`], [`checkpoint`], [`graph`], [`encoder`], [`embed`], [`generate`],
//! [`heads`],
//! [`metrics`], [`recognize`], [`redact`], [`search`], [`store`].
#[cfg(feature = "ndarray")]
pub mod arrays;
pub mod batch;
mod causal_score;
mod classifier;
pub mod companions;
pub mod data_check;
pub mod distinct;
mod error;
pub mod evaluate;
mod generator;
mod hidden_states;
mod layer_sampler;
mod masked;
pub mod model_report;
pub mod modules;
mod next_sentence;
mod opening;
mod redactor;
mod rerank;
mod rows;
mod score;
mod senses;
mod sentence;
pub mod similarity;
mod spans;
mod tagger;
mod tasks;
mod text_index;
#[cfg(feature = "train")]
pub mod train;

pub use cloze_checkpoint as checkpoint;
pub use cloze_core as core;
pub use cloze_corpus as corpus;
pub use cloze_embed as embed;
pub use cloze_encoder as encoder;
pub use cloze_generate as generate;
pub use cloze_graph as graph;
pub use cloze_heads as heads;
pub use cloze_metrics as metrics;
pub use cloze_recognize as recognize;
pub use cloze_redact as redact;
#[cfg(feature = "train")]
pub use cloze_report as report;
pub use cloze_search as search;
pub use cloze_store as store;
#[cfg(feature = "train")]
pub use cloze_train as fit;
#[cfg(feature = "train")]
pub use cloze_tune as tune;

pub use cloze_checkpoint::{Head, ModelFolder};
pub use cloze_core::{Cancel, Entity, Matrix, Scheme, Span};
pub use cloze_embed::correction::{FittedCorrection, Method};
pub use cloze_embed::{Accumulator, Layers, Level, Metric, Pooling, Poolings};
pub use cloze_encoder::{
    Cut, Encoder, EncoderParams, PairCut, Runtime, RuntimeParams, SharedThreads,
};
pub use cloze_heads::tag::{Aggregation, Decode};
pub use cloze_store::{Location, MemoryFolder};
pub use error::Error;

/// The README's Rust blocks, compiled as tests of documentation.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
pub use causal_score::{CausalScorer, ScoreMethod, TextScorer};
pub use classifier::{
    HEAD_FILE, HeadCard, InputClassifier, PairClassifier, PairClassifierBuilder, TextClassifier,
    TextClassifierBuilder, ZERO_SHOT_SCALE,
};
pub use generator::{Generator, GeneratorBuilder};
pub use hidden_states::{HiddenStates, HiddenStatesBuilder, TextStates};
pub use layer_sampler::LayerSampler;
pub use masked::{
    GenerateParams, GeneratedText, MASKS, MaskPrediction, MaskPredictions, MaskedLm,
    MaskedLmBuilder, ValidGenerateParams,
};
pub use next_sentence::{NextSentence, NextSentenceBuilder};
pub use opening::ModelRef;
pub use redactor::Redactor;
pub use rerank::{Ranked, Reranker, RerankerBuilder};
pub use rows::{Input, PairRows, RowParams, check_finite, input_rows};
pub use score::{Gain, ScoredToken, Scorer, SharedScore, TextScore};
pub use senses::{
    SenseAnswer, SenseQuery, Senses, SensesBuilder, SensesCard, WordSenses, save_senses,
};
pub use sentence::{
    PieceVectors, SentenceEncoder, SentenceEncoderBuilder, States, TokenPiece, VectorVariants,
};
pub use tagger::{
    EntitiesByBias, SchemeBasis, TagText, Tagger, TaggerBuilder, TextEntities, ValidTagger,
};
pub use tasks::{Task, tasks};
pub use text_index::{
    IndexRef, IndexedHit, TextIndex, TextIndexBuilder, encoder_card, query_encoder, text_encoder,
};
