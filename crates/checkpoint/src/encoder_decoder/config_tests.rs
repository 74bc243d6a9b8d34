use serde_json::{Value, json};

use super::*;

fn read(mut file: Value, change: &Value) -> Result<EncoderDecoderConfig, String> {
    let settings = file.as_object_mut().unwrap();
    settings.extend(change.as_object().unwrap().clone());
    EncoderDecoderConfig::of(&serde_json::from_value(file).unwrap())
}

fn t5(change: &Value) -> Result<EncoderDecoderConfig, String> {
    let file = json!({ "model_type": "t5", "vocab_size": 100, "d_model": 24, "d_kv": 16,
        "num_heads": 2, "d_ff": 40, "num_layers": 2, "decoder_start_token_id": 0 });
    read(file, change)
}

fn bart(change: &Value) -> Result<EncoderDecoderConfig, String> {
    let file = json!({ "model_type": "bart", "vocab_size": 100, "d_model": 32,
        "encoder_attention_heads": 2, "decoder_attention_heads": 4, "decoder_layers": 1,
        "max_position_embeddings": 80 });
    read(file, change)
}

#[test]
fn what_a_file_leaves_out_is_as_in_transformers() {
    let config = t5(&json!({})).unwrap();
    assert_eq!((config.encoder.layers, config.decoder.layers), (2, 2));
    assert_eq!((config.activation, config.gated), (Activation::Relu, false));
    assert_eq!((config.positions, config.start, config.forced_eos), (None, Some(0), None));
    assert_eq!(config.relative, Some(RelativeBias { buckets: 32, max_distance: 128 }));
    // 2 heads of 16 are 32 numbers, keys and values of 4 bytes 256, of 2 layers 512 a token: 3 · 10 own
    // tokens and 2 · 7 of prompts.
    assert_eq!(config.cache_bytes(3, 10, 2, 7), 512 * (30 + 14));
    let config = bart(&json!({})).unwrap();
    assert_eq!((config.encoder.layers, config.encoder.head_size), (12, 16));
    assert_eq!((config.decoder.layers, config.decoder.head_size), (1, 8));
    assert_eq!((config.start, config.forced_eos, config.positions), (Some(2), Some(2), Some(80)));
    let marian = bart(&json!({ "model_type": "marian", "decoder_start_token_id": 7 })).unwrap();
    assert_eq!((marian.start, marian.forced_eos), (Some(7), Some(0)));
}

/// T5 1.1 has a gate, and is told apart by its head that is not tied.
#[test]
fn the_head_is_scaled_where_t5_ties_it() {
    let scaled = |change: Value| t5(&change).unwrap().scaled_head;
    assert!(scaled(json!({})) && scaled(json!({ "tie_word_embeddings": true })));
    assert!(!scaled(json!({ "tie_word_embeddings": false })));
    // As transformers 5 writes it.
    assert!(!scaled(json!({ "tie_word_embeddings": true, "scale_decoder_outputs": false })));
    assert!(!bart(&json!({})).unwrap().scaled_head);
    let gated = t5(&json!({ "feed_forward_proj": "gated-gelu", "dense_act_fn": "gelu_new" }));
    let gated = gated.unwrap();
    assert_eq!((gated.activation, gated.gated), (Activation::GeluTanh, true));
    assert_eq!(t5(&json!({ "feed_forward_proj": "gelu" })).unwrap().activation, Activation::Gelu);
}

#[test]
fn what_is_not_built_is_named() {
    for (change, expected) in [
        (json!({ "model_type": "mbart" }), "codes of languages"),
        (json!({ "model_type": "bert" }), "built for t5, bart, marian"),
        (json!({ "feed_forward_proj": "gated-wide-gelu" }), "feed_forward_proj is"),
        (json!({ "feed_forward_proj": "mish" }), "feed_forward_proj"),
        (json!({ "is_gated_act": true }), "is_gated_act is true"),
        (json!({ "is_gated_act": "often" }), "is_gated_act is \"often\""),
        (json!({ "dense_act_fn": "silu" }), "dense_act_fn is \"silu\""),
        (
            json!({ "relative_attention_num_buckets": 1_u64 << 40 }),
            "relative_attention_num_buckets",
        ),
        (json!({ "num_heads": 0 }), "num_heads is missing or 0"),
        (json!({ "num_decoder_layers": 100_000 }), "num_decoder_layers: expected at most"),
        (json!({ "is_encoder_decoder": false }), "is_encoder_decoder is false"),
        (json!({ "layer_norm_epsilon": -1.0 }), "layer_norm_epsilon is -1"),
        (json!({ "quantization_config": { "quant_method": "gptq" } }), "gptq"),
    ] {
        let error = t5(&change).unwrap_err();
        assert!(error.contains(expected), "{change}: {error}");
    }
    for (change, expected) in [
        (json!({ "normalize_before": true }), "normalize_before is true"),
        (json!({ "static_position_embeddings": true }), "static_position_embeddings is true"),
        (json!({ "decoder_attention_heads": 5 }), "not a multiple of decoder_attention_heads 5"),
        (json!({ "max_position_embeddings": 0 }), "max_position_embeddings"),
        (json!({ "eos_token_id": "two" }), "eos_token_id"),
    ] {
        let error = bart(&change).unwrap_err();
        assert!(error.contains(expected), "{change}: {error}");
    }
}
