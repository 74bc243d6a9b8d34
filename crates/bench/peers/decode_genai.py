"""Tokens of a decoder by onnxruntime-genai, in f32, of a graph that its own builder makes of the weights, once, beside
them. See protocol.py."""

import json
import subprocess
import sys

import onnxruntime_genai

from protocol import serve


class Decoder:
    packages = ["onnxruntime-genai"]

    def __init__(self, model, threads, way):
        made = model.with_name(f"{model.name}-genai")
        if not (made / "genai_config.json").is_file():
            builder = [sys.executable, "-m", "onnxruntime_genai.models.builder"]
            subprocess.run([*builder, "-i", model, "-o", made, "-p", "fp32", "-e", "cpu"], check=True, stdout=sys.stderr)
        config = onnxruntime_genai.Config(str(made))
        options = {"intra_op_num_threads": threads, "inter_op_num_threads": 1}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": options}}}))
        self.model = onnxruntime_genai.Model(config)

    def begin(self, ids):
        params = onnxruntime_genai.GeneratorParams(self.model)
        # Room as cloze has it; without an end, since every step is timed.
        params.set_search_options(max_length=len(ids) + 64, min_length=len(ids) + 64, do_sample=False)
        self.generator = onnxruntime_genai.Generator(self.model, params)
        self.generator.append_tokens(ids)
        self.generator.generate_next_token()

    def step(self):
        self.generator.generate_next_token()


serve(Decoder)
