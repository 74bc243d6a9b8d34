"""Words of generated texts, as BERT's own pre-tokenizer has them: basic_words.json.

    pip install tokenizers==0.23.3 transformers==5.24.0
    python make_basic_words.py

Each case is a text and the words in it as [start, end) in bytes of UTF-8. Offsets come from the
tokenizers library (BertNormalizer without case and accents, BertPreTokenizer). Where the library has
the same Unicode tables as Python, BERT's own rules written out below must give the same words.
"""

import json
import random
import unicodedata
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

PIECES = [
    "Lena", "vogt", "O'Neill", "don’t", "Smith-Jones", "a.b@c.de", "https://x.org/a?b=1", "U.S.", "3.14", "1,000",
    "e\u0301te\u0301", "Ünal", "ß", "İ", "naïve", "№5", "$9", "50%", "C++", "#tag", "@user", "_x_", "~", "^", "`", "|", "=", "<b>",
    "王小明", "住在", "北京", "。", "，", "「東京」", "タワー", "さんは", "々", "서울", "Москва", "Αθήνα", "ไทย", "ລາວ", "नमस्ते", "।", "עברית",
    "مرحبا", "؟", "٪", "👍", "👩\u200d👩", "🇩🇪", "\u200b", "\u00ad", "\ufeff", "\u0000", "\u0007", "\ufffd", "…", "–", "—", "«x»", "“q”", "·", "°", "€",
    "𠀀", "𪜀", "豈", "ﬁ", "Ｆｕｌｌ", "！", "½", "x²",
]
SPACES = ["", "", "", " ", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2028"]


def texts(count):
    """Pieces with and without spaces between them, and some characters from anywhere."""
    rng = random.Random(0)
    anywhere = [c for c in map(chr, range(0x20, 0x30000)) if unicodedata.category(c) not in ("Cn", "Cs", "Co")]
    for _ in range(count):
        parts = []
        for _ in range(rng.randint(1, 6)):
            parts.append(rng.choice(anywhere) if rng.random() < 0.15 else rng.choice(PIECES))
            parts.append(rng.choice(SPACES))
        yield "".join(parts)


def library():
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return lambda text: tokenizer.encode(text, add_special_tokens=False).offsets


def written_out(text):
    """Words by the rules of google-research/bert, tokenization.py, as text."""
    from transformers.models.bert.tokenization_bert_legacy import BasicTokenizer

    return BasicTokenizer(do_lower_case=False, strip_accents=False).tokenize(text)


def main():
    words_of = library()
    cases, other = [], []
    for text in texts(2000):
        offsets = words_of(text)
        at = [0]
        for c in text:
            at.append(at[-1] + len(c.encode()))
        cases.append([text, [[at[a], at[b]] for a, b in offsets]])
        try:
            legacy = written_out(text)
        except ImportError:
            continue
        # BERT's own code also normalises to NFC, which joins no words.
        count = len(legacy)
        if count != len(offsets):
            other.append(text)
    print(len(cases), "texts;", len(other), "with another number of words by BERT's own code:")
    for text in other[:12]:
        print(" ", [hex(ord(c)) for c in text if unicodedata.category(c)[0] not in "LNZ"], repr(text))
    path = Path(__file__).with_name("basic_words.json")
    path.write_text("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n")


main()
