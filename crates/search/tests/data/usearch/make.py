"""Graphs that usearch itself wrote, to be searched by cloze: `python make.py` beside this file.

    pip install numpy==2.4.6 usearch==2.26.6

60 rows of 8 numbers (`rows.f32`, little-endian), and a graph of them in each number format. The later half
of the rows is added first, so that nodes are not in the order of rows.
"""

from pathlib import Path

import numpy as np
from usearch.index import Index

here = Path(__file__).parent
rows = np.random.default_rng(5).standard_normal((60, 8)).astype("<f4")
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
(here / "rows.f32").write_bytes(rows.tobytes())
order = np.concatenate([np.arange(30, 60), np.arange(30)])
for dtype, metric in [("f32", "l2sq"), ("f16", "ip"), ("i8", "cos"), ("b1", "hamming")]:
    index = Index(ndim=8, metric=metric, dtype=dtype, connectivity=4, expansion_add=32)
    stored = rows if dtype != "b1" else np.packbits(rows > 0, axis=1, bitorder="little")
    index.add(order, stored[order], threads=1)
    index.save(str(here / f"{dtype}.usearch"))
