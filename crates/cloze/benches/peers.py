"""Turns texts into vectors as Python does, and times it, when the benchmark beside this file asks for it.

    pip install onnxruntime==1.32.0 tokenizers==0.23.3 sentence-transformers==6.2.0 \\
        transformers==5.23.0 torch==2.15.0 onnx==1.23.2 numpy==2.4.6
    python peers.py MODEL_FOLDER TEXTS --threads 1 --cache FOLDER

Made with Python 3.11. TEXTS is one text a line. Prints one line of JSON when it is ready: versions, useful
tokens, the ways. Then it reads names of ways, one a line, and answers each with the seconds it took for all
texts. The ways lead from texts to mean-pooled vectors of length 1, tokenization included, each text
truncated at 256 tokens:

- onnxruntime_unsorted_32: tokenizers, onnxruntime and numpy; batches of 32 texts as they come, padded to
  the longest of the batch.
- onnxruntime_sorted_8: the same, but sorted by their number of tokens, in batches of 8.
- sentence_transformers_32: SentenceTransformer.encode with batch_size 32, which sorts by length.
- gemm: seconds for a product of 1,024 x 384 by 384 x 1,536 floats in onnxruntime, as in the model's widest
  part: the rate of arithmetic that this machine has.

The ONNX file is exported from the model folder into the cache folder, if it is not there yet. Threads are
exactly as many as asked for and do not spin while they wait.
"""

import argparse
import hashlib
import inspect
import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

LIMIT = 256
PACKAGES = ["onnxruntime", "tokenizers", "sentence-transformers", "transformers", "torch", "onnx", "numpy"]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path, help="folder with config.json, tokenizer.json, model.safetensors")
    parser.add_argument("texts", type=Path, help="UTF-8, one text a line")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the exported ONNX file")
    return parser.parse_args()


args = arguments()
# Read once, when the libraries are loaded.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = os.environ["RAYON_NUM_THREADS"] = str(args.threads)
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["KMP_BLOCKTIME"] = "0"
os.environ["TOKENIZERS_PARALLELISM"] = "true"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402


class LastLayer(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        output = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return output.last_hidden_state


def sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def export(folder, cache, digest):
    """The path of the ONNX file, which is written first if it is missing."""
    path = cache / f"{digest[:16]}.onnx"
    if path.exists():
        return path
    cache.mkdir(parents=True, exist_ok=True)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    # Two rows of unlike length, so that neither the batch nor the mask is traced as a constant.
    ids = torch.tensor([[5, 6, 7, 8], [5, 6, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    # Newer versions have a second exporter, and take it if not told otherwise.
    old = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    unfinished = path.with_suffix(".unfinished")
    torch.onnx.export(
        LastLayer(model),
        (ids, mask, torch.zeros_like(ids)),
        str(unfinished),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in [*names, "last_hidden_state"]},
        opset_version=17,
        **old,
    )
    unfinished.rename(path)
    return path


def with_onnxruntime(session, tokenizer, texts, size, by_length):
    """`[texts, hidden]` in the order of the texts, and how many tokens were run, padding included."""
    encodings = tokenizer.encode_batch(texts)
    order = list(range(len(texts)))
    if by_length:
        order.sort(key=lambda i: len(encodings[i].ids))
    vectors, positions = None, 0
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        longest = max(len(encodings[i].ids) for i in batch)
        ids = np.zeros((len(batch), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, i in enumerate(batch):
            own = encodings[i].ids
            ids[row, : len(own)] = own
            mask[row, : len(own)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        [hidden] = session.run(["last_hidden_state"], given)
        weight = mask[:, :, None].astype(np.float32)
        pooled = (hidden * weight).sum(1) / weight.sum(1)
        if vectors is None:
            vectors = np.empty((len(texts), pooled.shape[1]), np.float32)
        vectors[batch] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        positions += ids.size
    return vectors, positions


GEMM_RUNS = 100


def gemm(options):
    """A session of one matrix product, and its input."""
    rows, inner, columns = 1024, 384, 1536
    random = np.random.default_rng(0)
    weight = onnx.numpy_helper.from_array(random.standard_normal((inner, columns), np.float32), "w")
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "gemm",
        [value("x", onnx.TensorProto.FLOAT, [rows, inner])],
        [value("y", onnx.TensorProto.FLOAT, [rows, columns])],
        [weight],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session, {"x": random.standard_normal((rows, inner), np.float32)}


def main():
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    texts = args.texts.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    digest = sha256(args.model / "model.safetensors")
    path = export(args.model, args.cache, digest)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LIMIT)
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    sentence_model = SentenceTransformer(str(args.model), device="cpu")
    sentence_model.max_seq_length = LIMIT

    run = {}

    def onnxruntime_way(size, by_length):
        vectors, run["positions"] = with_onnxruntime(session, tokenizer, texts, size, by_length)
        return vectors

    ways = {
        "onnxruntime_unsorted_32": lambda: onnxruntime_way(32, False),
        "onnxruntime_sorted_8": lambda: onnxruntime_way(8, True),
        "sentence_transformers_32": lambda: sentence_model.encode(
            texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False
        ),
    }
    useful = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))
    matrix_session, matrix_input = gemm(options)
    ways["gemm"] = lambda: [matrix_session.run(None, matrix_input) for _ in range(GEMM_RUNS)]
    first, share = {}, {}
    for name, way in ways.items():
        run.clear()
        first[name] = way()
        share[name] = useful / run["positions"] if run else None
    reference = first["sentence_transformers_32"]
    ready = {
        "versions": {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}},
        "model_sha256": digest,
        "threads": args.threads,
        "texts": len(texts),
        "useful_tokens": useful,
        "useful_share": share,
        "max_difference": {
            name: float(np.abs(vectors - reference).max()) for name, vectors in first.items() if name != "gemm"
        },
        "ways": list(ways),
    }
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        way = ways[line.strip()]
        started = time.perf_counter()
        way()
        taken = time.perf_counter() - started
        print(taken / GEMM_RUNS if line.strip() == "gemm" else taken, flush=True)


if __name__ == "__main__":
    main()
