//! Tagging scheme of a model, in words.
use cloze_checkpoint::ModelFolder;
use cloze_core::{Scheme, TagSet};
use cloze_encoder::Runtime;

use crate::tagger::known_scheme;
use crate::{Error, SchemeBasis, Tagger};

/// Tagging scheme with the reason for it; `None` where labels have no prefixes of one.
pub(super) fn scheme_in_words(model: &ModelFolder) -> Result<Option<String>, Error> {
    let set = TagSet::parse(model.labels().to_vec());
    if set.names().iter().all(|name| name == "O" || set.labels().contains(name)) {
        return Ok(None);
    }
    Ok(Some(match known_scheme(model, None)? {
        None => "iob1 or iob2, by the names of the tags; found by running it on some words".into(),
        Some((scheme, basis)) => {
            let reason = match basis {
                SchemeBasis::Card => "by cloze.json",
                SchemeBasis::Training => "as cloze trains",
                _ => "by the names of the tags",
            };
            format!("{}, {reason}", scheme.name())
        }
    }))
}

/// Warning on a tagger whose folder does not say which of two schemes it has.
pub(super) fn unknown_scheme(model: &ModelFolder) -> Result<Option<String>, Error> {
    let text = "the names of the tags fit IOB1 and IOB2, and \"scheme\" in cloze.json does not say which \
                it is: taggers find out by running it on some words";
    Ok(known_scheme(model, None)?.is_none().then(|| text.to_owned()))
}

/// Finds the scheme of such a tagger by running it.
pub(super) fn run_scheme(model: &ModelFolder, runtime: &Runtime) -> Result<Option<String>, Error> {
    if known_scheme(model, None)?.is_some() {
        return Ok(None);
    }
    let tagger = Tagger::builder(model.clone()).threads(Some(1)).runtime(runtime.clone()).open()?;
    Ok(Some(format!(
        "{}; \"scheme\" in cloze.json does not say so",
        tagger.scheme_basis().in_words(tagger.scheme())
    )))
}

impl SchemeBasis {
    /// The scheme that taggers decode in for this reason, in words for people.
    #[must_use]
    pub fn in_words(self, scheme: Scheme) -> String {
        let Self::Run { begin, inside } = self else {
            return format!("tagging scheme {}", scheme.name());
        };
        let found = begin + inside;
        match (scheme, inside) {
            (Scheme::Iob, 0) => {
                "tags fit IOB1 and IOB2, and no entity was found that tells: read as iob, where \
                                 I- may begin an entity"
                    .to_owned()
            }
            (Scheme::Iob, _) => format!(
                "tags are IOB1, found by running it: {inside} of {found} entities begin with I-; read as iob, \
                 where I- may begin an entity"
            ),
            _ => format!(
                "tags are IOB2, found by running it: {begin} of {found} entities begin with B-"
            ),
        }
    }
}
