//! Modules and settings of sentence-transformers that cannot be followed are refused by name, before the
//! model runs.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use cloze::{ModelFolder, modules};
use cloze_testkit::checkpoint;
use serde_json::{Value, json};
use tempfile::TempDir;

fn folder(files: &[(&str, Value)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        fs_err::copy(checkpoint("bert").join(file), folder.path().join(file)).unwrap();
    }
    for (name, value) in files {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, value.to_string()).unwrap();
    }
    folder
}

fn list(classes: &[(&str, &str)]) -> Value {
    classes.iter().map(|(class, path)| json!({"type": class, "path": path})).collect()
}

/// Error of opening or checking a folder with these files, with its cause.
fn refusal(files: &[(&str, Value)]) -> String {
    let folder = folder(files);
    let error: Box<dyn std::error::Error> = match ModelFolder::open(folder.path()) {
        Ok(model) => modules::check(&model).expect_err(&format!("{files:?}")).into(),
        Err(error) => error.into(),
    };
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}: {cause}")
}

#[test]
fn what_cannot_be_followed_is_named() {
    let (t, p) = (("Transformer", ""), ("Pooling", "1_Pooling"));
    let pooling = ("1_Pooling/config.json", json!({"pooling_mode_cls_token": true}));
    let of = |more: (&str, &str), config: Value| {
        let file = format!("{}/config.json", more.1);
        refusal(&[("modules.json", list(&[t, p, more])), pooling.clone(), (&file, config)])
    };
    let dense =
        json!({"in_features": 32, "out_features": 8, "activation_function": "torch.nn.Tanh"});
    let with = |name: &str, value: Value| {
        let mut config = dense.clone();
        config[name] = value;
        of(("Dense", "2_Dense"), config)
    };
    for (error, expected) in [
        (
            refusal(&[("modules.json", list(&[t, p]))]),
            "1_Pooling/config.json: named by modules.json, and not there",
        ),
        (refusal(&[("modules.json", list(&[t]))]), "no Pooling among the modules"),
        (refusal(&[("modules.json", json!([]))]), "expected modules, found none"),
        (refusal(&[("modules.json", list(&[t, p, p])), pooling.clone()]), "expected one Pooling"),
        (
            refusal(&[("modules.json", list(&[("BoW", "")]))]),
            "expected Transformer or StaticEmbedding as the first module, found BoW",
        ),
        (
            refusal(&[("modules.json", list(&[t, ("Dense", "1_Dense"), p])), pooling.clone()]),
            "Dense before the Pooling",
        ),
        (of(("CNN", "2_CNN"), json!({})), "module \"CNN\" is not known"),
        (of(("WeightedLayerPooling", "2_W"), json!({})), "\"WeightedLayerPooling\" is not known"),
        (of(("LSTM", "2_L"), json!({})), "\"LSTM\" is not known"),
        (
            of(("Normalize", "2_N"), json!({"module_input_name": "token_embeddings"})),
            "module_input_name: expected \"sentence_embedding\", found \"token_embeddings\"",
        ),
        (
            of(("Dense", "2_Dense"), dense.clone()),
            "2_Dense/model.safetensors: named by modules.json, and not there",
        ),
        (of(("Dense", "2_Dense"), json!({"in_features": 32})), "missing field `out_features`"),
        (of(("LayerNorm", "2_L"), json!({})), "missing field `dimension`"),
        (
            with("activation_function", "mine.Swish".into()),
            "no activation of torch.nn \"mine.Swish\"",
        ),
        (
            with("activation_function", "torch.nn.PReLU".into()),
            "no activation of torch.nn \"torch.nn.PReLU\"",
        ),
        (with("module_output_name", "x".into()), "module_output_name: expected"),
        (with("in_features", 0.into()), "expected 1 to 65536 features, found 0"),
        (with("pooled", true.into()), "unknown field `pooled`"),
        (
            refusal(&[("sentence_bert_config.json", json!({"query_length": 8}))]),
            "query_length is 8, which cannot be followed",
        ),
        (
            refusal(&[
                ("config_sentence_transformers.json", json!({"similarity_fn_name": "manhattan"})),
                ("modules.json", list(&[t, p])),
                pooling.clone(),
            ]),
            "no similarity_fn_name \"manhattan\"",
        ),
        (
            refusal(&[("config_sentence_transformers.json", json!({"default_prompt_name": "q"}))]),
            "no prompt \"q\"",
        ),
    ] {
        assert!(error.contains(expected), "expected {expected:?}, found {error:?}");
    }
}

/// A vector of 32 numbers goes into a matrix for 16; and a matrix that is not of the shape its settings say.
#[test]
fn weights_must_fit() {
    let files = |inputs: usize| {
        [
            ("modules.json", list(&[("Transformer", ""), ("Pooling", "1"), ("Dense", "2")])),
            ("1/config.json", json!({"pooling_mode": "mean"})),
            ("2/config.json", json!({"in_features": inputs, "out_features": 2, "bias": false})),
        ]
    };
    let check = |inputs: usize, tensor: &str, shape: [usize; 2]| {
        let folder = folder(&files(inputs));
        let bytes = vec![0; shape[0] * shape[1] * 4];
        let dtype = safetensors::Dtype::F32;
        let view = safetensors::tensor::TensorView::new(dtype, shape.to_vec(), &bytes).unwrap();
        let file = safetensors::serialize([(tensor, view)], None).unwrap();
        fs_err::write(folder.path().join("2/model.safetensors"), file).unwrap();
        modules::check(&ModelFolder::open(folder.path()).unwrap())
    };
    assert!(check(32, "linear.weight", [2, 32]).is_ok());
    for (inputs, tensor, shape, expected) in [
        (32, "linear.weight", [32, 2], "linear.weight: expected [2, 32], found [32, 2]"),
        (32, "weight", [2, 32], "no tensor \"linear.weight\""),
        (16, "linear.weight", [2, 16], "modules.json"),
    ] {
        let error = check(inputs, tensor, shape).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let folder = folder(&files(32));
    fs_err::write(folder.path().join("2/pytorch_model.bin"), "x").unwrap();
    let error = modules::check(&ModelFolder::open(folder.path()).unwrap()).unwrap_err();
    assert!(error.to_string().contains("pytorch_model.bin, which is, can run code"), "{error}");
}
