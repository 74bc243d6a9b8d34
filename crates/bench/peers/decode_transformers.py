"""Tokens of a decoder by transformers on PyTorch, in f32: forward passes with its cache, without the work that
`generate` does around them. See protocol.py."""

import torch
import transformers
from transformers import AutoModelForCausalLM

from protocol import serve


class Decoder:
    packages = ["transformers", "torch"]

    def __init__(self, model, threads, way):
        transformers.logging.set_verbosity(transformers.logging.CRITICAL)
        torch.set_num_threads(threads)
        self.model = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()

    @torch.inference_mode()
    def forward(self, ids, cache):
        output = self.model(torch.tensor([ids]), past_key_values=cache, use_cache=self.cached, logits_to_keep=1)
        return int(output.logits[0, -1].argmax()), output.past_key_values

    def begin(self, ids):
        self.cached = True
        self.next, self.cache = self.forward(ids, None)

    def step(self):
        self.next, self.cache = self.forward([self.next], self.cache)

    def anew(self, ids):
        self.cached = False
        return self.forward(ids, None)[0]


serve(Decoder)
