"""Writes a CoNLL file with other names in place of its own: `python3 augment.py train.conll --seed 1 > varied.conll`.

Each mention of a label is replaced, with `--share`, by a name of many origins with the same label and of a like form: a
given name by a given name, a full name by a full name, a person's surname that recurs in the sentence by one surname. Words
of the sentence that are no entity stay. With `--case`, that share of the sentences is also written in capitals, and as many in
lower case.

`--join-handles` first makes one word outside of every entity of a handle that the file has as two (`@`, `ada`), each of them
an entity in the Broad Twitter Corpus: nearly four of five persons of its test part are such words.
"""
import argparse
import random
import re
import sys

import words
from names import DEMONYMS, Names

LABELS = ("PER", "LOC", "ORG")


def like(names, label, mention):
    """A name of this label, of the form that the mention has; None where it is to stay."""
    first = mention[0]
    if label == "PER":
        # Handles and what is not written in letters are no names to vary.
        if any(c in "@#/" or c.isdigit() for word in mention for c in word):
            return None
        if len(mention) == 1:
            name = names.given() if names.chance(0.6) else names.surname()
        else:
            name = names.full_name()
    elif label == "LOC":
        if any(c in "@#" for c in first):
            return None
        if first in names.countries or " ".join(mention) in names.countries:
            name = names.one_of(names.countries)
        elif mention[-1].lower() in ("street", "road", "st", "avenue", "ave", "lane"):
            name = names.street()
        elif len(mention) == 1:
            name = names.city()
        else:
            name = names.place() if names.chance(0.7) else names.building()
    elif label == "ORG":
        if any(c in "@#" for c in first):
            return None
        name = names.organisation()
    else:
        # Of the others only nationalities are of one form.
        if mention[-1] not in DEMONYMS:
            return None
        name = names.one_of(DEMONYMS)
    if all(word.islower() for word in mention):
        name = name.lower()
    elif all(word.isupper() for word in mention) and len("".join(mention)) > 4:
        name = name.upper()
    return name


def join_handles(sentence):
    """The sentence with `@` and the handle behind it as one word without a label; `@ Portland`, a place, stays."""
    joined, i = [], 0
    while i < len(sentence):
        word, tag = sentence[i]
        behind, label = sentence[i + 1] if i + 1 < len(sentence) else ("", "O")
        if word == "@" and re.fullmatch(r"\w+", behind) and not (tag == "O" and label.endswith(("LOC", "ORG"))):
            joined.append((word + behind, "O"))
            i += 2
        else:
            # What an entity went on from may be gone.
            if tag.startswith("I-") and (not joined or joined[-1][1][1:] != tag[1:]):
                tag = "B" + tag[1:]
            joined.append((word, tag))
            i += 1
    return joined


def replaced(sentence, names, share):
    """The sentence with mentions replaced; equal mentions by equal names."""
    tags = [tag for _, tag in sentence]
    parts, last, kept = [], 0, {}
    for start, end, label in words.entities(tags):
        mention = tuple(word for word, _ in sentence[start:end])
        if start > 0 and sentence[start - 1][0] in ("@", "#"):
            continue
        if (label, mention) not in kept:
            name = like(names, label, mention) if names.chance(share) else None
            kept[label, mention] = None if name is None else words.tagged([(name, label)])
        parts += sentence[last:start] + (kept[label, mention] or sentence[start:end])
        last = end
    return parts + sentence[last:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("file", help="CoNLL, IOB2; the word in the first column, the tag in the last")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.8, help="of the mentions that are replaced [0.8]")
    parser.add_argument("--case", type=float, default=0.0, help="of the sentences that are also in capitals, and in lower case [0]")
    parser.add_argument("--join-handles", action="store_true", help="handles are one word, and no entities")
    parser.add_argument("--all", action="store_true", help="also sentences in which nothing changes")
    args = parser.parse_args()
    names, chance = Names(args.seed), random.Random(f"case {args.seed}")
    made = []
    for sentence in words.read(args.file):
        if args.join_handles:
            sentence = join_handles(sentence)
        varied = replaced(sentence, names, args.share)
        if args.all or varied != sentence:
            made.append(varied)
        for case in (str.upper, str.lower):
            if chance.random() < args.case:
                made.append([(case(word), tag) for word, tag in varied])
    words.write(made, sys.stdout)
    print(f"{len(made)} sentences", file=sys.stderr)


if __name__ == "__main__":
    main()
