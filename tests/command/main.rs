//! The `cloze` command from the outside: exit status, standard output, standard error and the files
//! it writes.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

mod run;
mod support;

mod adapters;
mod anisotropy;
mod bad_input;
mod bias;
mod causal;
mod conll_files;
mod convert;
mod data_check;
mod decoders;
mod documents;
mod embed;
mod eval_classify;
mod eval_redact;
mod eval_sts;
mod eval_tag;
mod evaluation;
mod fill_mask;
mod fit_library;
mod flags;
mod formats;
mod generate;
mod hostile;
#[cfg(unix)]
mod hostile_folder;
mod housekeeping;
mod index;
mod index_stop;
mod inputs;
#[cfg(unix)]
mod kill;
mod minimal_pairs;
mod model_add;
mod model_card;
mod model_folders;
mod next_sentence;
mod nothing;
mod odd;
mod output;
mod quantize;
mod recognizers;
mod redact;
mod redact_documents;
mod redact_restore;
mod redact_samples;
mod repeat;
mod score;
mod score_tags;
mod senses;
mod settings;
mod similarity;
#[cfg(unix)]
mod stop;
mod streaming;
mod tables;
mod tag_words;
#[cfg(unix)]
mod terminal;
mod train;
mod train_library;
mod train_report;
mod tune;
mod tune_labels;
mod tune_language;
mod tune_odd;
mod tune_report;
mod tune_similarity;
mod zscore;
