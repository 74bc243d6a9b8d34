//! Prints what is found in each line of standard input, a text or a JSON string: line, span, label,
//! recogniser, score and text, with tabs between; and, on standard error, words a second.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the answers of an example")]

use std::io::{BufRead as _, stdin};
use std::time::{Duration, Instant};

use cloze_recognize::{RecognizerParams, Recognizers};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let params = RecognizerParams::new();
    let params = if names.is_empty() { params } else { params.recognizers(names) };
    let recognizers = Recognizers::new(params.check()?);
    let (mut words, mut time) = (0_u32, Duration::ZERO);
    for (number, line) in stdin().lock().lines().enumerate() {
        let line = line?;
        let text = serde_json::from_str(&line).unwrap_or(line);
        let start = Instant::now();
        let matches = recognizers.find(&text);
        time += start.elapsed();
        words += u32::try_from(text.split_whitespace().count())?;
        for found in matches {
            println!(
                "{}\t{}\t{}\t{}\t{:.2}\t{:?}",
                number + 1,
                found.span,
                found.label,
                found.recognizer,
                found.score,
                found.span.of(&text).unwrap_or_default()
            );
        }
    }
    let seconds = time.as_secs_f64();
    eprintln!("{words} words in {seconds:.2} s: {:.0} words/s", f64::from(words) / seconds);
    Ok(())
}
