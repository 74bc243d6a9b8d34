"""Readers: one per file format. Each takes a path and yields documents, a document being a list
of paragraphs. They undo the format; `clean.py` judges what is left.
"""

import bz2
import gzip
import json
import lzma
import re
import struct
import xml.etree.ElementTree as ElementTree
import zlib


def read_text(path):
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def paragraphs(text):
    """Blocks between blank lines; the lines of a block are one paragraph."""
    return [block for block in re.split(r"\n\s*\n", text) if block.strip()]


def plain(path):
    """A text file: one document."""
    yield paragraphs(read_text(path))


def book(path):
    """A book of Project Gutenberg or the like: a chapter a document, front and back matter cut."""
    text = re.split(r"^\*+ ?END[ :*].*$", read_text(path), flags=re.M)[0]
    text = re.split(r"^\*+ ?START[ :*].*$", text, flags=re.M)[-1]
    for chapter in re.split(r"^\s*(?:CHAPTER|Chapter|BOOK|Book|PART|QUERY)\b.*$", text, flags=re.M):
        yield paragraphs(chapter)


def percent(path):
    """Fortunes and the descriptions of Crawl: entries between lines of `%`."""
    for entry in re.split(r"^%+\s*$", read_text(path), flags=re.M):
        # `-- Author` and what follows it on its line is an attribution, not a sentence.
        entry = re.sub(r"^\s*--\s.*(\n\s{8,}.*)*", "", entry, flags=re.M)
        if not re.search(r"^\s*(#|:|\{\{)", entry, flags=re.M):
            yield paragraphs(entry)


# --- dictionaries -------------------------------------------------------------------------------


def entries(path):
    """The entries of a dictd database: a line at the left edge starts one."""
    entry = []
    for line in read_text(path).split("\n"):
        if line and not line[0].isspace():
            yield entry
            entry = []
        entry.append(line)
    yield entry


def gcide(path):
    """Webster's of 1913: senses and quotations, without etymologies, marks and authors."""
    for entry in entries(path):
        text = re.sub(r"\\[^\\\n]*\\", "", "\n".join(entry))
        text = re.sub(r"\[[^\]\[]*\]", "", re.sub(r"\[[^\]\[]*\]", "", text))
        text = re.sub(r"^.*?(?=\n)", "", text, count=1)  # the head word and its inflections
        text = re.sub(r"--\s?[A-Z][\w.' ()&]*\.?\s*$", "", text, flags=re.M)
        text = re.sub(r"[{}]", "", text)
        blocks = []
        for block in paragraphs(text):
            block = re.sub(r"^\s*(\d+\.|\([a-z]\)|Syn:|Note:)?\s*(\(\w{2,8}\.\))?\s*", "", block)
            if not re.search(r"[|=\\]", block) and len(block.split()) >= 6:
                blocks.append(block)
        if len(blocks) > 1:  # a definition alone is the dictionary's jargon: "Of or pertaining to"
            yield blocks


def wordnet(path):
    """WordNet's glosses: `word: definition`, then its example sentences."""
    for entry in entries(path):
        blocks = []
        text = re.sub(r"\[[^\]]*\]", "", "\n".join(entry[1:]))
        for sense in re.split(r"\n?\s+(?:(?:n|v|adj|adv)\s)?\s*\d*:\s", text)[1:]:
            examples = re.findall(r"\"([^\"]{20,})\"", sense)
            gloss = re.sub(r"\s+", " ", sense.split(';  "')[0].split('; "')[0]).strip()
            if examples:
                blocks.append(f"{entry[0]}: {gloss}.")
                blocks += examples
        yield blocks


def foldoc(path):
    """FOLDOC: links and dates in braces and brackets undone."""
    for entry in entries(path):
        text = re.sub(r"\{[^{}]*\(\s*(http|ftp|news)[^{}]*\}", "", "\n".join(entry[1:]))
        text = re.sub(r"\(\d{4}-\d\d-\d\d\)|<[^<>\n]*>|[{}\u00ad]|\[[^\]]*\]", "", text)
        yield [b for b in paragraphs(text) if not re.search(r"[│├]|\?\)", b)]


# --- binary formats -----------------------------------------------------------------------------


def sword(path):
    """A commentary of the SWORD project (`*.bzs`, `*.czs`): compressed blocks of verses, a chapter
    a document."""
    blocks, index = path.with_suffix(path.suffix[:2] + "zz").read_bytes(), path.read_bytes()
    verses = path.with_suffix(path.suffix[:2] + "zv").read_bytes()
    # The newer kind, `c`, counts a verse's bytes in four bytes instead of two.
    layout, size_of = ("<III", 12) if path.suffix[1] == "c" else ("<IIH", 10)
    texts = []
    for at in range(0, len(index) - 11, 12):
        start, size, _ = struct.unpack_from("<III", index, at)
        raw = blocks[start : start + size]
        for unpack in (zlib.decompress, bz2.decompress, lzma.decompress):
            try:
                raw = unpack(raw)
                break
            except (zlib.error, OSError, lzma.LZMAError):
                continue
        texts.append(raw)
    seen, document = set(), []
    for at in range(0, len(verses) - size_of + 1, size_of):
        verse = struct.unpack_from(layout, verses, at)
        if verse in seen or not verse[2] or verse[0] >= len(texts):
            continue
        seen.add(verse)
        text = texts[verse[0]][verse[1] : verse[1] + verse[2]].decode("utf-8", "replace")
        if "<chapter" in text and document:
            yield document
            document = []
        text = re.sub(r"<note\b.*?</note>|<title\b.*?</title>", "", text, flags=re.S)
        text = re.sub(r"<(div|lb|p|milestone|chapter)\b[^>]*>", "\n\n", text)
        text = re.sub(r"</?l\b[^>]*>", " ", text)
        text = re.sub(r"<[^>]*>", "", text)
        document += [re.sub(r"^\s*Verses? [\d, -]+\.", "", part) for part in paragraphs(text)]
    yield document


def r_data(path):
    """The strings of an R package's lazy data: lines of books, blank lines between paragraphs."""
    raw = path.read_bytes()
    while len(raw) > 6:
        unpack = zlib.decompressobj()
        try:
            data = unpack.decompress(raw[4:])
        except zlib.error:
            return
        raw = unpack.unused_data
        lines = []
        # CHARSXP in XDR: flags whose low byte is 9, a length, the bytes.
        for match in re.finditer(rb"\x00[\x00-\x0f]\x00\x09([\x00\xff]...)", data, flags=re.S):
            size = struct.unpack(">i", match[1])[0]
            if 0 <= size < 2000:
                lines.append(data[match.end() : match.end() + size].decode("utf-8", "replace"))
        for chapter in re.split(r"\n\s*(?:CHAPTER|Chapter)\b.*\n", "\n".join(lines)):
            yield paragraphs(chapter)


# --- games --------------------------------------------------------------------------------------

PROSE_KEYS = {"description", "text", "lore", "dynamic_line", "message", "sound", "u_message", "str"}


def cataclysm(path):
    """Cataclysm DDA: descriptions, talk and found writings in JSON, an object a document."""
    try:
        data = json.loads(read_text(path))
    except json.JSONDecodeError:
        return

    def walk(node, key, out):
        if isinstance(node, str):
            if key in PROSE_KEYS and "<" not in re.sub(r"</?color[^>]*>", "", node):
                out += re.sub(r"</?color[^>]*>", "", node).split("\n")
        elif isinstance(node, list):
            for child in node:
                walk(child, key, out)
        elif isinstance(node, dict):
            for name, child in node.items():
                walk(child, name, out)

    for thing in data if isinstance(data, list) else [data]:
        out = []
        walk(thing, "", out)
        yield out


def endless_sky(path):
    """Endless Sky: lines of conversations in back quotes and long quoted descriptions."""
    document = []
    for line in read_text(path).split("\n"):
        if line and not line[0].isspace():
            yield document
            document = []
        for text in re.findall(r"`([^`]*)`", line) or re.findall(r'"([^"]{60,})"', line):
            if "<" not in text:
                document.append(text.strip())
    yield document


def translatable(path):
    """Strings marked for translation, `_ "…"` (WML), `_[[…]]` (Lua), a file a document."""
    out = []
    string = r"\b_\s*\(?\s*(?:\"((?:[^\"\\]|\\.|\"\")*)\"|\[\[(.*?)\]\])"
    for match in re.finditer(string, read_text(path), flags=re.S):
        text = re.sub(r"\\\n\s*", " ", match[1] or match[2] or "")
        text = text.replace("\\n", "\n\n").replace('\\"', '"').replace('""', '"')
        text = re.sub(r"</?\w[^>]*>", "", text)
        if not re.search(r"[<>$|%\\]", text):
            out += paragraphs(text)
    yield out


def naev(path):
    """Naev: the marked strings of missions, and what a pilot reads at a place."""
    if path.suffix != ".xml":
        yield from translatable(path)
        return
    try:
        root = ElementTree.fromstring(read_text(path))
    except ElementTree.ParseError:
        return
    yield [node.text or "" for node in root.iter() if node.tag in ("description", "bar", "desc")]
