//! Stopped, killed, gone on: the same numbers.
use std::path::Path;

use cloze_core::Cancel;
use cloze_tune::TuneError;
use cloze_tune::training::{
    EndReason, Event, Outcome, StateFile, TrainingLog, TrainingParams, Watch,
};
use serde_json::Value;

use crate::toy::{Line, Point, points};

/// Two epochs of 5 steps, evaluated after 2, 4, 5, 6, 8 and 10, with all that is drawn at random.
fn params() -> TrainingParams {
    let params = TrainingParams::new().epochs(2).batch(3).judge_every(Some(2));
    let params = params.learning_rate(0.1).dropout(0.3).part_tokens(5);
    params.length_window(2).save_seconds(None)
}

/// Action of an observer on an event.
enum Then {
    GoOn,
    Stop,
    /// As if the process were gone.
    Die,
}

/// One process: a new learner, and all from the disk.
struct Process<'a> {
    params: TrainingParams,
    folder: &'a Path,
    examples: &'a [Point],
}

impl Process<'_> {
    fn run(&self, mut then: impl FnMut(&Event) -> Then + Send) -> Option<(Outcome, Vec<f32>)> {
        let path = self.folder.join("state.safetensors");
        let mut log = TrainingLog::new(&self.folder.join("train.jsonl"));
        let mut line = Line::new(2);
        if path.exists() {
            // Whatever it starts with, the state's numbers take their place.
            line.parameters.list_mut()[1].value.fill(f32::NAN);
        }
        let stop = Cancel::new();
        // Before the first event, as if the stop had come while the model was opened.
        if matches!(then(&Event::Saved { step: 0 }), Then::Stop) {
            stop.cancel();
        }
        let mut observe = |event: &Event| {
            log.record(event)?;
            match then(event) {
                Then::GoOn => {}
                Then::Stop => stop.cancel(),
                Then::Die => return Err(TuneError::NoExamples),
            }
            Ok(())
        };
        let mut evaluate = |line: &mut Line| Ok(line.score(self.examples));
        let state = StateFile { path: &path, fingerprint: "line", resume: path.exists() };
        let watch = Watch {
            evaluate: Some(&mut evaluate),
            observe: &mut observe,
            stop: &stop,
            state: Some(state),
        };
        let params = self.params.clone().check().unwrap();
        match params.train(&mut line, self.examples, watch) {
            Ok(outcome) => Some((outcome, line.numbers())),
            Err(TuneError::NoExamples) => None,
            Err(other) => panic!("{other}"),
        }
    }

    /// All that a training leaves, but for its seconds.
    fn finish(&self) -> (Outcome, Vec<u32>, Vec<Value>) {
        let (outcome, numbers) = self.run(|_| Then::GoOn).unwrap();
        let log = fs_err::read_to_string(self.folder.join("train.jsonl")).unwrap();
        let mut log: Vec<Value> = log.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        for line in &mut log {
            line.as_object_mut().unwrap().remove("seconds");
        }
        (outcome, numbers.iter().map(|x| x.to_bits()).collect(), log)
    }
}

fn in_folder<R>(params: TrainingParams, run: impl FnOnce(Process<'_>) -> R) -> R {
    let folder = tempfile::tempdir().unwrap();
    let examples = points(13, 2, 8);
    run(Process { params, folder: folder.path(), examples: &examples })
}

fn undisturbed() -> (Outcome, Vec<u32>, Vec<Value>) {
    in_folder(params(), |process| process.finish())
}

/// Tells the stop at the `n`th event, from 0; the one before the first is not an event.
fn at(n: usize, then: fn() -> Then) -> impl FnMut(&Event) -> Then + Send {
    let mut seen = 0;
    move |_| {
        seen += 1;
        if seen == n + 1 { then() } else { Then::GoOn }
    }
}

#[test]
fn an_undisturbed_training_has_all_that_can_go_wrong() {
    let (outcome, _, log) = undisturbed();
    assert_eq!((outcome.steps, outcome.why), (10, EndReason::Done));
    let steps: Vec<_> = outcome.history.iter().map(|score| score.step).collect();
    assert_eq!(steps, [2, 4, 5, 6, 8, 10]);
    // A start, 10 steps, 6 scores, an end.
    assert_eq!(log.len(), 18);
    assert_eq!(undisturbed().1, undisturbed().1);
}

/// At every event: before the first, after each step and after each evaluation.
#[test]
fn stopped_once_anywhere_it_comes_out_the_same() {
    let expected = undisturbed();
    let mut interrupted = 0;
    for n in 0..19 {
        in_folder(params(), |process| {
            let (outcome, _) = process.run(at(n, || Then::Stop)).unwrap();
            if outcome.why == EndReason::Interrupted {
                interrupted += 1;
                // Not from the start again, which would come out the same, too.
                let (there, _) = process.run(at(0, || Then::Stop)).unwrap();
                assert_eq!((there.steps, there.history), (outcome.steps, outcome.history));
            }
            assert_eq!(process.finish(), expected, "stopped at event {n}");
        });
    }
    // All but after the last evaluation, and at the end.
    assert_eq!(interrupted, 17);
}

#[test]
fn stopped_twice_it_comes_out_the_same() {
    let expected = undisturbed();
    for first in 0..17 {
        for second in 0..17 {
            in_folder(params(), |process| {
                process.run(at(first, || Then::Stop)).unwrap();
                process.run(at(second, || Then::Stop)).unwrap();
                assert_eq!(process.finish(), expected, "stopped at {first}, then {second}");
            });
        }
    }
}

/// Saved every 2 or 3 steps, and killed at every event, also those of saving.
#[test]
fn killed_anywhere_it_comes_out_the_same() {
    let expected = undisturbed();
    for every in [2, 3] {
        let mut lost = 0;
        for n in 1..30 {
            in_folder(params().save_every(Some(every)), |process| {
                let mut saved = 0;
                let mut die = at(n, || Then::Die);
                let died = process.run(|event| {
                    if let Event::Saved { step } = event {
                        saved = *step;
                    }
                    die(event)
                });
                lost += usize::from(died.is_none());
                // Not from the start again, which would come out the same, too.
                let (there, _) = process.run(at(0, || Then::Stop)).unwrap();
                assert!(died.is_some() || there.steps == saved);
                // And again, 4 events later.
                process.run(at(4, || Then::Die));
                assert_eq!(process.finish(), expected, "killed at event {n}");
            });
        }
        assert!(lost >= 18, "{lost}");
    }
}

/// The scores get no better after the second, before the stop and after it.
#[test]
fn patience_goes_on_counting() {
    let rising = |params: TrainingParams| params.learning_rate(1.0).patience(Some(3));
    let run = |n: Option<usize>| {
        in_folder(rising(params().epochs(20)), |process| {
            if let Some(n) = n {
                process.run(at(n, || Then::Stop)).unwrap();
            }
            process.finish()
        })
    };
    let expected = run(None);
    assert_eq!(expected.0.why, EndReason::Patience);
    let events = expected.2.len();
    for n in 0..events {
        assert_eq!(run(Some(n)), expected, "stopped at event {n}");
    }
}

/// Done, and lost behind that: gone on with, nothing is left to do, and it ends in the same way.
#[test]
fn a_training_that_is_done_takes_no_more_steps() {
    for params in [params(), params().epochs(20).learning_rate(1.0).patience(Some(3))] {
        in_folder(params, |process| {
            let expected = process.finish();
            let again = process.run(|event| {
                assert!(
                    !matches!(event, Event::Step { .. } | Event::Evaluated { .. }),
                    "{event:?}"
                );
                Then::GoOn
            });
            assert_eq!(again.unwrap().0, expected.0);
            assert_eq!(process.finish(), expected);
        });
    }
}

#[test]
fn states_are_saved_when_it_is_time() {
    let saved_by = |process: &Process<'_>, stop: u64| {
        let mut saved = vec![];
        // The first of them is the one before all events.
        process.run(|event| match event {
            Event::Saved { step } => {
                saved.push(*step);
                Then::GoOn
            }
            Event::Step { step, .. } if *step == stop => Then::Stop,
            _ => Then::GoOn,
        });
        saved.split_off(1)
    };
    let saved = |params| in_folder(params, |process| saved_by(&process, 0));
    // At the end, always: what comes after a training may fail.
    assert_eq!(saved(params()), [10]);
    assert_eq!(saved(params().save_every(Some(3))), [3, 6, 9, 10]);
    assert_eq!(saved(params().save_every(Some(5))), [5, 10]);
    // At a stop, too; from there on it is 3 steps again.
    in_folder(params().save_every(Some(3)), |process| {
        assert_eq!(saved_by(&process, 4), [3, 4]);
        assert_eq!(saved_by(&process, 0), [7, 10]);
    });
    assert_eq!(saved(params().save_seconds(Some(3600))), [10]);
}
