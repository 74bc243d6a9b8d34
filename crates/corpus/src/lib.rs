//! Text files of many formats, read as a stream of records in bounded memory.
//!
//! In the order data flows:
//! - [`walk`]: files, folders, patterns and `-` → [`Source`]s;
//! - [`params`]: how they are to be read, checked once, and the door to a [`Reader`];
//! - [`encoding`]: bytes → text, without ever replacing what does not fit;
//! - [`format`](mod@format): which of the six formats a file is in;
//! - [`reader`]: text → [`Piece`]s, one at a time;
//! - [`record`]: a text, where it came from, and how to put another in its place;
//! - [`chunk`]: a text in parts;
//! - [`pairs`]: two texts a row, perhaps with a score, in place of one;
//! - [`labelled`]: a text with its labels, or two, a row; or a file a class;
//! - [`tagged`]: sentences with a tag a word;
//! - [`judgements`]: the grades of documents for queries;
//! - [`senses`]: texts with words whose sense is known.
//!
//! ```
//! use cloze_corpus::{Format, Piece, ReadParams};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = "id,text\n7,\"Angela Merkel, Berlin\"\n";
//! let params = ReadParams::default().check()?;
//! let mut redacted = String::new();
//! for piece in params.from_reader("people.csv", Format::Csv, file.as_bytes()) {
//!     match piece? {
//!         Piece::Record(record) => {
//!             assert_eq!((record.line, record.id.as_deref()), (2, Some("7")));
//!             redacted += &record.rewrite(&record.text.replace("Angela Merkel", "[PER]"))?;
//!         }
//!         Piece::Verbatim(text) => redacted += &text,
//!     }
//! }
//! assert_eq!(redacted, "id,text\n7,\"[PER], Berlin\"\n");
//! # Ok(())
//! # }
//! ```
pub mod walk;

pub mod params;

mod decode;
pub mod encoding;
mod source;

pub mod format;

mod conll;
mod delimited;
mod dialect;
mod fields;
mod jsonl;
pub mod reader;

pub mod record;

pub mod chunk;

pub mod labelled;
pub mod pairs;

pub mod tagged;

pub mod judgements;

pub mod quality;

pub mod senses;

mod error;

pub use chunk::TextChunks;
pub use dialect::Quotes;
pub use encoding::Encoding;
pub use error::CorpusError;
pub use format::Format;
pub use judgements::{Judgement, JudgementParams, Judgements, ValidJudgementParams};
pub use labelled::{Example, Labelled, LabelledParams, LabelledSource, ValidLabelledParams};
pub use pairs::{Pair, PairParams, Pairs, ValidPairParams};
pub use params::{ReadParams, ValidReadParams};
pub use reader::{Piece, Reader};
pub use record::Record;
pub use senses::{
    SenseFormat, SenseParams, SenseReader, SenseText, SenseWord, TextUnit, ValidSenseParams,
};
pub use tagged::{Tagged, TaggedParams, TaggedSentence, ValidTaggedParams};
pub use walk::{Source, Walk};
