//! Vectors by fastembed-rs with its defaults: batches of 256 texts as they come.
//! `fastembed-rs MODEL THREADS` speaks what `../protocol.py` describes.
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use fastembed::{
    InitOptionsUserDefined, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel,
};
use serde_json::{Value, json};

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().unwrap_or_default());
    let threads: usize = args.next().unwrap_or_default().parse()?;
    let read = |name: &str| std::fs::read(folder.join(name));
    let tokenizer = TokenizerFiles {
        tokenizer_file: read("tokenizer.json")?,
        config_file: read("config.json")?,
        special_tokens_map_file: read("special_tokens_map.json")?,
        tokenizer_config_file: read("tokenizer_config.json")?,
    };
    let model = UserDefinedEmbeddingModel::new(read("model.onnx")?, tokenizer);
    let options = InitOptionsUserDefined::new().with_intra_threads(threads).with_max_length(256);
    let mut model =
        TextEmbedding::try_new_from_user_defined(model.with_pooling(Pooling::Mean), options)?;

    let answer = |what: Value| -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{what}")?;
        Ok(out.flush()?)
    };
    // As pinned in Cargo.toml: the crate does not say it itself.
    answer(json!({"versions": {"fastembed-rs": "7.7.0"}}))?;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let path = |key: &str| PathBuf::from(request[key].as_str().unwrap_or_default());
        let texts = std::fs::read_to_string(path("texts"))?;
        let texts: Vec<&str> = texts.lines().collect();
        let started = Instant::now();
        if request["do"] == "each" {
            let mut latencies = vec![];
            for text in texts {
                let began = Instant::now();
                model.embed([text], None)?;
                latencies.push(began.elapsed().as_secs_f64());
            }
            let seconds = started.elapsed().as_secs_f64();
            answer(json!({"seconds": seconds, "latencies": latencies}))?;
            continue;
        }
        let vectors = model.embed(texts, None)?;
        let seconds = started.elapsed().as_secs_f64();
        if request["do"] == "save" {
            let bytes = vectors.iter().flatten().flat_map(|x| x.to_le_bytes());
            std::fs::write(path("to"), bytes.collect::<Vec<u8>>())?;
        }
        answer(json!({"seconds": seconds}))?;
    }
    Ok(())
}
