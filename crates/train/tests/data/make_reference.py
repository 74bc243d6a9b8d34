"""Writes reference.json: what scikit-learn fits on small data, which tests/fitting compares with.

python -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
venv/bin/python make_reference.py
"""
import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.svm import SVC

random = np.random.default_rng(7)
NAMES = np.array(["air", "land", "sea"])
gold = random.permutation(np.repeat([0, 1, 2], [66, 36, 18]))
centres = random.normal(size=(3, 6))
# Scales from 0.02 to 50 and a common offset: what is scaled wrongly shows.
scale = np.array([1.0, 0.02, 50.0, 3.0, 0.5, 1.0])
rows = ((centres[gold] * 0.8 + random.normal(size=(120, 6)) + 2.0) * scale).astype(np.float32)
x = rows.astype(np.float64)
sets = np.stack([gold == 0, x[:, 0] + random.normal(size=120) > 2, x[:, 3] > 6], axis=1)
two = (gold == 2).astype(int)


def unfitted(c, weights=None):
    # The objective is that of lbfgs, which on rows of such scales stops some 1e-5 short of it.
    return LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000, class_weight=weights)


def logistic(y, c, weights=None):
    return unfitted(c, weights).fit(x, y)


def listed(a):
    return np.asarray(a, dtype=np.float64).ravel().tolist()


cases = []
for c in [0.01, 1.0, 100.0]:
    for weights in [None, "balanced", {0: 1.0, 1: 2.5, 2: 0.5}]:
        given = weights if not isinstance(weights, dict) else {"per": [1.0, 2.5, 0.5]}
        model = logistic(gold, c, weights)
        cases.append(dict(kind="three", c=c, balanced=weights == "balanced",
                          weights=given["per"] if isinstance(given, dict) else None,
                          probabilities=listed(model.predict_proba(x))))
    for weights in [None, "balanced"]:
        model = logistic(two, c, weights)
        cases.append(dict(kind="two", c=c, balanced=weights == "balanced", weights=None,
                          probabilities=listed(model.predict_proba(x))))
        model = OneVsRestClassifier(unfitted(c, weights)).fit(x, sets)
        cases.append(dict(kind="sets", c=c, balanced=weights == "balanced", weights=None,
                          probabilities=listed(model.predict_proba(x))))

standard = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
margins = np.stack([SVC(kernel="linear", C=1.0, tol=1e-8).fit(standard.astype(np.float64), gold == k)
                    .decision_function(standard.astype(np.float64)) for k in range(3)], axis=1)
bayes = GaussianNB().fit(x, gold)
centroid = NearestCentroid().fit(x, gold)

# Calibration on logits that are too sure by far.
logits = 3.0 * unfitted(100.0).fit(x[:60], gold[:60]).decision_function(x[60:])
held = gold[60:]


def log_loss(t):
    return -log_softmax(logits / t, axis=1)[np.arange(60), held].mean()


best = minimize_scalar(lambda s: log_loss(np.exp(s)), bounds=(-5, 5), method="bounded", options=dict(xatol=1e-12))
found = logits.argmax(1)
out = dict(
    made_with=dict(numpy=np.__version__, scipy=scipy.__version__, sklearn=sklearn.__version__),
    names=NAMES.tolist(), width=6, rows=[float(v) for v in rows.ravel()], gold=gold.tolist(),
    two=two.tolist(), sets=[np.flatnonzero(s).tolist() for s in sets], logistic=cases,
    standard=[float(v) for v in standard.ravel()], svm_margins=listed(margins),
    naive_bayes=listed(bayes.predict_proba(x)), naive_bayes_joint=listed(bayes.predict_joint_log_proba(x)),
    centroid=centroid.predict(x).tolist(),
    held=held.tolist(), logits=listed(logits), temperature=float(np.exp(best.x)), log_loss=float(best.fun),
    accuracy=accuracy_score(held, found), macro_f1=f1_score(held, found, average="macro"),
)
Path(__file__).with_name("reference.json").write_text(json.dumps(out) + "\n")
