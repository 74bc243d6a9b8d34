"""Perplexity of an interpolated Kneser-Ney 3-gram model, over the tokens of a model that is compared with it.

    pip install tokenizers==0.23.3 numpy==2.4.6
    python trigram.py TOKENIZER.json TRAIN HELD_OUT

TRAIN and HELD_OUT are folders of texts. Every text is its tokens between two end-of-text tokens, as `cloze train causal`
has it, and all but the first are predicted. Smoothing: interpolated Kneser-Ney with one discount for each order,
D = n1 / (n1 + 2 n2) of the counts of that order (Ney, Essen & Kneser 1994; Chen & Goodman 1999, section 4.1.6); the
lowest order is mixed with the uniform distribution in the same way. Counts of the highest order are of tokens, of the
lower orders of distinct tokens before them.
"""

import sys
from collections import defaultdict
from math import exp, log
from pathlib import Path

from tokenizers import Tokenizer


def read(tokenizer, folder, end):
    for path in sorted(Path(folder).iterdir()):
        text = path.read_text()
        if text.strip():
            yield [end, *tokenizer.encode(text, add_special_tokens=False).ids, end], len(text.encode())


def discount(counts):
    ones = sum(1 for n in counts if n == 1)
    twos = sum(1 for n in counts if n == 2)
    return ones / (ones + 2 * twos) if ones else 0.5


class Order:
    """Counts of one order: of a context, the sum, the number of distinct tokens, and each token's count."""

    def __init__(self):
        self.tokens = defaultdict(int)
        self.total = defaultdict(int)
        self.distinct = defaultdict(int)

    def add(self, context, token, n=1):
        if not self.tokens[context, token]:
            self.distinct[context] += 1
        self.tokens[context, token] += n
        self.total[context] += n

    def finish(self):
        self.discount = discount(self.tokens.values())

    def mix(self, context, token, lower):
        total = self.total.get(context, 0)
        if not total:
            return lower
        own = max(self.tokens.get((context, token), 0) - self.discount, 0)
        return (own + self.discount * self.distinct[context] * lower) / total


def main():
    tokenizer = Tokenizer.from_file(sys.argv[1])
    end = tokenizer.token_to_id("<|endoftext|>")
    three, two, one = Order(), Order(), Order()
    for ids, _ in read(tokenizer, sys.argv[2], end):
        # The second token of a text has one before it alone: its context is that token twice.
        for a, b, c in zip([end, *ids], ids, ids[1:]):
            if not three.tokens.get(((a, b), c)):
                two.add(b, c)
                if two.tokens[b, c] == 1:
                    one.add(None, c)
            three.add((a, b), c)
    for order in (three, two, one):
        order.finish()
    size = tokenizer.get_vocab_size()
    loss, tokens, length = 0.0, 0, 0
    for ids, size_of_text in read(tokenizer, sys.argv[3], end):
        for a, b, c in zip([end, *ids], ids, ids[1:]):
            p = one.mix(None, c, 1 / size)
            p = two.mix(b, c, p)
            loss -= log(three.mix((a, b), c, p))
        tokens, length = tokens + len(ids) - 1, length + size_of_text
    print(f"{tokens} tokens, {length} bytes")
    print(f"discounts {three.discount:.4f} {two.discount:.4f} {one.discount:.4f}")
    print(f"perplexity per token {exp(loss / tokens):.2f}")
    print(f"perplexity per byte {exp(loss / length):.4f}, {loss / length / log(2):.4f} bits per byte")


if __name__ == "__main__":
    main()
