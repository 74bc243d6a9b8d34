"""Writes cases.json and weights.safetensors: folders of sentence-transformers over the checkpoints beside them,
and the vectors that sentence-transformers gives for texts.

    pip install sentence-transformers==6.2.0 torch==2.15.0 transformers==5.24.0 safetensors==0.8.0 numpy==2.4.6
    python make_sentence.py

Made with Python 3.11. A case names the checkpoints that its folder has, by the folder they lie in, and has its other
files as text; files of weights are tensors of weights.safetensors, by `case/file/tensor`. `vectors` are of
`encode(texts, normalize_embeddings=True)` with `arguments`, `raw` of the same without normalization.
"""

import json
import shutil
import tempfile
import zlib
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer

HERE = Path(__file__).parent
CHECKPOINTS = HERE.parent / "checkpoints"
TEXTS = ["Ann lives in Kassel.", "i met THE SON", "x", ""]
ST = "sentence_transformers.models."
POOLING = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}


def modules(*classes):
    return [{"idx": i, "name": str(i), "path": path, "type": kind if "." in kind else ST + kind} for i, (kind, path) in enumerate(classes)]


def pooling(mode, width=32, **more):
    return {"embedding_dimension": width, "pooling_mode": mode, "include_prompt": True, **more}


class Case:
    def __init__(self, name, *, listed=None, encoders=None, arguments=None, files=None, weights=None, limit=None):
        self.name = name
        self.encoders = {"": "bert"} if encoders is None else encoders
        self.arguments = arguments or {}
        self.files = dict(files or {})
        if listed is not None:
            self.files["modules.json"] = listed
        self.weights = weights or {}
        self.limit = limit

    def dense(self, path, inputs, outputs, *, bias=True, activation="torch.nn.modules.activation.Tanh", residual=False, **more):
        random = np.random.default_rng(zlib.crc32(f"{self.name}/{path}".encode()))
        draw = lambda *shape: random.normal(0, 0.3, shape).astype(np.float32)
        config = {"in_features": inputs, "out_features": outputs, "bias": bias, "activation_function": activation, **more}
        tensors = {"linear.weight": draw(outputs, inputs)}
        if bias:
            tensors["linear.bias"] = draw(outputs)
        if residual:
            config["use_residual"] = True
            if inputs != outputs:
                tensors["residual.weight"] = draw(outputs, inputs)
        self.files[f"{path}/config.json"] = config
        self.weights[f"{path}/model.safetensors"] = tensors
        return self

    def norm(self, path, width):
        random = np.random.default_rng(zlib.crc32(f"{self.name}/{path}".encode()))
        self.files[f"{path}/config.json"] = {"dimension": width}
        tensors = {"norm.weight": random.uniform(0.5, 1.5, width), "norm.bias": random.normal(0, 0.3, width)}
        self.weights[f"{path}/model.safetensors"] = {k: v.astype(np.float32) for k, v in tensors.items()}
        return self


def settings(**values):
    return {"config_sentence_transformers.json": {"__version__": {"sentence_transformers": "5.0.0"}, **values}}


def cases():
    t, p, n = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    plain = {"1_Pooling/config.json": POOLING}

    def of(name, *more, files=None, **rest):
        return Case(name, listed=modules(t, p, *more), files=plain | (files or {}), **rest)

    yield of("mean")
    yield of("normalize", n)
    yield Case("mean-and-cls", listed=modules(t, p), files={"1_Pooling/config.json": pooling(["mean", "cls"])})
    yield Case("no-modules")
    dense = ("Dense", "2_Dense")
    yield of("dense-tanh", dense).dense("2_Dense", 32, 8)
    yield of("dense-identity", dense, ("Normalize", "3_Normalize")).dense("2_Dense", 32, 48, bias=False, activation="torch.nn.modules.linear.Identity")
    yield of("dense-names", dense).dense("2_Dense", 32, 8, module_input_name="sentence_embedding", module_output_name="sentence_embedding")
    for activation in ["ReLU", "GELU", "Sigmoid", "SiLU", "LeakyReLU", "ELU", "Mish", "Softplus", "ReLU6"]:
        yield of(f"dense-{activation.lower()}", dense).dense("2_Dense", 32, 6, activation=f"torch.nn.modules.activation.{activation}")
    yield of("dense-twice", dense, ("Dense", "3_Dense")).dense("2_Dense", 32, 16).dense("3_Dense", 16, 4, activation="torch.nn.modules.linear.Identity")
    yield of("dense-behind-normalize", n, ("Dense", "3_Dense")).dense("3_Dense", 32, 8)
    yield of("dense-residual", dense).dense("2_Dense", 32, 32, residual=True)
    yield of("dense-residual-matrix", dense).dense("2_Dense", 32, 8, residual=True, activation="torch.nn.modules.activation.GELU")
    two = {"1_Pooling/config.json": pooling(["cls", "max"])}
    yield Case("dense-of-two-poolings", listed=modules(t, p, dense), files=two).dense("2_Dense", 64, 8)
    yield of("layer-norm", ("LayerNorm", "2_LayerNorm")).norm("2_LayerNorm", 32)
    yield of("dropout", ("Dropout", "2_Dropout"), dense, files={"2_Dropout/config.json": {"dropout": 0.5}}).dense("2_Dense", 32, 8)
    new = [
        ("sentence_transformers.base.modules.transformer.Transformer", ""),
        ("sentence_transformers.sentence_transformer.modules.pooling.Pooling", "1_Pooling"),
        ("sentence_transformers.base.modules.dense.Dense", "2_Dense"),
        ("sentence_transformers.base.modules.normalize.Normalize", "3_Normalize"),
    ]
    names = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
    files = {"1_Pooling/config.json": pooling("mean"), "3_Normalize/config.json": names}
    yield Case("new-names", listed=modules(*new), files=files).dense("2_Dense", 32, 8, **names)

    prompts = {"query": "the son ", "passage": "in: "}
    yield of("default-prompt", files=settings(prompts=prompts, default_prompt_name="query"))
    yield of("prompt-name", files=settings(prompts=prompts), arguments={"prompt_name": "passage"})
    yield of("prompt-text", files=settings(prompts=prompts, default_prompt_name="query"), arguments={"prompt": "met "})
    yield of("no-prompt", files=settings(prompts=prompts, default_prompt_name="query"), arguments={"prompt": ""})
    yield of("unset-prompt", files=settings(default_prompt_name="document"))
    for mode in ["cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]:
        config = {"1_Pooling/config.json": pooling(mode, include_prompt=False)}
        yield of(f"prompt-not-pooled-{mode}", files=config | settings(prompts=prompts), arguments={"prompt_name": "query"})
    both = {"1_Pooling/config.json": pooling(["mean", "max"], include_prompt=False)}
    yield of("prompt-not-pooled-dense", dense, files=both | settings(prompts=prompts, default_prompt_name="query")).dense("2_Dense", 64, 8)
    yield of("truncated", dense, files=settings(truncate_dim=6)).dense("2_Dense", 32, 16)
    yield of("truncated-beyond", files=settings(truncate_dim=64))
    yield of("dot", files=settings(similarity_fn_name="dot"))
    yield of("short", files={"sentence_bert_config.json": {"max_seq_length": 6, "do_lower_case": False}})
    pool8 = {"1_Pooling/config.json": pooling("mean", 8)}
    for name in ["sentence_bert_config.json", "sentence_roberta_config.json", "sentence_xlm-roberta_config.json"]:
        lower = {name: {"max_seq_length": 24, "do_lower_case": True}}
        yield Case(f"lower-{name[9:-12]}", listed=modules(t, p), encoders={"": "roberta"}, files=pool8 | lower)
    own = modules(("Transformer", "0_Transformer"), p, dense)
    files = plain | {"config.json": {"__version__": "0.3.0"}, "0_Transformer/sentence_bert_config.json": {"max_seq_length": 24}}
    yield Case("own-folder", listed=own, encoders={"0_Transformer": "bert"}, files=files).dense("2_Dense", 32, 8)

    types = {"q0": ST + "Transformer", "q1": ST + "Pooling", "d0": ST + "Transformer", "d1": ST + "Pooling", "d2": ST + "Dense"}
    routes = {"query": ["q0", "q1"], "document": ["d0", "d1", "d2"]}
    parameters = {"default_route": "document", "allow_empty_key": True, "route_mappings": {}}
    router = {"router_config.json": {"types": types, "structure": routes, "parameters": parameters}}
    router |= {"q1/config.json": pooling("cls"), "d1/config.json": pooling("mean", 16)}
    for task in [None, "query", "document"]:
        arguments = {} if task is None else {"task": task}
        case = Case(f"router-{task}", listed=modules(("Router", ""), n), encoders={"q0": "bert", "d0": "electra"}, files=router, arguments=arguments)
        yield case.dense("d2", 16, 32)
    asym = {"types": {"a": ST + "Dense", "b": ST + "Dense"}, "structure": {"query": ["a"], "doc": ["b"]}, "parameters": {"allow_empty_key": True}}
    for task in [None, "doc"]:
        arguments = {} if task is None else {"task": task}
        case = Case(f"asym-{task}", listed=modules(t, p, ("Asym", "2_Asym")), files=plain | {"2_Asym/config.json": asym}, arguments=arguments)
        yield case.dense("2_Asym/a", 32, 8).dense("2_Asym/b", 32, 8)

    tokenizer = json.loads((CHECKPOINTS / "bert/tokenizer.json").read_text())
    table = np.random.default_rng(1).normal(0, 1, (73, 8)).astype(np.float32)
    static = {"0_StaticEmbedding/tokenizer.json": tokenizer}
    one = {"0_StaticEmbedding/model.safetensors": {"embedding.weight": table}}
    yield Case("static", listed=modules(("StaticEmbedding", "0_StaticEmbedding")), encoders={}, files=static, weights=one)
    files = static | settings(prompts=prompts, default_prompt_name="query")
    listed = modules(("StaticEmbedding", "0_StaticEmbedding"), ("Dense", "1_Dense"))
    yield Case("static-dense-prompt", listed=listed, encoders={}, files=files, weights=dict(one)).dense("1_Dense", 8, 4)
    vec = {"tokenizer.json": tokenizer, "config.json": {"model_type": "model2vec", "architectures": ["StaticModel"], "hidden_dim": 8, "normalize": True}}
    listed = modules(("StaticEmbedding", "."), ("Normalize", "1_Normalize"))
    yield Case("model2vec", listed=listed, encoders={}, files=vec, weights={"model.safetensors": {"embeddings": table}})
    mapping = (np.arange(73) % 20).astype(np.int64)
    factors = np.random.default_rng(2).uniform(0.5, 1.5, 73).astype(np.float32)
    quantized = {"embeddings": table[:20], "mapping": mapping, "weights": factors}
    yield Case("model2vec-mapped", listed=listed, encoders={}, files=vec, weights={"model.safetensors": quantized})


def main():
    listed, tensors = [], {}
    for case in cases():
        with tempfile.TemporaryDirectory() as folder:
            for path, checkpoint in case.encoders.items():
                to = Path(folder, path)
                to.mkdir(exist_ok=True)
                for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]:
                    shutil.copy(CHECKPOINTS / checkpoint / name, to / name)
            for name, content in case.files.items():
                Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, name).write_text(json.dumps(content), encoding="utf-8")
            for name, content in case.weights.items():
                Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
                save_file(content, Path(folder, name))
                tensors |= {f"{case.name}/{name}/{tensor}": values for tensor, values in content.items()}
            model = SentenceTransformer(folder, device="cpu", local_files_only=True)
            vectors = model.encode(TEXTS, normalize_embeddings=True, **case.arguments)
            raw = model.encode(TEXTS, **case.arguments)
        tensors |= {f"{case.name}/vectors": vectors.astype(np.float32), f"{case.name}/raw": raw.astype(np.float32)}
        listed.append({"name": case.name, "encoders": case.encoders, "arguments": case.arguments, "files": {k: json.dumps(v) for k, v in case.files.items()}, "similarity": model.similarity_fn_name})
    (HERE / "cases.json").write_text(json.dumps({"texts": TEXTS, "cases": listed}, indent=1) + "\n", encoding="utf-8")
    save_file(tensors, HERE / "weights.safetensors")
    print(len(listed), "cases")


if __name__ == "__main__":
    main()
