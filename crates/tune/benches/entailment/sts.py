"""Pairs of STS-Benchmark as yes (3.4 or more of 5) and no (2.6 or less): sts.py stsb-train.csv OUT.csv"""

import csv
import sys

with open(sys.argv[1], encoding="utf-8") as file, open(sys.argv[2], "w", newline="", encoding="utf-8") as made:
    out = csv.writer(made)
    out.writerow(["premise", "hypothesis", "label"])
    for first, second, score in csv.reader(file):
        if not 2.6 < float(score) < 3.4:
            out.writerow([first, second, "yes" if float(score) >= 3.4 else "no"])
