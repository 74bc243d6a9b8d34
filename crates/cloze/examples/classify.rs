//! Labels of texts: `cargo run -p cloze --example classify -- [TEXT…]`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cloze::TextClassifier;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut texts: Vec<String> = std::env::args().skip(1).collect();
    if texts.is_empty() {
        texts
            .extend(["The striker scored twice, wonderful!", "Shares fell again."].map(Into::into));
    }

    // A classifier that was trained, and one that chooses by what its labels mean.
    let sentiment = TextClassifier::open("sentiment-en")?;
    let labels = [("sport", "sport and games"), ("money", "banks, shares and prices")];
    let topic = TextClassifier::builder("minilm-l6-v2").zero_shot(labels).open()?;
    // An error in one text affects only that text.
    for (text, prediction) in texts.iter().zip(sentiment.classify_batch(&texts)?) {
        let topic = topic.classify(text)?.labels.join(", ");
        println!("{}\t{topic}\t{text}", prediction?.labels.join(", "));
    }
    Ok(())
}
