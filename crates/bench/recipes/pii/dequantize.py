"""Writes the weights of a 4-bit graph as floats: `python3 dequantize.py GRAPH_FOLDER OUTPUT_FOLDER`.

GRAPH_FOLDER holds `model.onnx`, a BERT token classifier whose matrices are MatMulNBits nodes of ONNX Runtime
(4 bits, blocks of 32 with a scale each, zero point 8) and whose embedding matrices are unsigned 8-bit numbers with
one scale and zero point. OUTPUT_FOLDER gets `model.safetensors` under the names of transformers'
`BertForTokenClassification`, beside the configuration and the tokenizer, and can be trained further.

With --check it then runs the graph in ONNX Runtime and the floats in numpy on a few sentences, and fails unless
the logits agree.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3
"""
import json
import math
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

COMPANIONS = ["LICENSE", "config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"]
SENTENCES = [
    "Hello, this is Ada Lovelace of 12 Byron Street, Hull HU1 2AB.",
    "please call +44 20 7946 0123 or write to ada@example.com",
    "Der Zug nach Kassel fährt um 9.14 Uhr von Gleis 7.",
]
# The largest difference seen is 7e-6.
TOLERANCE = 1e-4


def matrix(node, tensors):
    """Weight [N, K] of a MatMulNBits node: the lower four bits of a byte are the number that comes first."""
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    rows, columns, block = attributes["N"], attributes["K"], attributes["block_size"]
    if attributes["bits"] != 4 or len(node.input) != 3 or columns % block:
        sys.exit(f"{node.name}: expected 4 bits, no zero points and whole blocks, found {attributes}")
    packed, scales = tensors[node.input[1]], tensors[node.input[2]].reshape(rows, columns // block, 1)
    numbers = np.stack([packed & 15, packed >> 4], axis=-1).reshape(rows, columns // block, block)
    return ((numbers.astype(np.float32) - 8) * scales).reshape(rows, columns).astype(np.float32)


def floats(graph):
    """Tensors by the names of transformers."""
    tensors = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    weights = {name: t for name, t in tensors.items() if name.startswith(("bert.", "classifier.")) and t.dtype == np.float32}
    for node in graph.node:
        if node.op_type == "MatMulNBits":
            stem = node.name.removesuffix("/MatMul_Q4").strip("/").replace("/", ".")
            weights[f"{stem}.weight"] = matrix(node, tensors)
    for name in [name for name in tensors if name.endswith(".weight_quantized")]:
        stem = name.removesuffix("_quantized")
        zero, scale = tensors[f"{stem}_zero_point"].astype(np.float32), tensors[f"{stem}_scale"]
        weights[stem] = ((tensors[name].astype(np.float32) - zero) * scale).astype(np.float32)
    return {n: np.ascontiguousarray(t) for n, t in weights.items() if not n.endswith(("_scale", "_zero_point"))}


def logits(weights, config, ids):
    """Logits [tokens, labels] of one sequence, as transformers' BertForTokenClassification has them."""
    heads, eps = config["num_attention_heads"], config["layer_norm_eps"]

    def dense(x, stem):
        return x @ weights[f"{stem}.weight"].T + weights[f"{stem}.bias"]

    def norm(x, stem):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
        return scaled * weights[f"{stem}.weight"] + weights[f"{stem}.bias"]

    def split(x):
        return x.reshape(len(x), heads, -1).transpose(1, 0, 2)

    tables = "bert.embeddings."
    x = weights[tables + "word_embeddings.weight"][ids] + weights[tables + "token_type_embeddings.weight"][0]
    x = norm(x + weights[tables + "position_embeddings.weight"][: len(ids)], tables + "LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        stem = f"bert.encoder.layer.{layer}"
        query, key, value = (split(dense(x, f"{stem}.attention.self.{p}")) for p in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        context = (scores / scores.sum(-1, keepdims=True)) @ value
        context = context.transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(x + dense(context, f"{stem}.attention.output.dense"), f"{stem}.attention.output.LayerNorm")
        inner = dense(x, f"{stem}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = norm(x + dense(inner, f"{stem}.output.dense"), f"{stem}.output.LayerNorm")
    return dense(x, "classifier")


def check(folder, weights):
    """Compares with the graph."""
    import onnxruntime
    from tokenizers import Tokenizer

    config = json.loads((folder / "config.json").read_text())
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    worst = 0.0
    for sentence in SENTENCES:
        ids = np.array([tokenizer.encode(sentence).ids], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        expected = session.run(["logits"], inputs)[0][0]
        actual = logits(weights, config, ids[0])
        worst = max(worst, float(np.abs(expected - actual).max()))
        if (expected.argmax(-1) != actual.argmax(-1)).any():
            sys.exit(f"another tag than the graph has, in: {sentence}")
    print(f"largest difference of a logit: {worst:.2e}")
    if worst > TOLERANCE:
        sys.exit(f"expected at most {TOLERANCE}")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    if len(arguments) != 2:
        sys.exit(__doc__)
    source, output = map(pathlib.Path, arguments)
    weights = floats(onnx.load(source / "model.onnx").graph)
    output.mkdir(parents=True, exist_ok=True)
    save_file(weights, output / "model.safetensors", metadata={"format": "pt"})
    for name in COMPANIONS:
        shutil.copy(source / name, output / name)
    print(f"{output}: {len(weights)} tensors, {sum(t.size for t in weights.values()):,} numbers")
    if "--check" in sys.argv:
        check(source, weights)


main()
