"""A tagger fine-tuned in PyTorch and transformers, as `cloze train tag` does it with its defaults.

usage: tag.py MODEL full|lora TRAIN TEST [--limit N] [--epochs N] [--seeds N] [--rate X]

Prints the entity F1 of TEST (conlleval's convention, the likeliest tag of each word by itself) of
each seed, the mean, seconds a step and the peak memory. AdamW with linear warm-up (0.1) and decay,
gradients clipped at 1, dropout 0.1, batches of 16 drawn at random, embeddings frozen, weights of the
last step; loss on the first piece of each word.
"""

import argparse
import random
import resource
import statistics
import time

import torch
from peft import LoraConfig, get_peft_model
from seqeval.metrics import f1_score
from transformers import AutoModelForTokenClassification, AutoTokenizer

import conll

BATCH = 16


def encode(tokenizer, sentences, places):
    """Ids and labels of each sentence; -100 where there is no first piece of a word."""
    found = []
    for words, tags in sentences:
        pieces = tokenizer(words, is_split_into_words=True, truncation=True, max_length=256)
        labels, before = [], None
        for word in pieces.word_ids():
            first = word is not None and word != before
            labels.append(places.get(tags[word], 0) if first else -100)
            before = word
        found.append((pieces["input_ids"], labels, pieces.word_ids()))
    return found


def batch(examples, pad):
    """The tensors of a batch: ids, mask, labels."""
    longest = max(len(ids) for ids, _, _ in examples)
    padded = lambda row, with_: row + [with_] * (longest - len(row))
    return (
        torch.tensor([padded(ids, pad) for ids, _, _ in examples]),
        torch.tensor([padded([1] * len(ids), 0) for ids, _, _ in examples]),
        torch.tensor([padded(labels, -100) for _, labels, _ in examples]),
    )


def model_of(args, labels):
    """The model with its new head, and the groups of what is trained."""
    model = AutoModelForTokenClassification.from_pretrained(
        args.model, num_labels=len(labels), dtype=torch.float32
    )
    for parameter in model.base_model.embeddings.parameters():
        parameter.requires_grad = False
    if args.what == "lora":
        targets = ["query", "value"]
        config = LoraConfig(r=16, lora_alpha=32, target_modules=targets, task_type="TOKEN_CLS")
        model = get_peft_model(model, config)
    groups = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            head = "classifier" in name
            decayed = parameter.ndim > 1
            groups.setdefault((head, decayed), []).append(parameter)
    rate = args.rate
    return model, [
        {"params": ps, "lr": max(rate, 1e-3) if head else rate, "weight_decay": 0.01 * decayed}
        for (head, decayed), ps in groups.items()
    ]


def f1(model, tokenizer, labels, sentences, encoded):
    """Entity F1 of sentences; a word that was cut off is outside of every entity."""
    model.eval()
    predicted = []
    with torch.no_grad():
        for at in range(0, len(sentences), 32):
            part = encoded[at : at + 32]
            ids, mask, gold = batch(part, tokenizer.pad_token_id)
            best = model(input_ids=ids, attention_mask=mask).logits.argmax(-1)
            for row, (_, places, words), (there, _) in zip(best, part, sentences[at : at + 32]):
                tags = ["O"] * len(there)
                for place, word, tag in zip(places, words, row.tolist()):
                    if place != -100:
                        tags[word] = labels[tag]
                predicted.append(tags)
    return f1_score([tags for _, tags in sentences], predicted)


def train(args, seed, train_set, test_set, tokenizer, labels):
    """One training: its F1 and the seconds of its steps."""
    torch.manual_seed(seed)
    draw = random.Random(seed)
    model, groups = model_of(args, labels)
    places = {label: i for i, label in enumerate(labels)}
    examples = encode(tokenizer, train_set, places)
    steps = args.epochs * -(-len(examples) // BATCH)
    warm = max(1, round(0.1 * steps))
    optimizer = torch.optim.AdamW(groups)
    rise = lambda step: (step + 1) / warm if step < warm else (steps - step) / (steps - warm)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rise)
    trained = [p for group in groups for p in group["params"]]
    times = []
    model.train()
    for _ in range(args.epochs):
        draw.shuffle(examples)
        for at in range(0, len(examples), BATCH):
            start = time.perf_counter()
            ids, mask, gold = batch(examples[at : at + BATCH], tokenizer.pad_token_id)
            loss = model(input_ids=ids, attention_mask=mask, labels=gold).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            times.append(time.perf_counter() - start)
    score = f1(model, tokenizer, labels, test_set, encode(tokenizer, test_set, places))
    return score, sum(times) / len(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("what", choices=["full", "lora"])
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    args.rate = args.rate or {"full": 2e-4, "lora": 5e-4}[args.what]
    torch.set_num_threads(args.threads)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    train_set, test_set = conll.read(args.train, args.limit), conll.read(args.test)
    kinds = sorted({tag[2:] for _, tags in train_set for tag in tags if tag != "O"})
    labels = ["O"] + [f"{part}-{kind}" for kind in kinds for part in "BI"]
    scores = []
    for seed in range(args.seeds):
        score, seconds = train(args, seed, train_set, test_set, tokenizer, labels)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"seed {seed}: F1 {score:.4f}, {1000 * seconds:.0f} ms a step, peak {peak} MiB", flush=True)
        scores.append(score)
    print(f"mean F1 {statistics.mean(scores):.4f}")


if __name__ == "__main__":
    main()
