"""Readers of marked-up manuals: HTML, GNOME's Mallard, Perl's POD. Code, tables and menus go."""

import html.parser
import re
import xml.etree.ElementTree as ElementTree

from readers import paragraphs, read_text

BLOCK = set("p div li dd dt td th tr ul ol dl blockquote body section article br hr".split())
SKIP = set("script style pre table head nav footer header select form svg math title".split())
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}


class Html(html.parser.HTMLParser):
    def __init__(self, keep=()):
        super().__init__(convert_charrefs=True)
        self.skip, self.depth, self.parts, self.documents = SKIP - set(keep), [], [], [[]]

    def flush(self):
        if text := "".join(self.parts).strip():
            self.documents[-1].append(text)
        self.parts = []

    def handle_starttag(self, tag, attrs):
        if tag in BLOCK or tag in HEADINGS:
            self.flush()
        if tag in self.skip or tag in HEADINGS:
            self.depth.append(tag)
        if tag in ("h1", "h2"):
            self.documents.append([])
        classes = dict(attrs).get("class") or ""
        if tag == "div" and re.search(r"highlight|toctree|sphinxsidebar|related|nav|footer", classes):
            self.depth.append("div!")  # closed by counting the divs inside it
        elif tag == "div" and self.depth and self.depth[-1].startswith("div"):
            self.depth.append("div-")

    def handle_startendtag(self, tag, attrs):
        if tag in BLOCK:
            self.flush()

    def handle_endtag(self, tag):
        if tag in BLOCK or tag in HEADINGS:
            self.flush()
        if self.depth and (self.depth[-1] == tag or (tag == "div" and self.depth[-1][:3] == "div")):
            self.depth.pop()

    def handle_data(self, data):
        if not self.depth:
            self.parts.append(data)


def html_text(text, keep=()):
    parser = Html(keep)
    parser.feed(text)
    parser.close()
    parser.flush()
    return parser.documents


def html_file(path):
    yield from html_text(read_text(path))


def html_layout(path):
    """HTML that sets its page in tables: the cells are text."""
    yield from html_text(read_text(path), keep=("table",))


def mallard(path):
    """GNOME's help pages: the `<p>` outside of code and tables."""
    try:
        root = ElementTree.fromstring(read_text(path))
    except ElementTree.ParseError:
        return
    out = []

    def walk(node):
        tag = node.tag.rsplit("}", 1)[-1] if isinstance(node.tag, str) else ""
        if tag == "p":
            out.append("".join(node.itertext()))
        elif tag not in ("info", "table", "code", "screen", "media", "links"):
            for child in node:
                walk(child)

    walk(root)
    yield out


def pod(path):
    """Perl's manuals: paragraphs that do not start with a blank; `C<<x>>` marks undone."""
    documents = [[]]
    for block in paragraphs(read_text(path)):
        block = block.strip("\n")
        if re.match(r"=head[12]", block):
            documents.append([])
        elif not block.startswith(("=", " ", "\t", "#")):
            block = re.sub(r"E<gt>", ">", re.sub(r"E<lt>", "<", block))
            for _ in range(3):
                block = re.sub(r"L<([^<>|]*)\|[^<>]*>", r"\1", block)
                block = re.sub(r"\b[A-Z]<<+\s(.*?)\s>>+", r"\1", block, flags=re.S)
                block = re.sub(r"\b[BCFILNSX]<([^<>]*)>", r"\1", block)
            documents[-1].append(block)
    yield from documents
