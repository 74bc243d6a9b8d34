//! Text files of many formats, read as a stream of records in bounded memory.
//!
//! In the order data flows:
//! - [`Walk`]: files, folders, patterns and `-` → [`Source`]s;
//! - [`ReadParams`]: settings of reading, checked once, and the door to a [`Reader`];
//! - [`Encoding`]: bytes → text, without ever replacing what does not fit;
//! - [`Format`]: the format of a file;
//! - [`Reader`]: text → [`Piece`]s, one at a time;
//! - [`Record`]: a text, where it came from, and how to put another in its place;
//! - [`TextChunks`]: a text in parts;
//! - [`Pairs`]: two texts per row, perhaps with a score, in place of one;
//! - [`Labelled`]: one text with its labels, or two, per row; or one file per class;
//! - [`Tagged`]: sentences with one tag per word;
//! - [`Judgements`]: the grades of documents for queries;
//! - [`read_marked`]: texts with items marked by hand;
//! - [`SenseParams`]: texts with words whose sense is known.
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
mod walk;

mod params;

mod decode;
mod encoding;
mod skipped;
mod source;
mod unpack;

mod format;

mod columns;
mod conll;
mod delimited;
mod delimiter;
mod dialect;
mod field_path;
mod fields;
mod jsonl;
mod known;
mod names;
mod reader;
mod sections;

#[cfg(feature = "documents")]
mod document;
mod whole;

mod origin;
mod record;
mod used;

mod chunk;

mod labelled;
mod pairs;

mod tagged;

mod judgements;

mod marked;

pub mod quality;

mod senses;

mod error;

pub use chunk::TextChunks;
pub use conll::SkippedRows;
pub use dialect::Quotes;
pub use encoding::{Encoding, GuessedEncoding};
pub use error::CorpusError;
pub use format::Format;
pub use judgements::{Judgement, JudgementParams, Judgements, ValidJudgementParams};
pub use known::{
    DOCUMENT_FIELDS, GRADE_FIELDS, ID_FIELD, LABEL_FIELDS, PAIR_FIELDS, QUERY_FIELDS, SCORE_FIELDS,
    TEXT_FIELDS,
};
pub use labelled::{
    Example, Holds, Labelled, LabelledParams, LabelledSource, ValidLabelledParams, labelled_sources,
};
pub use marked::{MarkedItem, MarkedText, OPTIONAL_LABEL, read_marked};
pub use names::FieldRole;
pub use origin::Origin;
pub use pairs::{Pair, PairParams, Pairs, ValidPairParams};
pub use params::{ReadParams, ValidReadParams};
pub use reader::{Piece, Reader};
pub use record::{Cells, Record};
pub use senses::{
    SenseFormat, SenseParams, SenseReader, SenseText, SenseWord, TextUnit, ValidSenseParams,
};
pub use skipped::{NotReadReason, SkipReason, Skipped};
pub use source::TableParams;
pub use tagged::{Tagged, TaggedParams, TaggedSentence, ValidTaggedParams};
pub use unpack::{UnpackError, unpacked_path};
pub use used::UsedFields;
pub use walk::{Sniff, Source, Walk, find_sources};
