"""Words of texts, and sentences in CoNLL columns: word, tab, IOB2 tag."""
import re

# The first alternative that matches is a word.
WORD = re.compile(
    r"""https?://\S*[\w/]
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | [@\#]\w+(?:[.-]\w+)*
    | (?:[^\W\d_]\.){2,}
    | (?:Mr|Mrs|Ms|Dr|Prof|St|Inc|Co|Corp|No)\.
    | (?<!\w)[A-Z]\.(?=\s|$)
    | ['’]s\b
    | \d+(?:[.,:/-]\d+)*
    | [^\W_]+(?:(?!['’]s\b)[-'’.&_/](?=[^\W_])[^\W_]+)*
    | \S""",
    re.VERBOSE,
)


def tagged(parts):
    """Words and tags of texts with their labels; a label of None is outside of every entity."""
    words = []
    for text, label in parts:
        for i, word in enumerate(WORD.findall(text)):
            words.append((word, "O" if label is None else f"{'I' if i else 'B'}-{label}"))
    return words


def entities(tags):
    """Spans of IOB2 tags: first word, word behind the last, label."""
    spans = []
    for i, tag in enumerate(tags):
        if tag.startswith("B-"):
            spans.append((i, i + 1, tag[2:]))
        elif tag.startswith("I-") and spans and spans[-1][1] == i and spans[-1][2] == tag[2:]:
            spans[-1] = (spans[-1][0], i + 1, tag[2:])
        elif tag != "O":
            raise ValueError(f"{tag} at word {i + 1} follows no {tag[2:]}; expected IOB2")
    return spans


def read(path):
    """Sentences of a CoNLL file: lists of (word, tag) from the first and the last column."""
    sentence = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            columns = line.split("\t") if "\t" in line else line.split()
            columns = [column.strip() for column in columns]
            if not any(columns):
                if sentence:
                    yield sentence
                sentence = []
            elif len(columns) < 2:
                raise ValueError(f"{path}:{number}: expected a word and a tag, found {line!r}")
            elif columns[0] != "-DOCSTART-":
                sentence.append((columns[0], columns[-1]))
    if sentence:
        yield sentence


def write(sentences, file):
    for sentence in sentences:
        file.writelines(f"{word}\t{tag}\n" for word, tag in sentence)
        file.write("\n")
