"""Measures `cloze-cluster run` beside `cloze` on the same texts and cores, and its memory; see SCALE.md.

    cargo run --release --example texts -- 20000 /tmp/texts
    python3 measure.py throughput /tmp/texts --cloze PATH --cluster PATH --rounds 3
    python3 measure.py memory /tmp/texts --cluster PATH --model FOLDER

`throughput` runs both in turns. On a machine that others use, compare processor time: wall time says how much of the
machine a run was given. `memory` prints the most memory that a job held.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path


# What is kept of a result with --small.
RESULTS = {"embed": "{}[1]", "tag": "array_length({})"}


def run(command, cwd):
    """Wall and processor seconds of a command, and the most memory it held, in MiB."""
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{command}: {errors.decode()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def throughput(args):
    texts = Path(args.texts).resolve()
    rows = sum(1 for _ in open(texts / "texts.jsonl"))
    print(f"{rows} texts, {args.threads} threads, load {os.getloadavg()[0]:.1f}")
    tasks = {
        "embed": ("cloze_embed", args.embed, ["embed", "--format", "npy", "-o", "vectors.npy"]),
        "tag": ("cloze_tag", args.tag, ["tag", "--format", "jsonl", "-o", "entities.jsonl"]),
    }
    for task in args.tasks.split(","):
        function, model, arguments = tasks[task]
        times = {"cloze": [], "engine": []}
        for _ in range(args.rounds):
            with tempfile.TemporaryDirectory() as folder:
                threads = ["--threads", str(args.threads)]
                command = [args.cloze, *arguments, "--model", model, *threads, str(texts / "texts.jsonl")]
                times["cloze"].append(run(command, folder))
                result = RESULTS[task] if args.small else "{}"
                result = result.format(f"{function}(text, '{model}')")
                query = f"SELECT id, {result} AS result FROM input"
                source = ["--input", str(texts / "texts.parquet"), "--output", "out"]
                times["engine"].append(run([args.cluster, "run", query, *source, *threads], folder))
        for name, figures in times.items():
            wall, cpu, memory = (statistics.median(column) for column in zip(*figures))
            print(
                f"{task:6} {name:7} wall {wall:7.1f} s  processor {cpu:7.1f} s  {rows / cpu * args.threads:7.0f} texts/s "
                f"of processor time on {args.threads} cores  memory {memory:5.0f} MiB"
            )
        cpu = [c[1] / e[1] for c, e in zip(times["cloze"], times["engine"])]
        wall = [c[0] / e[0] for c, e in zip(times["cloze"], times["engine"])]
        show = lambda ratios: ", ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"{task:6} throughput of the engine over that of cloze: processor {show(cpu)}; wall {show(wall)}")


def memory(args):
    texts = Path(args.texts).resolve()
    with tempfile.TemporaryDirectory() as folder:
        query = f"SELECT id, cloze_embed(text, '{args.model}') AS vector FROM input"
        command = [args.cluster, "run", query, "--input", str(texts / "texts.parquet"), "--output", "out"]
        wall, cpu, most = run([*command, "--threads", str(args.threads)], folder)
        parts = len(list(Path(folder, "out").glob("part-*")))
        print(f"{texts.name}: {parts} parts, {wall:.0f} s, processor {cpu:.0f} s, at most {most:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["throughput", "memory"])
    parser.add_argument("texts")
    parser.add_argument("--cloze")
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--tasks", default="embed,tag")
    parser.add_argument("--embed", default="minilm-l6-v2")
    parser.add_argument("--tag", default="ner-en")
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--small", action="store_true", help="write a number for each text, for a build without optimisation")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    throughput(args) if args.what == "throughput" else memory(args)


if __name__ == "__main__":
    main()
