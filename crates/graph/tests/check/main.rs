//! Files that are refused, by the error's name, and the reported contents of the rest. The graphs
//! are made by `data/make.py`.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, too")]
mod refusals;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cloze_graph::GraphError;
use cloze_graph::check::{CheckParams, CheckedModel, Dim, ElementType, GraphInfo, TensorInfo};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format!("{name}.onnx"))
}

fn open(path: &Path) -> Result<CheckedModel, GraphError> {
    CheckParams::new().check()?.open(path)
}

/// The error's variant and, without the path, its text.
fn refusal(path: &Path, result: Result<CheckedModel, GraphError>) -> (String, String) {
    let error = result.map(|model| model.info).expect_err("should be refused");
    let variant = format!("{error:?}").split([' ', '(']).next().unwrap().to_owned();
    let text = error.to_string();
    let bare = text.strip_prefix(&format!("{}: ", path.display()));
    (variant, bare.unwrap_or(&text).to_owned())
}

#[test]
fn each_bad_fixture_is_refused_by_name() {
    let table = refusals::all();
    for (name, variant, text) in &table {
        let path = data(name);
        let found = refusal(&path, open(&path));
        assert_eq!(found, ((*variant).to_owned(), text.clone()), "{name}");
    }
    // A fixture without a row would be no test at all.
    let folder = fs_err::read_dir(data("").parent().unwrap()).unwrap();
    let files = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let bad = files.filter(|name| name.starts_with("bad_")).count();
    assert_eq!(bad, table.len());
}

fn tensor(name: &str, element: ElementType, shape: &[Dim]) -> TensorInfo {
    TensorInfo { name: name.into(), element, shape: shape.to_vec() }
}

fn named(name: &str) -> Dim {
    Dim::Named(name.into())
}

fn counted(operators: &[(&str, usize)]) -> BTreeMap<String, usize> {
    operators.iter().map(|(op, n)| ((*op).to_owned(), *n)).collect()
}

/// Properties that the small graphs share: x `[n, 4]` in, y `[n, 4]` out.
fn common(name: &str) -> GraphInfo {
    let plane = [named("n"), Dim::Fixed(4)];
    GraphInfo {
        inputs: vec![tensor("x", ElementType::Float32, &plane)],
        outputs: vec![tensor("y", ElementType::Float32, &plane)],
        nodes: 0,
        parameters: 0,
        opsets: vec![(String::new(), 18)],
        operators: BTreeMap::new(),
        producer: "make.py 1".into(),
        ir_version: 8,
        bytes: fs_err::metadata(data(name)).unwrap().len(),
        dynamic_quantization: false,
    }
}

fn opset(domain: &str, version: i64) -> (String, i64) {
    (domain.into(), version)
}

#[test]
fn a_float_graph_is_told() {
    // One length is left out, the other is -1.
    let ids = [named("batch"), Dim::Unknown];
    let rows = [named("batch"), Dim::Unknown, Dim::Fixed(3)];
    let expected = GraphInfo {
        // "bias" is listed as an input in the file, and is an initializer.
        inputs: vec![tensor("input_ids", ElementType::Int64, &ids)],
        outputs: vec![
            tensor("logits", ElementType::Float32, &rows),
            tensor("a", ElementType::Float32, &[]),
        ],
        nodes: 8,
        // Words 5 · 3, bias 3, half 2, single 1, the constant 3. Not the scalar, the constant [1],
        // the setting [1], the positions [1, 7] and axes [1] (int64), the steps [9] (int8).
        parameters: 15 + 3 + 2 + 1 + 3,
        opsets: vec![opset("", 18), opset("com.microsoft", 1), opset("org.pytorch.aten", 1)],
        // One Add says "ai.onnx", which is the default domain's other name.
        operators: counted(&[
            ("Gather", 1),
            ("Constant", 3),
            ("ConstantOfShape", 1),
            ("Add", 2),
            ("com.microsoft::Gelu", 1),
        ]),
        ..common("float")
    };
    let model = open(&data("float")).unwrap();
    assert_eq!(model.info, expected);
    assert_eq!(model.bytes, fs_err::read(data("float")).unwrap());
    assert_eq!(model.external, []);
    assert_eq!(model.info.inputs[0].to_string(), "input_ids: int64[batch, ?]");
    assert_eq!(model.info.outputs[0].to_string(), "logits: float32[batch, ?, 3]");
}

#[test]
fn packed_weights_count_as_what_they_stand_for() {
    let expected = GraphInfo {
        inputs: vec![
            tensor("x", ElementType::Float32, &[named("n"), Dim::Fixed(4)]),
            tensor("ids", ElementType::Int64, &[named("n")]),
        ],
        nodes: 7,
        // MatMulNBits: K 60 · N 3, where its 3 · 2 · 16 bytes have room for 64 · 3; its bias 3.
        // GatherBlockQuantized: 10 · 8 bytes of two each. DequantizeLinear: 5 · 4 rows, and the
        // int32 bias 6. MatMulInteger: 4 · 3, and 3 for its scale, which only a Mul takes.
        // No other scales and no zero points.
        parameters: 60 * 3 + 3 + 10 * 8 * 2 + 5 * 4 + 6 + 4 * 3 + 3,
        opsets: vec![opset("", 18), opset("com.microsoft", 1)],
        operators: counted(&[
            ("com.microsoft::MatMulNBits", 1),
            ("com.microsoft::GatherBlockQuantized", 1),
            ("DequantizeLinear", 2),
            ("DynamicQuantizeLinear", 1),
            ("MatMulInteger", 1),
            ("Mul", 1),
        ]),
        dynamic_quantization: true,
        ..common("quantized")
    };
    assert_eq!(open(&data("quantized")).unwrap().info, expected);
}

#[test]
fn sub_graphs_and_functions_are_told() {
    let expected = GraphInfo {
        inputs: vec![
            tensor("x", ElementType::Float32, &[Dim::Fixed(4)]),
            tensor("c", ElementType::Bool, &[]),
        ],
        // Main 2, a branch 1 each, the function 2 (once, though called twice).
        nodes: 2 + 1 + 1 + 2,
        // The branch's weight and the function's constant, 4 each.
        parameters: 4 + 4,
        opsets: vec![opset("", 18), opset("own", 1)],
        operators: counted(&[("own::shift", 2), ("If", 1), ("Add", 2), ("Constant", 1)]),
        ..common("nested")
    };
    assert_eq!(open(&data("nested")).unwrap().info, expected);
}

#[test]
fn of_sparse_tensors_the_stored_elements_count() {
    let expected = GraphInfo {
        nodes: 2,
        // Two elements of 100 in each of two, and not their places.
        parameters: 2 + 2,
        operators: counted(&[("Constant", 1), ("Add", 1)]),
        ..common("sparse")
    };
    assert_eq!(open(&data("sparse")).unwrap().info, expected);
}

#[test]
fn limits_are_met_before_they_are_passed() {
    for name in ["deep_8", "functions_8"] {
        open(&data(name)).unwrap();
        let shallow = CheckParams::new().max_depth(7).check().unwrap();
        assert_eq!(refusal(&data(name), shallow.open(data(name))).0, "TooDeep", "{name}");
    }
    // f7 has 2 nodes, each of the others 2 more than twice the next: 2^(i + 1) − 2, so f0 510.
    // Main has one.
    let nodes = |n| CheckParams::new().max_nodes(n).check().unwrap().open(data("functions_8"));
    assert_eq!(nodes(511).unwrap().info.nodes, 1 + 8 * 2);
    assert_eq!(refusal(&data("functions_8"), nodes(510)).0, "TooManyNodes");
    let size = common("float").bytes;
    let bytes = |n| CheckParams::new().max_bytes(n).check().unwrap().open(data("float"));
    assert!(bytes(size).is_ok());
    assert_eq!(
        refusal(&data("float"), bytes(size - 1)),
        ("TooLarge".into(), format!("{size} bytes; at most {} are read", size - 1))
    );
    let fields = |n| CheckParams::new().max_fields(n).check().unwrap().open(data("float"));
    assert!(fields(1000).is_ok());
    assert_eq!(
        refusal(&data("float"), fields(10)),
        ("TooManyFields".into(), "more than 10 messages, names and dimensions".into())
    );
}

#[test]
fn a_domain_can_be_allowed() {
    let params = CheckParams::new().allow_domain("com.evil").check().unwrap();
    for name in ["bad_domain_node", "bad_domain_import", "bad_domain_decoy"] {
        params.open(data(name)).unwrap();
    }
}

#[test]
fn settings_are_judged_at_their_edges() {
    let new = CheckParams::new;
    let text = |params: CheckParams| params.check().map_err(|e| e.to_string()).err();
    let zero = |name| Some(format!("{name}: expected at least 1, found 0"));
    assert_eq!(text(new()), None);
    assert_eq!(text(new().max_bytes(1).max_nodes(1).max_fields(1).max_depth(0)), None);
    let largest = new().max_bytes(u64::MAX).max_nodes(usize::MAX).max_fields(usize::MAX);
    assert_eq!(text(largest.clone().max_depth(30)), None);
    largest.check().unwrap().open(data("float")).unwrap();
    assert_eq!(text(new().max_bytes(0)), zero("max_bytes"));
    assert_eq!(text(new().max_nodes(0)), zero("max_nodes"));
    assert_eq!(text(new().max_fields(0)), zero("max_fields"));
    let deep = "max_depth: expected at most 30, found 31";
    assert_eq!(text(new().max_depth(31)), Some(deep.into()));
}

/// ONNX Runtime takes minutes for the larger one.
#[test]
fn bombs_are_refused_at_once() {
    let start = Instant::now();
    for name in ["bad_deep_9", "bad_deep_28", "bad_function_nodes"] {
        assert!(open(&data(name)).is_err());
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn what_is_no_file_is_named() {
    let missing = data("no such file");
    let (variant, text) = refusal(&missing, open(&missing));
    assert_eq!(variant, "Read");
    assert!(text.contains("no such file.onnx"), "{text}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = ("NotAFile".to_owned(), "not a regular file".to_owned());
    assert_eq!(refusal(folder, open(folder)), expected);
}

/// A folder with `external.onnx`, whose tensors are in `part/w.bin` (16 bytes from 16 on, as it
/// says, though 8 would do; and 8 from 0 on) and in `u.bin` (16 bytes from 4 on, by its shape). The path is canonical, as errors
/// give it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let path = fs_err::canonicalize(temp.path()).unwrap();
    fs_err::create_dir(path.join("part")).unwrap();
    fs_err::write(path.join("part/w.bin"), (0..32).collect::<Vec<u8>>()).unwrap();
    fs_err::write(path.join("u.bin"), [7; 20]).unwrap();
    fs_err::copy(data("external"), path.join("model.onnx")).unwrap();
    (temp, path)
}

#[test]
fn external_files_are_read_once() {
    let (_temp, folder) = folder();
    let model = open(&folder.join("model.onnx")).unwrap();
    let found: Vec<_> = model
        .external
        .iter()
        .map(|f| (f.location.as_str(), f.path.clone(), f.bytes.len()))
        .collect();
    assert_eq!(
        found,
        [("part/w.bin", folder.join("part/w.bin"), 32), ("u.bin", folder.join("u.bin"), 20)]
    );
    assert_eq!(model.external[0].bytes, (0..32).collect::<Vec<u8>>());
    assert_eq!(model.info.bytes, common("external").bytes + 32 + 20);
    assert_eq!(model.info.parameters, 2 + 2 + 4);
    // The same from memory.
    let bytes = Bytes::from(fs_err::read(data("external")).unwrap());
    let checked = CheckParams::new().check().unwrap().check_bytes(bytes, &folder).unwrap();
    assert_eq!((checked.info, checked.external), (model.info, model.external));
}

#[test]
fn a_constant_may_be_external() {
    let (_temp, folder) = folder();
    fs_err::write(folder.join("w.bin"), [0; 16]).unwrap();
    fs_err::copy(data("external_constant"), folder.join("model.onnx")).unwrap();
    assert_eq!(open(&folder.join("model.onnx")).unwrap().external[0].location, "w.bin");
}

#[test]
fn external_bytes_count_to_the_total() {
    let (_temp, folder) = folder();
    let path = folder.join("model.onnx");
    let total = common("external").bytes + 32 + 20;
    let capped = |n| CheckParams::new().max_bytes(n).check().unwrap().open(&path);
    assert!(capped(total).is_ok());
    let text = format!("more than {} bytes with {}", total - 1, folder.join("u.bin").display());
    assert_eq!(refusal(&path, capped(total - 1)), ("ExternalTooLarge".into(), text));
}

#[test]
fn external_tensors_end_within_their_file() {
    let (_temp, folder) = folder();
    let path = folder.join("model.onnx");
    for (file, size, tensor, offset) in [("part/w.bin", 31, "w", 16), ("u.bin", 19, "u", 4)] {
        let file = folder.join(file);
        let whole = fs_err::read(&file).unwrap();
        fs_err::write(&file, &whole[..size]).unwrap();
        let shown = file.display();
        let text = format!("tensor {tensor:?}: 16 bytes from {offset} on; {shown} has {size}");
        assert_eq!(refusal(&path, open(&path)), ("ExternalRange".into(), text));
        fs_err::write(&file, &whole).unwrap();
    }
    open(&path).unwrap();
}

#[test]
fn an_external_file_must_be_one() {
    let (_temp, folder) = folder();
    let (path, file) = (folder.join("model.onnx"), folder.join("u.bin"));
    fs_err::remove_file(&file).unwrap();
    let (variant, text) = refusal(&path, open(&path));
    assert_eq!(variant, "Read");
    assert!(text.contains("u.bin"), "{text}");
    // From memory, in the working directory.
    let bytes = Bytes::from(fs_err::read(data("external")).unwrap());
    let checked = CheckParams::new().check().unwrap().check_bytes(bytes, Path::new(""));
    let (variant, text) = refusal(&path, checked);
    assert_eq!(variant, "Read");
    assert!(text.contains("part"), "{text}");
    fs_err::create_dir(&file).unwrap();
    let text = format!("tensor \"u\": {} is not a regular file", file.display());
    assert_eq!(refusal(&path, open(&path)), ("ExternalNotAFile".into(), text));
}

#[cfg(unix)]
mod links {
    use super::*;
    use fs_err::os::unix::fs::symlink;

    fn symlink_text(link: &Path, tensor: &str) -> String {
        let rest = "the path of its external data has a symbolic link, ";
        format!("tensor {tensor:?}: {rest}{}", link.display())
    }

    #[test]
    fn no_symbolic_link_is_followed_below_the_folder() {
        let (_temp, folder) = folder();
        let path = folder.join("model.onnx");
        // The file itself, even to a place within the folder.
        let file = folder.join("u.bin");
        fs_err::rename(&file, folder.join("real.bin")).unwrap();
        symlink("real.bin", &file).unwrap();
        assert_eq!(
            refusal(&path, open(&path)),
            ("ExternalSymlink".into(), symlink_text(&file, "u"))
        );
        // A folder on the way.
        let part = folder.join("part");
        fs_err::rename(&part, folder.join("real")).unwrap();
        symlink("real", &part).unwrap();
        assert_eq!(
            refusal(&path, open(&path)),
            ("ExternalSymlink".into(), symlink_text(&part, "w"))
        );
    }

    /// The folder is the user's choice, and so is the model file.
    #[test]
    fn symbolic_links_that_the_user_names_are_followed() {
        let (_temp, folder) = folder();
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("model");
        symlink(&folder, &link).unwrap();
        fs_err::rename(folder.join("model.onnx"), folder.join("blob")).unwrap();
        symlink("blob", folder.join("model.onnx")).unwrap();
        let model = open(&link.join("model.onnx")).unwrap();
        assert_eq!(model.external[1].path, folder.join("u.bin"));
    }

    #[test]
    fn no_hard_link_is_read() {
        let (_temp, folder) = folder();
        let (path, file) = (folder.join("model.onnx"), folder.join("u.bin"));
        fs_err::hard_link(&file, folder.join("other.bin")).unwrap();
        let text = format!("tensor \"u\": {} is a hard link, one of 2", file.display());
        assert_eq!(refusal(&path, open(&path)), ("ExternalHardLink".into(), text));
    }

    /// A socket stands for all that could block or answer for ever.
    #[test]
    fn no_device_is_opened() {
        let (_temp, folder) = folder();
        let (path, file) = (folder.join("model.onnx"), folder.join("u.bin"));
        fs_err::remove_file(&file).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(&file).unwrap();
        let text = format!("tensor \"u\": {} is not a regular file", file.display());
        assert_eq!(refusal(&path, open(&path)), ("ExternalNotAFile".into(), text));
        assert_eq!(refusal(&file, open(&file)).0, "NotAFile");
    }
}
