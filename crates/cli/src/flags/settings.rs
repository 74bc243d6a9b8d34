//! Settings of the library by the flags that set them.
use std::error::Error;

use clap::{Command, CommandFactory as _};
use cloze::embed::EmbedError;
use cloze::metrics::MetricsError;
use cloze::train::FineTuneError;
use cloze_corpus::CorpusError;
use cloze_encoder::EncoderError;
use cloze_heads::HeadError;
use cloze_search::SearchError;
use cloze_train::TrainError;
use cloze_tune::TuneError;

use crate::cli::Cli;

/// Text of an error without its causes; a setting of the library that is out of bounds is called by its
/// flag.
pub(crate) fn in_flags(error: &(dyn Error + 'static)) -> String {
    let text = error.to_string();
    let in_flags = || {
        let setting = setting(error)?;
        Some(format!("{}{}", flag(setting)?, text.strip_prefix(setting)?))
    };
    in_flags().unwrap_or(text)
}

/// Flag of a setting, such as `--eval-every` of `judge_every`. None where no command has a flag for it.
pub(crate) fn flag(setting: &str) -> Option<String> {
    let flag = match setting {
        "judge_every" => "eval-every".to_owned(),
        "max_gradient_norm" => "clip".to_owned(),
        "max_pairs" => "pairs".to_owned(),
        // Of tokens that are masked.
        "share" => "mask-share".to_owned(),
        "max_text_bytes" => "max-text".to_owned(),
        "warmup_share" => "warmup".to_owned(),
        setting => setting.replace(['_', ' '], "-"),
    };
    if is_flag(&Cli::command(), &flag) {
        return Some(format!("--{flag}"));
    }
    // The setting of one label.
    let (setting, of) = setting.split_once(" of ")?;
    Some(format!("{} of {of}", self::flag(setting)?))
}

fn is_flag(command: &Command, name: &str) -> bool {
    command.get_arguments().any(|arg| arg.get_long() == Some(name))
        || command.get_subcommands().any(|command| is_flag(command, name))
}

/// Name of the setting that an error is about.
fn setting<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
    if let Some(error) = error.downcast_ref::<cloze::Error>() {
        return match error {
            cloze::Error::Encoder(error) => setting(error),
            cloze::Error::Embed(error) => setting(error),
            cloze::Error::Head(error) => setting(error),
            cloze::Error::Search(error) => setting(error),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<FineTuneError>() {
        return match error {
            FineTuneError::Setting { setting, .. } => Some(setting),
            FineTuneError::Cloze(error) => setting(error),
            FineTuneError::Corpus(error) => setting(error),
            FineTuneError::Encoder(error) => setting(error),
            FineTuneError::Head(error) => setting(error),
            FineTuneError::Metrics(error) => setting(error),
            FineTuneError::Train(error) => setting(error),
            FineTuneError::Tune(error) => setting(error),
            _ => None,
        };
    }
    match error.downcast_ref() {
        Some(HeadError::Setting { setting, .. } | HeadError::OutOfRange { setting, .. }) => {
            return Some(setting);
        }
        Some(HeadError::Embed(error)) => return self::setting(error),
        _ => {}
    }
    match error.downcast_ref() {
        Some(TrainError::Setting { setting, .. }) if setting != "share" => return Some(setting),
        Some(TrainError::Head(error)) => return self::setting(error),
        _ => {}
    }
    match error.downcast_ref() {
        Some(SearchError::Setting { setting, .. }) => return Some(setting),
        Some(SearchError::Embed(error)) => return self::setting(error),
        _ => {}
    }
    if let Some(TuneError::Setting { setting, .. }) = error.downcast_ref() {
        return Some(setting);
    }
    if let Some(EncoderError::Setting { setting, .. }) = error.downcast_ref() {
        return Some(setting);
    }
    if let Some(EmbedError::Setting { setting, .. }) = error.downcast_ref() {
        return Some(setting);
    }
    if let Some(CorpusError::Setting { setting, .. }) = error.downcast_ref() {
        return Some(setting);
    }
    match error.downcast_ref() {
        Some(MetricsError::Setting { name, .. }) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_called_by_their_flags() {
        let flag = |setting| flag(setting).unwrap_or_default();
        assert_eq!(flag("judge_every"), "--eval-every");
        assert_eq!(flag("batch-tokens"), "--batch-tokens");
        assert_eq!(flag("expansion_add"), "--expansion-add");
        assert_eq!(flag("graph dtype"), "--graph-dtype");
        assert_eq!(flag("min-score of CITY"), "--min-score of CITY");
        assert_eq!(flag("a sequence's length"), "");
    }

    #[test]
    fn an_error_of_the_library_names_the_flag() {
        let (setting, found, expected) = ("connectivity", "1".into(), "2 to 512".into());
        let error = cloze::Error::Search(SearchError::Setting { setting, expected, found });
        assert_eq!(in_flags(&error), "--connectivity: expected 2 to 512, found 1");
        let error = std::io::Error::other("connectivity: expected 2 to 512, found 1");
        assert_eq!(in_flags(&error), "connectivity: expected 2 to 512, found 1");
    }
}
