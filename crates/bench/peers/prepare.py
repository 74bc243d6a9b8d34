"""Makes of cloze's model folder one that every peer reads: `python prepare.py MODEL FOLDER`.

The weights are widened to 32 bits, which is what cloze calculates with, so that all have the same numbers;
`model.onnx` is PyTorch's export of the graph, as model hubs have it. Nothing but this
needs torch, transformers and onnx of the ONNX peers.
"""

import argparse
import inspect
import json
import shutil
import tempfile
from pathlib import Path

import onnx  # noqa: F401 - the exporter wants it
import torch
import transformers


class LastLayer(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        output = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return output.last_hidden_state


def export(model, path):
    names = ["input_ids", "attention_mask", "token_type_ids"]
    # Two rows of unlike length, so that neither the batch nor the mask is traced as a constant.
    ids = torch.tensor([[5, 6, 7, 8], [5, 6, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    # Newer versions have a second exporter, and take it if not told otherwise.
    old = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(
        LastLayer(model),
        (ids, mask, torch.zeros_like(ids)),
        str(path),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in [*names, "last_hidden_state"]},
        opset_version=17,
        **old,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path, help="folder with config.json, tokenizer.json, model.safetensors")
    parser.add_argument("folder", type=Path, help="is made; left alone if it is there")
    args = parser.parse_args()
    if args.folder.exists():
        return
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    args.folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=args.folder.parent))
    try:
        skip = shutil.ignore_patterns("README.md", "cloze.json", "model.safetensors")
        shutil.copytree(args.model, unfinished, dirs_exist_ok=True, ignore=skip)
        model = transformers.AutoModel.from_pretrained(
            args.model, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
        from safetensors.torch import save_file

        save_file(tensors, unfinished / "model.safetensors", metadata={"format": "pt"})
        export(model, unfinished / "model.onnx")
        # The length that sentences are cut at, for those that look here.
        settings = unfinished / "tokenizer_config.json"
        config = json.loads(settings.read_text(encoding="utf-8"))
        config["model_max_length"] = 256
        settings.write_text(json.dumps(config), encoding="utf-8")
        unfinished.rename(args.folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


if __name__ == "__main__":
    main()
