"""Writes correlation.json beside this file: lists of numbers with their correlations and 95 %
confidence intervals, as scipy has them. It has no interval of Spearman's; that is computed here.

    pip install numpy==2.4.6 scipy==1.17.1
    python make_correlation.py

Made with Python 3.11.
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats

random = np.random.default_rng(7)


def case(x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    pearson, spearman = stats.pearsonr(x, y), stats.spearmanr(x, y).statistic
    half = stats.norm.ppf(0.975) * np.sqrt((1 + spearman**2 / 2) / (len(x) - 3))
    z = np.arctanh(spearman)
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "pearson": pearson.statistic,
        "pearson_interval": list(pearson.confidence_interval(0.95)),
        "spearman": spearman,
        "spearman_interval": [np.tanh(z - half), np.tanh(z + half)],
    }


def noisy(n, weight, digits):
    x = random.normal(size=n)
    return case(x.round(digits), (weight * x + random.normal(size=n)).round(digits))


CASES = [
    noisy(40, 1.0, 3),
    # One digit: many ties on both sides.
    noisy(60, -0.7, 1),
    noisy(4, 3.0, 2),
    # A mean far above the spread, and sizes far apart.
    case(1e9 + random.integers(0, 9, 25), 1e-9 * random.integers(0, 9, 25)),
    # Similarities against gold scores in quarters.
    case(random.integers(0, 21, 50) / 4, random.random(50).round(4)),
]

path = Path(__file__).with_name("correlation.json")
path.write_text(json.dumps(CASES, separators=(",", ":")) + "\n")
