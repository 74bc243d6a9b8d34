"""Writes gradients-mpnet.safetensors and gradients-albert.safetensors beside this file: gradients by torch.

    pip install torch==2.15.0 transformers==5.23.0 safetensors==0.8.0 numpy==2.4.6
    python make_gradients.py

Made with Python 3.11. For the checkpoint of that name, in float64: the gradient of every parameter, of the sum of
all numbers of the last hidden state of each of its texts, each times a weight: the k-th number of all texts, one
after the other, times (37 k mod 101) / 50 - 1. The text with a padding token inside is left out: torch has no
gradient for that token's rows.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file

HERE = Path(__file__).parent
CHECKPOINTS = HERE.parents[2] / "testkit/checkpoints"


def write(name):
    folder = CHECKPOINTS / name
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval().double()
    texts = json.loads((folder / "texts.json").read_text())["texts"]
    del texts[-2]
    loss, k = 0, 0
    for text in texts:
        ids = torch.tensor([text["ids"]])
        hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.flatten()
        weights = (37 * torch.arange(k, k + len(hidden)) % 101) / 50 - 1
        loss += (hidden * weights.double()).sum()
        k += len(hidden)
    loss.backward()
    found = {n: p.grad.numpy().astype(np.float32) for n, p in model.named_parameters() if p.grad is not None}
    assert all("pooler" in n for n, p in model.named_parameters() if p.grad is None)
    save_file(found, HERE / f"gradients-{name}.safetensors")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    for name in ["mpnet", "albert"]:
        write(name)
