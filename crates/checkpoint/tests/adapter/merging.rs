//! Tests of merging adapters into the matrices of their base.
use cloze_checkpoint::adapter::{self, AdapterModule, TaskType};
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, Head, Sources};
use cloze_store::Existing;
use cloze_testkit::{assert_close, checkpoint};
use proptest::prelude::*;

use super::{an_adapter, card, path, random, read, saved, write, written};

const QUERY: &str = "bert.encoder.layer.0.attention.self.query.weight";

/// Rank 1, alpha 6: A is 1 at input 2, B is 0.5 at output 5, so that 6 · 0.5 · 1 = 3 is added to row
/// 5, column 2, and to nothing else.
#[test]
fn the_product_is_where_it_belongs() {
    let mut one = an_adapter(1, &["query"], &mut || 0.0);
    one.modules[0].a[2] = 1.0;
    one.modules[0].b[5] = 0.5;
    one.saved = vec![
        saved("classifier.weight", &[2, 8], &[0.25; 16]),
        saved("classifier.bias", &[2], &[1.0, 2.0]),
    ];
    let folder = written(&one);
    let [base, merged] =
        [&checkpoint("bert-token"), folder.path()].map(|folder| Checkpoint::open(folder).unwrap());
    let mut expected = read(&base, QUERY);
    expected[5 * 8 + 2] += 3.0;
    assert_close(&read(&merged, QUERY), &expected, 0.0, 0.0);
    assert_close(&read(&merged, "classifier.bias"), &[1.0, 2.0], 0.0, 0.0);
    assert_eq!(merged.weights().shape("classifier.weight"), Some(&[2, 8][..]));
    let report = &merged.adapters()[0];
    assert_eq!(report.matrices, [QUERY]);
    assert_eq!((report.scales.clone(), report.parameters), (vec![6.0], 8 + 8 + 16 + 2));
    assert_eq!(report.saved, ["classifier.bias", "classifier.weight"]);
    // alpha / √rank: 6 / √4, not 6 / 4.
    let mut rslora = an_adapter(4, &["query"], &mut || 0.0);
    rslora.rslora = true;
    let folder = written(&rslora);
    assert_eq!(Checkpoint::open(folder.path()).unwrap().adapters()[0].scales, [3.0]);
}

/// W + 0.5 · (6 / 2) · B₁A₁ − 2 · (6 / 3) · B₂A₂, by the formula for each element; where one adapter has
/// no part in a matrix, the other alone.
#[test]
fn two_adapters_add_up_by_their_weights() {
    let first = an_adapter(2, &["query", "key"], &mut random(1));
    let second = an_adapter(3, &["query", "value"], &mut random(2));
    let folders = [written(&first), written(&second)];
    let base = Checkpoint::open(checkpoint("bert-token")).unwrap();
    let list = [(path(&folders[0]).into(), 0.5), (path(&folders[1]).into(), -2.0)];
    let by_list = Checkpoint::of(&Sources::of(checkpoint("bert-token"), &list).unwrap()).unwrap();
    let both = tempfile::tempdir().unwrap();
    let listed = |i: usize| folders[i].path().display();
    let listed = format!(
        r#""adapters": [{{"folder": {:?}, "weight": 0.5}}, {{"folder": {:?}, "weight": -2}}]"#,
        listed(0).to_string(),
        listed(1).to_string()
    );
    card(both.path(), &listed);
    let by_card = Checkpoint::open(both.path()).unwrap();
    for name in ["query", "key", "value"] {
        let full = format!("bert.encoder.layer.0.attention.self.{name}.weight");
        let mut expected: Vec<f64> = read(&base, &full).into_iter().map(f64::from).collect();
        for (adapter, scale) in [(&first, 0.5 * 3.0), (&second, -2.0 * 2.0)] {
            let own = format!(".{name}");
            let Some(AdapterModule { a, b, .. }) =
                adapter.modules.iter().find(|m| m.name.ends_with(&own))
            else {
                continue;
            };
            for (i, x) in expected.iter_mut().enumerate() {
                let (row, column) = (i / 8, i % 8);
                for k in 0..adapter.rank {
                    let product = b[row * adapter.rank + k] * a[k * 8 + column];
                    *x += scale * f64::from(product);
                }
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared with f32")]
        let expected: Vec<f32> = expected.into_iter().map(|x| x as f32).collect();
        assert_close(&read(&by_list, &full), &expected, 1e-6, 1e-6);
        assert_close(&read(&by_card, &full), &expected, 1e-6, 1e-6);
    }
}

/// A merged checkpoint that was written reads as it did before, and needs nothing else.
#[test]
fn what_is_merged_can_be_written() {
    for name in ["token-qv", "token-dora", "over-mlm", "roberta-sequence"] {
        let merged = Checkpoint::open(cloze_testkit::adapter(name)).unwrap();
        let alone = tempfile::tempdir().unwrap();
        let file = alone.path().join("model.safetensors");
        merged.write_weights(StoredType::F32, &file, Existing::Refuse).unwrap();
        fs_err::write(alone.path().join("config.json"), merged.config_json().unwrap()).unwrap();
        let again = Checkpoint::open(alone.path()).unwrap();
        assert_eq!(again.heads(), merged.heads(), "{name}");
        assert!(again.adapters().is_empty());
        for tensor in merged.weights().names() {
            let [before, after] = [&merged, &again]
                .map(|c| read(c, tensor).into_iter().map(f32::to_bits).collect::<Vec<_>>());
            assert_eq!(before, after, "{name}: {tensor}");
        }
    }
    // The language model's head is gone, and the name says what is there.
    let merged = Checkpoint::open(cloze_testkit::adapter("over-mlm")).unwrap();
    assert_eq!(merged.heads(), [Head::Tokens]);
    let config = String::from_utf8(merged.config_json().unwrap()).unwrap();
    assert!(config.contains("\"BertForTokenClassification\"") && config.contains("\"LABEL_2\""));
}

/// A head for sequences over a base whose names have no prefix: BERT's pooler, which is a part of the
/// body, is in the place of the base's.
#[test]
fn a_head_with_a_pooler_goes_over_names_without_a_prefix() {
    let mut one = an_adapter(1, &["query"], &mut random(5));
    one.base_model_name_or_path = checkpoint("bert").display().to_string();
    one.task_type = Some(TaskType::Sequence);
    let width = 32;
    let module = &mut one.modules[0];
    (module.a, module.inputs) = (vec![0.5; width], width);
    (module.b, module.outputs) = (vec![0.5; width], width);
    one.saved = vec![
        saved("bert.pooler.dense.weight", &[width, width], &[0.5; 1024]),
        saved("bert.pooler.dense.bias", &[width], &[2.0; 32]),
        saved("classifier.weight", &[3, width], &[0.25; 96]),
        saved("classifier.bias", &[3], &[1.0; 3]),
    ];
    let folder = written(&one);
    let merged = Checkpoint::open(folder.path()).unwrap();
    assert_eq!(merged.heads(), [Head::Pooler, Head::Sequence]);
    assert_close(&read(&merged, "bert.pooler.dense.weight"), &[0.5; 1024], 0.0, 0.0);
    assert_eq!(merged.weights().names().filter(|name| name.contains("pooler")).count(), 2);
    let report = &merged.adapters()[0];
    assert_eq!(report.saved.iter().filter(|name| name.starts_with("bert.pooler.")).count(), 2);
    assert_eq!(report.matrices, [QUERY]);
}

/// The hash tells apart all that the results depend on.
#[test]
fn the_hash_is_of_base_and_adapter() {
    let mut one = an_adapter(2, &["query"], &mut random(3));
    let folder = written(&one);
    let base = cloze_testkit::checkpoint_copy("bert-token");
    let hash = |weight: f64| {
        Sources::of(base.path(), &[(path(&folder).into(), weight)]).unwrap().sha256().unwrap()
    };
    let mut seen =
        vec![Sources::find(base.path()).unwrap().sha256().unwrap(), hash(1.0), hash(0.5)];
    // One file alone is its own.
    let file = base.path().join("model.safetensors");
    assert_eq!(seen[0], cloze_store::checksum::sha256_file(&file).unwrap());
    one.alpha = 7.0;
    write(folder.path(), &one);
    seen.push(hash(1.0));
    one.modules[0].b[0] += 1.0;
    write(folder.path(), &one);
    seen.push(hash(1.0));
    fs_err::copy(checkpoint("bert").join("model.safetensors"), &file).unwrap();
    seen.push(hash(1.0));
    let all: std::collections::HashSet<&String> = seen.iter().collect();
    assert_eq!(all.len(), seen.len(), "{seen:?}");
}

#[test]
fn halves_are_read_as_they_are_written() {
    let one = an_adapter(2, &["query"], &mut random(4));
    let [whole, half] = [StoredType::F32, StoredType::F16].map(|stored| {
        let folder = tempfile::tempdir().unwrap();
        adapter::write(folder.path(), &one, stored, Existing::Refuse).unwrap();
        read(&Checkpoint::open(folder.path()).unwrap(), QUERY)
    });
    // Numbers up to 1 of 11 bits, two products of them, times 3.
    assert_close(&half, &whole, 3.0 * 2.0 * 2.0 / 2048.0, 0.0);
    assert_ne!(half, whole);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// With B = 0 every tensor keeps its bits, whatever the rank, the scale and the weight.
    #[test]
    fn an_adapter_with_b_of_zero_is_the_base(
        seed: u64, rank in 1..5usize, rslora: bool, weight in -2.0..2.0_f64,
    ) {
        let mut one = an_adapter(rank, &["query", "key", "value"], &mut random(seed));
        one.rslora = rslora;
        for module in &mut one.modules {
            module.b.fill(0.0);
        }
        let folder = written(&one);
        let base = checkpoint("bert-token");
        let merged = Sources::of(&base, &[(path(&folder).into(), weight)]).unwrap();
        let (merged, base) = (Checkpoint::of(&merged).unwrap(), Checkpoint::open(&base).unwrap());
        for name in base.weights().names() {
            let [a, b] = [&merged, &base].map(|c| {
                read(c, name).into_iter().map(f32::to_bits).collect::<Vec<_>>()
            });
            prop_assert_eq!(a, b, "{}", name);
        }
    }
}
