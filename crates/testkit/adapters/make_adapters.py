"""Writes the adapter folders beside this file, as PEFT saves them, over the checkpoints of the testkit.

    pip install torch==2.15.0 transformers==5.23.0 peft==0.21.2 safetensors==0.8.0 numpy==2.4.6
    python make_adapters.py

Made with Python 3.11. README.md lists the folders and says what is in them. The same versions write the same
bytes again on the same machine; another may round the last digit of expected.safetensors differently.
"""

import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import load_file, save_file

HERE = Path(__file__).parent
CHECKPOINTS = HERE.parent / "checkpoints"
CLASSES = {
    "TOKEN_CLS": transformers.AutoModelForTokenClassification,
    "SEQ_CLS": transformers.AutoModelForSequenceClassification,
    None: transformers.AutoModel,
}


def fill(model, seed):
    """What is trained, large enough for a wrong scale or a turned matrix to show; B is not 0."""
    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, tensor in sorted(model.named_parameters()):
            if not tensor.requires_grad:
                continue
            if "magnitude" in name:
                # DoRA's start, moved.
                drawn = tensor.numpy() * random.uniform(0.5, 1.5, tensor.shape)
            else:
                drawn = random.normal(0, 0.3, tensor.shape)
            tensor.copy_(torch.from_numpy(np.asarray(drawn, dtype=np.float32)))


def run(model, base):
    """The results of each text of the base's texts.json by itself, and of its pairs."""
    texts = json.loads((CHECKPOINTS / base / "texts.json").read_text())
    found = {}

    def one(ids, type_ids):
        inputs = {"input_ids": torch.tensor([ids]), "attention_mask": torch.ones(1, len(ids), dtype=torch.long)}
        if "distilbert" not in base:
            inputs["token_type_ids"] = torch.tensor([type_ids])
        with torch.no_grad():
            output = model(**inputs)
        return (output.logits if "logits" in output else output.last_hidden_state)[0].numpy()

    for i, text in enumerate(texts["texts"]):
        found[f"rows.{i}"] = one(text["ids"], [0] * len(text["ids"]))
    for i, pair in enumerate(texts.get("pairs", [])):
        found[f"pair_rows.{i}"] = one(pair["ids"], pair["type_ids"])
    return {name: np.ascontiguousarray(rows) for name, rows in found.items()}


def load(base, task):
    kind = {} if task is None or base in ["bert-token", "bert-sequence"] else {"num_labels": 3}
    return CLASSES[task].from_pretrained(CHECKPOINTS / base, attn_implementation="eager", **kind).eval()


def write(name, base, *, half=False, **settings):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    task = settings.get("task_type")
    model = get_peft_model(load(base, task), LoraConfig(**settings))
    fill(model, seed)
    if half:
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.half().float()
    model.eval()
    model.peft_config["default"].base_model_name_or_path = f"../../checkpoints/{base}"
    model.save_pretrained(folder)
    # Sets come in any order.
    config = json.loads((folder / "adapter_config.json").read_text())
    config |= {name: sorted(config[name] or []) for name in ["target_modules", "modules_to_save"]}
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (folder / "README.md").unlink(missing_ok=True)
    if half:
        path = folder / "adapter_model.safetensors"
        save_file({k: v.astype(np.float16) for k, v in load_file(path).items()}, path, metadata={"format": "pt"})
    # Read again: what a user of PEFT gets from the folder.
    again = PeftModel.from_pretrained(load(base, task), folder).eval()
    save_file(run(again, base), folder / "expected.safetensors")
    print(name, sorted(load_file(folder / "adapter_model.safetensors"))[:4])


def combine(name, first, second, base, task, weights, kind):
    """PEFT's own sum of two adapters: what cloze gives for both at load."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    model = PeftModel.from_pretrained(load(base, task), HERE / first, adapter_name="first")
    model.load_adapter(HERE / second, adapter_name="second")
    model.add_weighted_adapter(["first", "second"], weights, "sum", combination_type=kind)
    model.set_adapter("sum")
    model.eval()
    save_file(run(model, base), folder / "expected.safetensors")
    card = {
        "kind": "model",
        "format_version": 1,
        "adapters": [
            {"folder": f"../{adapter}", "weight": weight} for adapter, weight in zip([first, second], weights)
        ],
    }
    (folder / "cloze.json").write_text(json.dumps(card, indent=2) + "\n")


def main():
    assert (peft.__version__, transformers.__version__) == ("0.21.2", "5.23.0")
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    two = ["query", "value"]
    # A classifier of three labels on an encoder with none.
    write("token-qv", "bert", task_type="TOKEN_CLS", r=2, lora_alpha=8, target_modules=two)
    write("sequence-rslora", "bert-sequence", task_type="SEQ_CLS", r=4, lora_alpha=3,
          target_modules="all-linear", use_rslora=True)
    write("token-dora", "bert-token", task_type="TOKEN_CLS", r=2, lora_alpha=4, target_modules=two + ["dense"],
          use_dora=True)
    write("patterns", "bert-sequence", task_type="SEQ_CLS", r=2, lora_alpha=4, target_modules=two + ["key"],
          rank_pattern={"query": 3, r"layer\.1\.attention\.self\.key": 1},
          alpha_pattern={"layer.0.attention.self.value": 1, "^bert.encoder.layer.1.attention.self.query": 9})
    write("biases", "bert-token", task_type="TOKEN_CLS", r=2, lora_alpha=4, target_modules=two, bias="all")
    write("half", "bert-token", task_type="TOKEN_CLS", r=2, lora_alpha=4, target_modules=two, half=True)
    write("roberta-sequence", "roberta", task_type="SEQ_CLS", r=2, lora_alpha=4, target_modules=two)
    write("electra-token", "electra", task_type="TOKEN_CLS", r=2, lora_alpha=4, target_modules=["query"])
    write("distilbert-token", "distilbert", task_type="TOKEN_CLS", r=2, lora_alpha=4, target_modules=["q_lin", "lin2"])
    write("over-mlm", "bert-mlm", task_type="TOKEN_CLS", r=2, lora_alpha=4, target_modules=two)
    write("vectors-a", "bert", r=2, lora_alpha=4, target_modules=two)
    write("vectors-b", "bert", r=3, lora_alpha=5, target_modules=["query", "dense"], use_rslora=True)
    combine("vectors-sum", "vectors-a", "vectors-b", "bert", None, [0.5, 1.5], "cat")


if __name__ == "__main__":
    main()
