//! An index of texts, asked in words: `cargo run -p cloze --example search -- [QUESTION]`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cloze::search::index::{IndexParams, IndexRecord, Writer};
use cloze::{SentenceEncoder, TextIndex, encoder_card};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let question = std::env::args().nth(1);
    let question = question.unwrap_or_else(|| "May I keep DVDs for a fortnight?".to_owned());

    let encoder = SentenceEncoder::open("minilm-l6-v2")?;
    let folder = std::env::temp_dir().join(format!("cloze-search-{}", std::process::id()));
    // The card says which encoder made the index, so that its queries go through the same.
    let card = encoder_card(&encoder, "", "document".to_owned())?;
    let mut writer =
        Writer::create(&folder, &IndexParams::new().encoder(Some(card)).check()?, false)?;
    for line in fs_err::read_to_string("data/search/documents.jsonl")?.lines() {
        let record: IndexRecord = serde_json::from_str(line)?;
        let vector = encoder.encode(record.text.as_deref().unwrap_or_default())?;
        writer.push(&record, &vector)?;
    }
    writer.commit()?;

    let index = TextIndex::open(&folder)?;
    for found in index.search(&question, 3)? {
        let text = found.record.text.unwrap_or_default();
        println!("{:.3} {} {text}", found.score, found.record.id);
    }
    Ok(fs_err::remove_dir_all(folder)?)
}
