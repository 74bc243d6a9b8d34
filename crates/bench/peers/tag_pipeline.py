"""Entities by the token-classification pipeline of transformers, as it stands: a text at a time, aggregation_strategy
"simple". The way "onnx" has the logits from model.onnx by onnxruntime, "torch" from model.safetensors by PyTorch. See protocol.py."""

import json

import numpy as np
import onnxruntime
import torch
import transformers
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    TokenClassificationPipeline,
)
from transformers.modeling_outputs import TokenClassifierOutput

from protocol import serve
from sessions import options


class OnnxTokenClassifier(PreTrainedModel):
    """A torch model in name only: the logits come from model.onnx."""

    config_class = BertConfig

    def __init__(self, config, session):
        super().__init__(config)
        # A pipeline asks for the model's device, which is that of its parameters.
        self.nothing = torch.nn.Parameter(torch.zeros(1))
        self.session = session
        self.input_names = [i.name for i in session.get_inputs()]

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        given = {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids) if attention_mask is None else attention_mask,
            "token_type_ids": torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids,
        }
        feed = {name: given[name].numpy().astype(np.int64) for name in self.input_names}
        return TokenClassifierOutput(logits=torch.from_numpy(self.session.run(["logits"], feed)[0]))


def onnx(model, threads):
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(model / "model.onnx"), options(threads), providers=providers)
    config = BertConfig(**json.loads((model / "config.json").read_text(encoding="utf-8")))
    special = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    special |= {"pad_token": "[PAD]", "mask_token": "[MASK]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(model / "tokenizer.json"), **special)
    return tokenizer, OnnxTokenClassifier(config, session).eval()


def torch_model(model, threads):
    # Weights stored in halves are computed with as floats, as cloze does.
    classifier = AutoModelForTokenClassification.from_pretrained(model, dtype=torch.float32)
    return AutoTokenizer.from_pretrained(model), classifier.eval()


class Pipeline:
    packages = ["transformers", "torch", "onnxruntime", "tokenizers", "numpy"]

    def __init__(self, model, threads, way):
        # Silences the remark that OnnxTokenClassifier is none of transformers' own models.
        transformers.logging.set_verbosity(transformers.logging.CRITICAL)
        torch.set_num_threads(threads)
        tokenizer, classifier = (onnx if way == "onnx" else torch_model)(model, threads)
        self.pipeline = TokenClassificationPipeline(
            model=classifier, tokenizer=tokenizer, device=-1, aggregation_strategy="simple"
        )

    def run(self, texts):
        return [[[e["entity_group"], e["start"], e["end"]] for e in found] for found in self.pipeline(texts)]


serve(Pipeline)
