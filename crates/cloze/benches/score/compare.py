"""`cloze score` beside a plain loop over transformers, in turns, in one run.

    pip install torch==2.15.0 transformers==5.24.0 tokenizers==0.23.3
    cargo build --release -p cloze-cli
    python crates/cloze/benches/score/compare.py target/release/cloze models/mlm-en sentences.txt

The loop is what one would write first: of each sentence all copies, one token masked in each, in one batch
through the model. `cloze` is the whole process, its start and the reading of the weights included; the
loop's time begins when the model is there. Both get the same number of threads, take turns, and each round
begins with the other one. Beside the time that passes, that of the processor is told, which other work on the
machine changes less. The scores are compared, too.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import torch
import transformers
from tokenizers import Tokenizer


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloze", help="the program")
    parser.add_argument("model", help="the folder of a masked language model")
    parser.add_argument("texts", help="a sentence a line")
    parser.add_argument("--architecture", default="AutoModelForMaskedLM", help="its class in transformers")
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


class Loop:
    def __init__(self, folder, architecture):
        self.tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.model = getattr(transformers, architecture).from_pretrained(folder, dtype=torch.float32).eval()
        tokens = [self.tokenizer.token_to_id(mask) for mask in ["[MASK]", "<mask>"]]
        self.mask = next(token for token in tokens if token is not None)

    @torch.no_grad()
    def score(self, sentence):
        ids = torch.tensor(self.tokenizer.encode(sentence).ids)
        places = torch.arange(1, len(ids) - 1)
        if not len(places):
            return 0.0
        copies = ids.repeat(len(places), 1)
        rows = torch.arange(len(places))
        copies[rows, places] = self.mask
        output = self.model(input_ids=copies)
        logits = output.get("logits", output.get("prediction_logits"))
        return torch.log_softmax(logits[rows, places], -1)[rows, ids[places]].sum().item()


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    with open(args.texts) as file:
        sentences = [line.strip() for line in file if line.strip()][: args.sentences]
    loop = Loop(args.model, args.architecture)
    own = "\n".join(sentences) + "\n"
    command = [args.cloze, "score", "-", "--model", args.model, "--json", "--quiet", "--threads", str(args.threads)]

    def cloze():
        done = subprocess.run(command, input=own, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def python():
        return [loop.score(sentence) for sentence in sentences]

    # Once each, so that files are in memory; and whether both do the same.
    records, scores = cloze(), python()
    tokens = sum(len(record["tokens"]) for record in records)
    worst = max(abs(r["pll"] - s) / max(len(r["tokens"]), 1) for r, s in zip(records, scores, strict=True))
    print(f"{len(sentences)} sentences, {tokens} tokens, {args.threads} threads; apart by at most {worst:.1e} a token")
    seconds = {"cloze": [], "loop": []}
    for number in range(args.rounds):
        ways = [("cloze", cloze), ("loop", python)]
        for name, way in ways if number % 2 == 0 else ways[::-1]:
            start, busy = time.perf_counter(), processor()
            way()
            seconds[name].append((time.perf_counter() - start, processor() - busy))
    middles = {}
    for name, each in seconds.items():
        passed, busy = ([round_[i] for round_ in each] for i in range(2))
        middles[name] = statistics.median(passed), statistics.median(busy)
        rate = tokens / middles[name][0]
        print(f"{name:5}  {middles[name][0]:8.2f} s ({min(passed):.2f} to {max(passed):.2f}), {rate:7.1f} tokens/s,"
              f" processor {middles[name][1]:.2f} s ({min(busy):.2f} to {max(busy):.2f})")
    passed, busy = (middles["loop"][i] / middles["cloze"][i] for i in range(2))
    print(f"ratio  {passed:8.2f}, of the processor {busy:.2f}")


def processor():
    """Seconds of the processor, of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in [resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN]]
    return sum(u.ru_utime + u.ru_stime for u in used)


sys.exit(main())
