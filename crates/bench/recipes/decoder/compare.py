"""Greedy texts of a decoder by cloze and by transformers, token by token: `compare.py MODEL PROMPTS`.

Both run in f32. Where they part, the two likeliest tokens' logits by transformers are shown: a difference of a few
1e-5 between them is within rounding. `CLOZE` names the command; `TOKENS` (128) is the number of new tokens.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TOKENS = int(os.environ.get("TOKENS", "128"))


def by_cloze(model: str, prompts: str) -> list[list[int]]:
    command = [os.environ.get("CLOZE", "cloze"), "generate", "--model", model, prompts, "--format", "jsonl"]
    command += ["--max-new-tokens", str(TOKENS), "--temperature", "0", "--quiet"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [[token["id"] for token in json.loads(line)["tokens"]] for line in lines]


def by_transformers(model: str, prompts: list[str]) -> list[tuple[list[int], list[torch.Tensor]]]:
    tokenizer = AutoTokenizer.from_pretrained(model)
    decoder = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    ends = decoder.generation_config.eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends])
    texts = []
    for prompt in prompts:
        inputs = tokenizer(prompt, return_tensors="pt")
        with torch.inference_mode():
            made = decoder.generate(
                **inputs,
                max_new_tokens=TOKENS,
                do_sample=False,
                return_dict_in_generate=True,
                output_logits=True,
            )
        ids = made.sequences[0, inputs["input_ids"].shape[1] :].tolist()
        if ids and ids[-1] in ends:
            ids.pop()
        texts.append((ids, [step[0] for step in made.logits]))
        print(f"transformers: {len(texts)} of {len(prompts)}", file=sys.stderr, flush=True)
    return texts


def main() -> None:
    model, prompts = sys.argv[1], sys.argv[2]
    lines = Path(prompts).read_text(encoding="utf-8").splitlines()
    found, same, tokens = by_cloze(model, prompts), 0, 0
    expected = by_transformers(model, lines)
    if len(found) != len(expected):
        sys.exit(f"{len(found)} texts by cloze, {len(expected)} by transformers")
    for line, ours, (theirs, logits) in zip(lines, found, expected):
        tokens += len(theirs)
        if ours == theirs:
            same += 1
            continue
        at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
        top = logits[min(at, len(logits) - 1)].topk(2).values.tolist()
        print(f"{line!r}: at token {at} of {len(theirs)}, the two likeliest {top[0]:.6f} and {top[1]:.6f}")
    print(f"{same} of {len(lines)} texts are the same, {tokens} tokens")


main()
