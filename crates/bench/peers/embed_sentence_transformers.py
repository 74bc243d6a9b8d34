"""Vectors by SentenceTransformer.encode, batches of 32, which it sorts by length. WAY is its backend: torch, onnx,
openvino, or openvino-int8 with the network that embed_openvino.py makes by NNCF. See protocol.py."""

import sys

import torch
from sentence_transformers import SentenceTransformer

from protocol import calibration, serve

BACKEND = sys.argv[3]
PACKAGES = {"torch": ["torch"], "onnx": ["optimum-onnx", "onnxruntime"]}


class SentenceTransformers:
    packages = ["sentence-transformers", "transformers", "tokenizers", "numpy"]
    packages += PACKAGES.get(BACKEND, ["optimum-intel", "openvino"])

    def __init__(self, model, threads, way):
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        given = {}
        if way == "onnx":
            from sessions import options

            given = {"provider": "CPUExecutionProvider", "session_options": options(threads)}
            given |= {"file_name": "model.onnx", "export": False}
        if way.startswith("openvino"):
            # The precision that it computes with by default depends on the processor.
            given = {"ov_config": {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}}
            quantized = f"openvino-{calibration().stem}.xml"
            given |= {"file_name": quantized, "export": False} if way != "openvino" else {"export": True}
        backend = way.removesuffix("-int8")
        self.model = SentenceTransformer(str(model), device="cpu", backend=backend, model_kwargs=given)
        self.model.max_seq_length = 256

    def run(self, texts):
        return self.model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)


serve(SentenceTransformers)
