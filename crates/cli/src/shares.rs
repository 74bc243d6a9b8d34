//! The share of pairs in which one text is likelier than the other, with its interval.
use std::io::{self, Write};

use cloze::metrics::proportion::wilson_interval;
use serde::Serialize;

use cloze_report::text::one_line;

/// Which text of a pair is likelier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Likelier {
    First,
    Second,
    Neither,
}

impl Likelier {
    pub(crate) fn of(first: f64, second: f64) -> Self {
        if first > second {
            Self::First
        } else if second > first {
            Self::Second
        } else {
            Self::Neither
        }
    }
}

/// Pairs of one kind; there is at least one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Share {
    pub(crate) name: String,
    pub(crate) pairs: u64,
    /// Pairs whose texts are exactly as likely; they count among all, and not as won by the first.
    pub(crate) ties: u64,
    /// The share of pairs in which the first is likelier.
    #[serde(rename = "share")]
    pub(crate) first: f64,
    /// Wilson's, of 95 %.
    pub(crate) interval: (f64, f64),
}

impl Share {
    /// `None` without a pair.
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub(crate) fn of(name: &str, pairs: &[Likelier]) -> Option<Self> {
        let count = |which| pairs.iter().filter(|pair| **pair == which).count() as u64;
        let (first, ties, n) =
            (count(Likelier::First), count(Likelier::Neither), pairs.len() as u64);
        let interval = wilson_interval(first, n)?;
        let (name, first) = (name.to_owned(), first as f64 / n as f64);
        Some(Self { name, pairs: n, ties, first, interval })
    }
}

/// Those of a kind together, each kind in the order it first came in.
pub(crate) fn by_kind<'a>(pairs: impl Iterator<Item = (Option<&'a str>, Likelier)>) -> Vec<Share> {
    let mut kinds: Vec<(&str, Vec<Likelier>)> = vec![];
    for (kind, likelier) in pairs {
        let Some(kind) = kind else { continue };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, pairs)) => pairs.push(likelier),
            None => kinds.push((kind, vec![likelier])),
        }
    }
    kinds.iter().filter_map(|(kind, pairs)| Share::of(kind, pairs)).collect()
}

/// A table of them, the names in the first column.
pub(crate) fn write_table(
    title: &str,
    figure: &str,
    shares: &[Share],
    out: &mut dyn Write,
) -> io::Result<()> {
    let names: Vec<String> = shares.iter().map(|s| one_line(&s.name)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = longest.max(title.chars().count());
    writeln!(
        out,
        "{title:width$}  {figure:>8}  {:>17}  {:>6}  {:>5}",
        "95 % interval", "pairs", "ties"
    )?;
    for (name, s) in names.iter().zip(shares) {
        let (low, high) = s.interval;
        let between = format!("{low:.4} to {high:.4}");
        writeln!(
            out,
            "{name:width$}  {:>8.4}  {between:>17}  {:>6}  {:>5}",
            s.first, s.pairs, s.ties
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three of four pairs are not won by the first: one lost, two ties.
    #[test]
    fn ties_are_counted_and_not_won() {
        let pairs = [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (f64::NEG_INFINITY, f64::NEG_INFINITY)];
        let pairs = pairs.map(|(first, second)| Likelier::of(first, second));
        let found = Share::of("all", &pairs).unwrap();
        assert_eq!((found.pairs, found.ties), (4, 2));
        assert!((found.first - 0.25).abs() < 1e-12);
        assert!(found.interval.0 < 0.25 && 0.25 < found.interval.1);
        let kinds = [Some("b"), Some("a"), None, Some("b")].into_iter().zip(pairs);
        let found = by_kind(kinds);
        let found: Vec<_> = found.iter().map(|s| (s.name.as_str(), s.pairs, s.ties)).collect();
        assert_eq!(found, [("b", 2, 1), ("a", 1, 0)]);
        assert!(Share::of("none", &[]).is_none());
    }
}
