//! Tests of adapters that are refused, and of the error's name.
use cloze_checkpoint::adapter::{self, TENSORS};
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, CheckpointError, Sources};
use cloze_store::Existing;
use cloze_testkit::checkpoint;

use super::{
    adapter_copy, an_adapter, card, change, path, random, refusal, said, saved, write, written,
};

#[test]
fn settings_that_cannot_be_followed_are_named() {
    for (from, to, expected) in [
        ("\"LORA\"", "\"IA3\"", "peft_type: expected \"LORA\", found \"IA3\""),
        ("\"r\": 2", "\"r\": 0", "r: expected a whole number from 1 to 65536, found 0"),
        ("\"r\": 2", "\"r\": 2.5", "r: expected a whole number from 1 to 65536, found 2.5"),
        (
            "\"lora_alpha\": 8",
            "\"lora_alpha\": null",
            "lora_alpha: expected a number, found nothing",
        ),
        (
            "\"bias\": \"none\"",
            "\"bias\": \"some\"",
            "bias: expected none, all or lora_only, found \"some\"",
        ),
        (
            "\"bias\": \"none\"",
            "\"bias\": \"lora_only\"",
            "bias: expected biases in the adapter's file, or \"none\", found \"lora_only\" and no bias there",
        ),
        (
            "\"bias\": \"none\"",
            "\"bias\": \"all\"",
            "bias: expected biases in the adapter's file, or \"none\", found \"all\" and no bias there",
        ),
        (
            "\"use_rslora\": false",
            "\"use_rslora\": 1",
            "use_rslora: expected true or false, found 1",
        ),
        (
            "TOKEN_CLS",
            "CAUSAL_LM",
            "task_type: expected TOKEN_CLS, SEQ_CLS or FEATURE_EXTRACTION, found \"CAUSAL_LM\"",
        ),
        (
            "\"init_lora_weights\": true",
            "\"init_lora_weights\": \"pissa\"",
            "init_lora_weights: expected true, false, gaussian, eva or orthogonal, which leave the base as it is, found \"pissa\"",
        ),
        (
            "\"rank_pattern\": {}",
            "\"rank_pattern\": {\"(?=x)\": 2}",
            "rank_pattern: expected regular expressions without look-around, found \"(?=x)\"",
        ),
        (
            "\"rank_pattern\": {}",
            "\"rank_pattern\": {\"((a{99}){99}){99}\": 2}",
            "rank_pattern: expected regular expressions without look-around, found \"((a{99}){99}){99}\"",
        ),
        (
            "\"alpha_pattern\": {}",
            "\"alpha_pattern\": [1]",
            "alpha_pattern: expected numbers by pattern, found [1]",
        ),
        (
            "\"alpha_pattern\": {}",
            "\"alpha_pattern\": {\"x\": \"1\"}",
            "alpha_pattern: expected a number, found \"1\"",
        ),
    ] {
        let copy = adapter_copy("token-qv");
        change(copy.path(), from, to);
        assert_eq!(refusal(copy.path()), format!("FOLDER/adapter_config.json: {expected}"));
    }
    for name in [
        "fan_in_fan_out",
        "lora_bias",
        "use_qalora",
        "layer_replication",
        "megatron_config",
        "trainable_token_indices",
        "target_parameters",
        "alora_invocation_tokens",
        "arrow_config",
        "kasa_config",
    ] {
        let copy = adapter_copy("token-qv");
        let text = fs_err::read_to_string(copy.path().join(adapter::CONFIG)).unwrap();
        let line = text.lines().find(|line| line.contains(&format!("\"{name}\""))).unwrap();
        change(copy.path(), line.trim_end_matches(','), &format!("\"{name}\": [1]"));
        let expected = "expected it to be off, since it is not supported, found [1]";
        assert_eq!(refusal(copy.path()), format!("FOLDER/adapter_config.json: {name}: {expected}"));
    }
    // One of a later version; and off is off.
    for (setting, refused) in [("\"use_new\": true", true), ("\"use_new\": false", false)] {
        let copy = adapter_copy("token-qv");
        change(copy.path(), "\"use_dora\"", &format!("{setting}, \"use_dora\""));
        assert_eq!(Checkpoint::open(copy.path()).is_err(), refused, "{setting}");
    }
    let copy = adapter_copy("token-qv");
    fs_err::write(copy.path().join(adapter::CONFIG), "[]").unwrap();
    assert!(refusal(copy.path()).starts_with("FOLDER/adapter_config.json: not the JSON expected"));
}

#[test]
fn tensors_that_do_not_fit_are_listed_at_once() {
    let mut wrong = an_adapter(2, &["query", "no_such"], &mut random(1));
    wrong.modules[0].inputs = 7;
    wrong.modules[0].a.truncate(14);
    wrong.saved = vec![saved("bert.lora_embedding_A", &[1], &[0.0])];
    let folder = written(&wrong);
    let module = "base_model.model.bert.encoder.layer.0.attention.self";
    assert_eq!(
        refusal(folder.path()),
        format!(
            "FOLDER/adapter_model.safetensors: 2 tensors of no known use:\n  \
             base_model.model.bert.lora_embedding_A\n  {module}.no_such.lora_A.weight: the base has no \
             matrix bert.encoder.layer.0.attention.self.no_such.weight\n1 tensor of another shape:\n  \
             {module}.query.lora_A.weight: expected [2, 8], found [2, 7]"
        )
    );
    // DoRA without its lengths, and lengths without DoRA.
    let copy = adapter_copy("token-qv");
    change(copy.path(), "\"use_dora\": false", "\"use_dora\": true");
    assert!(refusal(copy.path()).contains("query.lora_magnitude_vector [32]"));
    let copy = adapter_copy("token-dora");
    change(copy.path(), "\"use_dora\": true", "\"use_dora\": false");
    assert!(refusal(copy.path()).contains("query.lora_magnitude_vector: use_dora is false"));
    // The rank that the settings say is the tensors'.
    let copy = adapter_copy("token-qv");
    change(copy.path(), "\"r\": 2", "\"r\": 3");
    assert!(refusal(copy.path()).contains("query.lora_A.weight: expected [3, 32], found [2, 32]"));
    // What is taken whole must have a use, and the shape of what it replaces.
    let mut whole = an_adapter(2, &["query"], &mut random(1));
    whole.saved = vec![saved("score.weight", &[1], &[0.0])];
    let folder = written(&whole);
    assert_eq!(refusal(folder.path()), "FOLDER: 1 tensor of no known use:\n  score.weight");
    whole.saved = vec![saved("bert.embeddings.LayerNorm.bias", &[1], &[0.0])];
    write(folder.path(), &whole);
    assert!(refusal(folder.path()).contains("LayerNorm.bias: expected [8], found [1]"));
}

#[test]
fn numbers_that_cannot_be_merged_are_named_when_they_are_read() {
    let query = "bert.encoder.layer.0.attention.self.query.weight";
    let copy = adapter_copy("vectors-a");
    let file = copy.path().join(TENSORS);
    let mut bytes = fs_err::read(&file).unwrap();
    let end = bytes.len() - 4;
    // The last tensor of the file is the second layer's value.
    bytes[end..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs_err::write(&file, bytes).unwrap();
    let merged = Checkpoint::open(copy.path()).unwrap();
    let value = "encoder.layer.1.attention.self.value.weight";
    let error = merged.weights().reader().read(value).unwrap_err();
    assert!(
        matches!(&error, CheckpointError::NotFinite { tensor, .. } if tensor == value),
        "{error}"
    );
    // W + ΔW of row 3 is 0: −W is added to W.
    let base = Checkpoint::open(checkpoint("bert-token")).unwrap();
    let row = base.weights().reader().read(query).unwrap()[24..32].to_vec();
    let mut zero = an_adapter(1, &["query"], &mut || 0.0);
    zero.alpha = 1.0;
    zero.modules[0].a = row;
    zero.modules[0].b[3] = -1.0;
    zero.modules[0].magnitude = Some(vec![1.0; 8]);
    let folder = written(&zero);
    let merged = Checkpoint::open(folder.path()).unwrap();
    let error = merged.weights().reader().read(query).unwrap_err();
    assert!(matches!(error, CheckpointError::ZeroRow { row: 3, .. }), "{error}");
}

#[test]
fn a_base_that_cannot_be_is_named() {
    let one = an_adapter(2, &["query"], &mut random(1));
    let folder = written(&one);
    let base = checkpoint("bert-token").display().to_string();
    change(folder.path(), &base, "some-owner/no-such");
    let beside = folder.path().parent().unwrap().canonicalize().unwrap();
    assert_eq!(
        refusal(folder.path()),
        format!(
            "FOLDER: no base model \"some-owner/no-such\" of its adapter; looked in \
             FOLDER/some-owner/no-such, {0}/some-owner/no-such, {0}/no-such",
            beside.display()
        )
    );
    change(folder.path(), "some-owner/no-such", "");
    assert!(refusal(folder.path()).contains("base_model_name_or_path of adapter_config.json"));
    // By cloze.json: another than the adapter was trained on, the right one, none.
    let hash = Sources::find(checkpoint("bert-token")).unwrap().sha256().unwrap();
    let named = |folder: &str, hash: &str| {
        format!(r#""base": {{"name": "no-such-base", "folder": {folder:?}, "sha256": "{hash}"}}"#)
    };
    card(folder.path(), &named(&base, "00"));
    assert_eq!(
        refusal(folder.path()),
        format!("FOLDER: trained on a model of SHA-256 00, but {base} is of {hash}")
    );
    card(folder.path(), &named(&base, &hash));
    Checkpoint::open(folder.path()).unwrap();
    card(folder.path(), &named("../no-such-base", &hash));
    assert!(refusal(folder.path()).contains("no base model \"no-such-base\" of its adapter"));
    // An adapter, and a folder without weights.
    let other = written(&one);
    card(folder.path(), &named(&other.path().display().to_string(), &hash));
    assert!(refusal(folder.path()).ends_with("is an adapter itself"));
    let empty = tempfile::tempdir().unwrap();
    card(folder.path(), &named(&empty.path().display().to_string(), &hash));
    assert!(refusal(folder.path()).ends_with("is a folder without model.safetensors"));
}

#[test]
fn folders_that_do_not_go_together_are_refused() {
    let one = an_adapter(2, &["query"], &mut random(1));
    let base = checkpoint("bert-token");
    let folder = written(&one);
    fs_err::copy(base.join("model.safetensors"), folder.path().join("model.safetensors")).unwrap();
    assert_eq!(
        refusal(folder.path()),
        "FOLDER: weights and an adapter in one folder; expected the base in another"
    );
    let folder = written(&one);
    let other = written(&one);
    let other_path = other.path().display().to_string();
    card(folder.path(), &format!(r#""adapters": [{{"folder": {other_path:?}}}]"#));
    assert_eq!(
        refusal(folder.path()),
        "FOLDER: cloze.json lists adapters, and not the folder's own; expected it among them as \".\""
    );
    card(
        folder.path(),
        &format!(r#""adapters": [{{"folder": "."}}, {{"folder": {other_path:?}}}]"#),
    );
    assert_eq!(Checkpoint::open(folder.path()).unwrap().adapters().len(), 2);
    // Two bases.
    let mut elsewhere = one.clone();
    elsewhere.base_model_name_or_path = checkpoint("bert").display().to_string();
    write(other.path(), &elsewhere);
    assert!(refusal(folder.path()).contains("expected one"));
    let of = |adapters: &[(std::path::PathBuf, f64)]| {
        let adapters: Vec<_> =
            adapters.iter().map(|(path, weight)| (path.into(), *weight)).collect();
        let found = Sources::of(&base, &adapters).and_then(|sources| Checkpoint::of(&sources));
        said(&base, &found.map(|_| ()).unwrap_err())
    };
    let (a, b) = (path(&folder), path(&other));
    assert!(of(&[(a.clone(), f64::NAN)]).contains("is NaN; expected a finite number"));
    assert!(of(&[(a.clone(), 1.0), (a.clone(), 1.0)]).ends_with("occurs twice"));
    // A tensor that both bring; DoRA beside another, or weighted.
    let mut whole = one.clone();
    whole.saved = vec![
        saved("classifier.bias", &[5], &[0.0; 5]),
        saved("classifier.weight", &[5, 8], &[0.0; 40]),
    ];
    write(&a, &whole);
    write(&b, &whole);
    assert!(
        of(&[(a.clone(), 1.0), (b.clone(), 1.0)]).contains("bring classifier.bias; expected one")
    );
    let mut dora = one.clone();
    dora.modules[0].magnitude = Some(vec![1.0; 8]);
    write(&b, &dora);
    for adapters in [&[(a.clone(), 1.0), (b.clone(), 1.0)][..], &[(b.clone(), 0.5)]] {
        assert!(of(adapters).ends_with("is DoRA, which is merged alone and with weight 1"));
    }
    fs_err::remove_file(b.join(TENSORS)).unwrap();
    assert!(of(&[(b.clone(), 1.0)]).contains("no adapter_model.safetensors in"));
    fs_err::write(b.join("adapter_model.bin"), "").unwrap();
    assert!(of(&[(b, 1.0)]).contains("save_pretrained"));
    let mut bytes = fs_err::read(a.join(TENSORS)).unwrap();
    bytes.pop();
    fs_err::write(a.join(TENSORS), bytes).unwrap();
    assert!(of(&[(a, 1.0)]).contains("not a sound safetensors file"));
}

#[test]
fn an_adapter_that_makes_no_sense_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let write = |change: &dyn Fn(&mut adapter::Adapter), stored| {
        let mut one = an_adapter(2, &["query", "key"], &mut random(1));
        change(&mut one);
        let written = adapter::write(folder.path(), &one, stored, Existing::Refuse);
        let error = said(folder.path(), &written.unwrap_err());
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0, "{error}");
        error
    };
    let f32 = StoredType::F32;
    for (found, expected) in [
        (write(&|a| a.rank = 0, f32), "r: expected 1 to 65536, found 0"),
        (
            write(&|a| a.alpha = f64::INFINITY, f32),
            "lora_alpha: expected a finite number, found inf",
        ),
        (
            write(&|a| a.dropout = f64::NAN, f32),
            "lora_dropout: expected 0 or more and less than 1, found NaN",
        ),
        (
            write(&|a| a.dropout = 1.0, f32),
            "lora_dropout: expected 0 or more and less than 1, found 1",
        ),
        (
            write(&|a| a.modules.clear(), f32),
            "target_modules: expected at least one matrix, found none",
        ),
        (
            write(&|a| a.modules[1].magnitude = Some(vec![1.0; 8]), f32),
            "use_dora: expected lengths for every module or for none, found 1 of 2",
        ),
    ] {
        assert_eq!(found, format!("FOLDER/adapter_config.json: {expected}"));
    }
    let twice = write(&|a| a.modules[1].name = a.modules[0].name.clone(), f32);
    assert!(twice.contains("query.lora_A.weight, which is there already"), "{twice}");
    let short = write(&|a| a.modules[0].b.truncate(15), f32);
    assert!(short.contains("query.lora_B.weight: expected [8, 2], found 15 numbers"), "{short}");
    let nan = write(&|a| a.modules[0].b[3] = f32::NAN, f32);
    assert!(nan.contains("not finite"), "{nan}");
    let large = write(&|a| a.modules[0].b[3] = 1e6, StoredType::F16);
    assert!(large.contains("too large"), "{large}");
}

#[test]
fn patterns_are_few_and_short() {
    let long = format!("\"{}\": 2", "a".repeat(257));
    let many: Vec<String> = (0..1001).map(|i| format!("\"key{i}\": 2")).collect();
    for (patterns, expected) in [
        (long, "rank_pattern: expected patterns of at most 256 bytes, found 257"),
        (many.join(","), "rank_pattern: expected at most 1000 patterns, found 1001"),
    ] {
        let copy = adapter_copy("token-qv");
        let to = format!("\"rank_pattern\": {{{patterns}}}");
        change(copy.path(), "\"rank_pattern\": {}", &to);
        let found = adapter::AdapterConfig::read(copy.path()).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    }
}
