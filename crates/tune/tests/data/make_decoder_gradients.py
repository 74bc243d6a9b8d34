"""Writes gradients-decoders.safetensors beside this file: losses and gradients of decoders by torch.

    pip install torch==2.15.0 transformers==5.24.0 safetensors==0.8.0 numpy==2.4.6
    python make_decoder_gradients.py

Made with Python 3.11. Of some checkpoints of crates/testkit/decoders, in float64: the loss of two texts, each a
prompt of its `expected.json` and the first 40 tokens behind it, summed over all predicted tokens (`name/loss`);
and its gradient with respect to every parameter, in 16 bits, divided by its largest number (`name/parameter`),
which is `name/parameter/largest`.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file

HERE = Path(__file__).parent
DECODERS = HERE.parents[2] / "testkit/decoders"
NAMES = ["gpt2", "llama-tied", "mistral", "qwen2", "qwen3"]


def write(name, found):
    model = transformers.AutoModelForCausalLM.from_pretrained(DECODERS / name, attn_implementation="eager")
    # Angles of rotary positions are computed in 32 bits whatever the model has.
    model = model.eval().to(torch.float64)
    loss = 0
    for case in json.loads((DECODERS / name / "expected.json").read_text())[1:3]:
        ids = torch.tensor([case["ids"] + case["greedy"][:40]])
        logits = model(input_ids=ids).logits[0, :-1]
        loss += torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum")
    loss.backward()
    found[f"{name}/loss"] = np.array([loss.item()], np.float32)
    for key, parameter in model.named_parameters():
        gradient = parameter.grad.numpy()
        largest = np.abs(gradient).max()
        found[f"{name}/{key}"] = (gradient / largest).astype(np.float16)
        found[f"{name}/{key}/largest"] = np.array([largest], np.float32)
    print(name, loss.item())


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    found = {}
    for name in NAMES:
        write(name, found)
    save_file(found, HERE / "gradients-decoders.safetensors")
