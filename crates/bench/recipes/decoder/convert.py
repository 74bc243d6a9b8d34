"""Turns a GGUF file into a folder of safetensors in f32: `convert.py GGUF OUTPUT`."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    gguf, output = Path(sys.argv[1]), Path(sys.argv[2])
    read = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    model = AutoModelForCausalLM.from_pretrained(**read, dtype=torch.float32)
    # The weights are floats by now, but transformers saves no model that it read from a GGUF file.
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        del state["lm_head.weight"]
    wrong = [name for name, tensor in state.items() if tensor.dtype != torch.float32]
    if wrong:
        sys.exit(f"not in f32: {wrong}")
    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.architectures = [type(model).__name__]
    config.save_pretrained(output)
    model.generation_config.save_pretrained(output)
    AutoTokenizer.from_pretrained(**read).save_pretrained(output)
    save_file(state, output / "model.safetensors", metadata={"format": "pt"})


main()
