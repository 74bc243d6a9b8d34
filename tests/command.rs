//! The `cloze` command from the outside: exit status, standard output, standard error and the files
//! it writes.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

#[path = "command/run.rs"]
mod run;

#[path = "command/adapters.rs"]
mod adapters;
#[path = "command/anisotropy.rs"]
mod anisotropy;
#[path = "command/bad_input.rs"]
mod bad_input;
#[path = "command/bias.rs"]
mod bias;
#[path = "command/convert.rs"]
mod convert;
#[path = "command/data_check.rs"]
mod data_check;
#[path = "command/embed.rs"]
mod embed;
#[path = "command/eval_classify.rs"]
mod eval_classify;
#[path = "command/eval_sts.rs"]
mod eval_sts;
#[path = "command/eval_tag.rs"]
mod eval_tag;
#[path = "command/fill_mask.rs"]
mod fill_mask;
#[path = "command/formats.rs"]
mod formats;
#[path = "command/housekeeping.rs"]
mod housekeeping;
#[path = "command/index.rs"]
mod index;
#[path = "command/index_stop.rs"]
mod index_stop;
#[path = "command/inputs.rs"]
mod inputs;
#[path = "command/minimal_pairs.rs"]
mod minimal_pairs;
#[path = "command/model_card.rs"]
mod model_card;
#[path = "command/next_sentence.rs"]
mod next_sentence;
#[path = "command/odd.rs"]
mod odd;
#[path = "command/output.rs"]
mod output;
#[path = "command/quantize.rs"]
mod quantize;
#[path = "command/redact.rs"]
mod redact;
#[path = "command/repeat.rs"]
mod repeat;
#[path = "command/score.rs"]
mod score;
#[path = "command/score_tags.rs"]
mod score_tags;
#[path = "command/senses.rs"]
mod senses;
#[path = "command/settings.rs"]
mod settings;
#[path = "command/similarity.rs"]
mod similarity;
#[cfg(unix)]
#[path = "command/stop.rs"]
mod stop;
#[path = "command/streaming.rs"]
mod streaming;
#[path = "command/train.rs"]
mod train;
#[path = "command/train_report.rs"]
mod train_report;
#[path = "command/tune.rs"]
mod tune;
#[path = "command/tune_labels.rs"]
mod tune_labels;
#[path = "command/tune_language.rs"]
mod tune_language;
#[path = "command/tune_odd.rs"]
mod tune_odd;
#[path = "command/tune_report.rs"]
mod tune_report;
#[path = "command/tune_similarity.rs"]
mod tune_similarity;
#[path = "command/zscore.rs"]
mod zscore;
