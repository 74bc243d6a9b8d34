//! Log of a training's events, one JSON object per line.
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use cloze_store::{AtomicFile, Existing, StoreError};
use serde::Deserialize;

use super::event::{EndReason, Event};
use crate::TuneError;

/// A file of [`Event`]s. After a stop it goes on so that it is as of a training that was never
/// stopped, but for the seconds: what was written after the state was saved goes, and neither saving
/// nor the stop are written.
#[derive(Debug)]
pub struct TrainingLog {
    path: PathBuf,
    file: Option<fs_err::File>,
}

/// As much of a line as says whether it stays.
#[derive(Deserialize)]
struct Line {
    event: String,
    step: u64,
}

impl TrainingLog {
    /// The log that will be at `path` from [`Event::Started`] on.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None }
    }

    /// Events of the log, in order; empty if there is none. After [`Event::Started`] was recorded
    /// these are all events before the stop that the training goes on from.
    ///
    /// # Errors
    /// [`TuneError::Store`] if the file cannot be read.
    pub fn events(&self) -> Result<Vec<Event>, TuneError> {
        let file = match fs_err::File::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
            file => file.map_err(StoreError::Read)?,
        };
        let mut events = vec![];
        for line in BufReader::new(file).split(b'\n') {
            // A line that is not an event, the cut-off end of a file perhaps, tells nothing.
            events.extend(serde_json::from_slice(&line.map_err(StoreError::Read)?).ok());
        }
        Ok(events)
    }

    /// Writes an event down. [`Event::Started`] empties the file, or where the training goes on, cuts
    /// it; if it is gone it begins anew.
    ///
    /// # Errors
    /// [`TuneError::Store`] if the file cannot be read or written.
    pub fn record(&mut self, event: &Event) -> Result<(), TuneError> {
        match event {
            Event::Started { step, evaluated, .. } => {
                self.cut(*step, *evaluated)?;
                let file = fs_err::OpenOptions::new().append(true).open(&self.path);
                self.file = Some(file.map_err(|source| self.unwritable(source))?);
                if *step > 0 {
                    return Ok(());
                }
            }
            Event::Saved { .. } | Event::Ended { why: EndReason::Interrupted, .. } => return Ok(()),
            _ => {}
        }
        let mut line = serde_json::to_vec(event).map_err(|source| StoreError::Serialize {
            path: self.path.clone(),
            kind: "event".to_owned(),
            source,
        })?;
        line.push(b'\n');
        let Some(file) = &mut self.file else { return Ok(()) };
        // One write, so that no half of a line is there when the process is killed.
        file.write_all(&line).map_err(|source| self.unwritable(source))
    }

    /// Leaves what was written up to the last step and the last evaluation before a state was saved.
    fn cut(&self, last_step: u64, last_evaluated: u64) -> Result<(), TuneError> {
        let failed = |source| self.unwritable(source);
        let mut out = AtomicFile::create(&self.path, Existing::Replace)?;
        let old = (last_step > 0).then(|| fs_err::File::open(&self.path));
        let mut old = match old {
            None => None,
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => None,
            Some(old) => Some(BufReader::new(old.map_err(StoreError::Read)?)),
        };
        let mut line = vec![];
        while let Some(old) = &mut old {
            line.clear();
            if old.read_until(b'\n', &mut line).map_err(StoreError::Read)? == 0 {
                break;
            }
            let stays = serde_json::from_slice(&line).is_ok_and(|Line { event, step }| {
                let last = if event == "judged" { last_evaluated } else { last_step };
                ["started", "step", "judged"].contains(&&event[..]) && step <= last
            });
            if stays {
                out.write_all(&line).map_err(failed)?;
            }
        }
        Ok(out.commit()?)
    }

    fn unwritable(&self, source: std::io::Error) -> TuneError {
        StoreError::Write { path: self.path.clone(), source }.into()
    }
}
