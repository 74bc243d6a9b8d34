"""What every peer speaks: `python PEER.py MODEL THREADS [WAY]` answers lines of JSON on standard input.

It first says {"versions": {...}}, then answers, one line each:

    {"do": "run", "texts": FILE}             all texts at once; {"seconds": s, "tokens": n, "padded": n}
    {"do": "each", "texts": FILE}            one text after the other; {"seconds": s, "latencies": [s, ...]}
    {"do": "save", "texts": FILE, "to": FILE}  as run, and the results go to a file

    {"do": "continue", "before": n, "new": n, "cache": true}  of decoders: so many tokens, each the likeliest, behind
                                             others; {"seconds": s, "latencies": [s, ...]}

FILE is UTF-8 with a text a line. Tokens, with special ones, and the same with padding are given where the peer
knows them. Vectors are saved as little-endian floats of 32 bits, row by row; entities as a line of JSON a text,
[[label, start, end], ...] in code points. Memory, processor time and the number of threads in the environment
are the asking side's business.

A peer is a class: `__init__(model, threads, way)`, `run(texts)`, and `packages`, whose versions are told; it may
have `tokens` and `padded` of its last run. One of decoders has `begin(ids)`, after which the tokens before are in the
cache and one more is chosen, and `step()`, which puts the chosen one behind them and chooses the next; or without the
cache `anew(ids)`, which gives the next token.
"""

import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path


def calibration():
    """File of the texts that 8 bits with fixed scales are calibrated on: {"text": ...} a line, named by its hash."""
    return Path(os.environ["CLOZE_BENCH_CALIBRATION"])


def serve(peer):
    # Libraries print; only answers go to the pipe.
    answers, sys.stdout = sys.stdout, sys.stderr
    threads, way = int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None
    served = peer(Path(sys.argv[1]), threads, way)

    def answer(what):
        print(json.dumps(what), file=answers, flush=True)

    answer({"versions": {"python": platform.python_version(), **{name: version(name) for name in peer.packages}}})
    files = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "continue":
            latencies = go_on(served, request["before"], request["new"], request["cache"])
            answer({"seconds": sum(latencies), "latencies": latencies})
            continue
        path = request["texts"]
        if path not in files:
            files[path] = Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
        texts = files[path]
        if request["do"] == "each":
            times = [time.perf_counter()]
            for text in texts:
                served.run([text])
                times.append(time.perf_counter())
            latencies = [after - before for before, after in zip(times, times[1:])]
            answer({"seconds": times[-1] - times[0], "latencies": latencies})
            continue
        started = time.perf_counter()
        results = served.run(texts)
        seconds = time.perf_counter() - started
        if request["do"] == "save":
            save(results, Path(request["to"]))
        counts = {name: getattr(served, name, None) for name in ["tokens", "padded"]}
        answer({"seconds": seconds, **counts})


def go_on(peer, before, new, cache):
    ids = [(7919 * i + 13) % 200 for i in range(before)]
    if cache:
        peer.begin(ids)
    latencies = []
    for _ in range(new):
        started = time.perf_counter()
        if cache:
            peer.step()
        else:
            ids.append(peer.anew(ids))
        latencies.append(time.perf_counter() - started)
    return latencies


def save(results, path):
    if hasattr(results, "astype"):
        path.write_bytes(results.astype("<f4").tobytes())
    else:
        path.write_text("".join(json.dumps(entities) + "\n" for entities in results), encoding="utf-8")
