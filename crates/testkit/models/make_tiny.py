"""Writes the model folders beside this file, tiny, tiny-int32-types and tiny-dynamic, and graphs/.

    pip install onnx==1.23.2 numpy==2.4.6 tokenizers==0.23.3
    python make_tiny.py

Made with Python 3.11. The folders are to be run, and to be wrong where a reader of them is wrong:

- A token's logits depend on it and two neighbours on each side, and on nothing else: embedding,
  times the mask, then one convolution of width 5. [CLS] and [SEP] are zero vectors, as is what
  lies beyond the edge, so a window's edge looks like a text's edge. [PAD] is anything but zero:
  only the mask keeps it out.
- tokenizer.json has truncation and padding to 16 baked in, as folders in the wild do.
- tiny: all weights are small multiples of 1/8, so that every sum is exact in f32 whatever order
  it is added up in, and one long window equals many short ones bit for bit on any machine.
- tiny-int32-types: weights of full precision; int32 inputs; token_type_ids, whose rows both count;
  logits named "out_7", beside an output that has no row for each token.
- tiny-dynamic: quantises the activations by the range of the whole batch, so that what is in the
  batch changes a text's numbers.
"""

import json
from pathlib import Path
from string import ascii_lowercase, digits

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

HERE = Path(__file__).parent
FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS = ["the", "ann", "kassel", "lives", "in", "##er", "##son"]
VOCABULARY = (
    SPECIAL + list(ascii_lowercase) + ["##" + c for c in ascii_lowercase] + list(digits) + list(".,!?'-@") + WORDS
)
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
HIDDEN, KERNEL = 8, 5
node, value = helper.make_node, helper.make_tensor_value_info


def tokenizer():
    ids = {piece: i for i, piece in enumerate(VOCABULARY)}
    # A word of 300 letters is to be 300 tokens, longer than a window, and not one [UNK].
    t = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=400))
    t.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True
    )
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(s, ids[s]) for s in ["[CLS]", "[SEP]"]],
    )
    t.decoder = decoders.WordPiece()
    t.add_special_tokens(SPECIAL)
    t.enable_truncation(16)
    t.enable_padding(length=16, pad_id=ids["[PAD]"], pad_token="[PAD]")
    return t


def config():
    return {
        "model_type": "bert",
        "architectures": ["BertForTokenClassification"],
        "id2label": {str(i): tag for i, tag in enumerate(TAGS)},
        "label2id": {tag: i for i, tag in enumerate(TAGS)},
        "max_position_embeddings": 32,
        "pad_token_id": 0,
        "vocab_size": len(VOCABULARY),
    }


def weights(random, exact):
    def draw(*shape):
        numbers = random.normal(size=shape)
        return (np.round(numbers * 8) / 8 if exact else numbers).astype(np.float32)

    embedding = draw(len(VOCABULARY), HIDDEN)
    for zero in ["[CLS]", "[SEP]"]:
        embedding[VOCABULARY.index(zero)] = 0
    return {
        "embedding": embedding,
        "types": draw(2, HIDDEN),
        "weight": draw(len(TAGS), HIDDEN, KERNEL),
        "bias": np.array([2, 0, 0, 0, 0], np.float32),
        "last": np.array([2], np.int64),
    }


def graph(seed, exact=True, narrow=False, types=False, dynamic=False, output="logits"):
    w = weights(np.random.default_rng(seed), exact)
    integer = INT32 if narrow else INT64
    inputs = ["input_ids", "attention_mask"] + (["token_type_ids"] if types else [])
    nodes = [
        node("Gather", ["embedding", "input_ids"], ["words"]),
        node("Cast", ["attention_mask"], ["mask"], to=FLOAT),
        node("Unsqueeze", ["mask", "last"], ["mask_column"]),
    ]
    summed = "words"
    if types:
        nodes.append(node("Gather", ["types", "token_type_ids"], ["type"]))
        nodes.append(node("Add", ["words", "type"], ["words_and_types"]))
        summed = "words_and_types"
    else:
        del w["types"]
    nodes.append(node("Mul", [summed, "mask_column"], ["masked"]))
    masked = "masked"
    if dynamic:
        nodes.append(node("DynamicQuantizeLinear", ["masked"], ["quantized", "scale", "zero"]))
        nodes.append(node("DequantizeLinear", ["quantized", "scale", "zero"], ["coarse"]))
        masked = "coarse"
    half = KERNEL // 2
    nodes += [
        node("Transpose", [masked], ["channels"], perm=[0, 2, 1]),
        node("Conv", ["channels", "weight", "bias"], ["by_tag"], kernel_shape=[KERNEL], pads=[half, half]),
        node("Transpose", ["by_tag"], [output], perm=[0, 2, 1]),
    ]
    outputs = [value(output, FLOAT, ["batch", "sequence", len(TAGS)])]
    if output != "logits":
        nodes.append(node("ReduceMax", ["masked"], ["out_3"], axes=[1], keepdims=0))
        outputs.insert(0, value("out_3", FLOAT, ["batch", HIDDEN]))
    return helper.make_graph(
        nodes,
        "tiny",
        [value(name, integer, ["batch", "sequence"]) for name in inputs],
        outputs,
        [numpy_helper.from_array(array, name) for name, array in w.items()],
    )


def as_model(g):
    return helper.make_model(
        g,
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="make_tiny.py",
        producer_version="1",
    )


def write(name, g):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    model = as_model(g)
    checker.check_model(model, full_check=True)
    save(model, folder / "model.onnx")
    (folder / "config.json").write_text(json.dumps(config(), indent=2) + "\n")
    (folder / "tokenizer.json").write_text(tokenizer().to_str(pretty=True) + "\n")


write("tiny", graph(seed=1))
write("tiny-int32-types", graph(seed=2, exact=False, narrow=True, types=True, output="out_7"))
write("tiny-dynamic", graph(seed=3, exact=False, dynamic=True))


def write_graph(name, change):
    g = graph(seed=1)
    change(g)
    save(as_model(g), HERE / "graphs" / f"{name}.onnx")


def external(g):
    [embedding] = [t for t in g.initializer if t.name == "embedding"]
    (HERE / "graphs" / "external.bin").write_bytes(embedding.raw_data)
    embedding.ClearField("raw_data")
    embedding.data_location = TensorProto.EXTERNAL
    embedding.external_data.add(key="location", value="external.bin")


def position_input(g):
    g.input.append(value("position_ids", INT64, ["batch", "sequence"]))


def no_ids(g):
    g.input[0].name = g.node[0].input[1] = "ids"


def float_ids(g):
    g.input[0].type.tensor_type.elem_type = FLOAT


def no_rows(g):
    g.node.append(node("ArgMax", ["logits"], ["best"], axis=2, keepdims=0))
    g.output.pop()
    g.output.append(value("best", INT64, ["batch", "sequence"]))


def two_outputs(g):
    for name in ["a", "b"]:
        g.node.append(node("Identity", ["logits"], [name]))
        g.output.append(value(name, FLOAT, ["batch", "sequence", len(TAGS)]))
    del g.output[0]


def named_output(g):
    g.node.append(node("Neg", ["logits"], ["minus"]))
    g.output.insert(0, value("minus", FLOAT, ["batch", "sequence", len(TAGS)]))


def one_row(g):
    del g.output[:]
    for name, numbers in [("zero", [0]), ("one", [1])]:
        g.initializer.append(numpy_helper.from_array(np.array(numbers, np.int64), name))
    g.node.append(node("Slice", ["logits", "zero", "one", "one"], ["first"]))
    g.output.append(value("first", FLOAT, ["batch", "n", len(TAGS)]))


def unknown_op(g):
    g.node[-1].op_type = "Transmute"


def few_words(g):
    [embedding] = [t for t in g.initializer if t.name == "embedding"]
    embedding.CopyFrom(numpy_helper.from_array(np.zeros((10, HIDDEN), np.float32), "embedding"))


(HERE / "graphs").mkdir(exist_ok=True)
for change in [
    external,
    position_input,
    no_ids,
    float_ids,
    no_rows,
    two_outputs,
    named_output,
    one_row,
    unknown_op,
    few_words,
]:
    write_graph(change.__name__.replace("_", "-"), change)
