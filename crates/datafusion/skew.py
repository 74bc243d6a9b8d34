"""Simulates a job of many texts of skewed lengths on many workers; see SCALE.md.

    python3 skew.py
    python3 skew.py --texts 1e9 --workers 1024 --rate 10000

A text costs time in proportion to its tokens (long ones go through windows of a bounded size), so a part costs the
sum of its texts. Workers take the next part whenever they are free, as executors do. What matters is the end: while
the last parts run, workers without one wait. Printed are the ideal time (all tokens over all workers), the time until
the last part is done, and the share of worker time lost, for parts of different sizes and inputs in different orders.
"""

import argparse
import heapq
import math
import random


def lengths(n, mean, sigma, rng):
    """Tokens of n texts, log-normal with this mean; sigma 1 has one text in 700 above 12 times the mean."""
    mu = math.log(mean) - sigma * sigma / 2
    return [max(1, round(rng.lognormvariate(mu, sigma))) for _ in range(n)]


def part_costs(texts, part_rows, sample, order, rng):
    """Tokens of each part. A billion texts are not drawn one by one: a part's tokens are normal, with the mean and
    spread of its rows (central limit, checked below against drawing them); of an input that is sorted by length,
    each part has the quantile of the sample that it would have."""
    parts = math.ceil(texts / part_rows)
    if order == "sorted":
        ordered = sorted(sample)
        n = len(ordered)
        costs = []
        for i in range(parts):
            low, high = i * n // parts, max((i + 1) * n // parts, i * n // parts + 1)
            costs.append(part_rows * sum(ordered[low:high]) / (high - low))
        return costs
    mean = sum(sample) / len(sample)
    var = sum((x - mean) ** 2 for x in sample) / len(sample)
    spread = math.sqrt(var * part_rows)
    return [max(1.0, rng.gauss(mean * part_rows, spread)) for _ in range(parts)]


def makespan(costs, workers, rate, largest_first):
    """Seconds until the last part is done, with workers that take the next part, of the input or by size."""
    costs = sorted(costs, reverse=True) if largest_first else costs
    free = [0.0] * min(workers, len(costs))
    heapq.heapify(free)
    for cost in costs:
        heapq.heappush(free, heapq.heappop(free) + cost / rate)
    return max(free)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=float, default=1e9)
    parser.add_argument("--mean", type=float, default=42.0, help="tokens per text")
    parser.add_argument("--sigma", type=float, default=1.0, help="spread of the logarithm of lengths")
    parser.add_argument("--rate", type=float, default=10_000.0, help="tokens per second of a worker")
    parser.add_argument("--workers", type=int, default=512)
    parser.add_argument("--longest", type=float, default=4e6, help="tokens of one extreme text")
    args = parser.parse_args()
    rng = random.Random(26)
    sample = lengths(400_000, args.mean, args.sigma, rng)

    # The central limit against the thing itself, for the smallest parts below.
    drawn = [sum(rng.choices(sample, k=1000)) for _ in range(400)]
    limit = part_costs(400_000, 1000, sample, "random", rng)
    for name, costs in [("drawn", drawn), ("limit", limit)]:
        mean = sum(costs) / len(costs)
        spread = math.sqrt(sum((c - mean) ** 2 for c in costs) / len(costs)) / mean
        print(f"check: 400 parts of 1,000 rows, {name}: mean {mean:,.0f} tokens, spread {spread:.2%}")

    print(f"\n{args.texts:,.0f} texts, {args.workers} workers, {args.rate:,.0f} tokens/s each")
    print(f"{'':>12} {'':>8} {'':>9} {'':>8} {'in order':^15} {'largest first':^15}")
    print(f"{'rows a part':>12} {'input':>8} {'parts':>9} {'ideal h':>8} {'done h':>8} {'lost':>6} {'done h':>8} {'lost':>6}")
    for part_rows in [8_192, 65_536, 524_288, 4_194_304]:
        for order in ["random", "sorted", "extreme"]:
            costs = part_costs(args.texts, part_rows, sample, order, rng)
            if order == "extreme":
                costs[-1] += args.longest
            ideal = sum(costs) / args.rate / args.workers
            line = f"{part_rows:12,} {order:>8} {len(costs):9,} {ideal / 3600:8.2f}"
            for largest_first in [False, True]:
                done = makespan(costs, args.workers, args.rate, largest_first)
                line += f" {done / 3600:8.2f} {1 - ideal / done:6.1%}"
            print(line)


if __name__ == "__main__":
    main()
