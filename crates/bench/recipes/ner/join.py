"""Joins sentences that follow one another: `python3 join.py FILE --share 0.5 --most 4 --seed 1 > joined.conll`.

Text comes in paragraphs, labelled sentences one by one; a tagger that only saw the latter does worse on the former. That
share of the sentences is joined in runs of two to `--most`, the others stay alone.
"""
import argparse
import random
import sys

import words

parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
parser.add_argument("file")
parser.add_argument("--share", type=float, default=0.5)
parser.add_argument("--most", type=int, default=4)
parser.add_argument("--words", type=int, default=90, help="no run is longer than so many words")
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()

chance = random.Random(f"join {args.seed}")
made, left = [], 0
for sentence in words.read(args.file):
    if left and len(made[-1]) + len(sentence) <= args.words:
        made[-1] = made[-1] + sentence
        left -= 1
    else:
        # A run has (2 + most) / 2 sentences on average, so it begins less often than its share.
        runs = args.share / (args.share + (1 - args.share) * (2 + args.most) / 2)
        left = chance.randrange(1, args.most) if chance.random() < runs else 0
        made.append(sentence)
words.write(made, sys.stdout)
