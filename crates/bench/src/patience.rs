//! A run that was disturbed is repeated, after a pause: most disturbances are over soon.
use std::time::Duration;

/// Before each repetition.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(30)];

/// Result of the last try of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Calm<T> {
    pub(crate) result: T,
    /// Disturbance during the run, if any.
    pub(crate) disturbed: Option<String>,
    pub(crate) repeats: usize,
}

/// Runs until nothing disturbs, or patience is at its end. With `busy_ok` there is none: once is enough.
///
/// # Errors
/// Errors of `run`, at once.
pub(crate) fn calm<T>(
    busy_ok: bool,
    run: impl FnMut() -> anyhow::Result<(T, Option<String>)>,
) -> anyhow::Result<Calm<T>> {
    after(if busy_ok { &[] } else { &PAUSES }, run)
}

fn after<T>(
    pauses: &[Duration],
    mut run: impl FnMut() -> anyhow::Result<(T, Option<String>)>,
) -> anyhow::Result<Calm<T>> {
    let mut pauses = pauses.iter();
    let mut repeats = 0;
    loop {
        let (result, disturbed) = run()?;
        match pauses.next().filter(|_| disturbed.is_some()) {
            Some(pause) => std::thread::sleep(*pause),
            None => return Ok(Calm { result, disturbed, repeats }),
        }
        repeats += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tries as often as there are pauses and once more; `calm_at` is the first try that nothing
    /// disturbs.
    fn tried(pauses: usize, calm_at: usize) -> Calm<usize> {
        let mut tries = 0;
        let run = || {
            tries += 1;
            Ok((tries, (tries < calm_at).then(|| format!("try {tries}"))))
        };
        after(&vec![Duration::ZERO; pauses], run).unwrap()
    }

    #[test]
    fn patience_ends_with_calm_or_with_the_pauses() {
        assert_eq!(tried(4, 1), Calm { result: 1, disturbed: None, repeats: 0 });
        assert_eq!(tried(4, 3), Calm { result: 3, disturbed: None, repeats: 2 });
        let disturbed = Some("try 3".to_owned());
        assert_eq!(tried(2, 9), Calm { result: 3, disturbed, repeats: 2 });
        let disturbed = Some("try 1".to_owned());
        assert_eq!(tried(0, 9), Calm { result: 1, disturbed, repeats: 0 });
        let failed = after::<()>(&[Duration::ZERO], || anyhow::bail!("gone"));
        assert_eq!(failed.unwrap_err().to_string(), "gone");
    }
}
