//! Writes texts of mixed lengths, 32 words on average, as Parquet (`id`, `text`) and as JSON lines.
//!
//! ```sh
//! cargo run --example texts -- 20000 OUTPUT_FOLDER
//! ```
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;

/// Rows of a row group.
const GROUP_ROWS: usize = 1_000;
/// Rows made at a time.
const CHUNK: usize = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(count), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("expected a number of texts and a folder".into());
    };
    let (count, folder) = (count.parse::<usize>()?, PathBuf::from(folder));
    fs_err::create_dir_all(&folder)?;
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(GROUP_ROWS)).build();
    let mut lines = std::io::BufWriter::new(fs_err::File::create(folder.join("texts.jsonl"))?);
    let mut writer = None;
    for start in (0..count).step_by(CHUNK) {
        let texts = cloze_testkit::texts::of_mixed_lengths(start as u64, CHUNK.min(count - start));
        // No text is there twice: the functions would compute it once.
        let numbered = |(i, text): (usize, &String)| format!("{text} No. {}.", start + i);
        let texts: Vec<String> = texts.iter().enumerate().map(numbered).collect();
        for (i, text) in texts.iter().enumerate() {
            writeln!(lines, "{}", serde_json::json!({ "id": start + i, "text": text }))?;
        }
        let ids = (start..start + texts.len()).map(|id| i64::try_from(id).unwrap_or(i64::MAX));
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
        let texts: ArrayRef = Arc::new(StringArray::from(texts));
        let batch = RecordBatch::try_from_iter([("id", ids), ("text", texts)])?;
        if writer.is_none() {
            let file = fs_err::File::create(folder.join("texts.parquet"))?;
            let properties = Some(properties.clone());
            writer = Some(ArrowWriter::try_new(file, batch.schema(), properties)?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
        }
    }
    lines.flush()?;
    if let Some(writer) = writer {
        writer.close()?;
    }
    Ok(())
}
