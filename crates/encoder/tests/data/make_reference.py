"""Writes reference.json beside this file: what onnxruntime and tokenizers make of some texts with
the small models of the testkit, each text by itself, without truncation and padding.

    pip install numpy==2.4.6 onnxruntime==1.32.0 tokenizers==0.23.3
    python make_reference.py

Made with Python 3.11.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import tokenizers

HERE = Path(__file__).parent
MODELS = HERE.parents[2] / "testkit" / "models"
NAMES = ["tiny", "tiny-int32-types", "tiny-dynamic"]
# Each fits into one window of 30 tokens.
TEXTS = [
    "Ann lives in Kassel.",
    "x",
    "",
    "The son lives in the town, Ann?",
    "Jose\u0301 and ZOË met",
    "안나 Ann, 我住在 Kassel!",
    "ann@kassel - 24 7",
    "👩‍👩‍👧 Ann's\r\n\tson",
    "[SEP] Ann [PAD] lives [MASK]",
    "kasselerson annerson",
    "NUL\0 and \ufeffBOM",
    "i - a - e - o - u - i - a - e - o - u - i - a",
]


def rows(name, session, tokenizer, text):
    encoding = tokenizer.encode(text)
    integer = np.int32 if name == "tiny-int32-types" else np.int64
    given = {
        "input_ids": encoding.ids,
        "attention_mask": encoding.attention_mask,
        "token_type_ids": encoding.type_ids,
    }
    inputs = {i.name: np.array([given[i.name]], integer) for i in session.get_inputs()}
    [output] = [o.name for o in session.get_outputs() if len(o.shape) == 3]
    [logits] = session.run([output], inputs)[0]
    own = [i for i, special in enumerate(encoding.sequence_ids) if special is not None]
    return {
        # In code points, as Python counts.
        "starts": [encoding.offsets[i][0] for i in own],
        "words": [encoding.word_ids[i] for i in own],
        # Nine digits tell any two f32 apart.
        "logits": [[float(f"{x:.9g}") for x in logits[i]] for i in own],
    }


models = {}
for name in NAMES:
    tokenizer = tokenizers.Tokenizer.from_file(str(MODELS / name / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    session = onnxruntime.InferenceSession(MODELS / name / "model.onnx")
    models[name] = [rows(name, session, tokenizer, text) for text in TEXTS]
found = {
    "versions": {
        "numpy": np.__version__,
        "onnxruntime": onnxruntime.__version__,
        "tokenizers": tokenizers.__version__,
    },
    "texts": TEXTS,
    "models": models,
}
(HERE / "reference.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")
