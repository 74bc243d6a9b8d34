"""Writes the decoders beside this file: tiny random checkpoints of each family, and what transformers
makes of them.

    pip install torch==2.15.0 transformers==5.24.0 tokenizers==0.23.3
    python make_decoders.py

Made with Python 3.11. `expected.json` of each has, for four prompts, the logits of every position, the
logits of the next eight tokens taken greedily one at a time with transformers' own cache, and
`generate(do_sample=False)` of 64 tokens.
"""

import json
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

HERE = Path(__file__).parent
TEXT = [
    "The lamp on the quay went out before the boat had turned.",
    "She counted the letters twice, and put them back in the drawer.",
    "Nobody in the village had seen the river so low in thirty years.",
    "Über die Brücke fuhr kein Wagen mehr; naïve visitors paid 3 € each.",
]
PROMPTS = [
    "The lamp",
    "She counted the letters twice, and",
    "naïve 3 € Brücke",
    "Nobody in the village had seen the river so low",
]


def tokenizer():
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(TEXT, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<|end|>", eos_token="<|end|>", model_max_length=96
    )


SHARED = {
    "vocab_size": 320,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 96,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 1000.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
GPT2 = {"vocab_size": 320, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 96}
GPT2 |= {"bos_token_id": 0, "eos_token_id": 0}
MODELS = {
    "gpt2": (GPT2LMHeadModel, GPT2Config(**GPT2)),
    "gpt2-untied": (
        GPT2LMHeadModel,
        GPT2Config(**GPT2, tie_word_embeddings=False, n_inner=40, activation_function="relu"),
    ),
    "llama": (LlamaForCausalLM, LlamaConfig(**SHARED, num_key_value_heads=1)),
    "llama-tied": (
        LlamaForCausalLM,
        LlamaConfig(
            **SHARED,
            num_key_value_heads=2,
            tie_word_embeddings=True,
            attention_bias=True,
            mlp_bias=True,
            rope_parameters=LLAMA3,
        ),
    ),
    "mistral": (
        MistralForCausalLM,
        MistralConfig(**SHARED, num_key_value_heads=1, sliding_window=7),
    ),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**SHARED, num_key_value_heads=1)),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**SHARED | {"num_attention_heads": 4}, num_key_value_heads=2, head_dim=32)),
}


def numbers(tensor):
    return [round(float(x), 6) for x in tensor.flatten()]


def expected(model, tokens):
    cases = []
    for prompt in PROMPTS:
        ids = tokens(prompt, return_tensors="pt").input_ids
        with torch.no_grad():
            logits = model(ids).logits[0]
            cache, step, steps = None, ids, []
            for _ in range(8):
                out = model(step, past_key_values=cache, use_cache=True)
                cache = out.past_key_values
                step = out.logits[:, -1:].argmax(-1)
                steps.append(numbers(out.logits[0, -1]))
            made = model.generate(ids, do_sample=False, max_new_tokens=64, eos_token_id=None)
            ended = model.generate(ids, do_sample=False, max_new_tokens=64)
        cases.append(
            {
                "prompt": prompt,
                "ids": ids[0].tolist(),
                "logits": [numbers(row) for row in logits[-2:]],
                "steps": steps[:3],
                "greedy": made[0, ids.shape[1] :].tolist(),
                "ended": ended[0, ids.shape[1] :].tolist(),
            }
        )
    return cases


def main():
    tokens = tokenizer()
    for seed, (name, (kind, config)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        model = kind(config).eval()
        # Larger than they begin, so that the likeliest token is likely, and biases are not 0.
        with torch.no_grad():
            for key, weight in model.named_parameters():
                if weight.dim() == 1:
                    weight.add_(torch.randn_like(weight) * 0.2)
                else:
                    weight.mul_(8.0)
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        stored = torch.bfloat16 if name == "llama-tied" else torch.float32
        # The numbers alone are rounded: the angles of rotary positions are never stored.
        with torch.no_grad():
            for weight in model.parameters():
                weight.copy_(weight.to(stored))
        cases = expected(model, tokens)
        model.to(stored).save_pretrained(folder, max_shard_size="60KB" if name == "qwen2" else "1GB")
        tokens.save_pretrained(folder)
        (folder / "expected.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
