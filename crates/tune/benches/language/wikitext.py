"""Makes plain text of WikiText-2, for `cloze train mlm --documents blank-line` and its judging.

    python wikitext.py wikitext-2/test.txt > test.txt

A paragraph a line, a blank line between articles; headings are left out. ` @-@ ` and its kin become what
they stand for, and the spaces before punctuation go. `<unk>` becomes `[UNK]`, which BERT's tokenizer takes
for one token: it stands in its place for what is around it, and is never masked. Python 3.11, no packages.
"""

import re
import sys
from pathlib import Path

HEADING = re.compile(r"^ ?= (?!= ).* = ?$")
SECTION = re.compile(r"^ ?= = .* = = ?$")


def plain(line):
    line = re.sub(r" @(.)@ ", r"\1", line)
    # Quotation marks stand alone: every second one closes.
    first, *rest = f" {line} ".split(' " ')
    line = first + "".join(f'" {p}' if i % 2 else f' "{p}' for i, p in enumerate(rest))
    line = line.replace("<unk>", "[UNK]")
    line = re.sub(r" ([.,;:!?%)\]}])", r"\1", line)
    line = re.sub(r"([(\[{$]) ", r"\1", line)
    line = re.sub(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", r"\1", line)
    return re.sub(r"\s+", " ", line).strip()


for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
    if HEADING.match(line):
        print()
    elif line.strip() and not SECTION.match(line):
        print(plain(line))
