"""Vectors by onnxruntime, tokenizers and numpy, as a plain loop has it: batches of 32 texts as they come, padded to
the longest of the batch. WAY "sorted" sorts them by their numbers of tokens, in batches of 8. See protocol.py."""

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from protocol import serve
from sessions import options


class OnnxRuntime:
    packages = ["onnxruntime", "tokenizers", "numpy"]

    def __init__(self, model, threads, way):
        self.sorted, self.size = way == "sorted", 8 if way == "sorted" else 32
        providers = ["CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(str(model / "model.onnx"), options(threads), providers=providers)
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)

    def run(self, texts):
        encodings = self.tokenizer.encode_batch(texts)
        lengths = [len(encoding.ids) for encoding in encodings]
        order = list(range(len(texts)))
        if self.sorted:
            order.sort(key=lambda i: lengths[i])
        vectors, self.tokens, self.padded = None, sum(lengths), 0
        for start in range(0, len(order), self.size):
            batch = order[start : start + self.size]
            ids = np.zeros((len(batch), max(lengths[i] for i in batch)), np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(batch):
                ids[row, : lengths[i]] = encodings[i].ids
                mask[row, : lengths[i]] = 1
            given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            [hidden] = self.session.run(["last_hidden_state"], given)
            weight = mask[:, :, None].astype(np.float32)
            pooled = (hidden * weight).sum(1) / weight.sum(1)
            if vectors is None:
                vectors = np.empty((len(texts), pooled.shape[1]), np.float32)
            vectors[batch] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
            self.padded += ids.size
        return vectors


serve(OnnxRuntime)
