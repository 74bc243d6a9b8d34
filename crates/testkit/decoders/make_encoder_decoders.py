"""Writes the encoder–decoders beside this file: tiny random checkpoints of each family, and what
transformers makes of them.

    pip install torch==2.15.0 transformers==5.24.0 tokenizers==0.23.3
    python make_encoder_decoders.py [NAMES]

Made with Python 3.11. `expected.json` of each has, for four prompts, `generate(do_sample=False)` of 64
tokens without and with the token that ends texts, and beam searches with several settings; for the first
two also the encoder's last hidden state, and the decoder's logits at its first three steps and behind five
tokens given at once, in f64.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from make_decoders import PROMPTS, TEXT, numbers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForSeq2SeqLM,
    BartConfig,
    BartForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

HERE = Path(__file__).parent
VOCABULARY = 288
# Settings of `generate`, beside four beams.
SEARCHES = [
    {},
    {"length_penalty": 2.0, "early_stopping": True},
    {"length_penalty": 0.0, "early_stopping": "never"},
    {"length_penalty": -1.0, "no_repeat_ngram_size": 2, "min_new_tokens": 6},
    {"num_beams": 3, "repetition_penalty": 1.5, "early_stopping": "never"},
]


def tokenizer(special, template, **names):
    """A byte-level tokenizer whose first ids are `special`."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(TEXT, trainer)
    made.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[(token, special.index(token)) for token in special]
    )
    return PreTrainedTokenizerFast(tokenizer_object=made, **names)


T5 = {
    "vocab_size": VOCABULARY,
    "d_model": 24,
    "d_kv": 16,
    "d_ff": 40,
    "num_heads": 2,
    "num_layers": 2,
    "decoder_start_token_id": 0,
}
BART = {
    "vocab_size": VOCABULARY,
    "d_model": 32,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 48,
    "decoder_layers": 1,
    "decoder_attention_heads": 4,
    "decoder_ffn_dim": 40,
    "max_position_embeddings": 80,
}
T5_TOKENS = (["<pad>", "</s>"], "$A </s>")
T5_NAMES = {"pad_token": "<pad>", "eos_token": "</s>"}
MODELS = {
    "t5": (
        T5ForConditionalGeneration,
        T5Config(**T5, relative_attention_num_buckets=8, relative_attention_max_distance=20),
        *T5_TOKENS,
        T5_NAMES,
    ),
    # As T5 1.1 and Flan-T5: a gate, a head of its own, and no scale before it.
    "t5-gated": (
        T5ForConditionalGeneration,
        T5Config(**T5, num_decoder_layers=1, feed_forward_proj="gated-gelu", tie_word_embeddings=False),
        *T5_TOKENS,
        T5_NAMES | {"model_max_length": 60},
    ),
    "bart": (
        BartForConditionalGeneration,
        BartConfig(**BART),
        ["<s>", "<pad>", "</s>"],
        "<s> $A </s>",
        {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>"},
    ),
    "marian": (
        MarianMTModel,
        MarianConfig(
            **BART | {"encoder_layers": 1, "decoder_layers": 2},
            activation_function="swish",
            scale_embedding=True,
            eos_token_id=0,
            forced_eos_token_id=0,
            pad_token_id=1,
            decoder_start_token_id=1,
        ),
        ["</s>", "<pad>"],
        "$A </s>",
        {"pad_token": "<pad>", "eos_token": "</s>"},
    ),
}
# Factors of the embeddings and of the other matrices, so that the likeliest token is likely and differs
# from step to step: of a tied head the token before is the likeliest where layers do little.
FACTORS = {"t5": (0.4, 3.0), "t5-gated": (1.0, 2.0), "bart": (25.0, 14.0), "marian": (12.0, 16.0)}
# Added to the logit of the token that ends texts, so that some end.
END = {"bart": 3.0, "marian": 1.0}


def expected(model, exact, tokens):
    cases = []
    start = model.generation_config.decoder_start_token_id
    if start is None:
        start = model.config.decoder_start_token_id
    for i, prompt in enumerate(PROMPTS):
        ids = tokens(prompt, return_tensors="pt").input_ids
        with torch.no_grad():
            states = exact.get_encoder()(ids).last_hidden_state
            made = model.generate(ids, do_sample=False, num_beams=1, max_new_tokens=64, eos_token_id=None)
            ended = model.generate(ids, do_sample=False, num_beams=1, max_new_tokens=64)
            free = [start]
            steps, cache = [], None
            for _ in range(8):
                out = exact(
                    encoder_outputs=(states,),
                    decoder_input_ids=torch.tensor([free[-1:]]),
                    past_key_values=cache,
                    use_cache=True,
                )
                cache = out.past_key_values
                steps.append(numbers(out.logits[0, -1]))
                free.append(int(out.logits[0, -1].argmax()))
            chunk = exact(encoder_outputs=(states,), decoder_input_ids=torch.tensor([free[:5]])).logits[0]
            searches = []
            for settings in SEARCHES:
                search = {"num_beams": 4} | settings
                found = model.generate(ids, do_sample=False, max_new_tokens=64, **search)
                searches.append({"settings": search, "ids": found[0, 1:].tolist()})
        cases.append(
            {
                "prompt": prompt,
                "ids": ids[0].tolist(),
                "states": [numbers(row) for row in states[0]] if i < 2 else [],
                "decoder": free,
                "steps": steps[:3] if i < 2 else [],
                "chunk": numbers(chunk[-1]) if i < 2 else [],
                "greedy": made[0, 1:].tolist(),
                "ended": ended[0, 1:].tolist(),
                "searches": searches,
            }
        )
    return cases


def main():
    for seed, (name, (kind, config, special, template, names)) in enumerate(MODELS.items()):
        if name not in (sys.argv[1:] or MODELS):
            continue
        torch.manual_seed(seed)
        model = kind(config).eval()
        if name == "t5-gated":
            model.lm_head.weight = torch.nn.Parameter(torch.randn(VOCABULARY, 24) * 0.08)
        end = config.eos_token_id
        embeddings, others = FACTORS[name]
        with torch.no_grad():
            for key, weight in model.named_parameters():
                if weight.dim() == 1:
                    weight.add_(torch.randn_like(weight) * 0.2)
                elif "relative" in key:
                    weight.copy_(torch.randn_like(weight))
                elif "embed_positions" not in key or name == "bart":
                    weight.mul_(embeddings if "embed" in key or "shared" in key else others)
            if name in END:
                model.final_logits_bias.copy_(torch.randn(1, VOCABULARY) * 0.3)
                model.final_logits_bias[0, end] += END[name]
            else:
                model.get_output_embeddings().weight[end] *= 1.6
                model.decoder.final_layer_norm.weight.mul_(8.0 if name == "t5" else 3.0)
        if name == "bart":
            model.generation_config.forced_bos_token_id = 0
        if name == "marian":
            # As the files of Opus-MT say: padding is never drawn.
            model.generation_config.bad_words_ids = [[1]]
        stored = {"t5": torch.float32, "t5-gated": torch.bfloat16}.get(name, torch.float16)
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shards = "60KB" if name == "bart" else "1GB"
        model.to(stored).save_pretrained(folder, max_shard_size=shards)
        if name == "t5-gated":
            # transformers 5 says that it is tied, whatever it is; the files of T5 1.1 say that it is not.
            path = folder / "config.json"
            file = json.loads(path.read_text()) | {"tie_word_embeddings": False}
            for setting in ("scale_decoder_outputs", "dense_act_fn", "is_gated_act"):
                file.pop(setting, None)
            path.write_text(json.dumps(file, indent=2, sort_keys=True) + "\n")
        tokens = tokenizer(special, template, **names)
        tokens.save_pretrained(folder)
        model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()
        # Numbers in f64, so that differences are those of one side.
        exact = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float64).eval()
        cases = expected(model, exact, tokens)
        (folder / "expected.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
