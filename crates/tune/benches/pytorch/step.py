"""A step of fine-tuning in PyTorch and transformers, as ../step.rs does it.

usage: step.py MODEL full|lora THREADS
"""

import resource
import statistics
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForTokenClassification

WARM, TIMED = 5, 20

model_dir, what, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(1)
model = AutoModelForTokenClassification.from_pretrained(model_dir, num_labels=9, dtype=torch.float32)
model.train()
for parameter in model.base_model.embeddings.parameters():
    parameter.requires_grad = False
if what == "lora":
    config = LoraConfig(r=16, lora_alpha=32, target_modules=["query", "value"], task_type="TOKEN_CLS")
    model = get_peft_model(model, config)
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01)
ids = torch.tensor([[1000 + 37 * i + 101 * j for j in range(32)] for i in range(16)])
labels = torch.tensor([[(j + i) % 9 if 0 < j < 31 else -100 for j in range(32)] for i in range(16)])
mask = torch.ones_like(ids)
times = []
for _ in range(WARM + TIMED):
    start = time.perf_counter()
    loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    times.append(1000 * (time.perf_counter() - start))
times = sorted(times[WARM:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(
    f"PyTorch  {what}: {statistics.median(times):.0f} ms a step "
    f"({times[0]:.0f} to {times[-1]:.0f}), peak {peak} MiB",
    flush=True,
)
