//! A model that finds entities, and what it finds in texts.
use anyhow::Context as _;
use cloze_core::{Encode as _, Entity, Span, TokenRows, token};
use cloze_encoder::{Encoder, EncoderError, EncoderParams, ModelFolder, Runtime};
use cloze_heads::tag::Transitions;
use cloze_heads::{HeadError, TagParams, Tagger};

/// A model with its settings.
pub(crate) struct TagModel {
    encoder: Encoder,
    tagger: Tagger,
}

/// A text and, where its file says so, the words in it.
#[derive(Clone, Copy)]
pub(crate) struct TagText<'a> {
    pub(crate) text: &'a str,
    pub(crate) words: Option<&'a [Span]>,
}

/// One text's result.
pub(crate) struct Found {
    pub(crate) entities: Vec<Entity>,
    /// The words of the text, as its file or else the tokenizer has them.
    pub(crate) words: Vec<Span>,
}

/// Why one text has no result.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Settings judged against a model, which is not open yet.
pub(crate) fn check(model: &ModelFolder, params: TagParams) -> anyhow::Result<Tagger> {
    let place = || format!("model {}", model.folder().display());
    let crf = model.card().crf.clone();
    let transitions = crf.map(serde_json::from_value::<Transitions>).transpose();
    params.transitions(transitions.with_context(place)?).check().with_context(place)
}

impl TagModel {
    pub(crate) fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        tagger: Tagger,
        params: EncoderParams,
    ) -> anyhow::Result<Self> {
        Ok(Self { encoder: Encoder::open(runtime, model, params)?, tagger })
    }

    /// The labels it can find.
    pub(crate) fn labels(&self) -> &[String] {
        self.tagger.tags().labels()
    }

    /// The results of many texts. Where one of them is the cause of a failure, each is done alone, so
    /// that it costs only itself.
    pub(crate) fn tag(&self, texts: &[TagText<'_>]) -> anyhow::Result<Vec<Result<Found, Failure>>> {
        let bare: Vec<&str> = texts.iter().map(|t| t.text).collect();
        match self.encoder.encode(&bare) {
            Ok(encoded) => {
                let one = |(text, rows): (&TagText<'_>, TokenRows)| Ok(self.decode(*text, rows)?);
                Ok(texts.iter().zip(encoded).map(one).collect())
            }
            Err(error @ (EncoderError::Tokenize { .. } | EncoderError::Run { .. })) => {
                if texts.len() == 1 {
                    return Ok(vec![Err(error.into())]);
                }
                let alone = texts.iter().map(|text| self.tag(&[*text]));
                Ok(alone.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn decode(&self, text: TagText<'_>, mut rows: TokenRows) -> Result<Found, HeadError> {
        if let Some(words) = text.words {
            token::assign_words(&mut rows.tokens, words);
        }
        let entities = self.tagger.decode(&self.tagger.predict(&rows)?);
        let own = || token::words(&rows.tokens).into_iter().map(|w| w.span).collect();
        Ok(Found { entities, words: text.words.map_or_else(own, <[Span]>::to_vec) })
    }
}
