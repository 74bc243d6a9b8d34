//! Tests of the lines of a log that are kept, and of those that are not.
use cloze_tune::TuneError;
use cloze_tune::training::{EndReason, Event, TrainingLog, ValidationScore};

#[test]
fn a_log_is_cut_where_the_state_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.jsonl");
    let line = |event: &str, step: u64| format!("{{\"event\":\"{event}\",\"step\":{step}}}\n");
    let kept = [line("started", 0), line("step", 1), line("judged", 1), line("step", 2)].concat();
    let gone = [line("judged", 2), line("step", 3), line("ended", 2)].concat();
    fs_err::write(&path, format!("{kept}{gone}what?\n{{\"event\":\"st")).unwrap();

    let started =
        |step, evaluated| Event::Started { step, evaluated, of: 3, epoch_steps: 3, trained: 1 };
    let mut log = TrainingLog::new(&path);
    log.record(&started(2, 1)).unwrap();
    log.record(&Event::Saved { step: 2 }).unwrap();
    log.record(&Event::Ended { step: 2, why: EndReason::Interrupted }).unwrap();
    assert_eq!(fs_err::read_to_string(&path).unwrap(), kept);
    log.record(&Event::Ended { step: 3, why: EndReason::Done }).unwrap();
    let end = "{\"event\":\"ended\",\"step\":3,\"why\":\"done\"}\n";
    assert_eq!(fs_err::read_to_string(&path).unwrap(), kept + end);

    // A training that starts afresh has a log of its own; so has one whose log is gone.
    TrainingLog::new(&path).record(&started(0, 0)).unwrap();
    assert_eq!(fs_err::read_to_string(&path).unwrap().lines().count(), 1);
    fs_err::remove_file(&path).unwrap();
    TrainingLog::new(&path).record(&started(2, 1)).unwrap();
    assert_eq!(fs_err::read_to_string(&path).unwrap(), "");
    let unwritable = TrainingLog::new(folder.path()).record(&started(0, 0)).unwrap_err();
    assert!(matches!(unwritable, TuneError::Store(_)), "{unwritable}");
}

/// Events read are those written, floats bit for bit; a line that is not an event is passed over.
#[test]
fn a_log_tells_what_came_before_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.jsonl");
    assert_eq!(TrainingLog::new(&path).events().unwrap(), []);
    let started =
        |step, evaluated| Event::Started { step, evaluated, of: 3, epoch_steps: 3, trained: 1 };
    let step = |step: u64, loss: f64| Event::Step {
        step,
        of: 3,
        epoch: 1,
        loss,
        mean_loss: 0.1 + 0.2,
        learning_rate: 1e-300,
        gradient_norm: f64::MAX,
        tokens: 7,
        seconds: 0.3,
    };
    let score = Event::Evaluated {
        step: 1,
        score: ValidationScore { metric: 1.0 / 3.0, loss: None },
        best: true,
        seconds: 0.1,
    };
    let all = [started(0, 0), step(1, 0.7), score, step(2, 1e300)];
    let mut log = TrainingLog::new(&path);
    for event in all.iter().chain(&[step(3, 0.5)]) {
        log.record(event).unwrap();
    }
    // Killed after a half of a line.
    let mut text = fs_err::read_to_string(&path).unwrap();
    text.push_str("{\"event\":\"step\",\"st");
    fs_err::write(&path, text).unwrap();
    assert_eq!(log.events().unwrap().len(), 5);
    // The state is that after step 2.
    let mut log = TrainingLog::new(&path);
    log.record(&started(2, 1)).unwrap();
    assert_eq!(log.events().unwrap(), all);
    assert!(matches!(TrainingLog::new(folder.path()).events(), Err(TuneError::Store(_))));
}
