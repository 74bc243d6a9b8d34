"""Writes floats into the graph of the 4-bit model, its matrices in 8 bits:
`python3 graph.py WEIGHTS_FOLDER GRAPH_FOLDER OUTPUT`.

Matrices become MatMulNBits nodes of 8 bits, in blocks of 128 with a scale each and zero point 128, whose inputs are
rounded to 8 bits, too (`accuracy_level` 4). In cloze the graph takes 12 % more time than 4 bits in blocks of 32. The embedding
matrices become unsigned 8-bit numbers with one scale and zero point, as in upstream's graph. 4 bits would undo most of a
training: its steps are smaller than the distance of two 4-bit numbers.

    pip install onnx==1.23.2 numpy==2.4.6 safetensors==0.8.0
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper
from safetensors.numpy import load_file

BLOCK = 128


def blocks(weight):
    """8-bit numbers [N, K / BLOCK, BLOCK] and scales [N, K / BLOCK] of a matrix [N, K]."""
    rows, columns = weight.shape
    parts = weight.reshape(rows, columns // BLOCK, BLOCK)
    scales = np.maximum(np.abs(parts).max(-1), 1e-9) / 127
    numbers = np.rint(parts / scales[..., None]) + 128
    return numbers.astype(np.uint8), scales.astype(np.float32)


def unsigned(table):
    """8-bit numbers of an embedding matrix, with one scale and zero point."""
    least, most = min(float(table.min()), 0.0), max(float(table.max()), 0.0)
    scale = (most - least) / 255
    zero = round(-least / scale)
    numbers = np.clip(np.rint(table / scale) + zero, 0, 255)
    return numbers.astype(np.uint8), np.float32(scale), np.uint8(zero)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    weights = {n: t.astype(np.float32) for n, t in load_file(pathlib.Path(sys.argv[1]) / "model.safetensors").items()}
    model = onnx.load(pathlib.Path(sys.argv[2]) / "model.onnx")
    tensors, used = {t.name: t for t in model.graph.initializer}, set()

    def put(name, values):
        tensors[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), name))

    for node in model.graph.node:
        if node.op_type != "MatMulNBits":
            continue
        stem = node.name.removesuffix("/MatMul_Q4").strip("/").replace("/", ".")
        weight = weights[f"{stem}.weight"]
        numbers, scales = blocks(weight)
        put(node.input[1], numbers)
        put(node.input[2], scales)
        used.add(f"{stem}.weight")
        del node.attribute[:]
        rows, columns = weight.shape
        settings = {"K": columns, "N": rows, "bits": 8, "block_size": BLOCK, "accuracy_level": 4}
        node.attribute.extend(helper.make_attribute(name, value) for name, value in settings.items())
    for name, weight in weights.items():
        if f"{name}_quantized" in tensors:
            for ending, values in zip(("quantized", "scale", "zero_point"), unsigned(weight)):
                put(f"{name}_{ending}", values)
            used.add(name)
        elif name in tensors:
            put(name, weight)
            used.add(name)
    if missing := set(weights) - used:
        sys.exit(f"tensors that the graph has no place for: {sorted(missing)}")
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[3])


main()
