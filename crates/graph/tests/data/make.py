"""Writes the fixtures beside this file: graphs that are allowed, and one for each thing that is not.

    pip install onnx==1.23.2 numpy==2.4.6
    python make.py

Made with Python 3.11. None of them is meant to be run; most would be refused anyway.
"""

from pathlib import Path

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, TrainingInfoProto, helper, numpy_helper

HERE = Path(__file__).parent
FLOAT, INT64, BOOL, UINT8 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.UINT8
opset = helper.make_opsetid
node = helper.make_node
value = helper.make_tensor_value_info


def zeros(name, dims, kind=np.float32):
    return numpy_helper.from_array(np.zeros(dims, kind), name)


def graph(nodes, weights=(), inputs=None, outputs=None, **more):
    inputs = [value("x", FLOAT, ["n", 4])] if inputs is None else inputs
    outputs = [value("y", FLOAT, ["n", 4])] if outputs is None else outputs
    return helper.make_graph(nodes, "g", inputs, outputs, list(weights), **more)


def model(g, opsets=(("", 18),), functions=(), name="make.py", version="1"):
    imports = [opset(*o) for o in opsets]
    return helper.make_model(
        g,
        opset_imports=imports,
        functions=list(functions),
        ir_version=8,
        producer_name=name,
        producer_version=version,
    )


def save(name, content):
    data = content if isinstance(content, bytes) else content.SerializeToString()
    assert len(data) < 4096, (name, len(data))
    (HERE / f"{name}.onnx").write_bytes(data)


RELU = node("Relu", ["x"], ["y"], name="relu")


# What is allowed.


def float_encoder():
    """One of each thing that GraphInfo tells; `bias` is an input, too, as up to IR version 3."""
    weights = [
        zeros("words", [5, 3]),
        zeros("bias", [3]),
        zeros("root", []),
        zeros("positions", [1, 7], np.int64),
        zeros("half", [2], np.float16),
        zeros("single", [1]),
        zeros("steps", [9], np.int8),
    ]
    nodes = [
        node("Gather", ["words", "input_ids"], ["a"]),
        node("Constant", [], ["c"], value=zeros("", [3])),
        node("Constant", [], ["eight"], value=zeros("", [1])),
        node("Constant", [], ["axes"], value=zeros("", [1], np.int64)),
        node("ConstantOfShape", ["axes"], ["e"], value=zeros("", [1])),
        node("Add", ["a", "bias"], ["b"]),
        node("Add", ["b", "c"], ["d"], domain="ai.onnx"),
        node("Gelu", ["d"], ["logits"], domain="com.microsoft"),
    ]
    inputs = [value("input_ids", INT64, ["batch", None]), value("bias", FLOAT, [3])]
    outputs = [value("logits", FLOAT, ["batch", -1, 3]), value("a", FLOAT, None)]
    domains = (("", 18), ("com.microsoft", 1), ("org.pytorch.aten", 1))
    return model(graph(nodes, weights, inputs, outputs), domains)


def quantized():
    """A weight of each kind that is stored in fewer bits."""
    weights = [
        zeros("block", [3, 2, 16], np.uint8),
        zeros("block_scales", [3, 2]),
        zeros("block_points", [3, 1], np.uint8),
        zeros("block_bias", [3]),
        zeros("words", [10, 8], np.uint8),
        zeros("word_scales", [10, 1]),
        zeros("rows", [5, 4], np.int8),
        zeros("row_scales", [5]),
        zeros("row_points", [5], np.int8),
        zeros("bias", [6], np.int32),
        zeros("bias_scale", []),
        zeros("w", [4, 3], np.int8),
        zeros("w_point", [3], np.int8),
        zeros("w_scale", [3]),
    ]
    ms = {"domain": "com.microsoft"}
    inputs = ["x", "block", "block_scales", "block_points", "", "block_bias"]
    words = ["words", "ids", "word_scales"]
    nodes = [
        node("MatMulNBits", inputs, ["a"], K=60, N=3, bits=4, block_size=32, **ms),
        node("GatherBlockQuantized", words, ["b"], block_size=16, **ms),
        node("DequantizeLinear", ["rows", "row_scales", "row_points"], ["c"], axis=0),
        node("DequantizeLinear", ["bias", "bias_scale"], ["d"]),
        node("DynamicQuantizeLinear", ["x"], ["q", "q_scale", "q_point"]),
        node("MatMulInteger", ["q", "w", "q_point", "w_point"], ["e"]),
        node("Mul", ["q_scale", "w_scale"], ["y"]),
    ]
    inputs = [value("x", FLOAT, ["n", 4]), value("ids", INT64, ["n"])]
    return model(graph(nodes, weights, inputs), (("", 18), ("com.microsoft", 1)))


def branch(nodes, weights=(), **more):
    return graph(nodes, weights, [], [value("z", FLOAT, [4])], **more)


def nested():
    """A branch with a weight of its own, and a function with a constant, called twice."""
    then = branch([node("Add", ["x", "w"], ["z"])], [zeros("w", [4])])
    other = branch([node("shift", ["x"], ["z"], domain="own")])
    body = [node("Constant", [], ["k"], value=zeros("", [4])), node("Add", ["a", "k"], ["b"])]
    shift = helper.make_function("own", "shift", ["a"], ["b"], body, [opset("", 18)])
    nodes = [
        node("shift", ["x"], ["s"], domain="own"),
        node("If", ["c"], ["y"], then_branch=then, else_branch=other),
    ]
    inputs = [value("x", FLOAT, [4]), value("c", BOOL, [])]
    return model(graph(nodes, [], inputs), (("", 18), ("own", 1)), [shift])


def sparse(name, values=None, indices=None):
    values = values or zeros(name, [2])
    indices = indices or zeros("", [2], np.int64)
    return helper.make_sparse_tensor(values, indices, [100])


def sparse_weights():
    constant = node("Constant", [], ["k"], sparse_value=sparse(""))
    nodes = [constant, node("Add", ["k", "s"], ["y"])]
    return model(graph(nodes, sparse_initializer=[sparse("s")]))


save("float", float_encoder())
save("quantized", quantized())
save("nested", nested())
save("sparse", sparse_weights())


# External data.


def external(name="w", location="weights.bin", dims=(4,), **entries):
    tensor = TensorProto(name=name, data_type=FLOAT, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, text in {"location": location, **entries}.items():
        if text is not None:
            tensor.external_data.add(key=key, value=text)
    return tensor


def one(tensor):
    return model(graph([node("Add", ["x", tensor.name], ["y"], name="add")], [tensor]))


def constant(**attribute):
    return model(graph([node("Constant", [], ["w"], name="k", **attribute), RELU]))


def listed(kind, tensors):
    """An attribute that is a list, which helper.make_attribute does not make of these."""
    made = AttributeProto(name="many", type=kind)
    (made.tensors if kind == AttributeProto.TENSORS else made.sparse_tensors).extend(tensors)
    bad = node("Sum", ["x"], ["y"], name="sum")
    bad.attribute.append(made)
    return model(graph([bad]))


three = [
    external("w", "part/w.bin", (2,), offset="16", length="16"),
    external("v", "part/w.bin", (2,)),
    external("u", "u.bin", offset="4"),
]
save("external", model(graph([RELU], three)))
save("external_constant", constant(value=external("", "w.bin")))

LOCATIONS = {
    "empty": "",
    "missing": None,
    "absolute": "/etc/passwd",
    "drive": "C:\\x",
    "server": "\\\\server\\x",
    "parent": "../w.bin",
    "parent_inside": "part/../../w.bin",
    "backslash": "part\\w.bin",
    "address": "*/_ORT_MEM_ADDR_/*",
}
for name, location in LOCATIONS.items():
    save(f"bad_location_{name}", one(external(location=location)))

bad = external("w", "../w.bin")
indices = external("", "../w.bin")
indices.data_type = INT64
if_node = node("If", ["c"], ["y"], then_branch=branch([RELU], [bad]), else_branch=branch([RELU]))
body = [node("Constant", [], ["w"], value=bad), node("Add", ["a", "w"], ["b"])]
function = helper.make_function("own", "f", ["a"], ["b"], body, [opset("", 18)])
call = graph([node("f", ["x"], ["y"], domain="own")])
PLACES = {
    "constant": constant(value=bad),
    "sparse_value": constant(sparse_value=sparse("", bad)),
    "sparse_index": constant(sparse_value=sparse("", None, indices)),
    "sparse_initializer": model(graph([RELU], sparse_initializer=[sparse("s", bad)])),
    "sparse_indices": model(graph([RELU], sparse_initializer=[sparse("s", None, indices)])),
    "tensors": listed(AttributeProto.TENSORS, [zeros("", [1]), bad]),
    "sparse_tensors": listed(AttributeProto.SPARSE_TENSORS, [sparse("", bad)]),
    "branch": model(graph([if_node])),
    "function": model(call, (("", 18), ("own", 1)), [function]),
}
for name, made in PLACES.items():
    save(f"bad_place_{name}", made)
    # The same with a location that would be allowed elsewhere.
    if name != "constant":
        data = made.SerializeToString()
        assert b"../w.bin" in data
        save(f"bad_place_{name}_inside", data.replace(b"../w.bin", b"ok/w.bin"))

twice = external()
twice.external_data.add(key="location", value="../w.bin")
save("bad_external_twice", one(twice))
save("bad_external_offset", one(external(offset="+4")))
save("bad_external_length", one(external(length="16 ")))
unmarked = external(location="../w.bin")
unmarked.data_location = TensorProto.DEFAULT
save("bad_external_unmarked", one(unmarked))


# What else is refused.

EVIL = "com.evil"
evil = node("Relu", ["x"], ["y"], name="evil", domain=EVIL)
save("bad_domain_node", model(graph([evil])))
evil_if = node("If", ["c"], ["y"], then_branch=branch([evil]), else_branch=branch([RELU]))
save("bad_domain_branch", model(graph([evil_if])))
in_list = node("Loop", ["x"], ["y"])
in_list.attribute.append(AttributeProto(name="many", type=AttributeProto.GRAPHS))
in_list.attribute[0].graphs.append(branch([evil]))
save("bad_domain_graphs", model(graph([in_list])))
own = (("", 18), ("own", 1))
with_evil = helper.make_function("own", "f", ["x"], ["y"], [evil], [opset("", 18)])
save("bad_domain_function", model(call, own, [with_evil]))
decoy = helper.make_function(EVIL, "decoy", ["x"], ["y"], [RELU], [opset("", 18)])
save("bad_domain_decoy", model(graph([evil]), (("", 18), (EVIL, 1)), [decoy]))
save("bad_domain_import", model(graph([RELU]), (("", 18), (EVIL, 1))))
imports_evil = helper.make_function("own", "f", ["x"], ["y"], [RELU], [opset(EVIL, 1)])
save("bad_domain_function_import", model(call, own, [imports_evil]))
training_domain = node("Gradient", ["x"], ["y"], name="grad", domain="ai.onnx.preview.training")
save("bad_domain_training", model(graph([training_domain])))

trained = model(graph([RELU]))
trained.training_info.append(TrainingInfoProto(algorithm=graph([evil])))
save("bad_training", trained)


def bomb(depth):
    """`If` in `If`, as deep as that."""
    inner = branch([node("Relu", ["x"], ["z"])])
    for _ in range(depth):
        inner = branch([node("If", ["c"], ["z"], then_branch=inner, else_branch=branch([RELU]))])
    return model(graph(inner.node))


save("deep_8", bomb(8))
save("bad_deep_9", bomb(9))
save("bad_deep_28", bomb(28))


def chain(length, calls):
    """Function `i` calls function `i + 1` so often."""
    made = []
    for i in range(length):
        op, domain = (f"f{i + 1}", "own") if i + 1 < length else ("Relu", "")
        body = [node(op, [f"v{j}"], [f"v{j + 1}"], domain=domain) for j in range(calls)]
        imports = [opset("", 18), opset("own", 1)]
        made.append(helper.make_function("own", f"f{i}", ["v0"], [f"v{calls}"], body, imports))
    return model(graph([node("f0", ["x"], ["y"], domain="own")]), own, made)


save("bad_function_nodes", chain(6, 8))
save("bad_function_depth", chain(9, 1))
save("functions_8", chain(8, 2))


def mutual(names):
    """Each calls the next one in the list."""
    made = []
    for name, callee in zip(names, names[1:]):
        calls = [node(callee, ["a"], ["b"], domain="own")]
        made.append(helper.make_function("own", name, ["a"], ["b"], calls, [opset("own", 1)]))
    return model(graph([RELU]), own, made)


save("bad_function_loop", mutual(["f", "g", "h", "g"]))
same = helper.make_function("own", "f", ["x"], ["y"], [RELU], [opset("", 18)])
save("bad_function_twice", model(call, own, [same, same]))

save("bad_no_graph", ModelProto(ir_version=8, producer_name="make.py"))
whole = model(graph([RELU])).SerializeToString()
save("bad_cut_off", whole[:-30])
save("bad_pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4\n")
save("bad_text", whole.replace(b"make.py", b"make\xff\xfe\xfd"))
