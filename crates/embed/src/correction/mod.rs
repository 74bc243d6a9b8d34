//! Vectors corrected by the statistics of a corpus, so that a few large dimensions do not decide
//! every cosine.
mod fitted;
mod mean;
mod project;
mod zscore;

use serde::{Deserialize, Serialize};

use crate::EmbedError;
use crate::moments::{Moments, Spread};
pub use fitted::{FORMAT_VERSION, FittedCorrection, KIND, Provenance};
use mean::Mean;
pub use project::{AllButTheTop, Whitening};
pub use zscore::ZScore;

/// Correction of vectors.
pub trait Correct {
    /// The width of a vector before.
    fn width_in(&self) -> usize;

    /// The width of a vector after.
    fn width_out(&self) -> usize;

    /// `row`, `[width_in]`, corrected, `[width_out]`; computed in f64.
    ///
    /// # Errors
    /// [`EmbedError::Width`] if it has not `width_in` numbers; [`EmbedError::NotFinite`] at the
    /// first that is NaN or infinite; [`EmbedError::OutOfRange`] if a result is beyond f32.
    fn apply(&self, row: &[f32]) -> Result<Vec<f32>, EmbedError>;
}

/// A way to correct vectors, with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Method {
    /// [`ZScore`].
    #[serde(rename = "zscore")]
    ZScore,
    /// [`Whitening`].
    Whitening {
        /// Number of directions kept, from the widest on; `None` keeps all that have any spread.
        dims: Option<usize>,
    },
    /// [`AllButTheTop`].
    AllButTheTop {
        /// Number of directions removed; `None` is a hundredth of the width, at least 1.
        directions: Option<usize>,
    },
}

impl Method {
    const NAMES: [&str; 3] = ["zscore", "whitening", "all-but-the-top"];

    /// Name, as [`parse`](Self::parse) takes it: `all-but-the-top`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ZScore => "zscore",
            Self::Whitening { .. } => "whitening",
            Self::AllButTheTop { .. } => "all-but-the-top",
        }
    }

    /// The method of this name, with its default settings.
    ///
    /// # Errors
    /// [`EmbedError::UnknownName`].
    pub fn parse(name: &str) -> Result<Self, EmbedError> {
        let methods =
            [Self::ZScore, Self::Whitening { dims: None }, Self::AllButTheTop { directions: None }];
        methods.into_iter().find(|m| m.name() == name).ok_or_else(|| EmbedError::UnknownName {
            what: "correction",
            found: name.to_owned(),
            known: &Self::NAMES,
        })
    }

    /// Second moments needed to fit it.
    #[must_use]
    pub fn spread(self) -> Spread {
        match self {
            Self::ZScore => Spread::Variance,
            Self::Whitening { .. } | Self::AllButTheTop { .. } => Spread::Covariance,
        }
    }

    /// The method with the settings that its defaults come to for vectors of `width`. How many
    /// directions whitening keeps by default is up to the vectors, and stays open.
    #[must_use]
    pub fn effective(self, width: usize) -> Self {
        match self {
            Self::AllButTheTop { directions: None } => {
                Self::AllButTheTop { directions: Some(AllButTheTop::default_directions(width)) }
            }
            other => other,
        }
    }

    /// Learns the correction from the moments of a corpus' vectors.
    ///
    /// # Errors
    /// As [`ZScore::fit`], [`Whitening::fit`] and [`AllButTheTop::fit`].
    pub fn fit(self, moments: &Moments) -> Result<Correction, EmbedError> {
        Ok(match self {
            Self::ZScore => Correction::ZScore(ZScore::fit(moments)?),
            Self::Whitening { dims } => Correction::Whitening(Whitening::fit(moments, dims)?),
            Self::AllButTheTop { directions } => {
                Correction::AllButTheTop(AllButTheTop::fit(moments, directions)?)
            }
        })
    }
}

/// A correction that has been learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Correction {
    /// To mean 0 and variance 1 in each dimension.
    #[serde(rename = "zscore")]
    ZScore(ZScore),
    /// To mean 0 and the identity as covariance.
    Whitening(Whitening),
    /// To mean 0 and without the widest directions.
    AllButTheTop(AllButTheTop),
}

impl Correction {
    fn inner(&self) -> &dyn Correct {
        match self {
            Self::ZScore(zscore) => zscore,
            Self::Whitening(whitening) => whitening,
            Self::AllButTheTop(all_but_the_top) => all_but_the_top,
        }
    }

    /// The name of its [`Method`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ZScore(_) => "zscore",
            Self::Whitening(_) => "whitening",
            Self::AllButTheTop(_) => "all-but-the-top",
        }
    }
}

impl Correct for Correction {
    fn width_in(&self) -> usize {
        self.inner().width_in()
    }

    fn width_out(&self) -> usize {
        self.inner().width_out()
    }

    fn apply(&self, row: &[f32]) -> Result<Vec<f32>, EmbedError> {
        self.inner().apply(row)
    }
}

/// `values` at the width of a vector.
fn narrow(values: impl Iterator<Item = f64>) -> Result<Vec<f32>, EmbedError> {
    #[expect(clippy::cast_possible_truncation, reason = "what is lost shows as infinite")]
    let narrow = |(dim, value): (usize, f64)| match value as f32 {
        value if value.is_finite() => Ok(value),
        _ => Err(EmbedError::OutOfRange { dim }),
    };
    values.enumerate().map(narrow).collect()
}

/// Whether numbers that were read are all finite.
fn check_finite(field: &'static str, values: &[f32]) -> Result<(), EmbedError> {
    match values.iter().find(|v| !v.is_finite()) {
        Some(value) => Err(EmbedError::Malformed {
            field,
            expected: "numbers within the range of f32".into(),
            found: value.to_string(),
        }),
        None => Ok(()),
    }
}
