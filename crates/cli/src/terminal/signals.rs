//! Signals that end the program: a training saves its state first, and no file is left half written.
use std::sync::atomic::{AtomicU8, Ordering};

use crate::commands::train::interrupt;

/// Number of Ctrl-C, the only one where there are no others.
const INTERRUPT: u8 = 2;

/// Number of the signal that has stopped the training.
static STOPPED: AtomicU8 = AtomicU8::new(INTERRUPT);

/// Handles the signals that ask the program to end. One that it was started to ignore stays ignored,
/// as after `nohup`, but for Ctrl-C.
pub(crate) fn handle() {
    // Without a handler a signal still ends the process; only temporary files would stay, until the
    // next run.
    #[cfg(unix)]
    unix::handle();
    #[cfg(not(unix))]
    let _ = ctrlc::set_handler(|| end(INTERRUPT));
}

/// Exit status of a run that a signal has stopped, as shells have it.
pub(crate) fn status() -> u8 {
    status_of(STOPPED.load(Ordering::Relaxed))
}

fn status_of(signal: u8) -> u8 {
    128 + signal
}

/// Ends the program, or the training that runs.
fn end(signal: u8) {
    STOPPED.store(signal, Ordering::Relaxed);
    // A training saves its state first; whoever asks twice does not want to wait for that.
    if interrupt::stop() {
        return;
    }
    cloze_store::discard_pending();
    // Not the standard library's `exit`, which runs the destructors of ONNX Runtime while other
    // threads are still in it: one interrupt in fifteen was a segmentation fault.
    signal_hook::low_level::exit(status_of(signal).into());
}

#[cfg(unix)]
mod unix {
    use std::io::{self, IsTerminal as _};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    pub(super) fn handle() {
        let signals = [SIGHUP, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
        let Ok(mut signals) = Signals::new(signals.chain([SIGINT])) else { return };
        std::thread::spawn(move || {
            for signal in signals.forever() {
                super::end(u8::try_from(signal).unwrap_or(super::INTERRUPT));
            }
        });
    }

    /// Returns whether the program was started with a signal ignored.
    fn is_ignored(signal: i32) -> bool {
        match fs_err::read_to_string("/proc/self/status") {
            Ok(status) => ignored(&status).is_some_and(|mask| mask >> (signal - 1) & 1 == 1),
            // Nothing tells there. `nohup` takes the terminal away from both streams.
            Err(_) => {
                signal == SIGHUP && !io::stdout().is_terminal() && !io::stderr().is_terminal()
            }
        }
    }

    /// Mask of the ignored signals of a process, from the text that Linux has of it; bit 0 is signal 1.
    fn ignored(status: &str) -> Option<u64> {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    }

    #[cfg(test)]
    mod tests {
        /// Signals 1 (hangup) and 13: bits 0 and 12.
        #[test]
        fn the_mask_of_ignored_signals_is_read() {
            let status = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t1\n";
            assert_eq!(super::ignored(status), Some(0x1001));
            assert_eq!(super::ignored("Name:\tcloze\n"), None);
        }
    }
}
