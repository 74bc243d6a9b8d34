//! `cloze senses fit`: senses fitted on texts with annotated senses.
use std::io::Write as _;

use cloze::SentenceEncoder;
use cloze::embed::Level;
use cloze::heads::senses::{FittedSenses, SenseFitter};
use cloze_store::{AtomicFolder, Existing};
use serde::Serialize;
use serde_json::json;

use super::data::{self, Sample};
use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::senses::args::SensesFitArgs;
use crate::flags::vectors::CorrectionArg;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::stdout;
use cloze_report::text::visible;

/// Fewest occurrences per dimension for whitening: fewer give poor covariances.
const OCCURRENCES_A_NUMBER: u64 = 4;

#[derive(Serialize)]
struct Report {
    folder: String,
    model: String,
    model_sha256: String,
    layers: String,
    correction: String,
    prior: f64,
    texts: usize,
    occurrences: u64,
    words: usize,
    /// Words with more than one sense.
    ambiguous_words: usize,
    senses: usize,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &SensesFitArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    // Judged before the work; which one it is may depend on how much there is.
    let chosen = args.correction.unwrap_or(CorrectionArg::Whitening);
    args.prior.check(&[chosen])?;
    let mut params = args.prior.params(chosen).check()?;
    args.read.params()?;
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    // Begun before the work, so that what cannot be written is known then.
    let folder = AtomicFolder::create(&args.output, existing)?;
    let encoder = args.vectors.open_layers(common, messages)?;
    let provenance = encoder.provenance(Level::Word)?;
    let samples = data::read(&args.read, messages)?;
    let samples: Vec<&Sample> = samples.iter().collect();
    let mut fitter = SenseFitter::new(provenance.width, params.spread());
    let occurrences = gather(&encoder, &samples, &mut fitter, messages)?;
    note_truncated(&encoder, messages);
    let few = OCCURRENCES_A_NUMBER.saturating_mul(provenance.width as u64);
    let asked = args.correction.is_some() || args.prior.dims.is_some();
    if !asked && occurrences < few {
        params = args.prior.params(CorrectionArg::Zscore).check()?;
    }
    let senses = fitter.fit(&params)?;
    let layers = provenance.layers.clone();
    let report = Report {
        folder: args.output.display().to_string(),
        model: provenance.model,
        model_sha256: provenance.model_sha256,
        layers: layers.to_string(),
        correction: correction(&senses).to_owned(),
        prior: senses.prior(),
        texts: samples.len(),
        occurrences,
        words: senses.lexicon().words().len(),
        ambiguous_words: senses.lexicon().words().iter().filter(|w| w.senses.len() > 1).count(),
        senses: senses.lexicon().senses(),
    };
    let training = json!({
        "cloze": env!("CARGO_PKG_VERSION"),
        "data": args.read.paths,
        "unit": args.read.unit(),
        "texts": report.texts,
        "occurrences": occurrences,
    });
    cloze::save_senses(folder, &senses, encoder.model(), layers, training)?;
    report.print(args.format.is_json())
}

/// Gathers the vectors of all words with an annotated sense.
pub(super) fn gather(
    encoder: &SentenceEncoder,
    samples: &[&Sample],
    fitter: &mut SenseFitter,
    messages: &Messages,
) -> anyhow::Result<u64> {
    data::for_each_word(encoder, samples, messages, |sample, word, vector| {
        Ok(fitter.push(&sample.occurrence(word), vector)?)
    })
}

/// Returns the name of the correction.
fn correction(senses: &FittedSenses) -> &'static str {
    senses.correction().map_or("none", |correction| correction.name())
}

impl Report {
    fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = stdout();
        if json {
            writeln!(out, "{}", serde_json::to_string_pretty(self)?)?;
            return Ok(());
        }
        let texts = plural(self.texts as u64, "text");
        let words = plural(self.words as u64, "word");
        let several = self.ambiguous_words;
        for (what, value) in [
            ("folder", self.folder.clone()),
            ("fitted on", format!("{} in {texts}", plural(self.occurrences, "occurrence"))),
            ("words", format!("{words}, {several} of them with several senses")),
            ("senses", self.senses.to_string()),
            ("correction", self.correction.clone()),
            ("prior", self.prior.to_string()),
            ("model", self.model.clone()),
            ("sha256", self.model_sha256.clone()),
            ("layers", self.layers.clone()),
        ] {
            // A folder's or model's name may have control characters.
            writeln!(out, "{what:<10} {}", visible(&value))?;
        }
        Ok(())
    }
}
