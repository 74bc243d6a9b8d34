//! Documents to learn from and to judge by.
use std::collections::{BTreeSet, HashMap};

use anyhow::bail;
use cloze_store::checksum;

/// What a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Train,
    /// To choose settings by.
    Dev,
    Test,
}

/// What each document is for. They are put in the order of the SHA-256 of `seed:name`, in hexadecimal;
/// the first `share` of them, rounded, is for the test, half as many after them are for choosing. So
/// whatever order they are read in, and whichever program does it, the parts are the same.
pub(super) fn split<'n>(
    names: impl IntoIterator<Item = &'n str>,
    share: f64,
    seed: u64,
) -> anyhow::Result<HashMap<&'n str, Part>> {
    if !(share > 0.0 && share < 0.6) {
        bail!("--hold-out is {share}: expected a number above 0 and below 0.6");
    }
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut ordered: Vec<(String, &str)> = names
        .into_iter()
        .map(|name| (checksum::sha256(format!("{seed}:{name}").as_bytes()), name))
        .collect();
    ordered.sort();
    let (test, dev) = (part(ordered.len(), share), part(ordered.len(), share / 2.0));
    if test + dev >= ordered.len() {
        let found = ordered.len();
        bail!("expected at least 3 documents, to hold some of them out, found {found}");
    }
    let of = |(place, (_, name)): (usize, (String, &'n str))| {
        let part = match place {
            place if place < test => Part::Test,
            place if place < test + dev => Part::Dev,
            _ => Part::Train,
        };
        (name, part)
    };
    Ok(ordered.into_iter().enumerate().map(of).collect())
}

/// A share of `n`, rounded, but at least 1.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most n")]
fn part(n: usize, share: f64) -> usize {
    ((n as f64 * share).round() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 10 documents 2 and 1. `printf 0:d7 | sha256sum` begins with 22, d4's with 53, d0's with 5a, and
    /// those of the others are above.
    #[test]
    fn documents_go_by_the_hash_of_their_names() {
        let names: Vec<String> = (0..10).map(|i| format!("d{i}")).collect();
        let found = split(names.iter().map(String::as_str), 0.2, 0).unwrap();
        let of = |part| {
            let mut names: Vec<&str> =
                found.iter().filter(|(_, p)| **p == part).map(|(name, _)| *name).collect();
            names.sort_unstable();
            names
        };
        assert_eq!((of(Part::Test), of(Part::Dev)), (vec!["d4", "d7"], vec!["d0"]));
        assert_eq!(of(Part::Train).len(), 7);
        // Another order of reading, the same parts; another seed, others.
        let again = split(names.iter().rev().map(String::as_str), 0.2, 0).unwrap();
        assert_eq!(again, found);
        assert_ne!(split(names.iter().map(String::as_str), 0.2, 1).unwrap(), found);
    }

    #[test]
    fn too_few_documents_and_shares_that_are_none() {
        for (n, share) in [(2, 0.2), (0, 0.2), (10, 0.0), (10, 0.6), (10, f64::NAN)] {
            let names: Vec<String> = (0..n).map(|i| i.to_string()).collect();
            assert!(split(names.iter().map(String::as_str), share, 0).is_err(), "{n} {share}");
        }
        assert_eq!(split(["a", "b", "c", "a"], 0.2, 0).unwrap().len(), 3);
    }
}
