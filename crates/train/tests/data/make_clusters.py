"""Writes clusters.json: what scikit-learn says of clusters, which tests/clustering.rs compares with.

python -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
venv/bin/python make_clusters.py
"""
import json
from pathlib import Path

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

random = np.random.default_rng(3)
# Clusters of unlike size and width, near enough to touch, in 5 dimensions of unlike scale, and rows
# that are in none.
sizes, spreads = [40, 25, 12], [1.0, 0.6, 0.3]
centres = random.normal(size=(3, 5)) * 2.2
rows = [c + random.normal(size=(n, 5)) * s for c, n, s in zip(centres, sizes, spreads)]
rows.append(random.uniform(-6, 6, size=(13, 5)))
rows = np.concatenate(rows)[random.permutation(90)].astype(np.float32)
x = rows.astype(np.float64)

kmeans = []
for k in (2, 3, 4):
    fitted = KMeans(k, n_init=50, random_state=0, tol=0.0).fit(x)
    kmeans.append({"clusters": k, "of": fitted.labels_.tolist(), "within": fitted.inertia_,
                   "silhouette": silhouette_score(x, fitted.labels_)})
density = []
for size in (3, 5, 8):
    labels = HDBSCAN(min_cluster_size=size, copy=True).fit_predict(x)
    inside = labels >= 0
    density.append({"min_size": size, "of": labels.tolist(),
                    "silhouette": silhouette_score(x[inside], labels[inside])})
principal = PCA(2, svd_solver="full").fit_transform(x)
out = {"width": 5, "rows": rows.ravel().tolist(), "kmeans": kmeans, "density": density,
       "principal": principal.ravel().tolist()}
Path(__file__).with_name("clusters.json").write_text(json.dumps(out) + "\n")
print([(k["clusters"], k["within"], k["silhouette"]) for k in kmeans])
print([(d["min_size"], max(d["of"]) + 1, d["of"].count(-1)) for d in density])
