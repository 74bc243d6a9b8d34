"""Makes pipeline.jsonl: what the token-classification pipeline of Hugging Face
transformers answers for every text of texts.jsonl.

    python make_pipeline.py MODEL_FOLDER

MODEL_FOLDER holds model.onnx, config.json and tokenizer.json. See README.md.
"""

import argparse
import hashlib
import json
import pathlib
import platform

import numpy as np
import onnxruntime
import tokenizers
import torch
import transformers
from transformers import (
    BertConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    TokenClassificationPipeline,
)
from transformers.modeling_outputs import TokenClassifierOutput

HERE = pathlib.Path(__file__).resolve().parent
STRATEGIES = ["none", "simple", "first", "average", "max"]


class OnnxTokenClassifier(PreTrainedModel):
    """A torch model in name only: the logits come from model.onnx."""

    config_class = BertConfig

    def __init__(self, config, session):
        super().__init__(config)
        # A pipeline asks for the model's device, which is that of its parameters.
        self.nothing = torch.nn.Parameter(torch.zeros(1))
        self.session = session
        self.input_names = [i.name for i in session.get_inputs()]

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        given = {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids) if attention_mask is None else attention_mask,
            "token_type_ids": torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids,
        }
        feed = {name: given[name].numpy().astype(np.int64) for name in self.input_names}
        logits = self.session.run(["logits"], feed)[0]
        return TokenClassifierOutput(logits=torch.from_numpy(logits))


class WordIdPipeline(TokenClassificationPipeline):
    """The same pipeline, except that a token continues a word when the
    tokenizer gives it the word id of the token before it. (The original
    compares the length of the token with the length of the text it covers.)
    """

    def preprocess(self, sentence, offset_mapping=None, **params):
        for inputs in super().preprocess(sentence, offset_mapping, **params):
            encoding = self.tokenizer(sentence)
            assert encoding["input_ids"] == inputs["input_ids"][0].tolist()
            # Read by gather_pre_entities only: without word_to_chars_map the
            # original makes no use of it.
            inputs["word_ids"] = encoding.word_ids()
            yield inputs

    def gather_pre_entities(self, *args, word_ids=None, **kwargs):
        pre_entities = super().gather_pre_entities(*args, word_ids=word_ids, **kwargs)
        for entity in pre_entities:
            index = entity["index"]
            word = word_ids[index]
            before = word_ids[index - 1] if index > 0 else None
            entity["is_subword"] = word is not None and word == before
        return pre_entities


def split_tag(tag):
    return tag[2:] if tag.startswith(("B-", "I-")) else tag


def answer(pipe, text, strategy):
    """The pipeline's entities in the form of pipeline.jsonl."""
    entities = []
    for found in pipe(text, aggregation_strategy=strategy):
        assert isinstance(found["score"], np.float32), type(found["score"])
        entity = {}
        if strategy == "none":
            entity["label"] = split_tag(found["entity"])
            entity["tag"] = found["entity"]
        else:
            entity["label"] = found["entity_group"]
        entity["start"] = found["start"]
        entity["end"] = found["end"]
        entity["text"] = text[found["start"] : found["end"]]
        entity["score"] = float(found["score"])
        entities.append(entity)
    return entities


def attempt(pipe, text, strategy):
    try:
        return answer(pipe, text, strategy), None
    except AssertionError:
        raise
    except Exception as error:
        return [], f"{type(error).__name__}: {error}"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path, help="folder with model.onnx, config.json, tokenizer.json")
    parser.add_argument("--texts", type=pathlib.Path, default=HERE / "texts.jsonl")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "pipeline.jsonl")
    args = parser.parse_args()

    # Silences the remark that OnnxTokenClassifier is none of transformers' own models.
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    torch.set_num_threads(1)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(args.model / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    config = BertConfig(**json.loads((args.model / "config.json").read_text(encoding="utf-8")))
    model = OnnxTokenClassifier(config, session).eval()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(args.model / "tokenizer.json"),
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
    )
    raw = tokenizers.Tokenizer.from_file(str(args.model / "tokenizer.json"))
    unmodified = TokenClassificationPipeline(model=model, tokenizer=tokenizer, device=-1)
    by_word_id = WordIdPipeline(model=model, tokenizer=tokenizer, device=-1)

    lines = [
        {
            "python": platform.python_version(),
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
            "onnxruntime": onnxruntime.__version__,
            "torch": torch.__version__.split("+")[0],
            "numpy": np.__version__,
            "model_sha256": sha256(args.model / "model.onnx"),
            "tokenizer_sha256": sha256(args.model / "tokenizer.json"),
        }
    ]
    with args.texts.open(encoding="utf-8") as file:
        texts = [json.loads(line) for line in file]
    assert len({record["id"] for record in texts}) == len(texts)
    for record in texts:
        text = record["text"]
        # The wrapped tokenizer must be tokenizer.json and nothing else.
        expected, got = raw.encode(text), tokenizer(text)
        assert expected.ids == got["input_ids"] and expected.word_ids == got.word_ids()
        assert len(expected.ids) <= config.max_position_embeddings
        for strategy in STRATEGIES:
            entities, raises = attempt(by_word_id, text, strategy)
            original, original_raises = attempt(unmodified, text, strategy)
            line = {"id": record["id"], "strategy": strategy, "entities": entities}
            if raises is not None:
                line["raises"] = raises
            if entities != original:
                assert strategy not in ("none", "simple")
                line["unmodified"] = original
            assert raises == original_raises
            lines.append(line)
    with args.out.open("w", encoding="ascii", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
