"""Exports decoders beside this file as other programs do: graphs alone, the rest of each folder is the checkpoint's.

    pip install torch==2.15.0 optimum==2.3.0 optimum-onnx==0.1.0 transformers==4.57.6 onnx==1.23.2
    python make_exported.py optimum
    pip install transformers==5.24.0 onnxruntime-genai==0.18.0 onnx-ir==1.1.0
    python make_exported.py genai

Made with Python 3.11. The two need other versions of transformers.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "exported"


def keep(folder, name, files):
    (OUT / name).mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(Path(folder) / file, OUT / name / file)


def optimum():
    from optimum.exporters.onnx import main_export

    for name, task, files in [
        ("gpt2", "text-generation-with-past", ["model.onnx"]),
        (
            "t5-gated",
            "text2text-generation-with-past",
            [
                "encoder_model.onnx",
                "decoder_model.onnx",
                "decoder_with_past_model.onnx",
                "decoder_model_merged.onnx",
            ],
        ),
    ]:
        with tempfile.TemporaryDirectory() as folder:
            main_export(str(HERE / name), output=folder, task=task, do_validation=False)
            keep(folder, f"optimum-{name}", files)


def genai():
    builder = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-m", "", "-p", "fp32", "-e", "cpu"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*builder, "-i", str(HERE / "llama"), "-o", folder], check=True)
        keep(folder, "genai-llama", ["genai_config.json", "model.onnx", "model.onnx.data"])


{"optimum": optimum, "genai": genai}[sys.argv[1]]()
