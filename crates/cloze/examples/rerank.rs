//! Documents ordered for a query by a cross-encoder, or by a classifier of pairs and one of its labels:
//! `cargo run -p cloze --example rerank -- MODEL LABEL QUERY DOCUMENT…`; `-` for a model without labels.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cloze::Reranker;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, label, query, documents @ ..] = &args[..] else {
        return Err("expected MODEL LABEL QUERY DOCUMENT…".into());
    };

    let label = Some(label.clone()).filter(|label| label != "-");
    let reranker = Reranker::builder(model).label(label).open()?;
    for ranked in reranker.rerank(query, documents)? {
        println!("{:.4} {}", ranked.score, documents[ranked.index]);
    }
    Ok(())
}
