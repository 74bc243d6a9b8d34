//! Replacing personal data in texts, and bringing it back.
//!
//! In the order data flows:
//! - [`Policy`]: the [`Action`] for each label: mask, number, hash, part, pseudonym, or keep;
//! - [`Replacer`]: replacements for values, the same for the same value;
//! - [`EditLog`]: the changes of a file, from which it can be restored byte for byte;
//! - [`OutputLog`]: changes and hashes of an output of one or more files;
//! - [`Key`]: a secret, numbers of values and changes of files, in a file that only its owner may read;
//! - [`restore`]: a redacted file and its changes to the file that it was;
//! - [`Audit`]: counts by file, label and recogniser, without any text.
//!
//! ```
//! use cloze_core::{Entity, Span};
//! use cloze_redact::{Action, Key, Policy, Replacer};
//!
//! let entity = |label: &str, start, end| Entity {
//!     label: label.into(), span: Span::new(start, end), score: 1.0, tag: None,
//! };
//! let text = "Ann's card is 4111 1111 1111 1111. ANN!";
//! let entities = [entity("PERSON", 0, 3), entity("CARD", 14, 33), entity("PERSON", 35, 38)];
//! let policy = Policy::new(Action::Number).label("CARD", Action::Partial);
//! let mut replacer = Replacer::new(policy, Key::generate()?);
//! let redacted = replacer.redact(text, &entities);
//! assert_eq!(redacted, "[PERSON_1]'s card is **** **** **** 1111. [PERSON_1]!");
//! # Ok::<(), cloze_redact::RedactError>(())
//! ```
mod action;
mod audit;
mod canonical;
mod edits;
mod error;
mod key;
mod output;
mod policy;
mod pseudonym;
mod replacer;
mod restore;

pub use action::Action;
pub use audit::{Audit, AuditedFile, Counted};
pub use edits::{Edit, EditLog, FileEdits};
pub use error::RedactError;
pub use key::{Key, KeyFile};
pub use output::OutputLog;
pub use policy::Policy;
pub use replacer::Replacer;
pub use restore::restore;
