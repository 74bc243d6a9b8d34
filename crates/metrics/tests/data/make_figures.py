"""Writes figures.json beside this file: examples with their figures as scikit-learn, SciPy, statsmodels
and NumPy have them. The calibration error is computed here, from equation 3 of Guo et al. 2017.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0
    python make_figures.py

Made with Python 3.11.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar

warnings.simplefilter("ignore")
random = np.random.default_rng(5)


def scores(gold, predicted, labels, **average):
    kw = {"labels": labels, "zero_division": 0}
    names = ("precision", "recall", "f1", "support")
    p, r, f, s = metrics.precision_recall_fscore_support(gold, predicted, average=None, **kw)
    by_label = {l: dict(zip(names, (*map(float, row[:3]), int(row[3])))) for l, row in zip(average["names"], zip(p, r, f, s))}
    found = {"labels": by_label}
    for kind in ("micro", "macro", "weighted"):
        row = metrics.precision_recall_fscore_support(gold, predicted, average=kind, **kw)[:3]
        found[kind] = dict(zip(names, (*map(float, row), int(sum(s)))))
    return found


def classification(n, names, noise):
    gold = random.choice(names, n)
    predicted = np.where(random.random(n) < noise, random.choice(names, n), gold)
    labels = sorted({*gold, *predicted})
    return {
        "gold": list(gold),
        "predicted": list(predicted),
        "report": {
            "examples": n,
            "accuracy": metrics.accuracy_score(gold, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(gold, predicted),
            "matthews": metrics.matthews_corrcoef(gold, predicted),
            "kappa": np.nan_to_num(metrics.cohen_kappa_score(gold, predicted)),
            **scores(gold, predicted, labels, names=labels),
            "confusion": {
                "labels": labels,
                "counts": metrics.confusion_matrix(gold, predicted, labels=labels).tolist(),
            },
        },
    }


def multi_label(n, names):
    gold = random.random((n, len(names))) < 0.4
    predicted = np.where(random.random(gold.shape) < 0.3, random.random(gold.shape) < 0.4, gold)
    tables = metrics.multilabel_confusion_matrix(gold, predicted)
    sets = lambda rows: [[name for name, is_in in zip(names, row) if is_in] for row in rows]
    return {
        "names": names,
        "gold": sets(gold),
        "predicted": sets(predicted),
        "report": {
            "examples": n,
            "subset_accuracy": metrics.accuracy_score(gold, predicted),
            "hamming_loss": metrics.hamming_loss(gold, predicted),
            **scores(gold, predicted, list(range(len(names))), names=names),
            "confusion": dict(zip(names, tables.tolist())),
        },
    }


def ranking(n, digits):
    gold = random.random(n) < 0.4
    gold[:2] = True, False
    # Few digits: many ties, also between the classes.
    values = (random.normal(size=n) + gold).round(digits)
    p, r, t = metrics.precision_recall_curve(gold, values)
    return {
        "gold": gold.tolist(),
        "scores": values.tolist(),
        "roc_auc": metrics.roc_auc_score(gold, values),
        "average_precision": metrics.average_precision_score(gold, values),
        "curve": {"precision": p.tolist(), "recall": r.tolist(), "thresholds": t.tolist()},
    }


def probability(n, classes, bins, digits):
    rows = random.dirichlet(np.full(classes, 0.7), n)
    rows[:, :-1] = rows[:, :-1].round(digits)
    rows[:, -1] = np.abs(1 - rows[:, :-1].sum(1)).round(digits)
    rows /= rows.sum(1, keepdims=True)
    gold = np.array([random.choice(classes, p=row) for row in rows])
    gold[:classes] = range(classes)
    rows[classes] = np.eye(classes)[(gold[classes] + 1) % classes]  # a sure mistake
    labels = range(classes)
    top, right = rows.max(1), rows.argmax(1) == gold
    which = np.digitize(top, np.arange(1, bins) / bins, right=True)
    error = sum(abs(right[which == b].sum() - top[which == b].sum()) for b in range(bins)) / n
    brier = (
        metrics.brier_score_loss(gold, rows[:, 1])
        if classes == 2
        else metrics.brier_score_loss(gold, rows, labels=labels)
    )
    ovr = rows[:, 1] if classes == 2 else rows
    return {
        "classes": classes,
        "bins": bins,
        "gold": gold.tolist(),
        "rows": rows.tolist(),
        "report": {
            "examples": n,
            "log_loss": metrics.log_loss(gold, rows, labels=labels),
            "brier": brier,
            "expected_calibration_error": error,
            "bins": [
                {
                    "examples": int((which == b).sum()),
                    "correct": int(right[which == b].sum()),
                    "confidence": float(top[which == b].sum()),
                }
                for b in range(bins)
            ],
        },
        "roc_auc": metrics.roc_auc_score(gold, ovr, multi_class="ovr", labels=labels),
    }


def kendall(n, values):
    x, y = random.integers(0, values, n).astype(float), random.integers(0, values, n).astype(float)
    y = np.where(random.random(n) < 0.5, x, y)
    return {"x": x.tolist(), "y": y.tolist(), "tau": stats.kendalltau(x, y).statistic}


def test(first, second):
    exact = first + second < 25
    found = mcnemar([[3, first], [second, 4]], exact=exact, correction=True)
    return {
        "only_first": first,
        "only_second": second,
        "method": "exact" if exact else "chi_squared",
        "statistic": float(found.statistic),
        "p_value": float(found.pvalue),
    }


# Values drawn again and again by SciPy; the tests draw otherwise, and agree within chance.
values = random.exponential(size=60).round(3)
drawn = stats.bootstrap((values,), np.mean, n_resamples=99_999, method="percentile", rng=random)

FIGURES = {
    "versions": {"numpy": "2.4.6", "scipy": "1.17.1", "scikit-learn": "1.9.1", "statsmodels": "0.15.0"},
    "classification": [
        classification(n, names, noise)
        for n, names, noise in [
            (60, ["a", "b", "c"], 0.5), (30, ["no", "yes"], 0.4), (25, [*"abcdefgh"], 0.7),
            (9, ["b", "a"], 1.0), (4, ["a"], 0.0), (40, [*"abcd"], 0.1), (3, [*"abcdef"], 1.0),
        ]
    ],
    "multi_label": [multi_label(n, [*names]) for n, names in [(30, "abc"), (10, "abcdef"), (3, "yx")]],
    "ranking": [ranking(n, digits) for n, digits in [(60, 1), (40, 0), (30, 4), (2, 2), (9, 0)]],
    "probability": [
        probability(*case) for case in [(60, 3, 15, 2), (40, 2, 10, 1), (50, 5, 15, 3), (30, 2, 15, 4)]
    ],
    "kendall": [kendall(n, values) for n, values in [(50, 5), (80, 1000), (10, 3), (33, 2), (64, 8)]],
    "mcnemar": [
        test(a, b)
        for a, b in [(1, 0), (3, 9), (9, 3), (12, 12), (5, 5), (0, 24), (12, 13), (25, 0), (30, 61), (400, 100)]
    ],
    "bootstrap": {
        "values": values.tolist(),
        "low": drawn.confidence_interval.low,
        "high": drawn.confidence_interval.high,
        "error": drawn.standard_error,
    },
}

path = Path(__file__).with_name("figures.json")
path.write_text(json.dumps(FIGURES, separators=(",", ":")) + "\n")
