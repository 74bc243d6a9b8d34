//! A text's token rows to one vector.
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::EmbedError;

/// Pooling of token rows to one vector. Source: sentence-transformers 6.2.0,
/// `sentence_transformer/modules/pooling.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The first row, that of `[CLS]`.
    Cls,
    /// The mean of all rows.
    Mean,
    /// The largest value of each dimension.
    Max,
    /// The sum of all rows, divided by the square root of their number.
    MeanSqrtLen,
    /// The mean of all rows, weighted by their places, counted from 1 (Muennighoff 2022).
    WeightedMean,
    /// The last row.
    LastToken,
}

impl Pooling {
    /// All of them, in the order in which sentence-transformers joins their vectors.
    pub const ALL: [Self; 6] =
        [Self::Cls, Self::Max, Self::Mean, Self::MeanSqrtLen, Self::WeightedMean, Self::LastToken];
    const NAMES: [&str; 6] = ["cls", "max", "mean", "mean-sqrt-len", "weighted-mean", "last-token"];
    /// The names in the `pooling_mode` of a `config.json`.
    const CONFIG_NAMES: [&str; 6] =
        ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"];
    /// The keys of a `config.json` before version 6.
    const CONFIG_KEYS: [&str; 6] = [
        "pooling_mode_cls_token",
        "pooling_mode_max_tokens",
        "pooling_mode_mean_tokens",
        "pooling_mode_mean_sqrt_len_tokens",
        "pooling_mode_weightedmean_tokens",
        "pooling_mode_lasttoken",
    ];

    /// Name, as [`parse`](Self::parse) takes it: `mean-sqrt-len`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cls => "cls",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::MeanSqrtLen => "mean-sqrt-len",
            Self::WeightedMean => "weighted-mean",
            Self::LastToken => "last-token",
        }
    }

    /// The pooling of this name.
    ///
    /// # Errors
    /// [`EmbedError::UnknownName`].
    pub fn parse(name: &str) -> Result<Self, EmbedError> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| EmbedError::UnknownName {
            what: "pooling",
            found: name.to_owned(),
            known: &Self::NAMES,
        })
    }

    /// Pools `rows`, `[tokens, width]` without padding but with special tokens, and adds the result,
    /// `[width]`, to the end of `out`. Without rows it is all zeros. Sums are in f64; a NaN stays one.
    ///
    /// # Errors
    /// [`EmbedError::Rows`] if `rows` is not a whole number of rows, or `width` is 0; `out` is then
    /// as before.
    pub fn pool(self, rows: &[f32], width: usize, out: &mut Vec<f32>) -> Result<(), EmbedError> {
        self.pool_behind(rows, width, 0, out)
    }

    /// The same without the first `skip` rows, which keep their places: the weights of
    /// [`WeightedMean`](Self::WeightedMean) are those of all rows.
    fn pool_behind(
        self,
        rows: &[f32],
        width: usize,
        skip: usize,
        out: &mut Vec<f32>,
    ) -> Result<(), EmbedError> {
        if width == 0 || !rows.len().is_multiple_of(width) {
            return Err(EmbedError::Rows { width, found: rows.len() });
        }
        let rows = rows.get(skip * width..).unwrap_or_default();
        let token_rows = rows.chunks_exact(width);
        let n = as_f64(token_rows.len());
        match self {
            _ if rows.is_empty() => out.resize(out.len() + width, 0.0),
            Self::Cls => out.extend(&rows[..width]),
            Self::LastToken => out.extend(&rows[rows.len() - width..]),
            Self::Max => out.extend(max(token_rows, width)),
            Self::Mean => out.extend(sum(token_rows.map(|row| (row, 1.0)), width, n)),
            Self::MeanSqrtLen => out.extend(sum(token_rows.map(|row| (row, 1.0)), width, n.sqrt())),
            Self::WeightedMean => {
                let weighted = token_rows.enumerate().map(|(i, row)| (row, as_f64(skip + i + 1)));
                out.extend(sum(weighted, width, n * (n + 1.0) / 2.0 + n * as_f64(skip)));
            }
        }
        Ok(())
    }

    /// One vector from those of a long text's windows, each with its number of tokens: the mean
    /// weighted by these, but for [`Max`](Self::Max) the largest value of each dimension and for
    /// [`LastToken`](Self::LastToken) the last vector. A single window's is untouched, bit for bit.
    /// Windows without tokens do not count; if none counts, the result is zeros as wide as they
    /// are. Without windows it is empty.
    ///
    /// # Errors
    /// [`EmbedError::Width`] if a window's vector is not as wide as the first.
    pub fn combine<V: AsRef<[f32]>>(self, windows: &[(V, usize)]) -> Result<Vec<f32>, EmbedError> {
        let rows: Vec<_> = windows.iter().map(|(v, tokens)| (v.as_ref(), *tokens)).collect();
        same_width(rows.iter().map(|(row, _)| *row))?;
        Ok(self.join(&rows))
    }

    /// [`combine`](Self::combine) for vectors of one width.
    fn join(self, windows: &[(&[f32], usize)]) -> Vec<f32> {
        if let [(only, _)] = windows {
            return only.to_vec();
        }
        let width = windows.first().map_or(0, |(row, _)| row.len());
        let counted: Vec<_> = windows.iter().filter(|(_, tokens)| *tokens > 0).copied().collect();
        match (self, &counted[..]) {
            (_, []) => vec![0.0; width],
            (_, [(only, _)]) | (Self::LastToken, [.., (only, _)]) => only.to_vec(),
            (Self::Max, rows) => max(rows.iter().map(|(row, _)| *row), width),
            (_, rows) => {
                let total = rows.iter().map(|(_, tokens)| as_f64(*tokens)).sum();
                sum(rows.iter().map(|(row, tokens)| (*row, as_f64(*tokens))), width, total)
            }
        }
    }
}

impl Pooling {
    /// Pooling of a name in the `pooling_mode` of a `config.json`.
    fn of_config(name: String) -> Result<Self, EmbedError> {
        let known = &Self::CONFIG_NAMES;
        match known.iter().position(|n| **n == name) {
            Some(i) => Ok(Self::ALL[i]),
            None => Err(EmbedError::UnknownName { what: "pooling_mode", found: name, known }),
        }
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The poolings of a model, at least one; the vectors of several are joined end to end. As text,
/// in files too: `mean`, or `cls,mean`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Poolings(Vec<Pooling>);

impl Poolings {
    /// These poolings, in this order.
    ///
    /// # Errors
    /// [`EmbedError::NoPooling`] if there is none.
    pub fn new(poolings: Vec<Pooling>) -> Result<Self, EmbedError> {
        if poolings.is_empty() { Err(EmbedError::NoPooling) } else { Ok(Self(poolings)) }
    }

    /// Names joined by commas: `mean`, `cls,mean`.
    ///
    /// # Errors
    /// [`EmbedError::UnknownName`] at the first unknown name.
    pub fn parse(text: &str) -> Result<Self, EmbedError> {
        Self::new(
            text.split(',').map(|name| Pooling::parse(name.trim())).collect::<Result<_, _>>()?,
        )
    }

    /// The poolings, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Pooling] {
        &self.0
    }

    /// The width of what comes out for rows of `width`.
    #[must_use]
    pub fn width_out(&self, width: usize) -> usize {
        self.0.len().saturating_mul(width)
    }

    /// Pools `rows`, `[tokens, width]`, as [`Pooling::pool`], to one vector of
    /// [`width_out`](Self::width_out).
    ///
    /// # Errors
    /// [`EmbedError::Rows`] if `rows` is not a whole number of rows, or `width` is 0.
    pub fn pool(&self, rows: &[f32], width: usize) -> Result<Vec<f32>, EmbedError> {
        self.pool_behind(rows, width, 0)
    }

    /// The same without the first `skip` rows, those of a prompt that is not pooled. The others keep
    /// their places, as `exclude_prompt_from_mask` leaves them in the reference.
    ///
    /// # Errors
    /// As [`pool`](Self::pool).
    pub fn pool_behind(
        &self,
        rows: &[f32],
        width: usize,
        skip: usize,
    ) -> Result<Vec<f32>, EmbedError> {
        let mut out = Vec::with_capacity(self.width_out(width));
        let mut pool = |pooling: &Pooling| pooling.pool_behind(rows, width, skip, &mut out);
        self.0.iter().try_for_each(&mut pool)?;
        Ok(out)
    }

    /// One vector from those of a long text's windows, each with its number of tokens, by each
    /// pooling's own rule as in [`Pooling::combine`].
    ///
    /// # Errors
    /// [`EmbedError::Width`] if a window's vector is not as wide as the first;
    /// [`EmbedError::Rows`] if that is not a whole number of vectors, one a pooling.
    pub fn combine<V: AsRef<[f32]>>(&self, windows: &[(V, usize)]) -> Result<Vec<f32>, EmbedError> {
        let total = same_width(windows.iter().map(|(v, _)| v.as_ref()))?;
        let width = total / self.0.len();
        if !total.is_multiple_of(self.0.len()) {
            return Err(EmbedError::Rows { width, found: total });
        }
        let mut out = Vec::with_capacity(total);
        for (i, pooling) in self.0.iter().enumerate() {
            let part = i * width..(i + 1) * width;
            let parts: Vec<_> =
                windows.iter().map(|(v, tokens)| (&v.as_ref()[part.clone()], *tokens)).collect();
            out.extend(pooling.join(&parts));
        }
        Ok(out)
    }
}

impl Poolings {
    /// The same with a further one behind; unchanged if it is there.
    #[must_use]
    pub fn and(mut self, pooling: Pooling) -> Self {
        if !self.0.contains(&pooling) {
            self.0.push(pooling);
        }
        self
    }
}

impl From<Pooling> for Poolings {
    fn from(pooling: Pooling) -> Self {
        Self(vec![pooling])
    }
}

impl fmt::Display for Poolings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|p| p.name()).collect::<Vec<_>>().join(","))
    }
}

impl TryFrom<String> for Poolings {
    type Error = EmbedError;

    fn try_from(text: String) -> Result<Self, EmbedError> {
        Self::parse(&text)
    }
}

impl From<Poolings> for String {
    fn from(poolings: Poolings) -> Self {
        poolings.to_string()
    }
}

/// Contents of sentence-transformers' `1_Pooling/config.json` in a model folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolingConfig {
    /// The poolings.
    pub poolings: Poolings,
    /// The width of a token's row, where the file has it.
    pub width: Option<usize>,
    /// Whether the tokens of a prompt are pooled too.
    pub include_prompt: bool,
}

impl PoolingConfig {
    /// Reads the text of a `config.json`, in the form up to sentence-transformers 5, a
    /// `pooling_mode_…: true` for each mode, or in that of version 6, `"pooling_mode": "mean"` or a
    /// list, which goes before. Of the first form the order is [`Pooling::ALL`], and without any
    /// mode it is the mean, both as in the reference (6.2.0).
    ///
    /// # Errors
    /// [`EmbedError::PoolingJson`] if it is not such JSON; [`EmbedError::PoolingKey`] if a mode is on
    /// that cloze does not have; [`EmbedError::UnknownName`] and [`EmbedError::NoPooling`] for the
    /// `pooling_mode` of version 6.
    pub fn parse(text: &str) -> Result<Self, EmbedError> {
        #[derive(Deserialize)]
        struct Config {
            embedding_dimension: Option<usize>,
            /// The same, before version 6.
            word_embedding_dimension: Option<usize>,
            include_prompt: Option<bool>,
            pooling_mode: Option<OneOrMore>,
            #[serde(flatten)]
            rest: Map<String, Value>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMore {
            One(String),
            More(Vec<String>),
        }
        let config: Config = serde_json::from_str(text).map_err(EmbedError::PoolingJson)?;
        let mut on = [false; 6];
        for (key, value) in &config.rest {
            if !key.starts_with("pooling_mode_") {
                continue;
            }
            let value = bool::deserialize(value).map_err(EmbedError::PoolingJson)?;
            match Pooling::CONFIG_KEYS.iter().position(|known| known == key) {
                Some(i) => on[i] = value,
                None if value => {
                    let known = &Pooling::CONFIG_KEYS;
                    return Err(EmbedError::PoolingKey { key: key.clone(), known });
                }
                None => {}
            }
        }
        let poolings: Vec<Pooling> = match config.pooling_mode {
            Some(OneOrMore::One(name)) => vec![Pooling::of_config(name)?],
            Some(OneOrMore::More(names)) => {
                names.into_iter().map(Pooling::of_config).collect::<Result<_, _>>()?
            }
            None if on == [false; 6] => vec![Pooling::Mean],
            None => {
                Pooling::ALL.into_iter().zip(on).filter(|(_, on)| *on).map(|(p, _)| p).collect()
            }
        };
        Ok(Self {
            poolings: Poolings::new(poolings)?,
            width: config.embedding_dimension.or(config.word_embedding_dimension),
            include_prompt: config.include_prompt.unwrap_or(true),
        })
    }
}

/// The width that all `rows` share; 0 without any.
pub(crate) fn same_width<'a>(
    mut rows: impl Iterator<Item = &'a [f32]>,
) -> Result<usize, EmbedError> {
    let expected = rows.next().map_or(0, <[f32]>::len);
    match rows.find(|row| row.len() != expected) {
        Some(row) => Err(EmbedError::Width { expected, found: row.len() }),
        None => Ok(expected),
    }
}

/// The sum of rows times their weights, divided by `divisor`.
#[expect(clippy::cast_possible_truncation, reason = "as narrow as what came in")]
pub(crate) fn sum<'a>(
    rows: impl Iterator<Item = (&'a [f32], f64)>,
    width: usize,
    divisor: f64,
) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for (row, weight) in rows {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += weight * f64::from(*x);
        }
    }
    sums.into_iter().map(|sum| (sum / divisor) as f32).collect()
}

fn max<'a>(rows: impl Iterator<Item = &'a [f32]>, width: usize) -> Vec<f32> {
    let mut max = vec![f32::NEG_INFINITY; width];
    for row in rows {
        for (max, &x) in max.iter_mut().zip(row) {
            // Not `f32::max`, which would hide a NaN.
            if x > *max || x.is_nan() {
                *max = x;
            }
        }
    }
    max
}

#[expect(clippy::cast_precision_loss, reason = "no text has 2⁵³ tokens")]
pub(crate) fn as_f64(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use cloze_testkit::assert_close;

    use super::*;

    /// Rows 1, 2, 4 without the first: first 2, largest 4, mean 3, 6/√2, (2·2 + 3·4) / 5, last 4.
    #[test]
    fn rows_of_a_prompt_are_left_out() {
        let pool = |pooling: Pooling, skip| {
            Poolings::from(pooling).pool_behind(&[1.0, 2.0, 4.0], 1, skip).unwrap()
        };
        let behind = Pooling::ALL.map(|pooling| pool(pooling, 1));
        assert_close(&behind.concat(), &[2.0, 4.0, 3.0, 4.242_640_7, 3.2, 4.0], 1e-6, 0.0);
        for skip in [3, 9] {
            let none = Pooling::ALL.map(|pooling| pool(pooling, skip)).concat();
            assert_close(&none, &[0.0; 6], 0.0, 0.0);
        }
    }
}
