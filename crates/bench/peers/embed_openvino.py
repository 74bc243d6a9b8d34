"""Vectors by OpenVINO, tokenizers and numpy: texts sorted by length, batches of 8, asynchronous requests, as its guides
have it for throughput. WAY "f32" runs PyTorch's export; "int8" the same quantized by NNCF with fixed scales, calibrated
on 300 texts that no workload has; "latency" is f32 for one query at a time. See protocol.py."""

import random

import numpy as np
import openvino
from tokenizers import Tokenizer

from protocol import serve

BATCH = 8
CALIBRATION = 300
WORDS = (
    "the of and a to in is was he for it with as his on be at by had not are but from or have an they which one you "
    "were all her she there would their we him been has when who will more no if out so said what up its about into "
    "than them can only other new some could time these two may then do first any my now such like our over man me "
    "even most made after also did many before must through years where much your way well down should because each "
    "just those people too how little state good very make world still own see men work long here get both between "
    "life being under never day same another know while last might us great old year off come since against go came "
    "river garden engine letter window doctor market teacher music ticket paper station winter kitchen question"
).split()


def calibration_texts():
    """Rows of common words, 3 to 60 of them: lengths and pieces as texts have them."""
    drawn = random.Random(1)
    return [" ".join(drawn.choices(WORDS, k=drawn.randint(3, 60))) for _ in range(CALIBRATION)]


class OpenVino:
    packages = ["openvino", "nncf", "tokenizers", "numpy"]

    def __init__(self, model, threads, way):
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)
        core = openvino.Core()
        network = core.read_model(model / "model.onnx")
        if way == "int8":
            network = self.quantized(core, network, model / "openvino-int8.xml")
        hint = "LATENCY" if way == "latency" else "THROUGHPUT"
        settings = {"PERFORMANCE_HINT": hint, "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        self.compiled = core.compile_model(network, "CPU", settings)
        self.queue = openvino.AsyncInferQueue(self.compiled)
        self.queue.set_callback(self.take)
        self.names = [name for port in self.compiled.inputs for name in port.get_names()]

    def quantized(self, core, network, path):
        """The network in 8 bits, made once."""
        if not path.is_file():
            import nncf

            encodings = self.tokenizer.encode_batch(calibration_texts())
            given = [self.batch([encoding])[0] for encoding in encodings]
            calibration = nncf.Dataset(given, lambda item: item)
            network = nncf.quantize(
                network, calibration, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(given)
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
