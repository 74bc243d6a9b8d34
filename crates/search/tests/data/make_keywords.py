"""Writes keywords.json beside this file: texts of words between spaces, queries, and the BM25 score of every
text for each, as bm25s has it ("lucene": ln(1 + (N - n + 0.5) / (n + 0.5)), no factor of k1 + 1).

    pip install bm25s==0.2.14 numpy==2.4.6 scipy==1.17.1
    python make_keywords.py

Made with Python 3.11.
"""

import json
import random
from pathlib import Path

import bm25s

draw = random.Random(5)
WORDS = [f"w{n}" for n in range(30)]


def words(most):
    return [WORDS[min(draw.randrange(30), draw.randrange(30))] for _ in range(draw.randint(1, most))]


texts = [words(most) for most in [3, 12, 50, 150] for _ in range(50)]
queries = [words(5) for _ in range(20)]
bm25 = bm25s.BM25(method="lucene", k1=1.2, b=0.75, dtype="float64")
bm25.index(texts, show_progress=False)
# A word it does not know is no word to it.
known = {word for text in texts for word in text}
scores = [
    [round(float(x), 7) for x in bm25.get_scores([word for word in query if word in known])]
    for query in queries
]
lines = [
    f'"texts": {json.dumps([" ".join(text) for text in texts])}',
    f'"queries": {json.dumps([" ".join(query) for query in queries])}',
    f'"scores": {json.dumps(scores)}',
]
Path(__file__).with_name("keywords.json").write_text("{" + ",\n".join(lines) + "}\n")
