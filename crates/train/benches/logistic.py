"""scikit-learn's LogisticRegression on the data of logistic.rs, which starts this and says how.

Takes a folder with `rows.f32` [n, width], `gold.u8` [n]; prints a line for each case:
name, seconds, iterations, objective (mean log loss + penalty) in f64. Made with scikit-learn 1.9.1, numpy 2.4.6.
"""
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
folder, n, width, c = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
rows = np.fromfile(folder / "rows.f32", dtype=np.float32).reshape(n, width)
gold = np.fromfile(folder / "gold.u8", dtype=np.uint8)


def objective(model):
    p = model.predict_proba(rows.astype(np.float64))
    loss = -np.log(np.maximum(p[np.arange(n), gold], 1e-300)).mean()
    return loss + (model.coef_.astype(np.float64) ** 2).sum() / (2 * c * n)


cases = [("f32", np.float32, 1e-4), ("f64", np.float64, 1e-4)]
if "CLOZE_BENCH_TIGHT" in os.environ:
    cases.append(("f64", np.float64, 1e-8))
for name, dtype, tol in cases:
    x = rows.astype(dtype)
    model = LogisticRegression(C=c, tol=tol, max_iter=2000)
    start = time.perf_counter()
    model.fit(x, gold)
    seconds = time.perf_counter() - start
    print(f"scikit-learn {name} tol={tol:g}\t{seconds:.3f}\t{int(np.max(model.n_iter_))}\t{objective(model):.12f}", flush=True)
