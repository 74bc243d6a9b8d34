"""Writes tagged sentences made from templates: `python3 generate.py -n 8000 --seed 1 > made.conll`.

Sentences of the kinds that public sets lack, with names of many origins. Shares of them are written in capitals, in lower
case, in title case, without punctuation, or begin within a text. The same seed and package versions give the same file.
"""
import argparse
import collections
import random
import re
import sys

import words
from names import Names, draws
from templates import KINDS

CHOICE = re.compile(r"<([^<>|]*(?:\|[^<>|]*)+)>")
SLOT = re.compile(r"\{(\w+)(?:=(\d))?\}")
# Shares of what is done to a sentence; the rest stays as it is.
CAPITALS, LOWER, TITLE, BARE = 0.08, 0.10, 0.03, 0.06
LOWER_KINDS = {"chats": 0.45, "social": 0.35}


def fill(template, slots, chance):
    """Texts with their labels, of a template whose alternatives and slots are drawn."""
    while (choice := CHOICE.search(template)) is not None:
        template = template[:choice.start()] + chance.choice(choice.group(1).split("|")) + template[choice.end():]
    parts, last, kept = [], 0, {}
    for slot in SLOT.finditer(template):
        name, key = slot.groups()
        label, draw = slots[name]
        text = kept.setdefault((name, key), draw()) if key else draw()
        parts += [(template[last:slot.start()], None), (text, label)]
        last = slot.end()
    return parts + [(template[last:], None)]


def changed(sentence, kind, chance):
    """The sentence in another case, or without punctuation, by chance."""
    form = chance.random()
    case = None
    if form < CAPITALS:
        case = str.upper
    elif form < CAPITALS + LOWER_KINDS.get(kind, LOWER):
        case = str.lower
    elif form < CAPITALS + LOWER_KINDS.get(kind, LOWER) + TITLE:
        case = lambda word: word[:1].upper() + word[1:]
    if case is not None:
        sentence = [(case(word), tag) for word, tag in sentence]
    if chance.random() < BARE:
        bare = [(word, tag) for word, tag in sentence if tag != "O" or any(c.isalnum() for c in word)]
        sentence = bare or sentence
    return sentence


def sentences(count, seed):
    """Kinds and sentences, all different, each kind as often as the others."""
    chance = random.Random(f"templates {seed}")
    slots = draws(Names(seed))
    seen, kinds = set(), sorted(KINDS)
    made = 0
    while made < count:
        kind = kinds[made % len(kinds)]
        # Each template as often as the others: else those with few slots would be drawn till they repeat.
        template = chance.choice(KINDS[kind])
        sentence = changed(words.tagged(fill(template, slots, chance)), kind, chance)
        text = " ".join(word for word, _ in sentence)
        if text in seen and chance.random() < 0.99:
            continue
        seen.add(text)
        made += 1
        yield kind, sentence


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("-n", type=int, default=8000, help="number of sentences")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=sorted(KINDS), help="only sentences of this kind")
    args = parser.parse_args()
    counts = collections.Counter()
    made = []
    for kind, sentence in sentences(args.n if args.kind is None else args.n * len(KINDS), args.seed):
        if args.kind in (None, kind):
            made.append(sentence)
            counts.update(tag[2:] for _, tag in sentence if tag.startswith("B-"))
    words.write(made, sys.stdout)
    print(f"{len(made)} sentences, {dict(sorted(counts.items()))}", file=sys.stderr)


if __name__ == "__main__":
    main()
