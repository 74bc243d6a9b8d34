//! Progress bars.
use std::io::IsTerminal as _;
use std::time::Duration;

use cloze_corpus::Source;
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::messages::{Messages, plural};

/// Starts a bar, on terminals only; against the bytes to read if they are known.
pub(crate) fn start(sources: &[Source], messages: &Messages) {
    let size = |source: &Source| match source {
        Source::File { path, .. } => fs_err::metadata(path).ok().map(|m| m.len()),
        Source::Stdin => None,
    };
    let total: Option<u64> = sources.iter().map(size).sum();
    show(total, messages);
    messages.bar.set_message(plural(0, "text"));
}

/// Starts a bar against a number of texts.
pub(crate) fn start_counted(texts: u64, messages: &Messages) {
    show(Some(texts), messages);
    messages.bar.set_message(plural(texts, "text"));
}

fn show(total: Option<u64>, messages: &Messages) {
    if messages.quiet() || !std::io::stderr().is_terminal() {
        return;
    }
    let template = match total {
        Some(_) => "{bar:30} {percent:>3} %  {msg}, {elapsed} gone, {eta} left",
        None => "{spinner} {msg}, {elapsed} gone",
    };
    let bar = &messages.bar;
    bar.reset();
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_length(total.unwrap_or(0));
    bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
    tick(bar);
}

/// Keeps the elapsed time going during a long text.
fn tick(bar: &ProgressBar) {
    bar.enable_steady_tick(Duration::from_millis(250));
}

/// Starts a bar against a number of steps.
pub(crate) fn start_steps(steps: u64, messages: &Messages) {
    show(Some(steps), messages);
}
