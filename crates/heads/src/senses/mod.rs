//! Word senses: occurrences whose sense is known → a vector a sense → the senses of an occurrence, the
//! likeliest first.
//!
//! In the order data flows:
//! - [`SenseFitter`]: the mean vector of each sense of each word;
//! - [`Lexicon`]: words, their senses, and the forms they have in texts;
//! - [`places`]: a word's places in a text;
//! - [`FittedSenses`]: a vector to senses;
//! - [`SenseSpec`]: all of it in a file, with a description beside it.
//!
//! Sources: Melamud et al., CoNLL 2016, and Peters et al., NAACL 2018, section 5.3 (the sense whose mean
//! contextual vector is nearest, and the most frequent one where nothing is known); Loureiro & Jorge, ACL
//! 2019 (the last four layers, the mean of word pieces).
//!
//! ```
//! use cloze_heads::senses::{Occurrence, SenseFitter, SensePredictParams};
//!
//! let params = SensePredictParams::new().correction(None).check()?;
//! let mut fitter = SenseFitter::new(2, params.spread());
//! let bank = |sense| Occurrence { lemma: "bank", pos: "NOUN", sense, form: "bank" };
//! fitter.push(&bank("money"), &[1.0, 0.1])?;
//! fitter.push(&bank("money"), &[0.9, 0.2])?;
//! fitter.push(&bank("river"), &[0.1, 1.0])?;
//! let senses = fitter.fit(&params)?;
//! let words = senses.lexicon().lookup("bank", Some("NOUN"));
//! let told = senses.predict(words, &[0.2, 0.8])?;
//! assert_eq!(told[0].sense.name, "river");
//! assert!(senses.lexicon().lookup("shore", None).is_empty());
//! # Ok::<(), cloze_heads::HeadError>(())
//! ```
mod find;
mod fit;
mod lexicon;
mod predict;
mod saved;

pub use find::places;
pub use fit::{Occurrence, SenseFitter};
pub use lexicon::{Lexicon, LexiconWord, Sense, most_frequent};
pub use predict::{FittedSenses, SensePredictParams, SensePrediction, ValidSensePredictParams};
pub use saved::SenseSpec;
