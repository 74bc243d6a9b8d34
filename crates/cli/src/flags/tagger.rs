//! Flags of taggers.
use std::path::PathBuf;

use clap::Args;
use cloze::recognize::Patterns;
use cloze::{Aggregation, Cut, Decode, ModelFolder, SchemeBasis, Tagger, TaggerBuilder};
use cloze_core::Scheme;
use cloze_report::text::visible;

use crate::flags::values;
use crate::flags::work::WorkFlags;
use crate::terminal::messages::Messages;

/// Tagger with its settings.
#[derive(Args)]
pub(crate) struct TaggerFlags {
    /// Model, by name or folder: ner-en finds people, places and organisations, pii personal data
    #[arg(short, long, default_value = "ner-en", value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Maximum number of tokens per window [default: the model's limit]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) window: Option<usize>,
    /// Number of tokens that neighbouring windows share [default: 64, or half a smaller window]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) stride: Option<usize>,
    /// Places to cut texts longer than a window
    #[arg(long, value_enum, default_value_t, value_name = "WHERE", help_heading = "Model")]
    pub(crate) cut: CutArg,

    /// Aggregation of a word's pieces
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "Entities")]
    pub(crate) aggregation: AggregationArg,
    /// Decoding of tags from their probabilities [default: viterbi; argmax with --aggregation none]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Entities")]
    pub(crate) decode: Option<DecodeArg>,
    /// Minimum score of an entity, 0 to 1; LABEL=SCORE for one label [default: the one in the model's card]
    #[arg(long, value_delimiter = ',', value_parser = MinScore::parse, value_name = "SCORE|LABEL=SCORE", help_heading = "Entities")]
    pub(crate) min_score: Vec<MinScore>,
    /// Favour recall: subtract this many logits from those of `O`
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "2", value_name = "LOGITS", help_heading = "Entities")]
    pub(crate) prefer_recall: Option<f32>,

    #[command(flatten)]
    pub(crate) recognizers: RecognizerFlags,
}

/// Recognisers beside the model.
#[derive(Args)]
#[command(next_help_heading = "Entities")]
pub(crate) struct RecognizerFlags {
    /// Recognisers beside the model, by name or group: email,iban, all, none; all,-date leaves one out [default: those in the model's card]
    #[arg(
        long,
        value_delimiter = ',',
        allow_hyphen_values = true,
        hide_short_help = true,
        value_name = "NAME,…"
    )]
    pub(crate) recognizers: Option<Vec<String>>,
    /// Recognisers of your own, with words to report always or never, in a TOML file
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub(crate) patterns: Option<PathBuf>,
}

impl RecognizerFlags {
    /// Sets the recognisers of a tagger.
    pub(crate) fn set(&self, builder: TaggerBuilder) -> anyhow::Result<TaggerBuilder> {
        let trimmed =
            |names: &Vec<String>| names.iter().map(|name| name.trim().to_owned()).collect();
        let patterns = self.patterns.as_deref().map(Patterns::read).transpose()?;
        Ok(builder.recognizers(self.recognizers.as_ref().map(trimmed)).patterns(patterns))
    }
}

impl TaggerFlags {
    /// Returns the settings of a tagger; scheme and labels are left at their defaults.
    ///
    /// # Errors
    /// Errors of reading the file of patterns.
    pub(crate) fn builder(&self, model: ModelFolder) -> anyhow::Result<TaggerBuilder> {
        let general = self.min_score.iter().rfind(|least| least.label.is_none());
        let builder = Tagger::builder(model)
            .threads(self.work.threads)
            .batch_tokens(self.work.batch_tokens)
            .window(self.window)
            .stride(self.stride)
            .cut(self.cut.value())
            .aggregation(self.aggregation.value())
            .decode(self.decode.map(DecodeArg::value))
            .min_score(general.map(|least| least.score))
            .recall_bias(self.prefer_recall);
        let builder = self.recognizers.set(builder)?;
        let of_labels = self.min_score.iter().filter_map(|m| Some((m.label.as_ref()?, m.score)));
        Ok(of_labels.fold(builder, |builder, (label, score)| builder.min_score_of(label, score)))
    }
}

/// Reports a scheme that was found by running the model, unless it is the one taken for granted.
pub(crate) fn note_scheme(tagger: &Tagger, messages: &Messages) {
    let (scheme, basis) = (tagger.scheme(), tagger.scheme_basis());
    if let (Scheme::Iob, SchemeBasis::Run { .. }) = (scheme, basis) {
        messages.note(&visible(&format!(
            "{}: {}; \"scheme\" in cloze.json sets it",
            tagger.model().name(),
            basis.in_words(scheme)
        )));
    }
}

/// A threshold: for one label, or for all labels without their own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MinScore {
    pub(crate) label: Option<String>,
    pub(crate) score: f32,
}

impl MinScore {
    fn parse(text: &str) -> Result<Self, String> {
        let (label, score) = match text.rsplit_once('=') {
            Some((label, score)) => (Some(label.trim().to_owned()), score),
            None => (None, text),
        };
        let score = score
            .trim()
            .parse()
            .map_err(|_| format!("expected SCORE or LABEL=SCORE, found {text:?}"))?;
        Ok(Self { label, score })
    }
}

values! { CutArg => Cut {
    /// At blank lines first, so that each paragraph is encoded as it would be alone
    #[default]
    Paragraphs => Cut::Paragraphs,
    /// Wherever a window is full
    Anywhere => Cut::Anywhere,
} }

values! { AggregationArg => Aggregation {
    /// Every token is an entity of its own, with the model's own tag
    None => Aggregation::None,
    /// Neighbouring tokens with one label are an entity
    Simple => Aggregation::Simple,
    /// The first piece decides
    #[default]
    First => Aggregation::First,
    /// The mean over the pieces decides
    Average => Aggregation::Average,
    /// The most confident piece decides
    Max => Aggregation::Max,
} }

values! { DecodeArg => Decode {
    /// The most probable valid sequence
    #[default]
    Viterbi => Decode::Viterbi,
    /// The most probable tag of each word, valid or not
    Argmax => Decode::Argmax,
} }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_may_be_a_labels_own() {
        let parse = |text| MinScore::parse(text).ok().map(|m| (m.label, m.score));
        assert_eq!(parse("0.5"), Some((None, 0.5)));
        assert_eq!(parse("PHONE=0.25"), Some((Some("PHONE".into()), 0.25)));
        assert_eq!(parse("PHONE="), None);
        assert_eq!(parse("x"), None);
    }
}
