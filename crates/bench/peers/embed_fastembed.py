"""Vectors by fastembed with its defaults: batches of 256 texts as they come. See protocol.py."""

import numpy as np
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

from protocol import serve


class FastEmbed:
    packages = ["fastembed", "onnxruntime", "tokenizers", "numpy"]

    def __init__(self, model, threads, way):
        TextEmbedding.add_custom_model(
            model="cloze/bench",
            pooling=PoolingType.MEAN,
            normalization=True,
            # It must name a source, which is not asked where the folder is given.
            sources=ModelSource(hf="cloze/bench"),
            dim=384,
            model_file="model.onnx",
        )
        self.model = TextEmbedding("cloze/bench", threads=threads, specific_model_path=str(model), cuda=False)

    def run(self, texts):
        return np.array(list(self.model.embed(texts)), np.float32)


serve(FastEmbed)
