"""Opens the adapters that cloze has written with PEFT, and compares what PEFT merges with what cloze does.

    pip install torch==2.15.0 transformers==5.23.0 peft==0.21.2 safetensors==0.8.0 numpy==2.4.6
    cargo run -p cloze-checkpoint --example write_adapter FOLDER
    python check_adapter.py FOLDER
"""

import sys
import warnings
from pathlib import Path

import transformers
from peft import PeftConfig, PeftModel
from safetensors.torch import load_file

CLASSES = {
    "TOKEN_CLS": transformers.AutoModelForTokenClassification,
    "SEQ_CLS": transformers.AutoModelForSequenceClassification,
}


def main():
    transformers.logging.set_verbosity_error()
    # PEFT warns of tensors that it expects and does not find, and of those it has no use for.
    warnings.filterwarnings("error", message=".*(missing|unexpected).*")
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        config = PeftConfig.from_pretrained(folder)
        base = CLASSES[config.task_type].from_pretrained(config.base_model_name_or_path)
        model = PeftModel.from_pretrained(base, folder)
        written = load_file(folder / "adapter_model.safetensors")
        own = {name.replace(".default", ""): tensor for name, tensor in model.state_dict().items()}
        for name, tensor in written.items():
            wrapped = [name, name.replace(".weight", ".modules_to_save.weight")]
            wrapped += [name.replace("pooler.", "pooler.modules_to_save."), name + ".weight"]
            wrapped += [name.replace(".bias", ".modules_to_save.bias")]
            found = [own[w] for w in wrapped if w in own]
            assert any(f.shape == tensor.shape and (f == tensor.to(f.dtype)).all() for f in found), name
        merged = model.merge_and_unload().state_dict()
        ours = load_file(folder / "merged" / "model.safetensors")
        names = sorted(set(ours) | {name for name in merged if "position_ids" not in name})
        worst = max((ours[name] - merged[name]).abs().max().item() for name in names)
        print(f"{folder.name}: {len(written)} tensors read, {len(names)} merged, at most {worst:.1e} off")
        assert worst <= 1e-6


if __name__ == "__main__":
    main()
