//! Settings of the library by the flags that set them.
use std::error::Error;

use clap::{Arg, Command, CommandFactory as _};
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
/// flag, if the command that runs has one.
pub(crate) fn in_flags(error: &(dyn Error + 'static)) -> String {
    let text = error.to_string();
    let in_flags = || {
        let setting = setting(error)?;
        let flag = flag(setting);
        let long = flag.split(' ').next()?.strip_prefix("--");
        let has = |arg: &Arg| arg.get_long() == long;
        let rest = text.strip_prefix(setting)?;
        running().get_arguments().any(has).then(|| format!("{flag}{rest}"))
    };
    in_flags().unwrap_or(text)
}

/// Flag of a setting, such as `--eval-every` of `judge_every`.
pub(crate) fn flag(setting: &str) -> String {
    match setting {
        "group_field" => "--group-by".to_owned(),
        "judge_every" => "--eval-every".to_owned(),
        "max_gradient_norm" => "--clip".to_owned(),
        "max_pairs" => "--pairs".to_owned(),
        "max_text_bytes" => "--max-text".to_owned(),
        // Of tokens that are masked.
        "share" => "--mask-share".to_owned(),
        "warmup_share" => "--warmup".to_owned(),
        setting => match setting.split_once(" of ") {
            // The setting of one label.
            Some((setting, label)) => format!("{} of {label}", flag(setting)),
            None => format!("--{}", setting.replace(['_', ' '], "-")),
        },
    }
}

/// The command that runs, with its flags.
fn running() -> Command {
    let mut command = Cli::command();
    for word in std::env::args().skip(1) {
        command = command.find_subcommand(&word).cloned().unwrap_or(command);
    }
    command
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
        assert_eq!(flag("judge_every"), "--eval-every");
        assert_eq!(flag("batch-tokens"), "--batch-tokens");
        assert_eq!(flag("expansion_add"), "--expansion-add");
        assert_eq!(flag("graph dtype"), "--graph-dtype");
        assert_eq!(flag("min-score of CITY"), "--min-score of CITY");
    }
}
