//! Errors of choosing recognisers and of reading patterns.
use std::path::{Path, PathBuf};

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecognizeError {
    /// A recogniser, group, region or validator that there is not.
    #[error("no {kind} is called {name:?}{}", nearest.as_ref().map(|near| format!("; did you mean {near:?}?")).unwrap_or_default())]
    Unknown {
        /// Kind of thing: `recognizer`, `region` or `validator`.
        kind: &'static str,
        /// Name asked for.
        name: String,
        /// Known name that is most like it.
        nearest: Option<String>,
    },
    /// A smallest score outside 0 to 1.
    #[error("expected a smallest score from 0 to 1, found {found}")]
    Score {
        /// The score given.
        found: f32,
    },
    /// The file of patterns cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// A file of patterns that is not TOML, or not of the expected keys and values.
    #[error("{}:{line}: {problem}", path.display())]
    Pattern {
        /// The file.
        path: PathBuf,
        /// Line of the value, from 1.
        line: usize,
        /// Expectation and finding.
        problem: String,
    },
}

impl RecognizeError {
    /// The error of `name`, which is none of `known`.
    pub(crate) fn unknown<'a>(
        kind: &'static str,
        name: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> Self {
        let nearest = known
            .map(|candidate| (strsim::jaro_winkler(candidate, name), candidate))
            .filter(|(likeness, _)| *likeness > 0.75)
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .map(|(_, candidate)| candidate.to_owned());
        Self::Unknown { kind, name: name.to_owned(), nearest }
    }

    /// The error of a value that begins at byte `start` of the `source` of `path`.
    pub(crate) fn pattern(path: &Path, source: &str, start: usize, problem: String) -> Self {
        let before = source.as_bytes().iter().take(start);
        let line = 1 + before.filter(|&&byte| byte == b'\n').count();
        Self::Pattern { path: path.to_owned(), line, problem }
    }
}
