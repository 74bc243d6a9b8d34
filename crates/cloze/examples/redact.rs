//! A file with its personal data replaced by labels: `cargo run -p cloze --example redact -- [FILE]`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cloze::Tagger;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).unwrap_or_else(|| "data/samples/letter.txt".to_owned());
    let mut text = fs_err::read_to_string(file)?;

    // What is doubtful is rather replaced than shown.
    let tagger = Tagger::builder("pii").recall_bias(2.0).open()?;
    // From the end, so that the places of those before stay as they are.
    for entity in tagger.tag(&text)?.iter().rev() {
        let label = format!("[{}]", entity.label);
        text.replace_range(entity.span.start..entity.span.end, &label);
    }
    print!("{text}");
    Ok(())
}
