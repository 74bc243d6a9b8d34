"""Pairs of a text and a few of its own words, or nearly: what an encoder that has never seen two texts in one
sequence can learn to compare them by.

usage: align.py TEXTS.tsv OUT.csv

TEXTS.tsv has a text in its first column. For each of 12 to 60 words there are two pairs, `yes` and `no`: 5 to 12
words in a row, some stop words left out, in one of five with its halves changed about; for `no`, with one or two
words in the place of others: of any text, or of elsewhere in this one, or its second half that of another text.
"""

import csv
import random
import re
import sys

STOP = set(
    "the a an of in on to and for with that at by from is are was were has have had its it as be this their his her"
    " will said which who after than but or not".split()
)


def read(path):
    texts = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            text = line.rstrip("\n").split("\t")[0]
            words = re.sub(r"\\", " ", re.sub(r"#39;", "'", text)).split()
            if 12 <= len(words) <= 60:
                texts.append(words)
    return texts


def part(draw, text):
    size = draw.randint(5, 12)
    first = draw.randint(0, max(0, len(text) - size))
    words = text[first : first + size]
    words = [w for w in words if not (w.lower() in STOP and draw.random() < 0.4) and draw.random() > 0.05]
    if draw.random() < 0.2:
        half = len(words) // 2
        words = words[half:] + words[:half]
    return words


def changed(draw, words, text, texts, vocabulary):
    """The words made wrong, or None where they leave nothing to change."""
    places = [i for i, word in enumerate(words) if word.lower() not in STOP]
    if not places:
        return None
    way = draw.random()
    if way < 0.45:
        for i in draw.sample(places, min(len(places), draw.choice([1, 1, 2]))):
            words[i] = draw.choice(vocabulary)
    elif way < 0.7 and len(places) > 1:
        others = [word for word in text if word.lower() not in STOP and word not in words]
        if not others:
            return None
        words[draw.choice(places)] = draw.choice(others)
        words[draw.choice(places)] = draw.choice(vocabulary)
    else:
        other = texts[draw.randrange(len(texts))]
        half = len(words) // 2
        first = draw.randint(0, max(0, len(other) - half))
        words = words[: len(words) - half] + other[first : first + half]
    return words


def main():
    texts = read(sys.argv[1])
    draw = random.Random(5)
    vocabulary = [word for text in texts for word in text if len(word) > 3]
    rows = []
    for text in texts:
        for label in ["yes", "no"]:
            words = part(draw, text)
            if label == "no":
                words = changed(draw, words, text, texts, vocabulary)
            if words and len(words) > 2:
                rows.append((" ".join(text), " ".join(words), label))
    draw.shuffle(rows)
    with open(sys.argv[2], "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["premise", "hypothesis", "label"])
        out.writerows(rows)


if __name__ == "__main__":
    main()
