#!/usr/bin/env bash
# Installs what cloze is measured against, pinned, into FOLDER: install.sh FOLDER
# PYTHON names another interpreter than python3 (3.10 or newer; made with 3.11). It takes about 6 GB, since
# the package index has PyTorch with CUDA alone. What cannot be installed is left out, and the
# benchmark then says so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: install.sh FOLDER}

"${PYTHON:-python3}" -m venv "$folder"
# All at once, so that pip finds versions that fit together; else one by one, what there is.
"$folder/bin/pip" install -r "$here/requirements.txt" ||
  grep -v '^#' "$here/requirements.txt" | while read -r package; do
    "$folder/bin/pip" install "$package" || echo "left out: $package" >&2
  done

"$folder/bin/python" -m venv "$folder/optimum"
# What the first environment has is found behind what the second has, PyTorch above all.
site=$("$folder/bin/python" -c 'import site; print(site.getsitepackages()[0])')
echo "$site" >"$("$folder/optimum/bin/python" -c 'import site; print(site.getsitepackages()[0])')/first.pth"
"$folder/optimum/bin/pip" install -r "$here/requirements-optimum.txt" ||
  echo "left out: the ONNX and OpenVINO backends of sentence-transformers" >&2

if command -v cargo >/dev/null; then
  cargo build --release --locked --manifest-path "$here/fastembed-rs/Cargo.toml" --target-dir "$folder/rust" ||
    echo "left out: fastembed-rs" >&2
fi
