"""Writes optimizer.json: steps of AdamW with clipping as PyTorch takes them, in f64, and the learning
rates of transformers' schedules, which tests/training compares with.

    pip install torch==2.15.0 transformers==5.23.0
    python make_optimizer.py

Made with Python 3.11.
"""

import json
from pathlib import Path

import torch
import transformers
from transformers import get_constant_schedule_with_warmup, get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

random = torch.Generator().manual_seed(5)


def numbers(*shape, scale=1.0):
    """That f32 and a short decimal both hold."""
    return (torch.randn(*shape, generator=random, dtype=torch.float64) * 64 * scale).round() / 64


def steps(betas, eps, decay, clip, rates, count=12):
    # The gradients grow, so that some are clipped and some are not.
    weight, bias = torch.nn.Parameter(numbers(3, 5)), torch.nn.Parameter(numbers(4))
    start = [weight.detach().ravel().tolist(), bias.detach().tolist()]
    optimizer = torch.optim.AdamW([{"params": [weight], "lr": rates[0], "weight_decay": decay},
                                   {"params": [bias], "lr": rates[1], "weight_decay": 0.0}], betas=betas, eps=eps)
    taken = []
    for step in range(count):
        weight.grad, bias.grad = numbers(3, 5, scale=0.1 * (step + 1)), numbers(4, scale=0.1 * (step + 1))
        gradients = [weight.grad.ravel().tolist(), bias.grad.tolist()]
        norm = torch.nn.utils.clip_grad_norm_([weight, bias], clip).item()
        optimizer.step()
        taken.append({"gradients": gradients, "norm": norm,
                      "values": [weight.detach().ravel().tolist(), bias.detach().tolist()]})
    return {"beta1": betas[0], "beta2": betas[1], "epsilon": eps, "decay": decay, "clip": clip, "rates": rates,
            "start": start, "steps": taken}


def schedule(name, make, warmup, of):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    lambdas = make(optimizer, warmup) if name == "constant" else make(optimizer, warmup, of)
    return {"name": name, "warmup": warmup, "of": of, "shares": [lambdas.lr_lambdas[0](i) for i in range(of + 1)]}


SCHEDULES = {"linear": get_linear_schedule_with_warmup, "cosine": get_cosine_schedule_with_warmup,
             "constant": get_constant_schedule_with_warmup}
reference = {
    "torch": torch.__version__, "transformers": transformers.__version__,
    "adamw": [steps((0.9, 0.999), 1e-8, 0.01, 1.0, [1e-2, 1e-2]),
              steps((0.8, 0.95), 1e-3, 0.3, 2.5, [3e-2, 1e-1]),
              steps((0.9, 0.999), 1e-8, 0.0, 1e9, [1e-3, 1e-4])],
    "schedules": [schedule(name, make, warmup, of) for name, make in SCHEDULES.items()
                  for warmup, of in [(4, 20), (0, 7), (5, 5), (1, 2)]],
}
Path(__file__).with_name("optimizer.json").write_text(json.dumps(reference, indent=1) + "\n")
