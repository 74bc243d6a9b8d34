//! Entities of a file's lines: `cargo run -p cloze --example tag -- [FILE] [MODEL]`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cloze::Tagger;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().unwrap_or_else(|| "data/samples/news.txt".to_owned());
    let model = args.next().unwrap_or_else(|| "ner-en".to_owned());

    let text = fs_err::read_to_string(file)?;
    let tagger = Tagger::open(model)?;
    // A stream: lines are tagged in chunks, so that memory does not grow with the file.
    for (line, entities) in text.lines().zip(tagger.tag_iter(text.lines())) {
        for entity in entities? {
            let words = entity.span.of(line).unwrap_or_default();
            println!("{:<5} {:.3} {words}", entity.label, entity.score);
        }
    }
    Ok(())
}
