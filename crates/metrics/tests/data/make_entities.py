"""Writes entities.json beside this file: sentences of gold and predicted tags, and their figures as
seqeval has them, by its default (conlleval) and strictly in every scheme; and counts of partial
matches as nervaluate has them.

    pip install numpy==2.4.6 seqeval==1.2.2 nervaluate==1.2.1
    python make_entities.py

Made with Python 3.11.
"""

import json
import random
import warnings
from pathlib import Path

import nervaluate
from nervaluate.entities import Entity
from nervaluate import strategies
from seqeval.metrics import classification_report
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, IOE1, IOE2

warnings.simplefilter("ignore")
random.seed(11)

LABELS = "AB"
SCHEMES = {
    "IOB1": (IOB1, "BI"),
    "IOB2": (IOB2, "BI"),
    "IOE1": (IOE1, "IE"),
    "IOE2": (IOE2, "IE"),
    "IOBES": (IOBES, "BIES"),
    "BILOU": (BILOU, "BILU"),
}


def noise(letters, length):
    """Any tags at all, most of them illegal."""
    tags = ["O", "O", *(f"{p}-{l}" for p in letters for l in LABELS)]
    return [random.choice(tags) for _ in range(length)]


def legal(name, length):
    """Entities of 1 to 3 words, tagged as the scheme has it."""
    tags, last = [], None
    while len(tags) < length:
        if random.random() < 0.4:
            tags.append("O")
            last = None
            continue
        label, n = random.choice(LABELS), min(random.randint(1, 3), length - len(tags))
        parts = ["I"] * n
        if name == "IOB2" or (name == "IOB1" and last == label):
            parts[0] = "B"
        if name == "IOE2":
            parts[-1] = "E"
        if name == "IOE1" and last == label and len(tags) > 1:
            tags[-1] = f"E-{label}"
        if name in ("IOBES", "BILOU"):
            end, single = ("E", "S") if name == "IOBES" else ("L", "U")
            parts[0], parts[-1] = "B", end
            if n == 1:
                parts = [single]
        tags += [f"{p}-{label}" for p in parts]
        last = label
    return tags


def sentence(name, letters):
    length = random.randint(1, 8)
    gold = noise(letters, length) if random.random() < 0.4 else legal(name, length)
    if random.random() < 0.3:
        return gold, noise(letters, length)
    tags = noise(letters, length)
    return gold, [p if random.random() < 0.3 else g for g, p in zip(gold, tags)]


def figures(report):
    names = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "support"}
    def plain(scores):
        return {names[key]: value.item() if hasattr(value, "item") else value for key, value in scores.items()}

    report = {key: plain(scores) for key, scores in report.items()}
    averages = {key: report.pop(f"{key} avg") for key in ("micro", "macro", "weighted")}
    return {**averages, "labels": report}


def conlleval(tags):
    """L and U are not known to seqeval's default: E and S under other letters."""
    return [[tag.replace("L-", "E-").replace("U-", "S-") for tag in s] for s in tags]


def partial(gold, predicted):
    kinds = {
        "strict": strategies.StrictEvaluation(),
        "exact": strategies.ExactEvaluation(),
        "partial": strategies.PartialEvaluation(),
        "type": strategies.EntityTypeEvaluation(),
    }
    entities = lambda tags: [Entity(label, start, end) for label, start, end in get_entities(tags)]
    found = {}
    for kind, strategy in kinds.items():
        total = [0] * 5
        for g, p in zip(conlleval(gold), conlleval(predicted)):
            r, _ = strategy.evaluate(entities(g), entities(p), list(LABELS))
            counts = (r.correct, r.incorrect, r.partial, r.missed, r.spurious)
            total = [a + b for a, b in zip(total, counts)]
        result = nervaluate.entities.EvaluationResult(*total)
        result.compute_metrics(kind in ("partial", "type"))
        names = ("correct", "incorrect", "partial", "missed", "spurious", "precision", "recall", "f1")
        found[kind] = {name: getattr(result, name) for name in names}
    return found


def case(name, n):
    scheme, letters = SCHEMES[name]
    pairs = [sentence(name, letters) for _ in range(n)]
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    strict = classification_report(
        gold, predicted, mode="strict", scheme=scheme, output_dict=True, zero_division=0
    )
    default = classification_report(
        conlleval(gold), conlleval(predicted), output_dict=True, zero_division=0
    )
    return {
        "scheme": name,
        "gold": [" ".join(tags) for tags in gold],
        "predicted": [" ".join(tags) for tags in predicted],
        "strict": figures(strict),
        "conlleval": figures(default),
        "partial": partial(gold, predicted),
    }


# 220 sentences a scheme: one large case, and small ones in which a slip cannot cancel out.
CASES = [case(name, n) for name in SCHEMES for n in (120, 40, 30, 20, 6, 4)]
versions = {"numpy": "2.4.6", "seqeval": "1.2.2", "nervaluate": "1.2.1"}
path = Path(__file__).with_name("entities.json")
path.write_text(json.dumps({"versions": versions, "cases": CASES}, separators=(",", ":")) + "\n")
