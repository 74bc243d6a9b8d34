"""Vectors by SentenceTransformer.encode, batches of 32, which it sorts by length. WAY is its backend, torch or onnx.
See protocol.py."""

import sys

import torch
from sentence_transformers import SentenceTransformer

from protocol import serve

BACKEND = sys.argv[3]


class SentenceTransformers:
    packages = ["sentence-transformers", "transformers", "tokenizers", "numpy"]
    packages += ["torch"] if BACKEND == "torch" else ["optimum-onnx", "onnxruntime"]

    def __init__(self, model, threads, way):
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        given = {}
        if way == "onnx":
            from sessions import options

            given = {"provider": "CPUExecutionProvider", "session_options": options(threads)}
            given |= {"file_name": "model.onnx", "export": False}
        self.model = SentenceTransformer(str(model), device="cpu", backend=way, model_kwargs=given)
        self.model.max_seq_length = 256

    def run(self, texts):
        return self.model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)


serve(SentenceTransformers)
