//! The machine, and whether it was busy with something else. Linux alone: it is `/proc` that tells.
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use serde::Serialize;

/// `/proc` counts processor time in hundredths of a second (`USER_HZ`, 100 wherever Linux runs today).
const TICKS: f64 = 100.0;
/// Times are off by a tick at either end, of the process and of each core.
const SLACK: f64 = 0.03;
/// Largest share that other processes may use, of threads · wall time.
const OTHERS: f64 = 0.05;
/// Smallest share that a process must use, of wall time: one that waits for nothing uses it all.
const LEAST: f64 = 0.9;
/// Smallest share that the matrix product must use, of threads · wall time: it keeps all of them
/// busy.
const FULL: f64 = 0.85;
/// Largest share that a process may use, of threads · wall time: more is more threads than given.
const MOST: f64 = 1.1;

/// Processor time during a measured run, in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Load {
    pub(crate) threads: usize,
    pub(crate) wall: f64,
    /// Of the process that was measured.
    pub(crate) own: f64,
    /// Of everything else on the machine, time stolen from it included.
    pub(crate) others: f64,
}

impl Load {
    /// Returns the fault if the figures of this run cannot be trusted. `full`: whether the process
    /// keeps every thread busy all the time.
    pub(crate) fn disturbed(self, full: bool) -> Option<String> {
        let Self { threads, wall, own: used, .. } = self;
        let available = self.all();
        let least = if full { FULL * available } else { LEAST * wall };
        if let Some(what) = self.others_ran() {
            Some(what)
        } else if used + SLACK < least {
            Some(format!("it had {used:.2} s of processor time in {threads} × {wall:.2} s"))
        } else if used > MOST * available + SLACK {
            Some(format!("it used {used:.2} s of processor time in {threads} × {wall:.2} s"))
        } else {
            None
        }
    }

    /// Returns the fault if something else ran; whether the process itself waited is not looked at,
    /// since one that starts waits for files.
    pub(crate) fn others_ran(self) -> Option<String> {
        let Self { threads, wall, others, .. } = self;
        let percent = 100.0 * others / self.all();
        (others > OTHERS * self.all() + SLACK)
            .then(|| format!("others used {percent:.0} % of {threads} × {wall:.2} s"))
    }

    #[expect(clippy::cast_precision_loss, reason = "a handful of threads")]
    fn all(self) -> f64 {
        self.threads as f64 * self.wall
    }
}

/// A moment, from which on processor time is counted.
pub(crate) struct Since {
    began: Instant,
    busy: f64,
    own: f64,
}

impl Since {
    /// For a process that is there.
    pub(crate) fn now(pid: u32) -> anyhow::Result<Self> {
        let (busy, used) = (busy()?, own(pid)?);
        Ok(Self { began: Instant::now(), busy, own: used })
    }

    /// For a process that is about to be started.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Ok(Self { busy: busy()?, own: 0.0, began: Instant::now() })
    }

    /// Processor time used since, by this process and by others.
    pub(crate) fn load(&self, pid: u32, threads: usize) -> anyhow::Result<Load> {
        let wall = self.began.elapsed().as_secs_f64();
        let used = own(pid)? - self.own;
        let others = (busy()? - self.busy - used).max(0.0);
        Ok(Load { threads, wall, own: used, others })
    }
}

fn busy() -> anyhow::Result<f64> {
    let path = "/proc/stat";
    parse_busy(&fs_err::read_to_string(path)?).with_context(|| format!("{path}: no line of cpu"))
}

fn own(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/stat");
    parse_own(&fs_err::read_to_string(&path)?).with_context(|| format!("{path}: no times"))
}

/// The most memory that a process has had in use, in bytes.
pub(crate) fn peak_memory(pid: u32) -> Option<u64> {
    parse_peak(&fs_err::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// Seconds that all cores together were not idle: user, nice, system, irq, softirq, steal. Guests are
/// counted in user already. Source: proc(5).
fn parse_busy(stat: &str) -> Option<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields: Vec<f64> = line.split_whitespace().map_while(|f| f.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6, 7].map(|i| fields.get(i).copied());
    Some(busy.into_iter().sum::<Option<f64>>()? / TICKS)
}

/// utime and stime. The command, which stands before them in brackets, may hold blanks and brackets.
fn parse_own(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS)
}

fn parse_peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Properties of the machine that figures depend on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    memory_bytes: Option<u64>,
    /// Of the instructions that matter here, those there are.
    instructions: Vec<String>,
}

impl Machine {
    pub(crate) fn read() -> Self {
        let text = |path: &str| fs_err::read_to_string(PathBuf::from(path)).unwrap_or_default();
        let cpuinfo = text("/proc/cpuinfo");
        let value = |key: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(key))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let flags = value("flags").or_else(|| value("Features")).unwrap_or_default();
        let telling =
            |flag: &&str| ["avx", "fma", "amx", "asimd", "sve"].iter().any(|f| flag.starts_with(f));
        let memory = text("/proc/meminfo");
        let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
        let kib = memory.and_then(|m| m.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        Self {
            cpu: value("model name").unwrap_or_else(|| std::env::consts::ARCH.into()),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            memory_bytes: kib.map(|kib| kib * 1024),
            instructions: flags.split_whitespace().filter(telling).map(str::to_owned).collect(),
        }
    }

    /// In a line.
    pub(crate) fn describe(&self) -> String {
        let has = |flag: &str| self.instructions.iter().any(|f| f == flag);
        let widest = ["avx512f", "avx2", "avx", "sve", "asimd"].into_iter().find(|f| has(f));
        let widest = widest.map_or(String::new(), |flag| format!(", {flag}"));
        format!("{}, {} cores{widest}", self.cpu, self.cores)
    }
}

/// A moment as `2026-11-27T21:04:05Z`, from seconds since 1970. Source: Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
pub(crate) fn date(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(threads: usize, wall: f64, used: f64, others: f64) -> Load {
        Load { threads, wall, own: used, others }
    }

    #[test]
    fn an_idle_machine_is_trusted() {
        assert_eq!(load(1, 2.0, 2.0, 0.05).disturbed(false), None);
        assert_eq!(load(2, 2.0, 3.8, 0.1).disturbed(true), None);
        // It may leave a thread idle, if the one is busy; the matrix product may not.
        assert_eq!(load(2, 2.0, 2.1, 0.1).disturbed(false), None);
        assert!(load(2, 2.0, 2.1, 0.1).disturbed(true).is_some());
        // A run of a tenth of a second is as long as ten ticks, and one is nothing to go by.
        assert_eq!(load(1, 0.1, 0.07, 0.02).disturbed(false), None);
    }

    #[test]
    fn a_busy_machine_is_not() {
        let what = |load: Load| load.disturbed(false).unwrap();
        assert_eq!(what(load(1, 2.0, 2.0, 0.5)), "others used 25 % of 1 × 2.00 s");
        assert_eq!(what(load(2, 2.0, 3.8, 0.5)), "others used 12 % of 2 × 2.00 s");
        // Nobody else ran, but it was not let: a container's limit, or the host.
        let reason = what(load(1, 2.0, 1.0, 0.0));
        assert_eq!(reason, "it had 1.00 s of processor time in 1 × 2.00 s");
        let reason = what(load(1, 2.0, 3.0, 0.0));
        assert_eq!(reason, "it used 3.00 s of processor time in 1 × 2.00 s");
    }

    /// One that starts may wait.
    #[test]
    fn others_are_looked_at_alone() {
        assert_eq!(load(1, 2.0, 1.0, 0.05).others_ran(), None);
        let reason = load(1, 2.0, 1.0, 0.5).others_ran();
        assert_eq!(reason.as_deref(), Some("others used 25 % of 1 × 2.00 s"));
    }

    /// user 100, nice 20, system 30, idle 9000, iowait 500, irq 4, softirq 6, steal 40: 200 ticks.
    #[test]
    fn idle_and_waiting_cores_are_not_busy() {
        let stat = "cpu  100 20 30 9000 500 4 6 40 7 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n";
        assert_eq!(parse_busy(stat), Some(2.0));
        assert_eq!(parse_busy("cpu  100 20 30\n"), None);
        assert_eq!(parse_busy(""), None);
    }

    #[test]
    fn a_command_may_have_brackets_and_blanks() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 5 0 0 0 150 25 0 0 20 0 1 0 9 8 7\n";
        assert_eq!(parse_own(stat), Some(1.75));
        assert_eq!(parse_own("7 (a) S 1"), None);
        assert_eq!(parse_peak("VmPeak:\t 9 kB\nVmHWM:\t    12 kB\n"), Some(12_288));
        assert_eq!(parse_peak("VmHWM: 12 MB\n"), None);
    }

    /// `date -u -d @…` agrees.
    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(1_795_813_445), "2026-11-27T21:04:05Z");
    }
}
