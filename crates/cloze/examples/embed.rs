//! Vectors of texts and how alike they are: `cargo run -p cloze --example embed -- [TEXT…]`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cloze::{Metric, SentenceEncoder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut texts: Vec<String> = std::env::args().skip(1).collect();
    if texts.is_empty() {
        let given =
            ["The cat sits outside.", "A cat is sitting in the garden.", "The new film is great."];
        texts.extend(given.map(str::to_owned));
    }

    let encoder = SentenceEncoder::open("minilm-l6-v2")?;
    let vectors = encoder.encode_matrix(&texts)?;
    println!("{} vectors of {} numbers; cosines:", vectors.rows(), vectors.cols());
    for (text, a) in texts.iter().zip(&vectors) {
        for b in &vectors {
            print!("{:>7.3}", Metric::Cosine.similarity(a, b)?);
        }
        println!("  {text}");
    }
    Ok(())
}
