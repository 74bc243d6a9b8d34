"""Writes two columns, word and IOB2 tag: `python3 columns.py FILE [--token 1] [--tag -1] [--map person=PER,…] > out.conll`.

Reads IOB1 and IOB2. Labels that a map does not name stay; those it maps to nothing (`OTH=`) are outside of every entity.
"""
import argparse
import re

# `# sent_id = …` and `# newdoc` of CoNLL-U; a word `#` has a tag behind it.
COMMENT = re.compile(r"# (\S+ = |newdoc|newpar)")

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("--token", type=int, default=1, help="column of the word, from 1 [1]")
parser.add_argument("--tag", type=int, default=0, help="column of the tag, from 1 [the last]")
parser.add_argument("--map", default="", metavar="FROM=TO,…")
args = parser.parse_args()
names = dict(part.split("=") for part in args.map.split(",") if part)

before = "O"
for line in open(args.file, encoding="utf-8"):
    line = line.rstrip("\n")
    columns = line.split("\t") if "\t" in line else line.split()
    if COMMENT.match(line):
        continue
    if not line.strip() or columns[0] == "-DOCSTART-":
        if before is not None:
            print()
        before = None
        continue
    word, tag = columns[args.token - 1], columns[args.tag - 1]
    if not word.strip():
        # A mark that was lost, of an emoji for one.
        continue
    prefix, _, label = tag.partition("-")
    label = names.get(label, label)
    if not label:
        prefix, now = "O", "O"
    else:
        # IOB1 begins an entity by I-, unless one of the same label stands before it.
        begins = prefix == "B" or (before or "O")[2:] != label
        now = f"{'B' if begins else 'I'}-{label}"
    print(f"{word}\t{now}")
    before = now
