"""Writes cases.json: folders of tokenizers whose files contradict or lack each other, and the token ids that
transformers gives for texts.

    pip install transformers==5.24.0 tokenizers==0.23.3
    python make_tokenizers.py

Made with Python 3.11. Each case has the files of a folder as text, the texts' ids and the ids of one pair;
`vocabulary` is the number of ids, added tokens included.
"""

import json
import tempfile
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer

TEXTS = [
    "Lena Vogt lives in Kassel.",
    "Zürich CAFÉ 我住 e\u0301",
    "the <usr> lena [MASK] x<mask> y [X]",
    "<USR>  two   spaces\ttab",
    "",
    "ﬁne Ⅳ <s> [CLS]",
]
PAIR = ["Lena <usr>", "Kassel 我"]

LETTERS = "abcdefghijklmnopqrstuvwxyz" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "üÜéÉ我住"
WORDS = ["the", "lena", "Lena", "kassel", "Kassel", "in", "lives", "zurich", "cafe"]
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
PIECES = BERT + list(LETTERS) + ["##" + c for c in LETTERS] + list(".,<>[]/") + WORDS


def word_pieces(pieces=PIECES, cls="[CLS]", sep="[SEP]", special=BERT, lower=True):
    ids = {piece: i for i, piece in enumerate(pieces)}
    t = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=lower)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:1 {sep}:1", special_tokens=[(cls, ids[cls]), (sep, ids[sep])]
    )
    t.decoder = decoders.WordPiece()
    t.add_special_tokens(special)
    return json.loads(t.to_str())


def byte_pairs():
    words = ["Lena", "ĠLena", "Ġthe", "Ġin", "ĠKassel", "es"]
    merges = list(dict.fromkeys((w[:i], w[i]) for w in words for i in range(1, len(w))))
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = sorted({c for piece, _ in level.pre_tokenize_str("".join(TEXTS + PAIR) + " \n") for c in piece})
    alphabet = sorted({*alphabet, *"".join(words)})
    pieces = ROBERTA[:4] + alphabet + [a + b for a, b in merges]
    ids = {piece: i for i, piece in enumerate([*dict.fromkeys(pieces), "<mask>"])}
    t = Tokenizer(models.BPE(ids, merges))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([*ROBERTA[:4], AddedToken("<mask>", lstrip=True, special=True)])
    return json.loads(t.to_str())


def unigram(normalizer=None):
    letters = "▁" + LETTERS + ".<>[]/0123456789fi"
    pieces = [*ROBERTA[:4], *dict.fromkeys(letters), "▁Lena", "▁in", "▁Kassel", "<mask>"]
    vocab = [(p, 0.0 if i < 4 else -2.0 - i / 100) for i, p in enumerate(pieces)]
    t = Tokenizer(models.Unigram(vocab, unk_id=3))
    t.normalizer = normalizer
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    t.decoder = decoders.Metaspace()
    t.add_special_tokens([*ROBERTA[:4], AddedToken("<mask>", lstrip=True, special=True)])
    return json.loads(t.to_str())


def token(content, **flags):
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False, "special": False} | flags


def decoder_of(tokenizer, without=()):
    kept = [t for t in tokenizer["added_tokens"] if t["content"] not in without]
    return {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in kept}


def lines(pieces):
    return "".join(piece + "\n" for piece in pieces)


def cases():
    bert, cased, pairs = word_pieces(), word_pieces(lower=False), byte_pairs()
    wide = {"model_max_length": 64}
    b = {"tokenizer_class": "BertTokenizer", **wide}

    def of_bert(name, config=b, tokenizer=bert, model="bert", **files):
        files = {k.replace("__", "."): v for k, v in files.items()}
        if config is not None:
            files["tokenizer_config.json"] = config
        if tokenizer is not None:
            files["tokenizer.json"] = tokenizer
        return name, model, files

    yield of_bert("bert")
    yield of_bert("bert-cased-config", b | {"do_lower_case": False})
    yield of_bert("bert-cased-file", b, cased)
    yield of_bert("bert-cased-file-lower-config", b | {"do_lower_case": True}, cased)
    yield of_bert("bert-keeps-accents", b | {"strip_accents": False})
    yield of_bert("bert-cased-strips-accents", b | {"strip_accents": True, "do_lower_case": False})
    yield of_bert("bert-chinese-together", b | {"tokenize_chinese_chars": False})
    yield of_bert("bert-fast", b | {"tokenizer_class": "BertTokenizerFast", "do_lower_case": False})
    yield of_bert("bert-other-class", b | {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": False})
    yield of_bert("bert-no-class", wide | {"do_lower_case": False})
    yield of_bert("bert-no-config", None, cased)
    yield of_bert("distilbert", b | {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": False}, model="distilbert")
    yield of_bert("electra", b | {"tokenizer_class": "ElectraTokenizer", "do_lower_case": False}, model="electra")
    yield of_bert("electra-as-bert", wide | {"strip_accents": False}, model="electra")
    yield of_bert("added", added_tokens__json={"<usr>": len(PIECES)})
    yield of_bert("added-with-a-gap", added_tokens__json={"<usr>": len(PIECES) + 9, "[X]": len(PIECES) + 4})
    yield of_bert("added-other-class", b | {"tokenizer_class": "PreTrainedTokenizerFast"}, added_tokens__json={"<usr>": len(PIECES)})
    yield of_bert("added-special", b | {"additional_special_tokens": ["<usr>"]}, added_tokens__json={"<usr>": len(PIECES)})
    yield of_bert("special-list", b | {"additional_special_tokens": ["<usr>", "[X]"]})
    yield of_bert("special-names", b | {"extra_special_tokens": {"user_token": "<usr>"}})
    yield of_bert("special-map", special_tokens_map__json={"additional_special_tokens": [{"__type": "AddedToken", **token("<usr>", lstrip=True)}, "[X]"]})
    yield of_bert("mask-strips", special_tokens_map__json={"mask_token": token("[MASK]", lstrip=True, rstrip=True, normalized=False)})
    decoder = decoder_of(bert)
    yield of_bert("decoder", b | {"added_tokens_decoder": decoder | {str(len(PIECES)): token("<usr>")}})
    yield of_bert("decoder-word", b | {"added_tokens_decoder": decoder | {str(len(PIECES)): token("<usr>", single_word=True, rstrip=True)}})
    yield of_bert("decoder-without-mask", b | {"mask_token": None, "added_tokens_decoder": decoder_of(bert, ["[MASK]"])})
    yield of_bert("decoder-goes-before-files", b | {"added_tokens_decoder": decoder}, added_tokens__json={"<usr>": len(PIECES)})
    yield of_bert("other-cls", b | {"cls_token": "the", "sep_token": "in"})
    yield of_bert("other-unknown", b | {"unk_token": "the"})
    yield of_bert("splits-special", b | {"split_special_tokens": True})
    yield of_bert("left", b | {"padding_side": "left"})
    yield of_bert("vocabulary", None, None, vocab__txt=lines(PIECES))
    yield of_bert("vocabulary-cased", wide | {"do_lower_case": False}, None, vocab__txt=lines(PIECES))
    yield of_bert("vocabulary-added", b, None, vocab__txt=lines(PIECES), added_tokens__json={"<usr>": len(PIECES)})
    yield of_bert("vocabulary-electra", None, None, "electra", vocab__txt=lines(PIECES))

    r = {"tokenizer_class": "RobertaTokenizer", **wide}
    merges = "#version: 0.2\n" + lines(" ".join(m) for m in pairs["model"]["merges"])
    yield of_bert("roberta", r, pairs, "roberta")
    yield of_bert("roberta-prefix", r | {"add_prefix_space": True}, pairs, "roberta")
    yield of_bert("roberta-no-class", wide | {"add_prefix_space": True}, pairs, "roberta")
    yield of_bert("roberta-other-class", r | {"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": True}, pairs, "roberta")
    yield of_bert("roberta-added", r, pairs, "roberta", added_tokens__json={"<usr>": len(pairs["model"]["vocab"])})
    yield of_bert("roberta-mask", r | {"mask_token": {"__type": "AddedToken", **token("<mask>", normalized=False)}}, pairs, "roberta")
    yield of_bert("roberta-files", None, None, "roberta", vocab__json=pairs["model"]["vocab"], merges__txt=merges)
    yield of_bert("roberta-files-prefix", r | {"add_prefix_space": True}, None, "roberta", vocab__json=pairs["model"]["vocab"], merges__txt=merges)

    x = {"tokenizer_class": "XLMRobertaTokenizer", **wide}
    yield of_bert("xlm-roberta", x, unigram(), "xlm-roberta")
    yield of_bert("xlm-roberta-no-prefix", x | {"add_prefix_space": False}, unigram(), "xlm-roberta")
    yield of_bert("xlm-roberta-normal-form", x, unigram(normalizers.NFKC()), "xlm-roberta")
    yield of_bert("xlm-roberta-other-class", x | {"tokenizer_class": "PreTrainedTokenizerFast"}, unigram(normalizers.NFKC()), "xlm-roberta")
    yield of_bert("camembert", {"tokenizer_class": "CamembertTokenizer", **wide}, unigram(), "camembert")
    mp = ["<s>", "<pad>", "</s>", "[UNK]", *PIECES[5:], "<mask>"]
    mpnet = word_pieces(mp, "<s>", "</s>", ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"])
    yield of_bert("mpnet", {"tokenizer_class": "MPNetTokenizer", "do_lower_case": False, **wide}, mpnet, "mpnet")


def config(model, rows):
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    names = {"dim": 8, "n_layers": 1, "n_heads": 2, "hidden_dim": 8} if model == "distilbert" else sizes
    return {"model_type": model, "vocab_size": rows, "max_position_embeddings": 66, **names}


def main():
    written = []
    for name, model, files in cases():
        files["config.json"] = config(model, 400)
        texts = {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in files.items()}
        with tempfile.TemporaryDirectory() as folder:
            for file, text in texts.items():
                Path(folder, file).write_text(text, encoding="utf-8")
            t = AutoTokenizer.from_pretrained(folder)
            ids = [t(text)["input_ids"] for text in TEXTS]
            pair = t(*PAIR)["input_ids"]
        written.append({"name": name, "files": texts, "ids": ids, "pair": pair, "vocabulary": len(t)})
    # Files that several cases have are written once.
    shared = {}
    for case in written:
        for file, text in case["files"].items():
            key = next((k for k, v in shared.items() if v == text), None)
            if key is None and len(text) > 300:
                key = f"{case['name']}/{file}"
                shared[key] = text
            if key is not None:
                case["files"][file] = {"shared": key}
    out = {"texts": TEXTS, "pair": PAIR, "shared": shared, "cases": written}
    path = Path(__file__).parent / "cases.json"
    path.write_text(json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(len(written), "cases,", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
