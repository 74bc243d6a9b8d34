//! Rounds in which systems take turns.
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::agree::{self, Difference};
use crate::child::Served;
use crate::gemm::Bits;
use crate::machine::Load;
use crate::patience::{Calm, calm};
use crate::protocol::{Answer, Request};
use crate::quality::{Pairs, Quality};
use crate::systems::{self, Places, REFERENCE, SYSTEMS, System};
use crate::workload::{Task, Workload};

/// Pause before a system has its turn: threads of others may still spin.
pub(crate) const QUIET: Duration = Duration::from_millis(100);

/// A measured run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    pub(crate) round: usize,
    #[serde(flatten)]
    pub(crate) answer: Answer,
    pub(crate) load: Load,
    /// Disturbance during the last try, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disturbed: Option<String>,
    /// Number of repeats.
    pub(crate) repeats: usize,
}

/// All runs of a system with a workload.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Series {
    pub(crate) system: &'static str,
    pub(crate) workload: &'static str,
    pub(crate) threads: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) difference: Option<Difference>,
    pub(crate) samples: Vec<Sample>,
}

/// A system as it was found, after all rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ran {
    pub(crate) system: &'static str,
    /// `None` for the matrix product.
    pub(crate) task: Option<Task>,
    pub(crate) threads: usize,
    pub(crate) versions: Map<String, Value>,
    pub(crate) peak_memory_bytes: Option<u64>,
}

/// One that was not measured, or not to the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Skipped {
    pub(crate) system: &'static str,
    pub(crate) task: Task,
    pub(crate) why: String,
}

/// Results of all rounds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Measured {
    pub(crate) series: Vec<Series>,
    pub(crate) systems: Vec<Ran>,
    pub(crate) skipped: Vec<Skipped>,
    /// Of each system's vectors, where there are pairs to measure them by.
    pub(crate) quality: Vec<Quality>,
}

/// Settings of a benchmark.
pub(crate) struct Plan<'a> {
    pub(crate) places: &'a Places,
    pub(crate) workloads: &'a [Workload],
    pub(crate) threads: &'a [usize],
    pub(crate) rounds: usize,
    /// Whether a disturbed run is taken as it is.
    pub(crate) busy_ok: bool,
    /// Selects the systems to measure, besides the matrix product.
    pub(crate) chosen: &'a dyn Fn(&System) -> bool,
    /// Pairs that the quality of vectors is measured by.
    pub(crate) pairs: Option<&'a Pairs>,
    /// A folder for what systems say and save.
    pub(crate) folder: &'a Path,
}

/// Order of `n` systems in a round: each round begins one further and goes by another step, so that none always comes
/// behind the same other.
pub(crate) fn turns(round: usize, n: usize) -> impl Iterator<Item = usize> {
    // By such a step every system has its turn.
    let steps: Vec<usize> = (1..n).filter(|&step| common_divisor(step, n) == 1).collect();
    let step = steps.get(round % steps.len().max(1)).copied().unwrap_or(1);
    (0..n).map(move |i| (round + i * step) % n)
}

/// The greatest (Euclid).
fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

impl Plan<'_> {
    /// Measures all of it. Systems of one task and one number of threads are there at once; each waits,
    /// and uses nothing, while another runs.
    ///
    /// # Errors
    /// If the matrix product or the reference cannot run; if the machine stays busy, unless that is
    /// allowed.
    pub(crate) fn run(&self) -> anyhow::Result<Measured> {
        let mut measured = Measured::default();
        for task in [Task::Vectors, Task::Entities] {
            for &threads in self.threads {
                let workloads: Vec<_> =
                    self.workloads.iter().filter(|w| w.kind.task == task).collect();
                if !workloads.is_empty() {
                    self.group(task, threads, &workloads, &mut measured)?;
                }
            }
        }
        Ok(measured)
    }

    fn group(
        &self,
        task: Task,
        threads: usize,
        workloads: &[&Workload],
        measured: &mut Measured,
    ) -> anyhow::Result<()> {
        let mut served = BTreeMap::new();
        let mut series = vec![];
        for bits in Bits::ALL {
            let what = if bits == Bits::Eight { "gemm-8" } else { "gemm" };
            let mut gemm = systems::own(what, &self.places.runtime, threads)?;
            systems::settle(&mut gemm, threads);
            let log = self.folder.join(format!("{what}.log"));
            served.insert(bits.product(), Served::start(gemm, &log)?);
            series.push(self::series(bits.product(), "", threads));
        }
        for system in SYSTEMS.iter().filter(|s| s.task == task && (self.chosen)(s)) {
            eprintln!("{threads} × {}: starts", system.name);
            let log = self.folder.join(format!("{}-{threads}.log", system.name));
            let started = system.command(self.places, threads).and_then(|c| Served::start(c, &log));
            let first = started.and_then(|mut child| {
                let differences = self.first(system, threads, workloads, &mut child)?;
                let quality = self.quality(system, threads, &mut child)?;
                Ok((child, differences, quality))
            });
            match first {
                Ok((child, differences, quality)) => {
                    measured.quality.extend(quality);
                    served.insert(system.name, child);
                    for (workload, difference) in workloads.iter().zip(differences) {
                        let new = series_with(system.name, workload, threads, difference);
                        series.push(new);
                    }
                }
                Err(why) if system.name == REFERENCE => return Err(why.context(REFERENCE)),
                Err(why) => skip(measured, system.name, task, &why),
            }
        }
        // Workload by workload, so that systems follow each other with the same texts.
        series.sort_by_key(|s| workloads.iter().position(|w| w.kind.name == s.workload));
        for round in 0..self.rounds {
            eprintln!("{threads} × round {} of {}", round + 1, self.rounds);
            for index in turns(round, series.len()) {
                let run = &mut series[index];
                let Some(child) = served.get_mut(run.system) else { continue };
                let workload = workloads.iter().find(|w| w.kind.name == run.workload);
                match self.sample(round, threads, child, workload.copied()) {
                    Ok(Sample { disturbed: Some(what), .. }) if !self.busy_ok => {
                        bail!(
                            "the machine is busy, so nothing is reported (--busy-ok does): \
                             {} with {threads} thread(s): {what}",
                            run.system
                        );
                    }
                    Ok(sample) => run.samples.push(sample),
                    Err(why) if run.system == REFERENCE || is_product(run.system) => {
                        return Err(why.context(run.system));
                    }
                    Err(why) => {
                        served.remove(run.system);
                        skip(measured, run.system, task, &why);
                    }
                }
            }
        }
        for (system, child) in served {
            measured.systems.push(Ran {
                system,
                task: (!is_product(system)).then_some(task),
                threads,
                versions: child.ready.versions.clone(),
                peak_memory_bytes: child.peak_memory(),
            });
        }
        measured.series.append(&mut series);
        Ok(())
    }

    /// The first run with each workload, which is not measured: libraries are slow in it. Its results are
    /// compared with those of the reference, which comes first.
    fn first(
        &self,
        system: &System,
        threads: usize,
        workloads: &[&Workload],
        child: &mut Served,
    ) -> anyhow::Result<Vec<Option<Difference>>> {
        let mut differences = vec![];
        for workload in workloads {
            let path =
                |name: &str| self.folder.join(format!("{name}-{}-{threads}", workload.kind.name));
            let (to, reference) = (path(system.name), path(REFERENCE));
            child.ask(&Request::Save { texts: workload.path.clone(), to: to.clone() })?;
            if workload.kind.each {
                child.ask(&Request::Each { texts: workload.path.clone() })?;
            }
            if system.name == REFERENCE || !system.same_weights || !reference.is_file() {
                differences.push(None);
                continue;
            }
            let difference = agree::compare(system.task, &reference, &to)
                .with_context(|| format!("results with {}", workload.kind.name))?;
            differences.push(Some(difference));
        }
        Ok(differences)
    }

    /// Quality of a system's vectors, with the first number of threads alone.
    fn quality(
        &self,
        system: &System,
        threads: usize,
        child: &mut Served,
    ) -> anyhow::Result<Option<Quality>> {
        let (Some(pairs), Task::Vectors) = (self.pairs, system.task) else { return Ok(None) };
        if self.threads.first() != Some(&threads) {
            return Ok(None);
        }
        let quality = pairs.measure(system.name, child, self.folder);
        quality.map(Some).context("quality of vectors")
    }

    fn sample(
        &self,
        round: usize,
        threads: usize,
        child: &mut Served,
        workload: Option<&Workload>,
    ) -> anyhow::Result<Sample> {
        // The matrix product takes no texts.
        let texts = workload.map(|w| w.path.clone()).unwrap_or_default();
        let each = workload.is_some_and(|w| w.kind.each);
        let request = if each { Request::Each { texts } } else { Request::Run { texts } };
        let run = || {
            std::thread::sleep(QUIET);
            let (answer, load) = child.measure(&request, threads)?;
            Ok(((answer, load), load.disturbed(workload.is_none())))
        };
        let Calm { result: (answer, load), disturbed, repeats } = calm(self.busy_ok, run)?;
        Ok(Sample { round, answer, load, disturbed, repeats })
    }
}

fn skip(measured: &mut Measured, system: &'static str, task: Task, why: &anyhow::Error) {
    let new = Skipped { system, task, why: format!("{why:#}") };
    eprintln!("{system}: skipped: {}", new.why);
    // Once is enough, with however many threads.
    if !measured.skipped.contains(&new) {
        measured.skipped.push(new);
    }
}

/// Whether that is a matrix product, which is no system for texts.
pub(crate) fn is_product(system: &str) -> bool {
    Bits::ALL.iter().any(|bits| bits.product() == system)
}

fn series(system: &'static str, workload: &'static str, threads: usize) -> Series {
    Series { system, workload, threads, difference: None, samples: vec![] }
}

fn series_with(
    system: &'static str,
    workload: &Workload,
    threads: usize,
    difference: Option<Difference>,
) -> Series {
    Series { difference, ..series(system, workload.kind.name, threads) }
}

impl Measured {
    /// Whether any run was disturbed.
    pub(crate) fn disturbed(&self) -> bool {
        self.series
            .iter()
            .flat_map(|series| &series.samples)
            .any(|sample| sample.disturbed.is_some())
    }

    /// Systems whose results are not those of the reference, though their weights are.
    pub(crate) fn disagreements(&self) -> Vec<String> {
        let wrong = self.series.iter().filter_map(|series| {
            let difference = series.difference.filter(|difference| difference.too_large())?;
            Some(format!("{}, {}: {difference}", series.system, series.workload))
        });
        wrong.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three systems by steps of 1 and 2, five by 1 to 4: each comes once a round, and of five most stand behind most others
    /// in some round.
    #[test]
    fn each_round_has_an_order_of_its_own() {
        let rounds: Vec<Vec<usize>> = (0..4).map(|round| turns(round, 3).collect()).collect();
        assert_eq!(rounds, [[0, 1, 2], [1, 0, 2], [2, 0, 1], [0, 2, 1]]);
        let mut behind = std::collections::BTreeSet::new();
        for round in 0..5 {
            let order: Vec<usize> = turns(round, 5).collect();
            behind.extend(order.windows(2).map(|pair| (pair[0], pair[1])));
        }
        assert!(behind.len() > 12, "{behind:?}");
        for n in 0..30 {
            for round in 0..7 {
                let mut all: Vec<usize> = turns(round, n).collect();
                all.sort_unstable();
                assert_eq!(all, (0..n).collect::<Vec<_>>(), "{round} {n}");
            }
        }
    }

    fn sample(round: usize, disturbed: Option<&str>) -> Sample {
        Sample {
            round,
            answer: Answer::default(),
            load: Load { threads: 2, wall: 1.0, own: 2.0, others: 1.0 },
            disturbed: disturbed.map(str::to_owned),
            repeats: 3,
        }
    }

    #[test]
    fn what_is_wrong_is_found_in_any_run() {
        let mut measured = Measured::default();
        measured.series.push(Series {
            samples: vec![sample(0, None), sample(1, None)],
            difference: Some(Difference::Vectors(0.5)),
            ..series("fastembed", "mixed", 2)
        });
        assert_eq!(measured.disagreements(), ["fastembed, mixed: 5.0e-1"]);
        assert!(!measured.disturbed());
        measured.series[0].samples.push(sample(2, Some("others")));
        assert!(measured.disturbed());
    }
}
