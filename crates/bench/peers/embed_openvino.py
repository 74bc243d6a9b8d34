"""Vectors by OpenVINO, tokenizers and numpy: texts sorted by length, batches of 8, asynchronous requests, as its guides
have it for throughput. WAY "f32" runs PyTorch's export; "int8" the same quantized by NNCF with fixed scales, calibrated
on the texts that cloze is calibrated on; "latency" and "int8-latency" are the same for one query at a time. See protocol.py."""

import json

import numpy as np
import openvino
from tokenizers import Tokenizer

from protocol import calibration, serve

BATCH = 8


class OpenVino:
    packages = ["openvino", "nncf", "tokenizers", "numpy"]

    def __init__(self, model, threads, way):
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)
        core = openvino.Core()
        network = core.read_model(model / "model.onnx")
        if way.startswith("int8"):
            network = self.quantized(core, network, model / f"openvino-{calibration().stem}.xml")
        hint = "LATENCY" if way.endswith("latency") else "THROUGHPUT"
        settings = {"PERFORMANCE_HINT": hint, "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        self.compiled = core.compile_model(network, "CPU", settings)
        self.queue = openvino.AsyncInferQueue(self.compiled)
        self.queue.set_callback(self.take)
        self.names = [name for port in self.compiled.inputs for name in port.get_names()]

    def quantized(self, core, network, path):
        """The network in 8 bits, made once."""
        if not path.is_file():
            import nncf

            lines = calibration().read_text(encoding="utf-8").splitlines()
            encodings = self.tokenizer.encode_batch([json.loads(line)["text"] for line in lines])
            given = [self.batch([encoding])[0] for encoding in encodings]
            dataset = nncf.Dataset(given, lambda item: item)
            network = nncf.quantize(
                network, dataset, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(given)
            )
            openvino.save_model(network, path, compress_to_fp16=False)
        return core.read_model(path)

    def batch(self, encodings):
        ids = np.zeros((len(encodings), max(len(encoding.ids) for encoding in encodings)), np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}, mask

    def take(self, request, what):
        places, mask = what
        hidden = request.get_output_tensor(0).data
        weight = mask[:, :, None].astype(np.float32)
        pooled = (hidden * weight).sum(1) / weight.sum(1)
        self.vectors[places] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

    def run(self, texts):
        encodings = self.tokenizer.encode_batch(texts)
        lengths = [len(encoding.ids) for encoding in encodings]
        order = sorted(range(len(texts)), key=lambda i: lengths[i])
        width = self.compiled.output(0).get_partial_shape()[2].get_length()
        self.vectors, self.tokens, self.padded = np.empty((len(texts), width), np.float32), sum(lengths), 0
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            given, mask = self.batch([encodings[i] for i in places])
            self.padded += mask.size
            self.queue.start_async({name: given[name] for name in self.names}, (places, mask))
        self.queue.wait_all()
        return self.vectors


serve(OpenVino)
