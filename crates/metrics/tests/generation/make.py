"""Writes `expected.json` beside this file: BLEU and chrF of texts, each and together, by sacrebleu.

    pip install sacrebleu==2.6.0
    python make.py
"""

import json
from pathlib import Path

from sacrebleu.metrics import BLEU, CHRF

CASES = [
    ["The cat sat on the mat.", ["The cat sat on the mat."]],
    ["The cat sits on a mat", ["The cat sat on the mat.", "A cat is sitting on the mat."]],
    ["It cost $3,000.50 in 1990-95 (net)!", ["It cost 3,000.50 dollars in 1990-95, net."]],
    ["", ["Nothing was said."]],
    ["yes", ["no", "Yes."]],
    ["Die Brücke über den Fluß ist naïve 3 € wert…", ["Die Brücke über den Fluss ist 3 € wert."]],
    ["&quot;A&amp;B&quot; &lt;x&gt; well-\nknown", ['"A&B" <x> wellknown']],
    ["他 走 了。", ["他走了 。", "她走了。"]],
    ["the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]],
    ["one\ttwo\u00a0three  four five six", ["one two three four five six seven eight"]],
    ["a b c d e f", ["g h i j"]],
    ["1,5 .5 5. a.b a,b -5 5-", ["1,5 .5 5. a.b a,b -5 5 -"]],
]


def both(texts, references):
    width = max(len(r) for r in references)
    # Streams of references of unlike number have gaps, which sacrebleu leaves out.
    streams = [[r[i] if i < len(r) else None for r in references] for i in range(width)]
    return {
        "bleu": BLEU().corpus_score(texts, streams).score,
        "chrf": CHRF().corpus_score(texts, streams).score,
    }


def main():
    cases = [{"text": t, "references": r} | both([t], [r]) for t, r in CASES]
    together = both([t for t, _ in CASES], [r for _, r in CASES])
    out = {"cases": cases, "together": together}
    (Path(__file__).parent / "expected.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
