"""Judges and tidies paragraphs: what may stay is running English."""

import re

# Quoted by old and by careless texts alike; a paragraph with one of them teaches nothing that is
# worth it.
SLURS = re.compile(r"\b(nigg(er|a)s?|kikes?|fagg?ots?|chinks|spics|cunts?)\b", re.I)
URL = re.compile(r"<?\b(https?|ftp|mailto|news|git)://?\S+|\bwww\.\S+|\S+@\S+\.\w+>?")
SPEECH = re.compile(r"[\"“‘'].*[.!?…,][\"”’']")
CHARACTERS = str.maketrans({"\u00ad": "", "\u200b": "", "\ufeff": "", "\u00b6": "", "\x92": "’"})
# The most frequent words of English: running text has one in three or four words.
COMMON = set(
    "the of and to a in is it you that he was for on are with as i his they be at one have this "
    "from or had by not but what all were we when your can said there an each which she do how "
    "their if will up other about out many then them these so some her would make like him into "
    "has no my than been who its me our us am any may more must only such very".split()
)


# Terms of use say the same in every manual.
BOILERPLATE = re.compile(
    r"Permission is granted|General Public License|Free Documentation License|WARRANT|Gutenberg|"
    r"[Cc]opyright \(c\)|©|all rights reserved|public domain|Creative Commons",
)


def tidy(text):
    """One line, single blanks, no bare markup."""
    text = text.translate(CHARACTERS)
    if URL.search(text):  # the sentence around an address makes no sense without it
        text = " ".join(s for s in re.split(r"(?<=[.!?])\s+", text) if not URL.search(s))
    text = re.sub(r"_([^_\n]+)_", r"\1", text)  # Gutenberg's italics
    text = re.sub(r"\(\s*\)|\[\s*\]|<\s*>", "", text)
    text = re.sub(r"``|''", '"', text).replace("`", "'")
    text = re.sub(r"(?<=\w)-\n\s*(?=[a-z])", "", text)  # a word broken at the line's end
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([,.;:!?)\]])(?=\s|$|[,.;:!?)])", r"\1", re.sub(r"([(\[]) ", r"\1", text))
    return re.sub(r"^([*•·○–—>-]|\d{1,3}[.)]|\(\w\))\s+", "", text)


def is_prose(text, least=5):
    """Whether `text`, tidied, is running English of `least` words, or a line of talk."""
    words = text.split()
    if len(words) < least and not (len(words) >= 2 and SPEECH.search(text)):
        return False
    if SLURS.search(text) or BOILERPLATE.search(text):
        return False
    letters = sum(c.isalpha() for c in text)
    spaces = len(words) - 1
    if letters < 0.78 * (len(text) - spaces) or sum(c in "{}[]<>=|\\_#@$^~*/+" for c in text) > max(
        1, len(words) // 12
    ):
        return False
    lowered = [word.strip(".,;:!?\"'()“”‘’").lower() for word in words]
    if len(words) >= 8 and sum(word in COMMON for word in lowered) < 0.15 * len(words):
        return False  # a list, a table's row, or another language
    if sum(ord(c) > 0x24F and c.isalpha() for c in text) > 0.02 * letters:
        return False
    capitals = sum(word[:1].isupper() for word in words)
    if len(words) >= 5 and capitals > 0.7 * len(words):
        return False  # a title or shouting
    return text[-1] in ".!?\"'”’):;,…" or len(words) >= 12


def clean(document, seen):
    """The paragraphs of `document` that stay; `seen` holds hashes of all that stayed before."""
    out = []
    for raw in document:
        text = tidy(raw)
        if not text or not is_prose(text):
            continue
        key = hash(re.sub(r"\W+", " ", text).lower())
        if key not in seen:
            seen.add(key)
            out.append(text)
    return out
