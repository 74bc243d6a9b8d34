//! Folders of tiny decoders as other programs export them; `decoders/make_exported.py` makes their graphs.
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Exported decoders.
pub const EXPORTED_DECODERS: [&str; 3] =
    ["gpt2 by Optimum", "gpt2 by transformers.js", "llama by onnxruntime-genai"];
/// Exported encoder–decoders: with one graph of the decoder, and with two.
pub const EXPORTED_ENCODER_DECODERS: [&str; 2] =
    ["t5-gated by transformers.js", "t5-gated by Optimum"];

/// Folder of decoders.
fn decoders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("decoders")
}

/// Name of the checkpoint that an exported decoder was made of.
#[must_use]
pub fn exported_of(name: &str) -> &str {
    name.split_once(" by ").map_or(name, |(checkpoint, _)| checkpoint)
}

/// Files of an export, and their places in the folder.
fn files(name: &str) -> (&'static str, &'static [(&'static str, &'static str)]) {
    match name {
        "gpt2 by Optimum" => ("optimum-gpt2", &[("model.onnx", "model.onnx")]),
        // Such repositories have many files; the first by name is taken. These numbers are of 32 bits.
        "gpt2 by transformers.js" => {
            ("optimum-gpt2", &[("model.onnx", "onnx/model_quantized.onnx")])
        }
        "llama by onnxruntime-genai" => (
            "genai-llama",
            &[
                ("genai_config.json", "genai_config.json"),
                ("model.onnx", "model.onnx"),
                ("model.onnx.data", "model.onnx.data"),
            ],
        ),
        "t5-gated by transformers.js" => (
            "optimum-t5-gated",
            &[
                ("encoder_model.onnx", "onnx/encoder_model.onnx"),
                ("decoder_model_merged.onnx", "onnx/decoder_model_merged.onnx"),
            ],
        ),
        "t5-gated by Optimum" => (
            "optimum-t5-gated",
            &[
                ("encoder_model.onnx", "encoder_model.onnx"),
                ("decoder_model.onnx", "decoder_model.onnx"),
                ("decoder_with_past_model.onnx", "decoder_with_past_model.onnx"),
            ],
        ),
        other => panic!("{other:?} is not an exported decoder of the testkit"),
    }
}

/// Folder of an exported decoder, removed when dropped: its graphs, and the settings and the tokenizer of the
/// checkpoint. onnxruntime-genai has settings of its own.
///
/// # Panics
/// If there is no such decoder, or no room for it.
#[must_use]
pub fn exported_decoder(name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let checkpoint = decoders().join(exported_of(name));
    let (export, graphs) = files(name);
    let settings: &[&str] = if export.starts_with("genai") {
        &["tokenizer.json", "tokenizer_config.json"]
    } else {
        &["tokenizer.json", "tokenizer_config.json", "config.json", "generation_config.json"]
    };
    for file in settings {
        fs_err::copy(checkpoint.join(file), folder.path().join(file)).expect("a copied file");
    }
    for (from, to) in graphs {
        let to = folder.path().join(to);
        fs_err::create_dir_all(to.parent().unwrap_or(folder.path())).expect("a folder");
        let from = decoders().join("exported").join(export).join(from);
        fs_err::copy(from, to).expect("a copied graph");
    }
    folder
}
