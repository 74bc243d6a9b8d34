//! From the start of a process to the first vector, or the entities of the first text. Files are in the
//! system's cache by then, as they are for all but the first start after the machine's own.
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::child::Served;
use crate::machine::{Load, Since};
use crate::patience::{Calm, calm};
use crate::protocol::Request;
use crate::rounds::turns;
use crate::systems::{Places, SYSTEMS, System, settle};
use crate::workload::Task;

const SENTENCE: &str = "One sentence, which the first result is of.";

/// Start-up time of a system.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Start {
    pub(crate) system: String,
    pub(crate) task: Task,
    pub(crate) seconds: Vec<f64>,
    /// With one text.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// Disturbance during any start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disturbed: Option<String>,
}

enum Way<'a> {
    System(&'a System),
    /// The `cloze` command, up to its first line.
    Cloze(&'a Path),
}

/// Starts each system `times` times, in turns, on one thread. Systems that cannot be started are left out:
/// the rounds have named them.
///
/// # Errors
/// If `folder` cannot be written; if the machine stays busy, unless that is allowed.
pub(crate) fn measure(
    places: &Places,
    cloze: Option<&Path>,
    chosen: &dyn Fn(&System) -> bool,
    times: usize,
    busy_ok: bool,
    folder: &Path,
) -> anyhow::Result<Vec<Start>> {
    let texts = folder.join("start.txt");
    fs_err::write(&texts, SENTENCE)?;
    let systems = SYSTEMS.iter().filter(|s| chosen(s) && s.command(places, 1).is_ok());
    let ways: Vec<Way<'_>> =
        cloze.map(Way::Cloze).into_iter().chain(systems.map(Way::System)).collect();
    let mut starts = Vec::with_capacity(ways.len());
    for way in &ways {
        let (system, task) = match way {
            Way::System(system) => (system.name, system.task),
            Way::Cloze(_) => ("cloze embed, the command", Task::Vectors),
        };
        starts.push(Start {
            system: system.into(),
            task,
            seconds: vec![],
            peak_memory_bytes: None,
            disturbed: None,
        });
    }
    // The first time reads files that the others find in the cache.
    for round in 0..=times {
        eprintln!("starts, {round} of {times}");
        for index in turns(round, ways.len()) {
            // The first time is not counted.
            let start = &mut starts[index];
            let run = || run(&ways[index], places, &texts, folder);
            match calm(busy_ok || round == 0, run) {
                Ok(Calm { disturbed: Some(what), .. }) if !busy_ok && round > 0 => {
                    bail!(
                        "the machine is busy, so nothing is reported (--busy-ok does): start of {}: {what}",
                        start.system
                    );
                }
                Ok(Calm { result, disturbed, .. }) if round > 0 => {
                    start.seconds.push(result.seconds);
                    start.peak_memory_bytes = result.peak_memory_bytes;
                    start.disturbed = start.disturbed.take().or(disturbed);
                }
                Ok(_) => {}
                Err(why) => eprintln!("{}: not started: {why:#}", start.system),
            }
        }
    }
    starts.retain(|start| !start.seconds.is_empty());
    Ok(starts)
}

struct Took {
    seconds: f64,
    load: Load,
    peak_memory_bytes: Option<u64>,
}

/// Starts a system once; returns also what disturbed it.
fn run(
    way: &Way<'_>,
    places: &Places,
    texts: &Path,
    folder: &Path,
) -> anyhow::Result<(Took, Option<String>)> {
    let took = match way {
        Way::System(system) => system_start(system, places, texts, folder),
        Way::Cloze(program) => command_start(program, places),
    }?;
    let disturbed = took.load.others_ran();
    Ok((took, disturbed))
}

fn system_start(
    system: &System,
    places: &Places,
    texts: &Path,
    folder: &Path,
) -> anyhow::Result<Took> {
    let command = system.command(places, 1)?;
    let since = Since::start()?;
    let began = Instant::now();
    let mut served = Served::start(command, &folder.join("start.log"))?;
    served.ask(&Request::Run { texts: texts.into() })?;
    let seconds = began.elapsed().as_secs_f64();
    let load = since.load(served.pid(), 1)?;
    Ok(Took { seconds, load, peak_memory_bytes: served.peak_memory() })
}

fn command_start(program: &Path, places: &Places) -> anyhow::Result<Took> {
    let mut command = Command::new(program);
    command.args(["embed", "-", "--quiet", "--threads", "1", "--model"]).arg(&places.model);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    settle(&mut command, 1);
    let since = Since::start()?;
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| program.display().to_string())?;
    // Closed behind the line: the command waits for as many texts as make a chunk.
    let written = child.stdin.take().map_or(Ok(()), |mut input| writeln!(input, "{SENTENCE}"));
    let mut line = String::new();
    let read = child.stdout.take().map_or(Ok(0), |out| BufReader::new(out).read_line(&mut line));
    let seconds = began.elapsed().as_secs_f64();
    // Before it is waited for: until then its times can be read, even if it has ended.
    let load = since.load(child.id(), 1);
    child.wait()?;
    written?;
    read?;
    if !line.contains("\"vector\"") {
        bail!("{} embed said {line:?}", program.display());
    }
    Ok(Took { seconds, load: load?, peak_memory_bytes: None })
}
