"""Punctuation of running text becomes words of its own: `python3 punctuation.py FOLDER`.

Tagged sentences come as words with blanks between them (`Ann , of Oslo`), text does not (`Ann, of Oslo`). A SentencePiece
tokenizer makes other pieces of the two: `▁,` and `,`. With the pre-tokenizer that this writes into FOLDER/tokenizer.json
both give the same pieces, and a name's word ends before the comma. Like the Penn Treebank's rules it parts quotes,
brackets, commas, full stops and `'s` from a word's ends, and leaves abbreviations (`U.S.`, `Inc.`) and what stands
within a word (`10,000`, `AT&T`, `ann@example.org`) alone.
"""
import json
import pathlib
import sys

# With a full stop that belongs to the word.
ABBREVIATIONS = """Mr Mrs Ms Mx Dr Prof St Ste Mt Ft Rev Fr Gen Col Maj Capt Cpt Lt Sgt Cmdr Gov Sen Rep Hon Pres Supt Insp
    Inc Ltd Co Cos Corp Bros Dept Univ Assn Intl Mfg Jr Sr Esq No Nos vs etc Ave Blvd Rd Hwy Jan Feb Mar Apr Jun Jul
    Aug Sep Sept Oct Nov Dec Ph.D a.m p.m e.g i.e""".split()
CLOSING = r"""[,;:!?)\]}>"”’»']{1,4}$"""


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def pre_tokenizer():
    # The first alternatives keep a whole word from the last one.
    kept = "|".join(word.replace(".", r"\.") for word in ABBREVIATIONS)
    letters = "|".join(r"\p{L}\." * count for count in range(1, 5))
    full_stop = rf"^(?:{letters}|(?:{kept})\.|\.{{2,8}})$|\.$"
    return {"type": "Sequence", "pretokenizers": [
        {"type": "WhitespaceSplit"},
        split(r"""^[(\[{<"“‘«„¿¡]{1,4}"""),
        split(r"""["“”«»|…—]|--+|\.{3,}"""),
        split(r"""^['’](?:s|m|d|re|ve|ll)$|""" + CLOSING),
        split(full_stop),
        # Of `(Oslo).` the bracket is an end only now.
        split(r"""^['’](?:s|m|d|re|ve|ll)$|""" + CLOSING),
        split(r"""['’]s$"""),
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
    ]}


path = pathlib.Path(sys.argv[1], "tokenizer.json")
tokenizer = json.loads(path.read_text(encoding="utf-8"))
tokenizer["pre_tokenizer"] = pre_tokenizer()
path.write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
