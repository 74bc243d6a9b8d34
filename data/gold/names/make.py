"""Writes KIND.conll and names.jsonl from the marked texts: `python3 make.py`.

`--check` compares with the files instead, `--review` prints the entities of each kind and the texts that
are marked in different ways.

Texts of marked/KIND.txt are separated by an empty line; an entity is ⟦LABEL|text⟧.
"""
import collections
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
ITEM = re.compile(r"⟦(PER|LOC|ORG|MISC)\|([^⟦⟧]+)⟧")
# Words of the CoNLL files; the first alternative that matches is taken.
WORD = re.compile(
    r"""https?://\S*[\w/]
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | [@\#]\w+(?:\.\w+)*
    | \d{4}-\d\d-\d\dT[\d:]+Z
    | (?:[A-Za-z]\.){2,}
    | (?:Mr|Mrs|Ms|Dr|Prof|St|ST|Thos|esp|nul)\.
    | (?<![\w])[A-Z]\.(?=[ ,A-Z}⟧]|$)
    | ['’]s\b
    | \d+(?:[.,:/-]\d+)*
    | [^\W_]+(?:(?!['’]s\b)[-'’.&_/](?=[^\W_])[^\W_]+)*
    | \S""",
    re.VERBOSE,
)


def parse(name, marked):
    """Text, entities in characters, and words with their tags."""
    text, entities, words, last = "", [], [], 0

    def add(piece, label):
        nonlocal text
        for i, word in enumerate(WORD.findall(piece)):
            words.append((word, "O" if label is None else f"{'I' if i else 'B'}-{label}"))
        text += piece

    for item in ITEM.finditer(marked):
        add(marked[last:item.start()], None)
        label, inner = item.groups()
        if inner != inner.strip():
            sys.exit(f"{name}: blanks around {inner!r}")
        entities.append({"label": label, "start": len(text), "end": len(text) + len(inner), "text": inner})
        add(inner, label)
        last = item.end()
    add(marked[last:], None)
    if "⟦" in text or "⟧" in text:
        sys.exit(f"{name}: a mark that is not closed: {text!r}")
    return text, entities, words


def kinds():
    for file in sorted((HERE / "marked").glob("*.txt")):
        texts = file.read_text(encoding="utf-8").strip("\n").split("\n\n")
        ids = [f"{file.stem}-{i:02}" for i in range(1, len(texts) + 1)]
        yield file.stem, [(name, *parse(name, marked)) for name, marked in zip(ids, texts)]


def files():
    records = ""
    for kind, texts in kinds():
        sentences = ""
        for name, text, entities, words in texts:
            record = {"id": name, "kind": kind, "text": text, "offsets": "char", "entities": entities}
            records += json.dumps(record, ensure_ascii=False) + "\n"
            sentences += "".join(f"{word}\t{tag}\n" for word, tag in words) + "\n"
        yield HERE / f"{kind}.conll", sentences
    yield HERE / "names.jsonl", records


def review():
    labels, plain = collections.defaultdict(lambda: collections.defaultdict(list)), {}
    for kind, texts in kinds():
        counts = collections.Counter(e["label"] for _, _, entities, _ in texts for e in entities)
        print(f"{kind}: {len(texts)} texts, {sum(counts.values())} entities, {dict(sorted(counts.items()))}")
        for label in ("PER", "LOC", "ORG", "MISC"):
            print(f"  {label}:", ", ".join(e["text"].replace("\n", "⏎") for _, _, es, _ in texts for e in es if e["label"] == label))
        for name, text, entities, _ in texts:
            rest, last = "", 0
            for entity in entities:
                labels[entity["text"].casefold()][entity["label"]].append(name)
                rest += text[last:entity["start"]] + " | "
                last = entity["end"]
            plain[name] = rest + text[last:]
    print("\nin different ways:")
    for text, found in sorted(labels.items()):
        unmarked = [n for n, rest in plain.items() if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", rest.casefold())]
        if len(found) > 1 or unmarked:
            print(f"  {text!r}: {dict(found)}" + (f", unmarked: {unmarked}" if unmarked else ""))


if "--review" in sys.argv:
    review()
elif "--check" in sys.argv:
    wrong = [path.name for path, content in files() if path.read_text(encoding="utf-8") != content]
    sys.exit(f"not as marked: {', '.join(wrong)}" if wrong else 0)
else:
    for path, content in files():
        path.write_text(content, encoding="utf-8")
