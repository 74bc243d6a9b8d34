"""Searches among vectors as Python does, and times it, when the benchmark beside this file asks for it.

    pip install numpy==2.4.6 faiss-cpu==1.15.1 usearch==2.26.6
    python peers.py FOLDER --threads 1

FOLDER has rows.npy, [rows, width], and queries.npy, [queries, width], f32, all of length 1. Prints one line
of JSON with versions when it is ready. Then it reads a way a line and answers each with a line of JSON:

- numpy one N, numpy all: the 10 rows of the largest products with each of the first N queries by itself, or
  with all at once, by a matrix product, argpartition and a sort;
- faiss one N, faiss all: the same by IndexFlatIP;
- usearch build, faiss-hnsw build: a graph with 16 links a node (32 on the ground) and 128 nodes in view;
  usearch's in f16, FAISS's in f32, which is all it has;
- usearch search EF, faiss-hnsw search EF: the 10 nearest of each query by itself, EF nodes in view.

"seconds" is for all queries; "recall" is the share of the 10 rows of faiss all that was found; "bytes" is
that of the graph when it is saved.

With --memory usearch or --memory faiss-hnsw it builds that graph from rows that are mapped, not read, prints
the seconds and the most memory that it held, and ends.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--memory", choices=["usearch", "faiss-hnsw"])
args = parser.parse_args()
for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = str(args.threads)

import faiss  # noqa: E402
import numpy as np  # noqa: E402
from usearch.index import Index  # noqa: E402

K = 10
faiss.omp_set_num_threads(args.threads)
rows = np.load(args.folder / "rows.npy", mmap_mode="r" if args.memory else None)
queries = np.load(args.folder / "queries.npy")
graphs = {}


def best(products):
    found = np.argpartition(-products, K, axis=1)[:, :K]
    order = np.argsort(-np.take_along_axis(products, found, axis=1), axis=1)
    return np.take_along_axis(found, order, axis=1)


def each(search, n=None):
    return np.concatenate([search(query[None]) for query in queries[:n]])


def build_usearch():
    index = Index(ndim=rows.shape[1], metric="ip", dtype="f16", connectivity=16, expansion_add=128)
    index.add(np.arange(len(rows)), rows, threads=args.threads)
    with tempfile.NamedTemporaryFile() as file:
        index.save(file.name)
        graphs["usearch"] = index
        return os.path.getsize(file.name)


def build_faiss():
    index = faiss.IndexHNSWFlat(rows.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 128
    index.add(rows)
    with tempfile.NamedTemporaryFile() as file:
        faiss.write_index(index, file.name)
        graphs["faiss"] = index
        return os.path.getsize(file.name)


def search_usearch(ef):
    index = graphs["usearch"]
    index.expansion_search = ef
    return each(lambda query: index.search(query[0], K, threads=1).keys[None].astype(np.int64))


def search_faiss(ef):
    index = graphs["faiss"]
    index.hnsw.efSearch = ef
    return each(lambda query: index.search(query, K)[1])


def answer(way, what, *numbers):
    start = time.perf_counter()
    found, size = None, None
    match way, what:
        case "numpy", "one":
            found = each(lambda query: best(query @ rows.T), *numbers)
        case "numpy", "all":
            found = best(queries @ rows.T)
        case "faiss", "one":
            found = each(lambda query: flat.search(query, K)[1], *numbers)
        case "faiss", "all":
            found = flat.search(queries, K)[1]
        case "usearch", "build":
            size = build_usearch()
        case "faiss-hnsw", "build":
            size = build_faiss()
        case "usearch", "search":
            found = search_usearch(*numbers)
        case "faiss-hnsw", "search":
            found = search_faiss(*numbers)
    seconds = time.perf_counter() - start
    result = {"seconds": seconds}
    if found is not None:
        shared = [len(set(a) & set(b)) for a, b in zip(gold.tolist(), found.tolist())]
        result["recall"] = sum(shared) / found.size
    if size is not None:
        result["bytes"] = size
    return result


if args.memory:
    start = time.perf_counter()
    build_usearch() if args.memory == "usearch" else build_faiss()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  {args.memory} of Python: {seconds:.1f} s, at most {peak} MiB")
    sys.exit()
flat = faiss.IndexFlatIP(rows.shape[1])
flat.add(rows)
gold = flat.search(queries, K)[1]
names = ["numpy", "faiss-cpu", "usearch"]
print(json.dumps({name: version(name) for name in names} | {"python": sys.version.split()[0]}), flush=True)
for line in sys.stdin:
    way, what, *numbers = line.split()
    print(json.dumps(answer(way, what, *map(int, numbers))), flush=True)
