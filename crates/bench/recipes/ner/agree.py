"""Labels that a teacher and a student agree on: `python3 agree.py TEXTS.conll… --teacher A.jsonl --student B.jsonl > labelled.conll`.

The JSON lines are those of `cloze tag TEXTS.conll… --min-score 0.2 --format jsonl` with two taggers. A span with its label has
the weighted mean of both scores, a tagger that does not have it counting 0, and of that and of the mean over all spans
of the same text and label in the document, the mean: names are told by their other mentions. What has at least `--high` is an
entity. A sentence with anything between `--low` and `--high` is left out, as are most sentences without an entity.
"""
import argparse
import collections
import json
import random
import sys

import words

parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
parser.add_argument("texts", nargs="+")
parser.add_argument("--teacher", required=True)
parser.add_argument("--student", required=True)
parser.add_argument("--weight", type=float, default=0.7, help="of the teacher; the student has the rest")
parser.add_argument("--low", type=float, default=0.3)
parser.add_argument("--high", type=float, default=0.6)
parser.add_argument("--nothing", type=float, default=0.25, help="share of the sentences without an entity that is kept")
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()


def tagged(path):
    """Entities of each sentence, by file and line."""
    with open(path, encoding="utf-8") as file:
        rows = map(json.loads, file)
        return {(row["path"], row["line"]): row["entities"] for row in rows}


def sentences(path):
    """First line and words of each sentence."""
    with open(path, encoding="utf-8") as file:
        first, sentence = 1, []
        for number, line in enumerate(file, 1):
            if line.strip():
                first = first if sentence else number
                sentence.append(line.split("\t")[0])
            elif sentence:
                yield first, sentence
                sentence = []
        if sentence:
            yield first, sentence


def candidates(path, document):
    """Scores of start, end, label and text, for each sentence of a document."""
    found = []
    for first, _ in document:
        scores = collections.defaultdict(float)
        for entities, weight in ((teacher, args.weight), (student, 1 - args.weight)):
            for entity in entities.get((path, first), []):
                scores[tuple(entity[key] for key in ("start", "end", "label", "text"))] += weight * entity["score"]
        found.append(scores)
    mentions = collections.defaultdict(list)
    for scores in found:
        for (*_, label, text), score in scores.items():
            mentions[label, text].append(score)
    means = {mention: sum(scores) / len(scores) for mention, scores in mentions.items()}
    return [{span: (score + means[span[2:]]) / 2 for span, score in scores.items()} for scores in found]


def labelled(sentence, scores):
    """Words and tags; of spans that overlap, the one with the higher score."""
    starts, at = [], 0
    for word in sentence:
        starts.append(at)
        at += len(word) + 1
    tags, taken = ["O"] * len(sentence), []
    for span in sorted(scores, key=scores.get, reverse=True):
        start, end, label, _ = span
        if scores[span] < args.high or any(start < other and begin < end for begin, other in taken):
            continue
        taken.append((start, end))
        inside = [i for i, place in enumerate(starts) if place < end and place + len(sentence[i]) > start]
        for i in inside:
            tags[i] = f"{'B' if i == inside[0] else 'I'}-{label}"
    return list(zip(sentence, tags))


teacher, student = tagged(args.teacher), tagged(args.student)
chance = random.Random(f"agree {args.seed}")
kept = []
for path in args.texts:
    document = list(sentences(path))
    for (_, sentence), scores in zip(document, candidates(path, document)):
        if any(args.low < score < args.high for score in scores.values()):
            continue
        row = labelled(sentence, scores)
        if any(tag != "O" for _, tag in row) or chance.random() < args.nothing:
            kept.append(row)
words.write(kept, sys.stdout)
