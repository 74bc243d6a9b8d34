"""Writes gold.jsonl from the marked documents: `python3 make.py`; `--check` compares instead.

A document begins with a line `=== NAME`. An item is ⟦LABEL|text⟧; `?` in place of the label marks text that
may be masked or not.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
ITEM = re.compile(r"⟦([A-Z_]+|\?)\|([^⟦⟧]*)⟧")


def record(name, marked):
    text, entities, last = "", [], 0
    for item in ITEM.finditer(marked):
        text += marked[last:item.start()]
        start = len(text)
        text += item.group(2)
        label = "OPTIONAL" if item.group(1) == "?" else item.group(1)
        entities.append({"label": label, "start": start, "end": len(text), "text": item.group(2)})
        last = item.end()
    text += marked[last:]
    if "⟦" in text or "⟧" in text:
        sys.exit(f"{name}: a mark that is not closed")
    kind = name.rsplit("-", 1)[0]
    return {"id": name, "kind": kind, "text": text, "offsets": "char", "entities": entities}


def documents():
    for file in sorted((HERE / "marked").glob("*.txt")):
        parts = re.split(r"^=== (.+)\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for name, marked in zip(parts[1::2], parts[2::2]):
            yield record(name, marked.rstrip("\n"))


lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in documents())
if "--check" in sys.argv:
    sys.exit(lines != (HERE / "gold.jsonl").read_text(encoding="utf-8"))
(HERE / "gold.jsonl").write_text(lines, encoding="utf-8")
