//! Words for the masks of a text: `cargo run -p cloze --example fill_mask -- [TEXT]`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cloze::MaskedLm;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = std::env::args().nth(1);
    let text = text.unwrap_or_else(|| "Paris is the [MASK] of France.".to_owned());

    let model = MaskedLm::open("mlm-en")?;
    for words in model.predict(&text, 5)?.masks {
        for found in words {
            println!("{:.3} {}", found.probability, found.word);
        }
    }
    Ok(())
}
