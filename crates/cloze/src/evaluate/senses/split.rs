//! Documents to train on and documents to evaluate on.
use std::collections::{BTreeSet, HashMap};

use cloze_store::checksum;

use crate::evaluate::EvaluateError;

/// Part of the data that a document is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentPart {
    /// Training.
    Train,
    /// Choice of settings.
    Dev,
    /// Evaluation.
    Test,
}

/// Splits documents by their names. They are put in the order of the SHA-256 of `seed:name`, in hexadecimal;
/// the first `share` of them, rounded, are for the test, half as many after them for the choice of
/// settings. So the parts are the same in whatever order they are read, and by whichever program.
///
/// # Errors
/// [`EvaluateError::HeldOutShare`] for a share that is not above 0 and below 0.6;
/// [`EvaluateError::FewDocuments`] for too few documents.
pub fn split_documents<'n>(
    names: impl IntoIterator<Item = &'n str>,
    share: f64,
    seed: u64,
) -> Result<HashMap<&'n str, DocumentPart>, EvaluateError> {
    if !(share > 0.0 && share < 0.6) {
        return Err(EvaluateError::HeldOutShare { found: share });
    }
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut ordered: Vec<(String, &str)> = names
        .into_iter()
        .map(|name| (checksum::sha256(format!("{seed}:{name}").as_bytes()), name))
        .collect();
    ordered.sort();
    let (test, dev) = (part(ordered.len(), share), part(ordered.len(), share / 2.0));
    if test + dev >= ordered.len() {
        let documents = ordered.len();
        return Err(EvaluateError::FewDocuments { found: documents });
    }
    let mut parts = HashMap::with_capacity(ordered.len());
    for (index, (_, name)) in ordered.into_iter().enumerate() {
        let part = match index {
            index if index < test => DocumentPart::Test,
            index if index < test + dev => DocumentPart::Dev,
            _ => DocumentPart::Train,
        };
        parts.insert(name, part);
    }
    Ok(parts)
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

    /// Names of a part's documents, sorted.
    fn names_in<'n>(parts: &HashMap<&'n str, DocumentPart>, part: DocumentPart) -> Vec<&'n str> {
        let names = parts.iter().filter(|(_, p)| **p == part).map(|(name, _)| *name);
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names
    }

    /// Of 10 documents 2 and 1. `printf 0:d7 | sha256sum` begins with 22, d4's with 53, d0's with
    /// 5a, and the others' hashes are above.
    #[test]
    fn documents_go_by_the_hash_of_their_names() {
        let names: Vec<String> = (0..10).map(|i| format!("d{i}")).collect();
        let parts = split_documents(names.iter().map(String::as_str), 0.2, 0).unwrap();
        assert_eq!(names_in(&parts, DocumentPart::Test), ["d4", "d7"]);
        assert_eq!(names_in(&parts, DocumentPart::Dev), ["d0"]);
        assert_eq!(names_in(&parts, DocumentPart::Train).len(), 7);
        // Another order of reading, the same parts; another seed, others.
        let again = split_documents(names.iter().rev().map(String::as_str), 0.2, 0).unwrap();
        assert_eq!(again, parts);
        assert_ne!(split_documents(names.iter().map(String::as_str), 0.2, 1).unwrap(), parts);
    }

    #[test]
    fn too_few_documents_and_shares_that_are_none() {
        for (n, share) in [(2, 0.2), (0, 0.2), (10, 0.0), (10, 0.6), (10, f64::NAN)] {
            let names: Vec<String> = (0..n).map(|i| i.to_string()).collect();
            assert!(
                split_documents(names.iter().map(String::as_str), share, 0).is_err(),
                "{n} {share}"
            );
        }
        assert_eq!(split_documents(["a", "b", "c", "a"], 0.2, 0).unwrap().len(), 3);
    }
}
