//! Refusals of the bad fixtures.

/// Bad fixtures, each with the variant and the text of its refusal.
pub(super) fn all() -> Vec<(&'static str, &'static str, String)> {
    let nodes = "more than 100000 nodes, a function's counted at each call";
    let depth = "sub-graphs and function calls nest more than 8 deep";
    let import = r#"imports operators of the unknown domain "com.evil""#;
    let evil = r#"node "evil": operator "Relu" of the unknown domain "com.evil""#;
    let location = |tensor, found, what| {
        format!("tensor {tensor:?}: the location {found:?} of its external data {what}")
    };
    let (absolute, parent) = ("is absolute", "has `..` in it");
    // A constant and its attributes go by the value the node makes; "sum" makes "y".
    let inside = |tensor| location(tensor, "../w.bin", parent);
    let place = |tensor: &str, place: &str| {
        format!("tensor {tensor:?}: external data in {place}; only the main graph may have them")
    };
    let number = |key, found| {
        format!("tensor \"w\": the {key} of its external data is {found:?}, not a number")
    };
    vec![
        // 'v' is 0x76: field 14 of type 6, which there is not.
        (
            "bad_pointer",
            "Malformed",
            "not an ONNX file, or cut off: at byte 0, a field's type is unknown".into(),
        ),
        // IR version 2 bytes, producer 2 + 7, its version 2 + 1: the graph begins at byte 14.
        (
            "bad_cut_off",
            "Malformed",
            "not an ONNX file, or cut off: at byte 14, a field is longer than what holds it".into(),
        ),
        ("bad_text", "Decode", "not an ONNX file".into()),
        ("bad_no_graph", "NoGraph", "no graph in it".into()),
        ("bad_training", "Training", "has training graphs; a model for inference has none".into()),
        ("bad_deep_9", "TooDeep", depth.into()),
        ("bad_deep_28", "TooDeep", depth.into()),
        ("bad_function_depth", "TooDeep", depth.into()),
        // f5 has 8 nodes, each of the others 8 more than 8 times the next: 72, 584, 4680, 37448,
        // 299592.
        ("bad_function_nodes", "TooManyNodes", nodes.into()),
        // f calls g, g calls h, h calls g: f is not in the loop.
        ("bad_function_loop", "FunctionLoop", r#"function "own::g" calls itself"#.into()),
        ("bad_function_twice", "FunctionTwice", r#"function "own::f" is defined twice"#.into()),
        ("bad_domain_import", "ImportDomain", import.into()),
        ("bad_domain_function_import", "ImportDomain", import.into()),
        ("bad_domain_node", "OperatorDomain", evil.into()),
        ("bad_domain_branch", "OperatorDomain", evil.into()),
        ("bad_domain_graphs", "OperatorDomain", evil.into()),
        ("bad_domain_function", "OperatorDomain", evil.into()),
        ("bad_domain_decoy", "OperatorDomain", evil.into()),
        (
            "bad_domain_training",
            "OperatorDomain",
            r#"node "grad": operator "Gradient" of the unknown domain "ai.onnx.preview.training""#
                .into(),
        ),
        ("bad_location_empty", "ExternalLocation", location("w", "", "is empty")),
        ("bad_location_missing", "ExternalLocation", location("w", "", "is empty")),
        ("bad_location_absolute", "ExternalLocation", location("w", "/etc/passwd", absolute)),
        ("bad_location_drive", "ExternalLocation", location("w", r"C:\x", absolute)),
        ("bad_location_server", "ExternalLocation", location("w", r"\\server\x", absolute)),
        ("bad_location_parent", "ExternalLocation", inside("w")),
        (
            "bad_location_parent_inside",
            "ExternalLocation",
            location("w", "part/../../w.bin", parent),
        ),
        (
            "bad_location_backslash",
            "ExternalLocation",
            location("w", r"part\w.bin", "has a backslash in it"),
        ),
        (
            "bad_location_address",
            "ExternalLocation",
            location("w", "*/_ORT_MEM_ADDR_/*", "has a reserved character in it"),
        ),
        ("bad_place_constant", "ExternalLocation", inside("w")),
        ("bad_place_sparse_value", "ExternalLocation", inside("w")),
        ("bad_place_sparse_index", "ExternalLocation", inside("w")),
        ("bad_place_sparse_initializer", "ExternalLocation", inside("w")),
        ("bad_place_sparse_indices", "ExternalLocation", inside("s")),
        ("bad_place_tensors", "ExternalLocation", inside("y")),
        ("bad_place_sparse_tensors", "ExternalLocation", inside("y")),
        ("bad_place_branch", "ExternalLocation", inside("w")),
        ("bad_place_function", "ExternalLocation", inside("w")),
        ("bad_place_sparse_value_inside", "ExternalPlace", place("w", "a sparse tensor")),
        ("bad_place_sparse_index_inside", "ExternalPlace", place("w", "a sparse tensor")),
        ("bad_place_sparse_initializer_inside", "ExternalPlace", place("w", "a sparse tensor")),
        ("bad_place_sparse_indices_inside", "ExternalPlace", place("s", "a sparse tensor")),
        ("bad_place_tensors_inside", "ExternalPlace", place("y", "an attribute")),
        ("bad_place_sparse_tensors_inside", "ExternalPlace", place("y", "a sparse tensor")),
        ("bad_place_branch_inside", "ExternalPlace", place("w", "a sub-graph")),
        ("bad_place_function_inside", "ExternalPlace", place("w", "a function")),
        (
            "bad_external_twice",
            "ExternalTwice",
            r#"tensor "w": "location" occurs twice in its external data"#.into(),
        ),
        ("bad_external_offset", "ExternalNumber", number("offset", "+4")),
        ("bad_external_length", "ExternalNumber", number("length", "16 ")),
        ("bad_external_unmarked", "ExternalLocation", inside("w")),
    ]
}
