"""Writes `likelihoods.json` beside this file: log-probabilities of texts by the decoders here, as
transformers computes them, in one window and in windows that a text longer than the positions goes through.

    pip install torch==2.15.0 transformers==5.24.0 tokenizers==0.23.3
    python make_likelihoods.py

The windows are those of transformers' own page on the perplexity of models of fixed length: each begins
`stride` tokens behind the one before, and of each the tokens count that no window before had. The text
stands behind the token that begins texts, id 0, so that its first token counts too.
"""

import json
from pathlib import Path

import torch
from make_decoders import TEXT
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

HERE = Path(__file__).parent
NAMES = ["gpt2", "gpt2-untied", "llama", "llama-tied", "mistral", "qwen2", "qwen3"]
CASES = [(text, 48) for text in TEXT] + [(" ".join(TEXT + TEXT[::-1]), s) for s in (16, 48, 95)]
POSITIONS = 96


def logprobs(model, tokens, text, stride):
    ids = [0] + tokens(text, add_special_tokens=False).input_ids
    found, known, windows = [], 1, 0
    for start in range(0, len(ids), stride):
        end = min(start + POSITIONS, len(ids))
        with torch.no_grad():
            logits = model(torch.tensor([ids[start:end]])).logits[0].double()
        rows = torch.log_softmax(logits, -1)
        found += [float(rows[i - start - 1, ids[i]]) for i in range(known, end)]
        known, windows = end, windows + 1
        if end == len(ids):
            break
    return {"text": text, "stride": stride, "windows": windows, "logprobs": [round(x, 5) for x in found]}


def main():
    out = {}
    for name in NAMES:
        model = AutoModelForCausalLM.from_pretrained(HERE / name, dtype=torch.float32).eval()
        tokens = PreTrainedTokenizerFast.from_pretrained(HERE / name)
        out[name] = [logprobs(model, tokens, text, stride) for text, stride in CASES]
    (HERE / "likelihoods.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
