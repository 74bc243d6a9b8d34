"""Writes reference.json beside this file: poolings and similarities as sentence-transformers has
them; corrections, IsoScore and the anisotropy report in numpy, for a few rows of numbers. Second
opinions are asked as it runs: scikit-learn's StandardScaler and PCA, and the IsoScore package.

    pip install numpy==2.4.6 scikit-learn==1.9.1 sentence-transformers==6.2.0 torch==2.15.0
    pip install --no-deps IsoScore==2.0.1
    python make_reference.py

Made with Python 3.11.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from IsoScore.IsoScore import IsoScore
from sentence_transformers.sentence_transformer.modules import Pooling
from sentence_transformers.util import cos_sim, dot_score, euclidean_sim
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(11)
WIDTH, MASK64, MASK128 = 4, (1 << 64) - 1, (1 << 128) - 1
KEYS = ["cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]


def normal(*shape):
    """Numbers that f32 and a short decimal both hold."""
    return (random.normal(size=shape) * 64).round() / 64


def pooled(module, rows):
    """With padding that is far off, and would show."""
    padded = np.concatenate([rows, np.full((2, WIDTH), 99.0)])
    mask = np.array([1] * len(rows) + [0, 0])
    features = {"token_embeddings": torch.tensor(padded)[None], "attention_mask": torch.tensor(mask)[None]}
    return module(features)["sentence_embedding"][0].tolist()


def poolings():
    cases = [{"name": mode, "rows": rows.ravel().tolist(), "pooled": pooled(Pooling(WIDTH, mode), rows)}
             for rows in [normal(5, WIDTH), normal(1, WIDTH)] for mode in Pooling.POOLING_MODES]
    return {"width": WIDTH, "cases": cases}


def configs():
    """Whole files, old and new, and what a module made from them pools."""
    old = lambda *on: {"word_embedding_dimension": WIDTH, **{f"pooling_mode_{k}": k in on for k in KEYS}}
    new = lambda mode: {"embedding_dimension": WIDTH, "pooling_mode": mode, "include_prompt": True}
    rows, cases = normal(3, WIDTH), []
    for config in [old(*KEYS), old("mean_tokens", "cls_token"), old("lasttoken"), old(), {"word_embedding_dimension": WIDTH},
                   new("weightedmean"), new(["mean", "cls"]), new("max") | old("cls_token")]:
        with tempfile.TemporaryDirectory() as folder:
            text = json.dumps(config)
            Path(folder, "config.json").write_text(text)
            cases.append({"config": text, "pooled": pooled(Pooling.load(folder), rows)})
    return {"rows": rows.ravel().tolist(), "cases": cases}


def similarities():
    a, b = normal(7), normal(7)
    t, u = torch.tensor(a), torch.tensor(b)
    return {"a": a.tolist(), "b": b.tolist(), "cosine": cos_sim(t, u).item(), "dot": dot_score(t, u).item(),
            "euclid": euclidean_sim(t, u).item()}


def spectrum(rows):
    values, vectors = np.linalg.eigh(np.cov(rows.T, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    return values, vectors * np.sign(vectors[largest, np.arange(len(values))])


def corrections(rows):
    centred = rows - rows.mean(axis=0)
    zscore = centred / rows.std(axis=0)
    np.testing.assert_allclose(zscore, StandardScaler().fit_transform(rows), rtol=1e-9)
    values, vectors = spectrum(rows)
    whitened = centred @ vectors / np.sqrt(values)
    # It divides by n - 1, and has signs of its own.
    pca = PCA(whiten=True).fit_transform(rows) * np.sqrt(len(rows) / (len(rows) - 1))
    np.testing.assert_allclose(np.abs(whitened), np.abs(pca), rtol=1e-9)
    top = vectors[:, :2]
    return {"zscore": zscore.ravel().tolist(), "whitening": whitened.ravel().tolist(),
            "whitening_2": whitened[:, :2].ravel().tolist(), "all_but_the_top_2": (centred - centred @ top @ top.T).ravel().tolist()}


def iso_score(rows):
    d = rows.shape[1]
    values = spectrum(rows)[0]
    scaled = np.sqrt(d) * values / np.linalg.norm(values)
    defect = np.linalg.norm(scaled - 1) / np.sqrt(2 * (d - np.sqrt(d)))
    share = (d - defect**2 * (d - np.sqrt(d))) ** 2 / d**2
    score = (d * share - 1) / (d - 1)
    # It has the root of d in f32.
    np.testing.assert_allclose(score, IsoScore(rows).item(), rtol=1e-5)
    return score


def pcg64(seed):
    """The numbers of rand_pcg's Pcg64, by its seed_from_u64. Source: O'Neill 2014, pcg-random.org."""
    words = []
    for _ in range(8):
        seed = (seed * 0x5851F42D4C957F2D + 0xA17654E46FBE17F3) & MASK64
        word, turn = (((seed >> 18) ^ seed) >> 27) & 0xFFFFFFFF, seed >> 59
        words.append(((word >> turn) | (word << (-turn & 31))) & 0xFFFFFFFF)
    state, increment = (sum(w << 32 * i for i, w in enumerate(words[k : k + 4])) for k in (0, 4))
    increment |= 1
    step = lambda state: (state * 0x2360ED051FC65DA44385DF649FCCF645 + increment) & MASK128
    state = step((state + increment) & MASK128)
    while True:
        state = step(state)
        word, turn = (state >> 64 ^ state) & MASK64, state >> 122
        yield ((word >> turn) | (word << (-turn & 63))) & MASK64


def anisotropy(rows, seed, max_pairs):
    n, numbers, order = len(rows), pcg64(seed), list(range(len(rows)))
    pairs = min(max_pairs, n // 2)
    for i in range(2 * pairs):
        j = i + (next(numbers) * (n - i) >> 64)
        order[i], order[j] = order[j], order[i]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    parts = unit[order[: 2 * pairs : 2]] * unit[order[1 : 2 * pairs : 2]]
    cosines = parts.sum(axis=1)
    mean, half = cosines.mean(), 1.959963984540054 * cosines.std(ddof=1) / np.sqrt(pairs)
    shares = parts.mean(axis=0) / mean
    top = np.argsort(-shares)[:3]
    explained = np.cumsum(spectrum(rows)[0]) / spectrum(rows)[0].sum()
    return {"seed": seed, "max_pairs": max_pairs, "pairs": pairs, "mean_cosine": mean, "interval": [max(mean - half, -1), min(mean + half, 1)],
            "top_dims": top.tolist(), "top_shares": shares[top].tolist(), "explained": explained[:4].tolist()}


# Dimension 3 is far off and dimension 1 is wide, as in an encoder.
rows = normal(30, 5) * [1, 8, 1, 0.5, 2] + [0, 0, 1, 20, 0]
reference = {
    "pooling": poolings(),
    "configs": configs(),
    "similarity": similarities(),
    "rows": rows.ravel().tolist(),
    "corrections": corrections(rows),
    "iso_score": iso_score(rows),
    "anisotropy": [anisotropy(rows, 0, 10_000), anisotropy(rows, 2**63 + 5, 6)],
}
path = Path(__file__).with_name("reference.json")
path.write_text(json.dumps(reference, separators=(",", ":")).replace('],"', '],\n"') + "\n")
