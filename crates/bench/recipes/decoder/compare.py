"""Greedy texts of a decoder by cloze and by transformers, token by token: `compare.py MODEL PROMPTS`.

PROMPTS has a prompt a line. Both run in f32. Where they part, the logits of the two likeliest tokens by transformers are
shown: a difference of a few 1e-5 between them is within rounding. transformers' texts are kept in MODEL.greedy.json and
used again. `CLOZE` names the command; `TOKENS` (128) is the number of new tokens.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

TOKENS = int(os.environ.get("TOKENS", "128"))


def by_cloze(model: Path, prompts: list[str]) -> list[list[int]]:
    command = [os.environ.get("CLOZE", "cloze"), "generate", "--model", str(model.resolve()), "--format", "jsonl"]
    command += ["--max-new-tokens", str(TOKENS), "--temperature", "0", "--quiet"]
    command += [part for prompt in prompts for part in ("--text", prompt)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [[token["id"] for token in json.loads(line)["tokens"]] for line in lines]


def by_transformers(model: Path, prompts: list[str]) -> list[dict]:
    """The tokens of each text, and the two largest logits before each of them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

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
        texts.append({"ids": ids, "top": [step[0].topk(2).values.tolist() for step in made.logits]})
        print(f"transformers: {len(texts)} of {len(prompts)}", file=sys.stderr, flush=True)
    return texts


def main() -> None:
    model, prompts = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    found = by_cloze(model, prompts)
    if len(found) != len(prompts):
        sys.exit(f"{len(found)} texts by cloze for {len(prompts)} prompts")
    kept, asked = Path(f"{model}.greedy.json"), {"prompts": prompts, "tokens": TOKENS}
    saved = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    if saved.get("asked") != asked:
        saved = {"asked": asked, "texts": by_transformers(model, prompts)}
        kept.write_text(json.dumps(saved), encoding="utf-8")
    same = tokens = 0
    for prompt, ours, expected in zip(prompts, found, saved["texts"]):
        theirs = expected["ids"]
        tokens += len(theirs)
        if ours == theirs:
            same += 1
            continue
        at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
        first, second = expected["top"][min(at, len(expected["top"]) - 1)]
        print(f"{prompt!r}: at token {at} of {len(theirs)}, the two likeliest {first:.6f} and {second:.6f}")
    print(f"{same} of {len(prompts)} texts are the same, {tokens} tokens")


main()
