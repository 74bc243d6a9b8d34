"""Writes expected.json beside this file: what transformers makes of texts and pairs, a copy at a time.

    pip install torch==2.15.0 transformers==5.24.0 tokenizers==0.23.3
    python crates/cloze/tests/scores/make_scores.py

Of the checkpoints of the testkit: for each text the log-probability of every token, alone masked
(Salazar et al. 2020) and with the later tokens of its word (Kauf & Ivanova 2023); for each pair the tokens
shared by both as CrowS-Pairs' metric.py finds them (Nangia et al. 2020), summed, the second text behind the
first and alone, and, where there is a head for it, the probability that the second follows the first.
"""

import difflib
import json
import math
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer

HERE = Path(__file__).parent
CHECKPOINTS = HERE / "../../../testkit/checkpoints"
MODELS = {"bert-pretraining": "BertForPreTraining", "roberta-mlm": "RobertaForMaskedLM"}
TEXTS = [
    "Ann lives in Kassel.",
    "The sonel met Anner, 我住!",
    "x",
    "",
]
PAIRS = [
    ("Ann met the son.", "The son lives in Kassel?"),
    ("Ann met the son.", "Ann met the sonel."),
    ("i", "Ann"),
]


class Model:
    def __init__(self, name, architecture):
        folder = CHECKPOINTS / name
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.model = getattr(transformers, architecture).from_pretrained(folder).eval()
        self.mask = self.tokenizer.token_to_id("[MASK]") or self.tokenizer.token_to_id("<mask>")

    def run(self, ids, types):
        inputs = {"input_ids": torch.tensor([ids]), "token_type_ids": torch.tensor([types])}
        with torch.no_grad():
            return self.model(**inputs)

    def log_probability(self, encoding, at, masked):
        ids = [self.mask if i in masked else t for i, t in enumerate(encoding.ids)]
        output = self.run(ids, encoding.type_ids)
        logits = output["prediction_logits"] if "prediction_logits" in output else output["logits"]
        return torch.log_softmax(logits[0, at].double(), -1)[encoding.ids[at]].item()

    def later(self, encoding, at):
        """The place and those of the later tokens of its word."""
        same = [at]
        while same[-1] + 1 < len(encoding.ids) and encoding.word_ids[at] is not None:
            i = same[-1] + 1
            if encoding.word_ids[i] != encoding.word_ids[at] or encoding.sequence_ids[i] != encoding.sequence_ids[at]:
                break
            same.append(i)
        return same

    def score(self, encoding, within_word, sequence=0):
        own = [i for i, s in enumerate(encoding.sequence_ids) if s == sequence]
        return [
            self.log_probability(encoding, i, self.later(encoding, i) if within_word else [i]) for i in own
        ]

    def text(self, text):
        encoding = self.tokenizer.encode(text)
        own = [i for i, s in enumerate(encoding.sequence_ids) if s == 0]
        return {
            "text": text,
            "tokens": [encoding.tokens[i] for i in own],
            "token": self.score(encoding, False),
            "within_word": self.score(encoding, True),
        }

    def pair(self, first, second):
        a, b = self.tokenizer.encode(first), self.tokenizer.encode(second)
        places = []
        for kind, i, j, k, l in difflib.SequenceMatcher(None, a.ids, b.ids).get_opcodes():
            if kind == "equal":
                places += zip(range(i, j), range(k, l))
        # Without the first and the last, which are special tokens.
        places = places[1:-1]
        both = self.tokenizer.encode(first, second)
        found = {
            "first": first,
            "second": second,
            "shared": [len(places)]
            + [sum(self.log_probability(e, p[n], [p[n]]) for p in places) for n, e in enumerate([a, b])],
            "behind": sum(self.score(both, False, 1)),
            "alone": sum(self.score(b, False)),
        }
        output = self.run(both.ids, both.type_ids)
        if "seq_relationship_logits" in output:
            next_, other = output["seq_relationship_logits"][0].double().tolist()
            found["is_next"] = 1 / (1 + math.exp(other - next_))
        return found


def main():
    expected = {}
    for name, architecture in MODELS.items():
        model = Model(name, architecture)
        texts = [model.text(text) for text in TEXTS]
        expected[name] = {"texts": texts, "pairs": [model.pair(*pair) for pair in PAIRS]}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


main()
