"""Texts without labels as CoNLL columns: `python3 unlabelled.py OUT FILE…`, one file in OUT for each FILE.

A file that ends in .xml is a document of SemCor (words with the break before each); any other has one sentence a line, its
words between blanks, in Latin-1, as the sets of film reviews have.
"""
import pathlib
import sys
import xml.etree.ElementTree

import words


def document(path):
    """Sentences of a document of SemCor. Words of one expression are joined by `_` or blanks there, here they are words."""
    sentence = []
    for word in xml.etree.ElementTree.parse(path).iter("word"):
        if sentence and word.get("break_level") in ("SENTENCE_BREAK", "PARAGRAPH_BREAK"):
            yield sentence
            sentence = []
        sentence += word.get("text").replace("_", " ").split()
    if sentence:
        yield sentence


def lines(path):
    yield from filter(None, map(str.split, path.read_text(encoding="latin-1").splitlines()))


out = pathlib.Path(sys.argv[1])
out.mkdir(exist_ok=True)
for path in map(pathlib.Path, sys.argv[2:]):
    sentences = document(path) if path.suffix == ".xml" else lines(path)
    with open(out / f"{path.name}.conll", "w", encoding="utf-8") as file:
        words.write([[(word, "O") for word in sentence] for sentence in sentences], file)
