//! What stays of a log, and what does not.
use cloze_tune::TuneError;
use cloze_tune::training::{Event, TrainingLog, Why};

#[test]
fn a_log_is_cut_where_the_state_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.jsonl");
    let line = |event: &str, step: u64| format!("{{\"event\":\"{event}\",\"step\":{step}}}\n");
    let kept = [line("started", 0), line("step", 1), line("judged", 1), line("step", 2)].concat();
    let gone = [line("judged", 2), line("step", 3), line("ended", 2)].concat();
    fs_err::write(&path, format!("{kept}{gone}what?\n{{\"event\":\"st")).unwrap();

    let started = |step, judged| Event::Started { step, judged, of: 3, epoch_steps: 3, trained: 1 };
    let mut log = TrainingLog::new(&path);
    log.record(&started(2, 1)).unwrap();
    log.record(&Event::Saved { step: 2 }).unwrap();
    log.record(&Event::Ended { step: 2, why: Why::Interrupted }).unwrap();
    assert_eq!(fs_err::read_to_string(&path).unwrap(), kept);
    log.record(&Event::Ended { step: 3, why: Why::Done }).unwrap();
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
