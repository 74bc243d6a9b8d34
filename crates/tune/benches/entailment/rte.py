"""Pairs of RTE (XML) as a table: rte.py OUT.csv FILE.xml... What is not entailed, or not known, is `no`."""

import csv
import sys
import xml.etree.ElementTree

with open(sys.argv[1], "w", newline="", encoding="utf-8") as file:
    out = csv.writer(file)
    out.writerow(["premise", "hypothesis", "label"])
    for path in sys.argv[2:]:
        for pair in xml.etree.ElementTree.parse(path).getroot().iter("pair"):
            value = (pair.get("value") or pair.get("entailment")).upper()
            texts = [" ".join(pair.find(name).text.split()) for name in "th"]
            out.writerow([*texts, "yes" if value in ("YES", "TRUE") else "no"])
