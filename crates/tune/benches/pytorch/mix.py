"""Sentences of several sets, mixed, as two files to train and to test with.

usage: mix.py OUT FILE... [--map person=PER,...] [--train 3000] [--test 2500] [--seed 7]

Writes OUT/train.conll and OUT/test.conll: a word and its IOB2 tag a line. Sentences of more than 80
words are left out. IOB1 is read, too: an entity begins where the label changes or no entity was before.
"""

import argparse
import pathlib
import random

import conll


def iob2(tags, names):
    """The tags with their labels by their new names, every entity beginning with B."""
    new, before = [], "O"
    for tag in tags:
        part, _, label = tag.partition("-")
        label = names.get(label, label)
        inside = part == "I" and before.partition("-")[2] == label
        before = "O" if tag == "O" else f"{'I' if inside else 'B'}-{label}"
        new.append(before)
    return new


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--map", default="")
    parser.add_argument("--train", type=int, default=3000)
    parser.add_argument("--test", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    names = dict(pair.split("=") for pair in args.map.split(",") if pair)
    sentences = [
        (words, iob2(tags, names))
        for file in args.files
        for words, tags in conll.read(file)
        if len(words) <= 80
    ]
    random.Random(args.seed).shuffle(sentences)
    args.out.mkdir(parents=True, exist_ok=True)
    parts = {"train": sentences[: args.train], "test": sentences[args.train :][: args.test]}
    for name, part in parts.items():
        with open(args.out / f"{name}.conll", "w", encoding="utf-8") as file:
            for words, tags in part:
                file.writelines(f"{word}\t{tag}\n" for word, tag in zip(words, tags))
                file.write("\n")


if __name__ == "__main__":
    main()
