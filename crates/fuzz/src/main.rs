//! Runs the targets on damaged inputs without libFuzzer: `cargo run --release -- --seconds 60`.
//!
//! Each target runs in a process of its own, which may hold 256 MiB beyond what it began with. A process that
//! ends by itself, or makes no progress for ten seconds, is run again from its last report on, one input after
//! the other; the input that did it is written to `artifacts/`, and the exit status is 1.
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use cap::Cap;
use clap::Parser;
use cloze_fuzz::mutate::input;
use cloze_fuzz::targets::{TARGETS, Target};

#[global_allocator]
static ALLOCATOR: Cap<std::alloc::System> = Cap::new(std::alloc::System, usize::MAX);

/// Memory that one target may hold, in bytes.
const MEMORY: usize = 256 << 20;
/// Longest time without progress.
const PATIENCE: Duration = Duration::from_secs(10);
/// Inputs between two reports of progress.
const REPORT: u64 = 64;

type Error = Box<dyn std::error::Error>;

/// Fuzz everything that parses foreign bytes
#[derive(Parser)]
struct Args {
    /// Time for all targets together
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only this target; can be repeated
    #[arg(long)]
    target: Vec<String>,
    /// Number of the run: another one makes other inputs
    #[arg(long, default_value_t = 0)]
    run: u64,
    /// Runs one target in this process, from an input on, with a report every so many inputs
    #[arg(long, hide = true, num_args = 2)]
    child: Option<Vec<u64>>,
}

fn main() -> Result<ExitCode, Error> {
    let args = Args::parse();
    let chosen: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| {
            args.target.is_empty() || args.target.iter().any(|name| name == target.name)
        })
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(format!("no such target: expected {}", names.join(", ")).into());
    }
    if let (Some([from, report]), [target]) = (args.child.as_deref(), chosen.as_slice()) {
        return child(target, &args, *from, *report);
    }
    let each = Duration::from_secs(args.seconds) / u32::try_from(chosen.len())?;
    let (mut inputs, mut stops) = (0, 0);
    for target in chosen {
        let begun = Instant::now();
        let (done, stopped) = watch(target, args.run, 0, REPORT, each)?;
        inputs += done;
        let rate = done as f64 / begun.elapsed().as_secs_f64();
        println!(
            "{:<12} {done:>10} inputs, {rate:.0}/s{}",
            target.name,
            if stopped { ", stopped" } else { "" }
        );
        if stopped {
            stops += 1;
            let (index, again) = watch(target, args.run, done, 1, PATIENCE)?;
            let artifacts = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts");
            fs_err::create_dir_all(&artifacts)?;
            let file = artifacts.join(format!("{}-{}-{index}", target.name, args.run));
            fs_err::write(&file, input(&(target.seeds)(), args.run, index))?;
            println!(
                "  input {index}{}: {}",
                if again { "" } else { " or near it" },
                file.display()
            );
        }
    }
    println!("{inputs} inputs in all, {stops} targets stopped");
    Ok(ExitCode::from(u8::from(stops > 0)))
}

/// Runs a target in a process for some time. Returns the number of the input that it came to, and whether it
/// stopped by itself.
fn watch(
    target: &Target,
    run: u64,
    from: u64,
    report: u64,
    time: Duration,
) -> Result<(u64, bool), Error> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--target", target.name, "--run", &run.to_string()])
        .args(["--seconds", &time.as_secs().max(1).to_string()])
        .args(["--child", &from.to_string(), &report.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("no pipe from the process")?;
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let mut reached = from;
    loop {
        match receive.recv_timeout(PATIENCE) {
            Ok(line) => reached = line.parse()?,
            Err(RecvTimeoutError::Disconnected) => return Ok((reached, !child.wait()?.success())),
            Err(RecvTimeoutError::Timeout) => return kill(child).map(|()| (reached, true)),
        }
    }
}

fn kill(mut child: Child) -> Result<(), Error> {
    child.kill()?;
    child.wait()?;
    Ok(())
}

fn child(target: &Target, args: &Args, from: u64, report: u64) -> Result<ExitCode, Error> {
    let seeds = (target.seeds)();
    // Whatever is allocated once has been by then.
    for seed in &seeds {
        (target.run)(seed);
    }
    ALLOCATOR
        .set_limit(ALLOCATOR.allocated() + MEMORY)
        .map_err(|_| "more memory than the limit at the start")?;
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let mut out = std::io::stdout();
    let mut index = from;
    while Instant::now() < end {
        writeln!(out, "{index}")?;
        out.flush()?;
        for _ in 0..report {
            (target.run)(&input(&seeds, args.run, index));
            index += 1;
        }
    }
    writeln!(out, "{index}")?;
    Ok(ExitCode::SUCCESS)
}
