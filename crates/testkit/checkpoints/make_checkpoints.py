"""Writes the checkpoint folders beside this file: every architecture and head, small, with random weights.

    pip install torch==2.15.0 transformers==5.23.0 tokenizers==0.23.3 safetensors==0.8.0 numpy==2.4.6
    python make_checkpoints.py

Made with Python 3.11. README.md lists the folders and says what is in them. The same versions write the
same bytes again on the same machine; another may round the last digit of expected.safetensors differently.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

HERE = Path(__file__).parent
# Special tokens included.
LIMIT = 24
TEXTS = {
    "plain": "Ann lives in Kassel.",
    "emoji": "Ann 👍🏽 met!",
    "accents": "é Ze\u0301",
    "crlf": "Ann\r\nmet\r\n",
    "empty": "",
    "cjk": "我住Kassel",
    "one": "x",
}
# The words that a text of LIMIT tokens is put together from. The last is one token for every tokenizer.
FILL = [" the", " son", " met", " Ann", " in", " Kassel", " i"]
PAIRS = [("Ann met the son.", "x"), ("i", "The son lives in Kassel?")]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
CLASSES = ["no", "maybe", "yes"]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["the", "ann", "kassel", "lives", "in", "met", "son", "##el", "##er"]
BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORD_PIECES = BERT_SPECIAL + list(LETTERS) + ["##" + c for c in LETTERS] + list(".,!?'-我") + WORDS
ROBERTA_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
# Positions of the MPNet that every bucket of distances is seen in: the last begins at 91.
LONG = 100


def word_piece():
    ids = {piece: i for i, piece in enumerate(WORD_PIECES)}
    t = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True
    )
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(s, ids[s]) for s in ["[CLS]", "[SEP]"]],
    )
    t.decoder = decoders.WordPiece()
    t.add_special_tokens(BERT_SPECIAL)
    return t


def byte_pairs():
    """<mask> comes last, as in the folders of RoBERTa."""
    words = ["Ann", "ĠAnn", "Ġthe", "Ġson", "Ġlives", "Ġmet", "Ġin", "Ġi", "ĠKassel", "es"]
    # Each word is put together from left to right.
    merges = [(w[:i], w[i]) for w in words for i in range(1, len(w))]
    merges = list(dict.fromkeys(merges))
    # Printable ASCII, and what else the texts have: all 256 bytes would be most of the vocabulary.
    spoken = "".join([*TEXTS.values(), *map(chr, range(32, 127))])
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = sorted({c for piece, _ in level.pre_tokenize_str(spoken) for c in piece})
    pieces = ROBERTA_SPECIAL[:4] + alphabet + [a + b for a, b in merges]
    ids = {piece: i for i, piece in enumerate([*dict.fromkeys(pieces), "<mask>"])}
    t = Tokenizer(models.BPE(ids, merges))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True)
    t.post_processor = processors.RobertaProcessing(
        ("</s>", ids["</s>"]), ("<s>", ids["<s>"]), trim_offsets=True, add_prefix_space=False
    )
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([*ROBERTA_SPECIAL[:4], AddedToken("<mask>", lstrip=True, special=True)])
    return t


def unigram():
    words = ["▁the", "▁Ann", "▁lives", "▁met", "▁in", "▁i", "▁Kassel", "▁son", "el", "er", "os", "é", "住"]
    scored = [(piece, 0.0) for piece in ROBERTA_SPECIAL[:4]]
    scored += [(word, -2.0 - i / 8) for i, word in enumerate(words)]
    scored += [(c, -6.0 - i / 8) for i, c in enumerate("▁" + LETTERS + LETTERS.upper() + ".,!?'-")]
    scored.append(("<mask>", 0.0))
    ids = {piece: i for i, (piece, _) in enumerate(scored)}
    t = Tokenizer(models.Unigram(scored, unk_id=ids["<unk>"], byte_fallback=False))
    t.normalizer = normalizers.NFKC()
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(s, ids[s]) for s in ["<s>", "</s>"]],
    )
    t.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    t.add_special_tokens([*ROBERTA_SPECIAL[:4], AddedToken("<mask>", lstrip=True, special=True)])
    return t


def mpnet_word_piece():
    """Word pieces between <s> and </s>, as MPNet's folders have them; [UNK] stands for what is unknown."""
    pieces = [*ROBERTA_SPECIAL[:4], *WORD_PIECES[1:2], *WORD_PIECES[5:], "<mask>"]
    ids = {piece: i for i, piece in enumerate(pieces)}
    t = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True
    )
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.RobertaProcessing(
        ("</s>", ids["</s>"]), ("<s>", ids["<s>"]), trim_offsets=True, add_prefix_space=False
    )
    t.decoder = decoders.WordPiece()
    t.add_special_tokens([*ROBERTA_SPECIAL[:3], "[UNK]", AddedToken("<mask>", lstrip=True, special=True)])
    return t


def tokenizer_config(tokenizer, limit):
    bert = tokenizer.token_to_id("[CLS]") is not None
    cls, pad, sep, unk, mask = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"] if bert else ROBERTA_SPECIAL
    if tokenizer.token_to_id("[UNK]") is not None:
        unk = "[UNK]"
    named = {"cls_token": cls, "mask_token": mask, "pad_token": pad, "sep_token": sep, "unk_token": unk}
    return {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": limit, **named}


def long_text(tokenizer, limit):
    """A text of exactly `limit` tokens."""
    text, i = "Ann", 0
    while len(tokenizer.encode(text).ids) < limit:
        longer = text + FILL[i % len(FILL)]
        text = longer if len(tokenizer.encode(longer).ids) <= limit else text + FILL[-1]
        i += 1
    assert len(tokenizer.encode(text).ids) == limit
    return text


def special_text(tokenizer):
    """Special tokens within a text, padding among them: RoBERTa counts no position for it."""
    if tokenizer.token_to_id("[CLS]") is not None:
        return "[SEP] Ann [PAD] met [MASK]"
    return "</s> Ann <pad> met <mask>"


def sizes(kind, tokenizer, limit, **changed):
    """The settings of a configuration of `kind`, under the names that it has for them."""
    common = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 12,
        "max_position_embeddings": limit,
    }
    if kind in ["roberta", "xlm-roberta"]:
        # Positions start behind that of the padding.
        common["max_position_embeddings"] = limit + 2
        common |= {"type_vocab_size": 1, "layer_norm_eps": 1e-5}
        common |= {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    if kind == "mpnet":
        common |= {"max_position_embeddings": limit + 2, "layer_norm_eps": 1e-5}
    if kind in ["electra", "albert"]:
        common["embedding_size"] = 6
    common |= changed
    if kind == "distilbert":
        own = {
            "hidden_size": "dim",
            "num_hidden_layers": "n_layers",
            "num_attention_heads": "n_heads",
            "intermediate_size": "hidden_dim",
            "hidden_act": "activation",
        }
        common = {own.get(name, name): value for name, value in common.items()}
    return common


def fill(model, seed, embedding_std):
    """Weights large enough for a wrong activation, mask, eps or position to show. Tied ones are drawn once."""
    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, tensor in sorted(model.named_parameters()):
            if tensor.ndim == 1:
                centre, width = (1, 0.3) if name.endswith("weight") else (0, 0.2)
                drawn = random.uniform(centre - width, centre + width, tensor.shape)
            else:
                # A score's bias is as large as a score, for a wrong bucket to show.
                std = embedding_std if "embeddings." in name else 1.0 if "relative" in name else 0.3
                drawn = random.normal(0, std, tensor.shape)
            tensor.copy_(torch.from_numpy(drawn.astype(np.float32)))


def run(model, ids, type_ids):
    """One text by itself, by the names of expected.safetensors."""
    inputs = {"input_ids": torch.tensor([ids]), "attention_mask": torch.ones(1, len(ids), dtype=torch.long)}
    if model.config.model_type not in ["distilbert", "mpnet"]:
        inputs["token_type_ids"] = torch.tensor([type_ids])
    with torch.no_grad():
        output = model(**inputs, output_hidden_states=True)
        base = output if model is model.base_model else model.base_model(**inputs, output_hidden_states=True)
    assert torch.equal(base.hidden_states[-1], base.last_hidden_state)
    found = {"hidden": torch.stack(base.hidden_states)[:, 0]}
    if base.get("pooler_output") is not None:
        found["pooled"] = base.pooler_output[0]
    if "sop_logits" in output:
        found["logits"] = output.prediction_logits[0]
    elif "seq_relationship_logits" in output:
        found["nsp"] = output.seq_relationship_logits[0]
        found["logits"] = output.prediction_logits[0]
    elif "logits" in output:
        nsp = type(model).__name__.endswith("NextSentencePrediction")
        found["nsp" if nsp else "logits"] = output.logits[0]
    return {name: tensor.numpy() for name, tensor in found.items()}


def write(
    name, architecture, tokenizer, *, limit=LIMIT, baked=False, dtype=torch.float32, embedding_std=0.3, **changed
):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    model_class = getattr(transformers, architecture)
    config_class = model_class.config_class
    kind = config_class.model_type
    config = config_class(**sizes(kind, tokenizer, limit, **changed))
    if "TokenClassification" in architecture:
        config.id2label = dict(enumerate(TAGS))
    if "SequenceClassification" in architecture:
        config.id2label = dict(enumerate(CLASSES))
    config.label2id = {label: i for i, label in config.id2label.items()}
    model = model_class(config)
    fill(model, zlib.crc32(name.encode()), embedding_std)
    model.to(dtype).save_pretrained(folder)

    # What the folder itself gives: f16 and bf16 are rounded before they are cast up.
    model = model_class.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    texts = [*TEXTS.values(), special_text(tokenizer), long_text(tokenizer, limit)]
    listed, expected, mlm = [], {}, "MaskedLM" in architecture or "PreTraining" in architecture
    for i, text in enumerate(texts):
        encoding = tokenizer.encode(text)
        assert len(encoding.ids) <= limit
        listed.append({"text": text, "ids": encoding.ids})
        for part, array in run(model, encoding.ids, encoding.type_ids).items():
            # A row of the vocabulary's width for each token is the most of a folder: three texts have it.
            if not (mlm and part == "logits") or text in [TEXTS["plain"], TEXTS["empty"], texts[-2]]:
                expected[f"{part}.{i}"] = array
    pairs = []
    if any(head in architecture for head in ["SequenceClass", "NextSentence", "PreTraining"]):
        for i, (first, second) in enumerate(PAIRS):
            encoding = tokenizer.encode(first, second)
            pairs.append({"first": first, "second": second, "ids": encoding.ids, "type_ids": encoding.type_ids})
            for part, array in run(model, encoding.ids, encoding.type_ids).items():
                if part in ["logits", "nsp"] and not (mlm and part == "logits"):
                    expected[f"pair_{part}.{i}"] = array
    save_file({part: np.ascontiguousarray(array) for part, array in expected.items()}, folder / "expected.safetensors")

    if baked:
        tokenizer.enable_truncation(LIMIT // 2)
        tokenizer.enable_padding(length=LIMIT // 2, pad_id=tokenizer.token_to_id("[PAD]"), pad_token="[PAD]")
    (folder / "tokenizer.json").write_text(tokenizer.to_str() + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config(tokenizer, limit), indent=2) + "\n")
    lists = [("texts", listed), ("pairs", pairs)]
    lines = [f'"{title}": [' + ",".join("\n" + json.dumps(entry) for entry in entries) + "]" for title, entries in lists]
    (folder / "texts.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    wide = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 48}
    write("bert", "BertModel", word_piece(), **wide)
    write("bert-token", "BertForTokenClassification", word_piece(), hidden_act="gelu_new")
    # As small as in trained models, so that the eps counts.
    eps = {"embedding_std": 0.02, "layer_norm_eps": 1e-5}
    write("bert-sequence", "BertForSequenceClassification", word_piece(), hidden_act="relu", **eps)
    write("bert-mlm", "BertForMaskedLM", word_piece())
    write("bert-mlm-untied", "BertForMaskedLM", word_piece(), tie_word_embeddings=False)
    write("bert-nsp", "BertForNextSentencePrediction", word_piece())
    write("bert-pretraining", "BertForPreTraining", word_piece())
    wider = {"hidden_size": 16, "num_attention_heads": 4, "intermediate_size": 24}
    half = {**wider, "intermediate_size": 64}
    write("minilm-f16", "BertModel", word_piece(), dtype=torch.float16, baked=True, **half)
    write("minilm-bf16", "BertModel", word_piece(), dtype=torch.bfloat16, **half)

    write("roberta", "RobertaModel", byte_pairs(), num_hidden_layers=3, **wider)
    write("roberta-token", "RobertaForTokenClassification", byte_pairs())
    write("roberta-sequence", "RobertaForSequenceClassification", byte_pairs())
    # The layers' activation is not that of the head, which is always GELU; so with DistilBERT and ELECTRA.
    write("roberta-mlm", "RobertaForMaskedLM", byte_pairs(), hidden_act="relu")
    write("xlm-roberta-token", "XLMRobertaForTokenClassification", unigram())

    write("distilbert", "DistilBertModel", word_piece(), **wider)
    write("distilbert-token", "DistilBertForTokenClassification", word_piece())
    write("distilbert-sequence", "DistilBertForSequenceClassification", word_piece())
    write("distilbert-mlm", "DistilBertForMaskedLM", word_piece())

    write("electra", "ElectraModel", word_piece(), embedding_size=12, **wider)
    write("electra-token", "ElectraForTokenClassification", word_piece())
    write("electra-sequence", "ElectraForSequenceClassification", word_piece(), hidden_act="relu")
    write("electra-mlm", "ElectraForMaskedLM", word_piece(), hidden_act="relu")

    write("mpnet", "MPNetModel", mpnet_word_piece(), limit=LONG, num_hidden_layers=3, **wider)
    write("mpnet-token", "MPNetForTokenClassification", mpnet_word_piece())
    write("mpnet-sequence", "MPNetForSequenceClassification", mpnet_word_piece())
    # More buckets than are computed, and a padding token that positions do not count from.
    odd = {"relative_attention_num_buckets": 40, "pad_token_id": 5}
    write("mpnet-mlm", "MPNetForMaskedLM", mpnet_word_piece(), hidden_act="relu", **odd)

    # Five layers of two groups: the first, first, first, second and second.
    write("albert", "AlbertModel", word_piece(), num_hidden_layers=5, num_hidden_groups=2, **wider)
    # Two layers of two inner ones, and embeddings as wide as the layers, with a projection all the same.
    inner = {"inner_group_num": 2, "embedding_size": 8}
    write("albert-token", "AlbertForTokenClassification", word_piece(), **inner)
    write("albert-sequence", "AlbertForSequenceClassification", word_piece())
    write("albert-mlm", "AlbertForMaskedLM", word_piece())
    write("albert-pretraining", "AlbertForPreTraining", word_piece())


if __name__ == "__main__":
    main()
