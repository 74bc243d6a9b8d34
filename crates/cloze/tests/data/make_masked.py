"""Writes masked.json: words for masks by transformers, of the testkit's masked language models.

    pip install torch==2.15.0 transformers==5.24.0 tokenizers==0.23.3 safetensors==0.8.0 numpy==2.4.6
    python crates/cloze/tests/data/make_masked.py

Made with Python 3.11, from the root of the repository. For each model and text:
- `masks`: [id, probability] of the five likeliest words a mask, by the pipeline `fill-mask`;
- `targets`: word, ids and log-probability, for each mask: the mask is widened to as many masks as the word has
  tokens, which are filled from left to right, and the logarithms are added up;
- `left_to_right`, `confident`: the ids that the masks are filled with, greedily, special tokens left out: the first
  mask, or the one whose likeliest word is the likeliest, is filled, then the model is asked again.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline

HERE = Path(__file__).parent
CHECKPOINTS = HERE / "../../../testkit/checkpoints"
MODELS = [
    "bert-mlm",
    "bert-mlm-untied",
    "bert-pretraining",
    "roberta-mlm",
    "electra-mlm",
    "distilbert-mlm",
    "mpnet-mlm",
    "albert-mlm",
]
TEXTS = [
    "Ann lives in [MASK].",
    "[MASK] met the [MASK] in Kassel.",
    "[MASK]",
    "Ann [MASK] [MASK] [MASK] the son!",
]
# Two tokens, one, three.
TARGETS = ["Kasseler", "Ann", "sonelx"]


def logits(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long)).logits[0]


def target_ids(tokenizer, word, spaced):
    return tokenizer.encode((" " if spaced else "") + word, add_special_tokens=False)


def score(model, mask, ids, place, wanted):
    total = 0.0
    for j, token in enumerate(wanted):
        seen = ids[:place] + wanted[:j] + [mask] * (len(wanted) - j) + ids[place + 1 :]
        total += torch.log_softmax(logits(model, seen)[place + j].double(), -1)[token].item()
    return total


def fill(model, mask, special, ids, places, confident):
    ids, places = list(ids), list(places)
    while places:
        rows = logits(model, ids)[places].double()
        allowed = torch.softmax(rows, -1)
        allowed[:, special] = 0
        best, words = allowed.max(-1)
        i = int(best.argmax()) if confident else 0
        ids[places[i]] = int(words[i])
        del places[i]
    return ids


def main():
    torch.set_num_threads(1)
    found = {}
    for name in MODELS:
        folder = CHECKPOINTS / name
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        pipe = pipeline("fill-mask", model=model, tokenizer=tokenizer, device="cpu")
        mask, special = tokenizer.mask_token_id, sorted(tokenizer.all_special_ids)
        entries = []
        for text in TEXTS:
            own = text.replace("[MASK]", tokenizer.mask_token)
            ids = tokenizer.encode(own)
            places = [i for i, token in enumerate(ids) if token == mask]
            assert len(places) == text.count("[MASK]"), (name, text)
            tops = pipe(own, top_k=5, tokenizer_kwargs={"return_token_type_ids": False})
            tops = tops if isinstance(tops[0], list) else [tops]
            starts = [i for i in range(len(text)) if text.startswith("[MASK]", i)]
            targets = [
                [[w, t, score(model, mask, ids, p, t)] for w in TARGETS if (t := target_ids(tokenizer, w, text[s - 1 : s] == " "))]
                for p, s in zip(places, starts)
            ]
            chosen = {
                way: [fill(model, mask, special, ids, places, way == "confident")[p] for p in places]
                for way in ["left_to_right", "confident"]
            }
            masks = [[[word["token"], word["score"]] for word in top] for top in tops]
            entries.append({"text": text, "masks": masks, "targets": targets, **chosen})
        found[name] = entries
    lines = [
        json.dumps(name) + ": [\n" + ",\n".join(json.dumps(entry) for entry in entries) + "]"
        for name, entries in found.items()
    ]
    (HERE / "masked.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
