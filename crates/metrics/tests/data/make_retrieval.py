"""Writes retrieval.json beside this file: rankings by score, the grades of documents, and the figures of
trec_eval, as pytrec-eval-terrier has it. trec_eval has no cut reciprocal rank: that is `recip_rank` of the
run cut there, by its own order.

    pip install pytrec-eval-terrier==0.5.11 numpy==2.4.6 scipy==1.17.1
    python make_retrieval.py

Made with Python 3.11.
"""

import json
import random
from pathlib import Path

import pytrec_eval

CUTOFFS = [1, 3, 10, 50]
CUT = ",".join(map(str, CUTOFFS))
MEASURES = {f"ndcg_cut.{CUT}", f"P.{CUT}", f"recall.{CUT}", "recip_rank", "map"}
draw = random.Random(11)
# Names whose order by bytes is not that of numbers (d9 is after d10), nor by letters only.
NAMES = [f"d{n}" for n in range(1, 25)] + ["D1", "é", "漢字", "🦉", "d"]


def query(n):
    """Grades of some documents and scores of others, many of either alike."""
    judged = draw.sample(NAMES, draw.randint(1, 18))
    grades = [-2, -1, 0, 0, 1, 1, 2, 3, 7] if n % 3 else [0, 0, 0, 0, 1]
    qrels = {name: draw.choice(grades) for name in judged}
    # Where no grade is at least 0, trec_eval reads a count it never wrote.
    if max(qrels.values()) < 0:
        qrels[judged[0]] = 0
    # Few digits: many ties. Quarters and halves are the same as 32 bits, which trec_eval has.
    scores = [s / 4 for s in range(-8, 9)] if n % 2 else [0.0, 0.5]
    found = [] if n % 17 == 0 else draw.sample(NAMES, draw.randint(1, len(NAMES)))
    return qrels, {name: draw.choice(scores) for name in found}


def cut(run, k):
    by_name = sorted(run.items(), key=lambda hit: hit[0].encode(), reverse=True)
    return dict(sorted(by_name, key=lambda hit: -hit[1])[:k])


queries = {f"q{n}": query(n) for n in range(200)}
qrels = {name: grades for name, (grades, _) in queries.items()}
run = {name: scores for name, (_, scores) in queries.items()}
whole = pytrec_eval.RelevanceEvaluator(qrels, MEASURES).evaluate(run)
first = {
    k: pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate({q: cut(r, k) for q, r in run.items()})
    for k in CUTOFFS
}


def figures(name):
    found = whole[name]
    at = lambda measure: {str(k): found[f"{measure}_{k}"] for k in CUTOFFS}
    return {
        "ndcg": at("ndcg_cut"),
        "precision": at("P"),
        "recall": at("recall"),
        "reciprocal_rank_at": {str(k): first[k][name]["recip_rank"] for k in CUTOFFS},
        "reciprocal_rank": found["recip_rank"],
        "average_precision": found["map"],
    }


RETRIEVAL = {
    "versions": {"pytrec-eval-terrier": "0.5.11"},
    "cutoffs": CUTOFFS,
    "queries": {
        name: {"grades": grades, "hits": list(scores.items()), "figures": figures(name)}
        for name, (grades, scores) in queries.items()
    },
    # What `trec_eval -c` prints for all: over every judged query, found or not, relevant or not.
    "complete": {m: pytrec_eval.compute_aggregated_measure(m, [f[m] for f in whole.values()]) for m in sorted(whole["q0"])},
}

path = Path(__file__).with_name("retrieval.json")
path.write_text(json.dumps(RETRIEVAL, separators=(",", ":"), ensure_ascii=False) + "\n")
