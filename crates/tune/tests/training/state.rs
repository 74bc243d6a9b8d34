//! States that are not to be used.
use std::path::{Path, PathBuf};

use cloze_core::Cancel;
use cloze_store::StoreError;
use cloze_store::checksum::sha256;
use cloze_tune::TuneError;
use cloze_tune::training::{
    EndReason, Event, Outcome, Schedule, StateFile, TrainingParams, ValidTrainingParams, Watch,
};

use crate::toy::{Line, Point, points};

fn params() -> TrainingParams {
    let params = TrainingParams::new().batch(2).judge_every(Some(2)).save_every(Some(3));
    // As the kept state has it.
    params.learning_rate(0.1).save_seconds(None).part_tokens(4096)
}

fn examples() -> Vec<Point> {
    points(6, 2, 4)
}

fn go_on(
    params: &ValidTrainingParams,
    line: &mut Line,
    examples: &[Point],
    file: StateFile<'_>,
    observe: cloze_tune::training::Observe<'_>,
) -> Result<Outcome, TuneError> {
    let mut evaluate = |line: &mut Line| Ok(line.score(examples));
    let stop = Cancel::new();
    let (evaluate, state) = (Some(&mut evaluate as _), Some(file));
    params.train(line, examples, Watch { evaluate, observe: &mut *observe, stop: &stop, state })
}

/// A state after 3 of 9 steps, with a score.
fn save(path: &Path) {
    let mut observe = |event: &Event| match event {
        Event::Saved { .. } => Err(TuneError::NoExamples),
        _ => Ok(()),
    };
    let file = StateFile { path, fingerprint: "line", resume: false };
    let (params, examples) = (params().check().unwrap(), examples());
    let died = go_on(&params, &mut Line::new(2), &examples, file, &mut observe);
    assert!(matches!(died, Err(TuneError::NoExamples)));
}

/// Goes on from `path`; where that is refused, nothing has changed.
fn resume_as(
    path: &Path,
    params: TrainingParams,
    mut line: Line,
    examples: &[Point],
    fingerprint: &str,
) -> Result<Outcome, TuneError> {
    let file = StateFile { path, fingerprint, resume: true };
    let before: Vec<_> = line.parameters.list().iter().map(|p| p.value.clone()).collect();
    let params = params.check().unwrap();
    let result = go_on(&params, &mut line, examples, file, &mut |_| Ok(()));
    if result.is_err() {
        let after: Vec<_> = line.parameters.list().iter().map(|p| p.value.clone()).collect();
        assert_eq!(after, before);
        assert!(line.calls.is_empty());
    }
    result
}

fn resume(path: &Path) -> Result<Outcome, TuneError> {
    resume_as(path, params(), Line::new(2), &examples(), "line")
}

#[track_caller]
fn refused(result: Result<Outcome, TuneError>) -> String {
    match result.unwrap_err() {
        TuneError::State { what, .. } => what,
        other => panic!("{other}"),
    }
}

fn in_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    save(&path);
    (folder, path)
}

/// 3 trained numbers in each of 4 tensors, and 32 bytes.
#[test]
fn a_state_is_a_safetensors_file() {
    let (_folder, path) = in_folder();
    let bytes = fs_err::read(&path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    assert_eq!(bytes.len(), 8 + header + 4 * 3 * 4 + 32);
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut names = file.names();
    names.sort_unstable();
    let expected = ["best_weights", "first_moment", "second_moment", "sha256", "weights"];
    assert_eq!(names, expected);
    assert_eq!(resume(&path).unwrap().why, EndReason::Done);
}

#[test]
fn any_changed_byte_is_noticed() {
    let (_folder, path) = in_folder();
    let bytes = fs_err::read(&path).unwrap();
    for i in 0..bytes.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut damaged = bytes.clone();
            damaged[i] ^= mask;
            fs_err::write(&path, damaged).unwrap();
            refused(resume(&path));
        }
    }
}

#[test]
fn a_state_that_is_cut_off_or_too_long_is_refused() {
    let (_folder, path) = in_folder();
    let bytes = fs_err::read(&path).unwrap();
    for len in 0..bytes.len() {
        fs_err::write(&path, &bytes[..len]).unwrap();
        assert_eq!(refused(resume(&path)), "damaged or cut off");
    }
    fs_err::write(&path, [&bytes[..], b"\0"].concat()).unwrap();
    assert_eq!(refused(resume(&path)), "damaged or cut off");
    fs_err::remove_file(&path).unwrap();
    let gone = resume(&path).unwrap_err();
    assert!(matches!(gone, TuneError::Store(StoreError::Read(_))), "{gone}");
}

/// The file with `to` in its header in place of `from`, and with a sound length and checksum.
fn rewritten(path: &Path, from: &str, to: &str) {
    let mut bytes = fs_err::read(path).unwrap();
    let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    bytes.splice(at..at + from.len(), to.bytes());
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    let length = length + to.len() as u64 - from.len() as u64;
    bytes[..8].copy_from_slice(&length.to_le_bytes());
    let end = bytes.len() - 32;
    let digest = sha256(&bytes[..end]);
    for i in 0..32 {
        bytes[end + i] = u8::from_str_radix(&digest[2 * i..2 * i + 2], 16).unwrap();
    }
    fs_err::write(path, bytes).unwrap();
}

#[test]
fn another_version_or_kind_is_refused_by_name() {
    let refusal = |from, to| {
        let (_folder, path) = in_folder();
        rewritten(&path, from, to);
        refused(resume(&path))
    };
    let version = "\"format_version\":\"1\"";
    let expected = "expected format version 1, found 2";
    assert_eq!(refusal(version, "\"format_version\":\"2\""), expected);
    assert_eq!(refusal("\"training\"", "\"cooking!\""), "no state of a training");
    // A sound checksum over what is never written: a best score that is not there, step 10 of 9.
    let best = (r#"\"best\":1}"#, r#"\"best\":2}"#);
    let step = (r#"{\"step\":3,\"epoch_loss\""#, r#"{\"step\":10,\"epoch_loss\""#);
    let none = (r#"\"best\":1}"#, r#"\"best\":null}"#);
    for (from, to) in [best, step, none] {
        assert_eq!(refusal(from, to), "damaged or cut off");
    }
    // But step 9 of 9 is one that could be.
    let (_folder, path) = in_folder();
    rewritten(&path, step.0, r#"{\"step\":9,\"epoch_loss\""#);
    assert_eq!(resume(&path).unwrap().steps, 9);
}

#[test]
fn what_does_not_go_with_it_is_named() {
    let (_folder, path) = in_folder();
    let with = |params| refused(resume_as(&path, params, Line::new(2), &examples(), "line"));
    let expected = "the setting learning_rate was 0.1 and is now 0.2";
    assert_eq!(with(params().learning_rate(0.2)), expected);
    let changed = [
        ("epochs", params().epochs(4)),
        ("max_steps", params().max_steps(Some(5))),
        ("batch", params().batch(3)),
        ("length_window", params().length_window(1)),
        ("part_tokens", params().part_tokens(7)),
        ("head_learning_rate", params().head_learning_rate(Some(0.1))),
        ("schedule", params().schedule(Schedule::Cosine)),
        ("warmup_share", params().warmup_share(0.2)),
        ("weight_decay", params().weight_decay(0.0)),
        ("max_gradient_norm", params().max_gradient_norm(None)),
        ("dropout", params().dropout(0.11)),
        ("seed", params().seed(1)),
        ("judge_every", params().judge_every(None)),
        ("patience", params().patience(Some(1))),
    ];
    for (name, params) in changed {
        let found = with(params);
        assert!(found.starts_with(&format!("the setting {name} was ")), "{found}");
    }

    let line = |width| refused(resume_as(&path, params(), Line::new(width), &examples(), "line"));
    assert_eq!(line(3), "trained parameter 0 was weight [2] and is now weight [3]");
    let mut more = Line::new(2);
    more.parameters.add("more", &[1], vec![0.0], true);
    let found = refused(resume_as(&path, params(), more, &examples(), "line"));
    assert_eq!(found, "trained parameter 2 was none and is now more [1]");
    let found = refused(resume_as(&path, params(), Line::new(2), &examples()[..5], "line"));
    assert_eq!(found, "there were 6 examples and are now 5");
    let found = refused(resume_as(&path, params(), Line::new(2), &examples(), "curve"));
    assert_eq!(found, "the data was \"line\" and is now \"curve\"");

    // What does not decide the result may be another.
    let free = params().threads(Some(2)).save_every(None).save_seconds(Some(9));
    assert!(resume_as(&path, free, Line::new(2), &examples(), "line").is_ok());
}

/// A file of version 1 is read by this and by later versions. `CLOZE_WRITE_FIXTURES=1` writes the
/// file anew.
#[test]
fn version_1_is_read_back() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/state-v1.safetensors");
    if std::env::var_os("CLOZE_WRITE_FIXTURES").is_some() {
        save(Path::new(kept));
    }
    let (folder, path) = in_folder();
    // A copy: what is gone on with is saved again.
    let copy = folder.path().join("kept");
    fs_err::copy(kept, &copy).unwrap();
    let (now, then) = (resume(&path).unwrap(), resume(&copy).unwrap());
    assert_eq!((now.why, then.why), (EndReason::Done, EndReason::Done));
    assert_eq!(now, then);
}
