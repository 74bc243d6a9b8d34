//! `cloze embed`: levels, forms, files.
use std::io::Read as _;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::{Value, json};

use crate::run::Home;

fn floats(value: &Value) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "written from f32")]
    let number = |x: &Value| x.as_f64().unwrap() as f32;
    value.as_array().unwrap().iter().map(number).collect()
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().sqrt()
}

/// Every number after the header, little-endian.
fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn a_text_is_a_vector_of_length_1_under_its_name() {
    let home = Home::with([
        ("a.jsonl", "{\"id\":\"x\",\"text\":\"The cat sits.\"}\n{\"text\":\"\"}\n"),
        ("b.txt", "One text\nof two lines."),
    ]);
    let ran = home.run(&["embed", "a.jsonl", "b.txt"]);
    ran.good();
    let rows = ran.records();
    let ids: Vec<_> = rows.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["x", "a.jsonl:2", "b.txt"]);
    for row in &rows {
        let vector = floats(&row["vector"]);
        assert_eq!(vector.len(), 384);
        assert!((length(&vector) - 1.0).abs() < 1e-5);
    }
}

/// The three forms have the same numbers, and say how many there are.
#[test]
fn all_forms_have_the_same_numbers() {
    let home = Home::with([("a.log", "one\ntwo words\nthree words here\n")]);
    let jsonl = home.run(&["embed", "a.log"]);
    let expected: Vec<f32> =
        jsonl.records().iter().flat_map(|row| floats(&row["vector"])).collect();
    home.run(&["embed", "a.log", "-o", "a.npy"]).good();
    let npy = home.bytes("a.npy");
    // NumPy's format 1.0: magic, version, length of the header, a Python literal.
    assert_eq!(&npy[..8], b"\x93NUMPY\x01\x00");
    let header = usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    let text = std::str::from_utf8(&npy[10..10 + header]).unwrap();
    assert!(text.contains("'<f4'") && text.contains("(3, 384"), "{text}");
    assert_eq!(numbers(&npy[10 + header..]), expected);

    home.run(&["embed", "a.log", "-o", "a.safetensors"]).good();
    let bytes = home.bytes("a.safetensors");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let vectors = tensors.tensor("vectors").unwrap();
    assert_eq!(vectors.shape(), [3, 384]);
    assert_eq!(numbers(vectors.data()), expected);
    // To standard output as well.
    assert_eq!(home.run(&["embed", "a.log", "-f", "npy"]).bytes, npy);
    // What is there stays, unless it is to be replaced.
    assert_eq!(home.run(&["embed", "a.log", "-o", "a.npy"]).status, Some(2));
    home.run(&["embed", "a.log", "-o", "a.npy", "--force"]).good();
}

/// A word's vector is the mean of its tokens', and offsets count as asked.
#[test]
fn words_are_means_of_tokens() {
    let home = Home::with([("a.log", "👍 embeddings, yes\n")]);
    let run = |args: &[&str]| {
        let all = [&["embed", "a.log", "--no-normalize"], args].concat();
        let ran = home.run(&all);
        ran.good();
        ran.records().pop().unwrap()
    };
    let tokens = run(&["--level", "token"]);
    let words = run(&["--level", "word"]);
    let spans = |record: &Value| -> Vec<(u64, u64)> {
        let tokens = record["tokens"].as_array().unwrap();
        tokens.iter().map(|t| (t["start"].as_u64().unwrap(), t["end"].as_u64().unwrap())).collect()
    };
    // 👍 is one code point; `embeddings` is em ##bed ##ding ##s.
    assert_eq!(spans(&words), [(0, 1), (2, 12), (12, 13), (14, 17)]);
    assert_eq!(spans(&tokens), [(0, 1), (2, 4), (4, 7), (7, 11), (11, 12), (12, 13), (14, 17)]);
    let pieces: Vec<_> = (1..5).map(|i| floats(&tokens["tokens"][i]["vector"])).collect();
    let word = floats(&words["tokens"][1]["vector"]);
    for (d, found) in word.iter().enumerate() {
        let mean = pieces.iter().map(|piece| piece[d]).sum::<f32>() / 4.0;
        assert!((found - mean).abs() < 1e-6, "dimension {d}: {found} and {mean}");
    }
    // 👍 is four bytes and two UTF-16 units.
    assert_eq!(spans(&run(&["--level", "word", "--offsets", "byte"]))[1], (5, 15));
    assert_eq!(spans(&run(&["--level", "word", "--offsets", "utf16"]))[1], (3, 13));
    let special = run(&["--level", "token", "--special"]);
    let all = spans(&special);
    assert_eq!((all[0], all[8], all.len()), ((0, 0), (17, 17), 9));
    assert_eq!(special["tokens"][0]["id"], 101);
    assert_eq!(special["tokens"][0]["special"], true);
}

/// The mean of all token rows, special ones included, is the sentence's vector; of layers, each
/// number is the mean.
#[test]
fn pooling_and_layers_are_means() {
    let home = Home::with([("a.log", "A short one\n")]);
    let run = |args: &[&str]| {
        let ran = home.run(&[&["embed", "a.log", "--no-normalize"], args].concat());
        ran.good();
        ran.records().pop().unwrap()
    };
    let tokens = run(&["--level", "token", "--special"]);
    let rows: Vec<_> =
        tokens["tokens"].as_array().unwrap().iter().map(|t| floats(&t["vector"])).collect();
    #[expect(clippy::cast_precision_loss, reason = "five rows")]
    let n = rows.len() as f32;
    let mean = floats(&run(&[])["vector"]);
    let cls = floats(&run(&["--pooling", "cls"])["vector"]);
    // The last layer works out this row alone, with other kernels.
    for (d, (found, expected)) in cls.iter().zip(&rows[0]).enumerate() {
        assert!((found - expected).abs() < 1e-5, "dimension {d}");
    }
    for (d, found) in mean.iter().enumerate() {
        let expected = rows.iter().map(|row| row[d]).sum::<f32>() / n;
        assert!((found - expected).abs() < 1e-5, "dimension {d}");
    }
    let [first, last, both] =
        ["0", "-1", "first+last"].map(|l| floats(&run(&["--layers", l])["vector"]));
    assert_eq!(last, mean);
    for (d, found) in both.iter().enumerate() {
        assert!((found - f32::midpoint(first[d], last[d])).abs() < 1e-5, "dimension {d}");
    }
    assert_eq!(floats(&run(&["--truncate-dim", "7"])["vector"]), mean[..7]);
}

/// What a word is in any context does not depend on the context.
#[test]
fn static_vectors_have_no_context() {
    let home = Home::with([("a.log", "river bank\nmoney bank\n")]);
    let bank = |args: &[&str]| {
        let ran = home.run(&[&["embed", "a.log", "--level", "word"], args].concat());
        ran.good();
        let rows = ran.records();
        [0, 1].map(|i| floats(&rows[i]["tokens"][1]["vector"]))
    };
    let [a, b] = bank(&["--static"]);
    assert_eq!(a, b);
    let [a, b] = bank(&[]);
    assert_ne!(a, b);
}

#[test]
fn what_fails_costs_only_itself() {
    let home = Home::with([("a.jsonl", "{\"text\":\"one\"}\n{\"text\":5}\n{\"text\":\"two\"}\n")]);
    let ran = home.run(&["embed", "no-such", "a.jsonl"]);
    assert_eq!((ran.status, ran.records().len(), ran.errors().len()), (Some(1), 2, 2));
    assert!(ran.errors()[1].starts_with("a.jsonl:2: "), "{}", ran.stderr);
}

#[test]
fn wrong_usage_is_refused_before_anything_is_written() {
    let home = Home::with([("a.log", "one\n")]);
    for (args, said) in [
        (&["--level", "word", "-f", "npy"][..], "--level word is for --format jsonl"),
        (&["--special"], "--special is for --level token"),
        (&["-f", "npz"], "--format npz is for --level token, not sentence"),
        (&["--level", "word", "-f", "npz"], "--format npz is for --level token, not word"),
        (
            &["--level", "token", "--logits", "tokens"],
            "--logits is for --level token with --format",
        ),
        (&["--level", "token", "-f", "npz", "--static"], "--static is not for hidden states"),
        (&["--level", "token", "-f", "npz", "--pooling", "cls"], "--pooling is not for"),
        (&["--level", "token", "-f", "npz", "--logits", "tokens"], "no head for token"),
        (&["--layers", "7"], "7"),
        (&["--layers", "x"], "x"),
        (&["--pooling", "median"], "median"),
        (&["--truncate-dim", "385"], "385"),
        (&["--truncate-dim", "0"], "0"),
        (&["--static", "--zscore", "z.json"], "--zscore"),
        (&["--zscore", "no-such.json"], "no-such.json"),
        (&["--level", "page"], "page"),
        (&["-m", "pii"], "last_hidden_state"),
    ] {
        let all = [&["embed", "a.log", "-o", "out.jsonl"], args].concat();
        let ran = home.run(&all);
        assert_eq!(ran.status, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
        assert_eq!(home.files("."), ["a.log"], "{args:?}");
    }
}

/// 300 words are more than 256 tokens: two windows, or the first alone where that is asked for.
#[test]
fn long_texts_are_not_cut_unless_asked() {
    let long = "word ".repeat(300);
    let home = Home::with([("a.log", &*format!("{long}\n{}\n", "word ".repeat(254)))]);
    let whole = home.run(&["embed", "a.log"]);
    assert!(!whole.stderr.contains("cut"), "{}", whole.stderr);
    let [a, b] = [0, 1].map(|i| floats(&whole.records()[i]["vector"]));
    assert_ne!(a, b);
    let cut = home.run(&["embed", "a.log", "--truncate"]);
    assert!(cut.stderr.contains("1 text cut at 256 tokens"), "{}", cut.stderr);
    let [a, b] = [0, 1].map(|i| floats(&cut.records()[i]["vector"]));
    assert_eq!(a, b);
}

/// Numbers of a tensor, and its shape.
fn tensor(file: &SafeTensors<'_>, name: &str) -> Option<(Vec<usize>, Vec<u8>)> {
    let tensor = file.tensor(name).ok()?;
    Some((tensor.shape().to_vec(), tensor.data().to_vec()))
}

/// Every hidden state and logit of a tiny checkpoint, of both forms: what transformers has made of it.
#[test]
fn arrays_of_tokens_are_those_of_transformers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/checkpoints/bert-token");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs_err::read(folder.join(name)).unwrap()).unwrap()
    };
    let texts = read("texts.json")["texts"].as_array().unwrap().clone();
    let lines: Vec<String> =
        texts.iter().map(|text| json!({ "text": text["text"] }).to_string()).collect();
    let home = Home::with([("a.jsonl", &*lines.join("\n"))]);
    let model = folder.to_string_lossy();
    for out in ["out.safetensors", "out.npz"] {
        let args = ["embed", "a.jsonl", "-m", &*model, "--level", "token", "--layers", "all"];
        home.run(&[&args[..], &["--logits", "tokens", "--offsets", "byte", "-o", out]].concat())
            .good();
    }
    let bytes = home.bytes("out.safetensors");
    let found = SafeTensors::deserialize(&bytes).unwrap();
    let expected = fs_err::read(folder.join("expected.safetensors")).unwrap();
    let expected = SafeTensors::deserialize(&expected).unwrap();
    let integers = |bytes: &[u8]| -> Vec<i64> {
        bytes.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect()
    };
    let npz = fs_err::read(home.path("out.npz")).unwrap();
    let mut npz = zip::ZipArchive::new(std::io::Cursor::new(npz)).unwrap();
    assert_eq!((npz.len(), found.len()), (5 * texts.len(), 5 * texts.len()));
    for (i, text) in texts.iter().enumerate() {
        for name in ["hidden", "logits"] {
            let (shape, bytes) = tensor(&found, &format!("{i}.{name}")).unwrap();
            let (expected_shape, expected) = tensor(&expected, &format!("{name}.{i}")).unwrap();
            assert_eq!(shape, expected_shape, "{text}");
            for (a, b) in numbers(&bytes).iter().zip(numbers(&expected)) {
                assert!((a - b).abs() <= 1e-5, "{name} of {text}: {a} {b}");
            }
        }
        let (_, ids) = tensor(&found, &format!("{i}.ids")).unwrap();
        let expected: Vec<i64> =
            text["ids"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
        assert_eq!(integers(&ids), expected);
        let (_, special) = tensor(&found, &format!("{i}.special")).unwrap();
        assert_eq!((special[0], *special.last().unwrap()), (1, 1));
        let (shape, offsets) = tensor(&found, &format!("{i}.offsets")).unwrap();
        assert_eq!(shape, [expected.len(), 2]);
        let len = i64::try_from(text["text"].as_str().unwrap().len()).unwrap();
        assert_eq!((integers(&offsets)[0], *integers(&offsets).last().unwrap()), (0, len));
        // The same numbers behind NumPy's header, of 64 bytes or a multiple.
        for name in ["hidden", "logits", "ids", "offsets", "special"] {
            let (_, data) = tensor(&found, &format!("{i}.{name}")).unwrap();
            let mut entry = vec![];
            npz.by_name(&format!("{i}.{name}.npy")).unwrap().read_to_end(&mut entry).unwrap();
            assert!(entry.starts_with(b"\x93NUMPY"), "{i}.{name}");
            assert_eq!(entry[entry.len() - data.len()..], data, "{i}.{name}");
            assert!((entry.len() - data.len()).is_multiple_of(64), "{i}.{name}");
        }
    }
}
