//! Shares of pairs in which the first text is likelier than the second, with their intervals.
use crate::proportion::wilson_interval;
use serde::Serialize;

/// Likelier text of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelier {
    /// The first.
    First,
    /// The second.
    Second,
    /// Neither: both are exactly as likely.
    Neither,
}

impl Likelier {
    /// Compares the log-probabilities of both.
    #[must_use]
    pub fn of(first: f64, second: f64) -> Self {
        if first > second {
            Self::First
        } else if second > first {
            Self::Second
        } else {
            Self::Neither
        }
    }
}

/// Pairs of one group; there is at least one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreferenceShare {
    /// Name of the group.
    pub name: String,
    /// Number of pairs.
    pub pairs: u64,
    /// Number of pairs whose texts are exactly as likely; they count among all pairs, and not as won
    /// by the first text.
    pub ties: u64,
    /// Share of pairs in which the first text is likelier.
    #[serde(rename = "share")]
    pub first: f64,
    /// Wilson's interval of 95 %.
    pub interval: (f64, f64),
}

impl PreferenceShare {
    /// Share of some pairs; `None` without a pair.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub fn of(name: &str, pairs: &[Likelier]) -> Option<Self> {
        let count = |which| pairs.iter().filter(|pair| **pair == which).count() as u64;
        let (first, ties, n) =
            (count(Likelier::First), count(Likelier::Neither), pairs.len() as u64);
        let interval = wilson_interval(first, n)?;
        let (name, first) = (name.to_owned(), first as f64 / n as f64);
        Some(Self { name, pairs: n, ties, first, interval })
    }
}

/// Shares by group, in the order of each group's first pair; pairs without a group are left out.
#[must_use]
pub fn by_group<'a>(
    pairs: impl Iterator<Item = (Option<&'a str>, Likelier)>,
) -> Vec<PreferenceShare> {
    let mut groups: Vec<(&str, Vec<Likelier>)> = vec![];
    for (group, likelier) in pairs {
        let Some(group) = group else { continue };
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, pairs)) => pairs.push(likelier),
            None => groups.push((group, vec![likelier])),
        }
    }
    groups.iter().filter_map(|(group, pairs)| PreferenceShare::of(group, pairs)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three of four pairs are not won by the first: one lost, two ties.
    #[test]
    fn ties_are_counted_and_not_won() {
        let pairs = [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (f64::NEG_INFINITY, f64::NEG_INFINITY)];
        let pairs = pairs.map(|(first, second)| Likelier::of(first, second));
        let share = PreferenceShare::of("all", &pairs).unwrap();
        assert_eq!((share.pairs, share.ties), (4, 2));
        assert!((share.first - 0.25).abs() < 1e-12);
        assert!(share.interval.0 < 0.25 && 0.25 < share.interval.1);
        let groups = [Some("b"), Some("a"), None, Some("b")].into_iter().zip(pairs);
        let shares = by_group(groups);
        let rows: Vec<_> = shares.iter().map(|s| (s.name.as_str(), s.pairs, s.ties)).collect();
        assert_eq!(rows, [("b", 2, 1), ("a", 1, 0)]);
        assert!(PreferenceShare::of("none", &[]).is_none());
    }
}
