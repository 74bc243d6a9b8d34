"""Splits Presidio's evaluation data by template: `python3 split.py DATA CHOOSE FIGURES`.

Texts of one template are much alike, so all of them go to one side: those whose number is divisible by three
to FIGURES, which no setting is chosen on, and all others to CHOOSE. They are short, and windows matter in long
texts alone: CHOOSE has each text once more in a paragraph of eight.
"""
import json
import pathlib
import sys

JOINED = 8

data, choose, figures = map(pathlib.Path, sys.argv[1:4])
records = json.loads(data.read_text(encoding="utf-8"))


def joined(part):
    """One record with the texts of several, a space between them."""
    text, spans = "", []
    for record in part:
        text += " " if text else ""
        for span in record["spans"]:
            start, end = span["start_position"] + len(text), span["end_position"] + len(text)
            spans.append({**span, "start_position": start, "end_position": end})
        text += record["full_text"].replace("\n", " ")
    return {"full_text": text, "spans": [{**s, "entity_value": text[s["start_position"]:s["end_position"]]} for s in spans]}


for path, held_out in ((choose, False), (figures, True)):
    part = [record for record in records if (record["template_id"] % 3 == 0) == held_out]
    templates = len({record["template_id"] for record in part})
    print(f"{path}: {len(part)} texts of {templates} templates")
    if not held_out:
        part += [joined(part[start:start + JOINED]) for start in range(0, len(part), JOINED)]
    path.write_text(json.dumps(part, ensure_ascii=False), encoding="utf-8")
