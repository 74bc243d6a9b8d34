//! Rankings by query, in the order that `trec_eval` gives them, and their figures.
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write as _;

use anyhow::bail;
use cloze::metrics::compare::{BootstrapParams, Interval};
use cloze::metrics::retrieval::{
    JudgedRanking, RetrievalFigures, RetrievalReport, RetrievalScorer,
};

use super::report::Source;
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;

/// Grades by query and document.
pub(super) type Grades = BTreeMap<String, BTreeMap<String, i32>>;

/// What a run calls itself: the last column.
const TAG: &str = "cloze";
/// As many names as an error shows of each kind.
const SHOWN_NAMES: usize = 3;

/// The documents that are judged, by name.
pub(super) struct Names(HashSet<String>);

impl Names {
    /// The document of a record that is a part of one: `town#2` is of `town`. Whoever judges parts
    /// themselves gets them as they are.
    pub(super) fn document<'n>(&self, part: &'n str) -> &'n str {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match part.rsplit_once('#') {
            Some((document, n)) if number(n) && !self.0.contains(part) => document,
            _ => part,
        }
    }
}

/// Documents, each once, with the best score of its parts.
#[derive(Default)]
pub(super) struct Ranked {
    hits: Vec<(String, f64)>,
    places: HashMap<String, usize>,
    /// How many records were found beside the best one of their document.
    further: u64,
}

impl Ranked {
    pub(super) fn push(&mut self, document: &str, score: f64) {
        if let Some(place) = self.places.get(document) {
            let best = &mut self.hits[*place].1;
            *best = best.max(score);
            self.further += 1;
        } else {
            self.places.insert(document.to_owned(), self.hits.len());
            self.hits.push((document.to_owned(), score));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.hits.len()
    }

    /// Best first, and of equal scores the last name: `trec_eval` orders a run so, whatever its ranks
    /// say.
    fn into_sorted(self) -> Vec<(String, f64)> {
        let mut hits = self.hits;
        let by_score = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        hits.sort_by(|a, b| by_score(b.1, a.1).then_with(|| b.0.cmp(&a.0)));
        hits
    }
}

/// Judges one query after another.
pub(super) struct Judging {
    grades: Grades,
    names: Names,
    scorer: RetrievalScorer,
    depth: Option<usize>,
    run: Option<Out>,
    asked: HashSet<String>,
    /// Whether any document that was found is judged, for whatever query.
    met: bool,
    /// Names of queries and documents as they were found, for an error.
    found: [Vec<String>; 2],
    further_parts: u64,
}

/// What it has come to.
pub(super) struct Judged {
    pub(super) report: RetrievalReport,
    pub(super) intervals: RetrievalFigures<Interval>,
    /// How many queries were asked.
    pub(super) asked: usize,
    /// How many queries with a relevant document were not.
    pub(super) not_asked: usize,
    pub(super) further_parts: u64,
}

impl Judging {
    pub(super) fn new(
        grades: Grades,
        scorer: RetrievalScorer,
        depth: Option<usize>,
        run: Option<Out>,
    ) -> Self {
        let names = Names(grades.values().flat_map(BTreeMap::keys).cloned().collect());
        let (asked, found) = Default::default();
        Self { grades, names, scorer, depth, run, asked, met: false, found, further_parts: 0 }
    }

    pub(super) fn depth(&self) -> usize {
        self.depth.unwrap_or(usize::MAX)
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Judges what was found for a query.
    pub(super) fn add(&mut self, query: &str, ranked: Ranked) -> anyhow::Result<()> {
        self.further_parts += ranked.further;
        let mut hits = ranked.into_sorted();
        hits.truncate(self.depth());
        self.write_run(query, &hits)?;
        let none = BTreeMap::new();
        let grades = self.grades.get(query).unwrap_or(&none);
        self.scorer.add(query, &JudgedRanking::by_score(&hits, grades)?)?;
        self.met |= hits.iter().any(|(document, _)| self.names.0.contains(document));
        self.asked.insert(query.to_owned());
        let first = hits.first().map(|(document, _)| document.as_str());
        for (names, name) in self.found.iter_mut().zip([Some(query), first]) {
            let name = name.filter(|_| names.len() < SHOWN_NAMES);
            names.extend(name.map(str::to_owned));
        }
        Ok(())
    }

    /// A query that nothing could be found for counts as one without results.
    pub(super) fn failed(&mut self, query: &str) {
        self.asked.insert(query.to_owned());
    }

    fn write_run(&mut self, query: &str, hits: &[(String, f64)]) -> anyhow::Result<()> {
        let Some(run) = &mut self.run else { return Ok(()) };
        for ((document, score), rank) in hits.iter().zip(1_u64..) {
            for (what, name) in [("query", query), ("document", document)] {
                if name.is_empty() || name.contains(char::is_whitespace) {
                    bail!("--run: {what} {name:?}: expected a name without white space");
                }
            }
            writeln!(run, "{query} Q0 {document} {rank} {score} {TAG}")?;
        }
        Ok(())
    }

    /// Whether there is anything to judge. Names that are nowhere judged give figures of 0, which say
    /// nothing.
    pub(super) fn check(
        &self,
        judgements: &str,
        source: &Source,
        messages: &Messages,
    ) -> anyhow::Result<()> {
        if !self.grades.values().any(has_relevant) {
            bail!("{judgements}: expected a grade above 0, found none");
        }
        let shown = |names: &mut dyn Iterator<Item = &String>| {
            let names: Vec<String> = names.take(SHOWN_NAMES).map(|n| format!("{n:?}")).collect();
            names.join(", ")
        };
        let [queries, documents] = &self.found;
        if !self.asked.iter().any(|query| self.grades.contains_key(query)) {
            bail!(
                "{}: expected queries that {judgements} judges, as {}; found {}",
                source.queries(),
                shown(&mut self.grades.keys()),
                shown(&mut queries.iter())
            );
        }
        if !self.met && !documents.is_empty() {
            messages.note(&format!(
                "no document that was found is judged: they are called {}, and in {judgements} {}",
                shown(&mut documents.iter()),
                shown(&mut self.grades.values().flat_map(BTreeMap::keys))
            ));
        }
        Ok(())
    }

    /// The figures; queries that are judged and were not asked have found nothing.
    pub(super) fn finish(mut self, seed: u64) -> anyhow::Result<Judged> {
        self.scorer.add_missing(&self.grades);
        if let Some(run) = self.run {
            run.finish()?;
        }
        let not_asked = |(query, grades): &(&String, &BTreeMap<String, i32>)| {
            !self.asked.contains(*query) && has_relevant(grades)
        };
        Ok(Judged {
            report: self.scorer.report(),
            intervals: self.scorer.intervals(&BootstrapParams::new().seed(seed).check()?)?,
            asked: self.asked.len(),
            not_asked: self.grades.iter().filter(not_asked).count(),
            further_parts: self.further_parts,
        })
    }
}

fn has_relevant(grades: &BTreeMap<String, i32>) -> bool {
    grades.values().any(|grade| *grade > 0)
}
