"""A model with fewer pieces: `python3 vocabulary.py MODEL OUT TEXT… [--more TEXT… --least N] [--first N]`.

Of a Unigram tokenizer's pieces (Kudo 2018) those stay that the texts use, or further texts at least so many times, the
single characters of Latin script, and of the first N (the most frequent ones, in XLM-R's order) those of ASCII alone. Rows of the word
embeddings go with them; all else is copied. A text is then split as before, unless it needs a piece that is gone.
"""
import argparse
import json
import pathlib
import shutil
import struct

from tokenizers import Tokenizer

parser = argparse.ArgumentParser()
parser.add_argument("model", type=pathlib.Path)
parser.add_argument("out", type=pathlib.Path)
parser.add_argument("texts", type=pathlib.Path, nargs="+")
parser.add_argument("--first", type=int, default=60_000)
parser.add_argument("--more", type=pathlib.Path, nargs="*", default=[])
parser.add_argument("--least", type=int, default=1, help="fewest uses in further texts of a piece that stays")
args = parser.parse_args()

content = json.loads((args.model / "tokenizer.json").read_text(encoding="utf-8"))
assert content["model"]["type"] == "Unigram", content["model"]["type"]
pieces = content["model"]["vocab"]
tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))


def counted(paths):
    """Number of uses of each piece."""
    counts = [0] * len(pieces)
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        for i in range(0, len(lines), 10_000):
            for encoding in tokenizer.encode_batch(lines[i:i + 10_000], add_special_tokens=False):
                for token in encoding.ids:
                    counts[token] += 1
    return counts


own, more = counted(args.texts), counted(args.more)

def latin(text):
    return all(c == "▁" or ord(c) < 0x250 or 0x1E00 <= ord(c) < 0x1F00 or 0x2000 <= ord(c) < 0x2100
               for c in text)


special = {token["id"] for token in content["added_tokens"]}
stay = [i for i, (piece, _) in enumerate(pieces)
        if i in special or i == content["model"]["unk_id"] or own[i] > 0
        or more[i] >= args.least or (len(piece) == 1 and latin(piece)) or (i < args.first and piece.replace("▁", "").isascii())]
new = {old: i for i, old in enumerate(stay)}
content["model"]["vocab"] = [pieces[i] for i in stay]
content["model"]["unk_id"] = new[content["model"]["unk_id"]]
for token in content["added_tokens"]:
    token["id"] = new[token["id"]]
for token in content["post_processor"]["special_tokens"].values():
    token["ids"] = [new[i] for i in token["ids"]]

args.out.mkdir(parents=True, exist_ok=True)
for path in args.model.iterdir():
    if path.is_file():
        shutil.copy(path, args.out / path.name)
(args.out / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
config = json.loads((args.model / "config.json").read_text())
config["vocab_size"], config["pad_token_id"] = len(stay), new[config["pad_token_id"]]
(args.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")

card = args.out / "cloze.json"
if card.exists():
    # Hashes of what is changed here.
    content = json.loads(card.read_text(encoding="utf-8"))
    content["sha256"] = {}
    card.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

raw = (args.model / "model.safetensors").read_bytes()
(length,) = struct.unpack_from("<Q", raw)
header = json.loads(raw[8:8 + length])
header.pop("__metadata__", None)
names = sorted(header, key=lambda name: header[name]["data_offsets"])
offset, parts = 0, []
for name in names:
    begin, end = header[name]["data_offsets"]
    part = raw[8 + length + begin:8 + length + end]
    if name.endswith("word_embeddings.weight"):
        width = len(part) // header[name]["shape"][0]
        part = b"".join(part[i * width:(i + 1) * width] for i in stay)
        header[name]["shape"][0] = len(stay)
    header[name]["data_offsets"] = [offset, offset + len(part)]
    offset += len(part)
    parts.append(part)
text = json.dumps({name: header[name] for name in names}).encode()
text += b" " * (-len(text) % 8)
with open(args.out / "model.safetensors", "wb") as out:
    out.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
used = sum(count > 0 for count in own)
print(f"{len(stay)} of {len(pieces)} pieces stay; the texts use {used}")
