//! Overlapping matches: which of them stay.
use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::scan::Candidate;

/// Score from which a form is certain by itself.
const CERTAIN: f32 = 0.94;

/// Candidates that do not overlap, sorted by place.
pub(crate) fn resolve(mut candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    candidates.sort_by(|left, right| {
        order(left)
            .cmp(&order(right))
            .then(right.score.total_cmp(&left.score))
            .then(left.order.cmp(&right.order))
    });
    let mut kept: BTreeMap<usize, Candidate<'_>> = BTreeMap::new();
    for candidate in candidates {
        let before = kept.range(..candidate.end).next_back();
        if before.is_none_or(|(_, other)| other.end <= candidate.start) {
            kept.insert(candidate.start, candidate);
        }
    }
    kept.into_values().collect()
}

/// Order of preference, the best first: rank, distance of the word for those in context, length,
/// distance.
fn order(candidate: &Candidate<'_>) -> (Reverse<u8>, usize, Reverse<usize>, usize) {
    let rank = rank(candidate);
    let distance = candidate.context.unwrap_or(usize::MAX);
    let nearest = if rank == 1 { distance } else { 0 };
    (Reverse(rank), nearest, Reverse(candidate.end - candidate.start), distance)
}

fn rank(candidate: &Candidate<'_>) -> u8 {
    match (candidate.validated, candidate.context.is_some()) {
        _ if candidate.deny => 4,
        (true, true) => 3,
        _ if candidate.score >= CERTAIN => 3,
        (true, false) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Candidate<'_> = Candidate {
        start: 0,
        end: 4,
        label: "A",
        recognizer: "a",
        score: 0.6,
        validated: false,
        context: None,
        order: 0,
        deny: false,
    };

    fn labels(candidates: &[Candidate<'static>]) -> String {
        resolve(candidates.to_vec()).iter().map(|candidate| candidate.label).collect()
    }

    #[test]
    fn the_better_evidence_wins_then_the_longer() {
        let valid = Candidate { label: "V", validated: true, ..PLAIN };
        let context = Candidate { label: "C", context: Some(9), end: 8, ..PLAIN };
        let near = Candidate { label: "N", context: Some(2), ..PLAIN };
        let long = Candidate { label: "L", end: 9, ..PLAIN };
        let certain = Candidate { label: "S", score: 0.95, end: 9, ..PLAIN };
        let deny = Candidate { label: "D", deny: true, end: 1, ..PLAIN };
        assert_eq!(labels(&[PLAIN, long]), "L");
        assert_eq!(labels(&[long, context]), "C");
        assert_eq!(labels(&[context, near, long]), "N");
        assert_eq!(labels(&[long, context, valid]), "V");
        assert_eq!(labels(&[valid, certain]), "S");
        assert_eq!(labels(&[Candidate { context: Some(1), ..valid }, certain]), "S");
        assert_eq!(labels(&[certain, valid, deny]), "D");
    }

    #[test]
    fn neighbours_both_stay_in_order() {
        let next = Candidate { label: "B", start: 4, end: 6, ..PLAIN };
        assert_eq!(labels(&[next, PLAIN]), "AB");
        // One across both loses to neither of them alone, but is longer.
        let across = Candidate { label: "X", start: 2, end: 7, ..PLAIN };
        assert_eq!(labels(&[next, PLAIN, across]), "X");
        assert_eq!(labels(&[]), "");
    }
}
