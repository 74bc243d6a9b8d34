//! Boundary at which panics of other libraries end: damaged files make parsers panic, some of them only on a
//! certain text.
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// Number of boundaries that this thread is inside of.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Whether this thread runs code whose panics are caught and become errors. A program may install a
/// panic hook that prints nothing then; this library leaves the hook as it is.
///
/// ```
/// let usual = std::panic::take_hook();
/// std::panic::set_hook(Box::new(move |panic| {
///     if !cloze_core::panics_are_caught() {
///         usual(panic);
///     }
/// }));
/// ```
#[must_use]
pub fn panics_are_caught() -> bool {
    DEPTH.get() > 0
}

/// Counts a boundary as long as it lives.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Returns the result of `work` by `library`, which names it in errors.
///
/// # Errors
/// The message of its panic. What `work` changes must not be used after one: callers pass it shared references,
/// or drop what they were making.
pub fn guard<T>(library: &str, work: impl FnOnce() -> T) -> Result<T, String> {
    let inside = Inside::enter();
    let result = catch_unwind(AssertUnwindSafe(work));
    drop(inside);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("{library} failed: {}", text.unwrap_or("no message"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert!(!panics_are_caught());
        assert_eq!(guard("a library", || (panics_are_caught(), 1)), Ok((true, 1)));
        let error =
            guard("a library", || *Vec::<u8>::new().first().expect("a number")).unwrap_err();
        assert_eq!(error, "a library failed: a number");
        assert!(!panics_are_caught());
    }
}
