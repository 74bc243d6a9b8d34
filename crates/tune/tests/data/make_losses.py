"""Writes losses.json beside this file: losses and their gradients as PyTorch, transformers and
sentence-transformers have them, in float64, dropout off. A conditional random field is in none of
them: it is written here by sums over the chain, and its gradient is PyTorch's.

    pip install torch==2.15.0 transformers==5.23.0 sentence-transformers==6.2.0
    python make_losses.py

Made with Python 3.11.
"""

import json
from pathlib import Path

import sentence_transformers
import torch
import transformers
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.modules import Pooling
from torch import nn
from torch.nn import functional
from transformers.models.bert.modeling_bert import BertPooler
from transformers.models.electra.modeling_electra import ElectraClassificationHead
from transformers.models.roberta.modeling_roberta import RobertaClassificationHead

torch.set_default_dtype(torch.float64)
random = torch.Generator().manual_seed(5)
WIDTH, LABELS = 6, 4


def numbers(*shape):
    """From -1 to 1 in steps of 2^-8: exact in 32 bits and short in JSON."""
    return torch.randint(-256, 257, shape, generator=random) / 256


def texts(lengths):
    return [numbers(n, WIDTH).requires_grad_() for n in lengths]


def drawn(module):
    """A module with new numbers and no dropout."""
    for parameter in module.parameters():
        parameter.data = numbers(*parameter.shape)
    return module.eval()


def flat(tensor):
    return tensor.detach().flatten().tolist()


def case(kind, hidden, parameters, loss, **more):
    loss.backward()
    return {
        "kind": kind,
        "lengths": [len(text) for text in hidden],
        "hidden": [x for text in hidden for x in flat(text)],
        "gradient": [x for text in hidden for x in flat(text.grad)],
        "parameters": {
            name: {"value": flat(p), "gradient": flat(p.grad)} for name, p in parameters.items()
        },
        "loss": loss.item(),
        **more,
    }


def named(module, prefix):
    return {prefix + name: p for name, p in module.named_parameters()}


PLACES = [[(1, 2), (2, 0), (4, 3)], [(0, 1)], [(1, 3), (2, 3), (3, 1), (5, 0)]]


def gold(places):
    return torch.tensor([label for _, label in places])


def words(text, places):
    return text[[token for token, _ in places]]


def tokens():
    hidden, classifier = texts([5, 2, 6]), drawn(nn.Linear(WIDTH, LABELS))
    loss = sum(
        functional.cross_entropy(classifier(words(h, p)), gold(p), reduction="sum")
        for h, p in zip(hidden, PLACES)
    )
    return case("tokens", hidden, named(classifier, "classifier."), loss, places=PLACES)


def crf():
    hidden, classifier = texts([5, 2, 6]), drawn(nn.Linear(WIDTH, LABELS))
    start, end, between = numbers(LABELS), numbers(LABELS), numbers(LABELS, LABELS)
    chain = {"crf.start": start, "crf.end": end, "crf.between": between}
    for part in chain.values():
        part.requires_grad_()
    loss = 0
    for h, places in zip(hidden, PLACES):
        logits, labels = classifier(words(h, places)), gold(places)
        score = start[labels[0]] + end[labels[-1]] + between[labels[:-1], labels[1:]].sum()
        score = score + logits[torch.arange(len(labels)), labels].sum()
        forward = start + logits[0]
        for row in logits[1:]:
            forward = torch.logsumexp(forward[:, None] + between, 0) + row
        loss = loss + torch.logsumexp(forward + end, 0) - score
    return case("crf", hidden, {**named(classifier, "classifier."), **chain}, loss, places=PLACES)


def head(family):
    """The head as that family's class for sequences has it: its parameters, first tokens to logits."""
    size = {"hidden_size": WIDTH, "num_labels": LABELS, "num_attention_heads": 1}
    if family in ("roberta", "electra"):
        config, kind = {
            "roberta": (transformers.RobertaConfig, RobertaClassificationHead),
            "electra": (transformers.ElectraConfig, ElectraClassificationHead),
        }[family]
        module = drawn(kind(config(**size)))
        return named(module, "classifier."), module
    classifier = drawn(nn.Linear(WIDTH, LABELS))
    if family == "bert":
        pooler = drawn(BertPooler(transformers.BertConfig(**size)))
        both = {**named(pooler, "bert.pooler."), **named(classifier, "classifier.")}
        return both, lambda rows: classifier(pooler(rows))
    # `DistilBertForSequenceClassification.forward`
    dense = drawn(nn.Linear(WIDTH, WIDTH))
    both = {**named(dense, "pre_classifier."), **named(classifier, "classifier.")}
    return both, lambda rows: classifier(functional.relu(dense(rows[:, 0])))


def sequence(family, several, weighted, smoothing):
    hidden = texts([2, 1, 3])
    parameters, logits = head(family)
    rows = torch.cat([logits(text[None]) for text in hidden])
    weights = torch.tensor([0.5, 2.0, 1.0, 1.5]) if weighted else None
    labels = [[0, 2], [], [3]] if several else [[1], [3], [0]]
    if several:
        target = torch.tensor([[float(l in row) for l in range(LABELS)] for row in labels])
        target = target * (1 - smoothing) + smoothing / 2
        loss = nn.BCEWithLogitsLoss(reduction="none", pos_weight=weights)(rows, target)
        loss = loss.mean(1).sum()
    else:
        loss = nn.CrossEntropyLoss(weights, reduction="sum", label_smoothing=smoothing)
        loss = loss(rows, torch.tensor(labels)[:, 0])
    settings = {"family": family, "multi_label": several, "label_smoothing": smoothing}
    settings["class_weights"] = None if weights is None else weights.tolist()
    return case("sequence", hidden, parameters, loss, labels=labels, **settings)


def pooled(hidden, mode):
    """Padded as in a batch of its own, through the library's pooling."""
    mask = torch.zeros(len(hidden), max(map(len, hidden)))
    for row, text in zip(mask, hidden):
        row[: len(text)] = 1
    padded = nn.utils.rnn.pad_sequence(hidden, batch_first=True, padding_value=9.0)
    features = {"token_embeddings": padded, "attention_mask": mask}
    return Pooling(WIDTH, mode)(features)["sentence_embedding"]


def ranking(mode, negatives, scale):
    columns = 2 + negatives
    hidden = texts([2, 1, 3, 2, 4, 1, 1, 2, 2, 3, 1, 2][: 3 * columns])
    vectors = pooled(hidden, mode)
    loss = losses.MultipleNegativesRankingLoss(nn.Identity(), scale=scale)
    columns = [vectors[i::columns] for i in range(columns)]
    mean = loss.compute_loss_from_embeddings(columns, None)
    return case("ranking", hidden, {}, 3 * mean, pool=mode, negatives=negatives, scale=scale)


def cosine(mode):
    hidden, scores = texts([2, 1, 3, 2, 4, 1]), [0.75, 0.0, 1.0]
    vectors = pooled(hidden, mode)
    loss = losses.CosineSimilarityLoss(nn.Identity())
    mean = loss.compute_loss_from_embeddings([vectors[0::2], vectors[1::2]], torch.tensor(scores))
    return case("cosine", hidden, {}, 3 * mean, pool=mode, scores=scores)


FAMILIES = ["bert", "roberta", "distilbert", "electra"]
CASES = [
    tokens(),
    crf(),
    *(sequence(family, several, False, 0.0) for family in FAMILIES for several in (False, True)),
    *(sequence("bert", several, True, 0.2) for several in (False, True)),
    ranking("mean", 0, 20.0),
    ranking("cls", 0, 20.0),
    ranking("mean", 2, 7.5),
    cosine("mean"),
    cosine("cls"),
]
VERSIONS = {
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "sentence-transformers": sentence_transformers.__version__,
}
path = Path(__file__).with_name("losses.json")
path.write_text(json.dumps({"versions": VERSIONS, "cases": CASES}, separators=(",", ":")) + "\n")
