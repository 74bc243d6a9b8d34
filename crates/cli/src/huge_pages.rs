//! Huge pages for an encoder's weights, on Linux with glibc.
//!
//! A short text takes little arithmetic: reading the weights is half of its time, and of pages of 4 KiB they are
//! 20,000. Most distributions leave it to programs to ask for larger ones, and glibc does so where
//! its settings say so, which it reads when a program starts and never again. Measured with all-MiniLM-L6-v2: a
//! query takes 10 to 15 % less time, and the first result comes after 75 ms in place of 115 (once in a while
//! after 200 more, when the system must first move other memory together).

/// Starts the program again, with glibc's settings for huge pages, where that is of use and not done yet;
/// else, or if it cannot be done, goes on.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn ask_for() {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    /// glibc's settings (glibc manual, "Memory Allocation Tunables").
    const SETTINGS: &str = "GLIBC_TUNABLES";
    /// Whether programs must ask, in brackets (Linux, admin-guide/mm/transhuge).
    const POLICY: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

    // Whoever has settings of their own keeps them.
    if std::env::var_os(SETTINGS).is_some() {
        return;
    }
    if !fs_err::read_to_string(POLICY).is_ok_and(|policy| policy.contains("[madvise]")) {
        return;
    }
    let (Ok(program), mut typed) = (std::env::current_exe(), std::env::args_os()) else { return };
    let mut again = Command::new(program);
    if let Some(name) = typed.next() {
        again.arg0(name);
    }
    // Comes back only if it failed: then pages stay small.
    let _ = again.args(typed).env(SETTINGS, "glibc.malloc.hugetlb=1").exec();
}

/// There is nothing to ask for.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn ask_for() {}
