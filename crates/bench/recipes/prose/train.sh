#!/bin/sh
# Trains `models/prose-en` anew: `sh train.sh NOVELS.tar.gz WORK`. WORK gets what is made; the model is WORK/prose-en,
# the 3-gram model's figures are WORK/trigram.txt. With STEPS=300 it takes so many steps, and with CONFIG=FILE a model
# of another shape.
set -eu
novels=$(realpath "$1") work=$2 here=$(realpath "$(dirname "$0")")
cloze=${CLOZE:-cloze} config=$(realpath "${CONFIG:-$here/config.json}") steps=${STEPS:-}
mkdir -p "$work" && cd "$work"

rm -rf train development held-out && mkdir train development held-out
tar xzf "$novels" -C train --strip-components=1
# Ten authors' books that are held out as a whole, and two short books to choose the best step by.
while read -r name; do mv "train/$name" held-out/; done < "$here/held-out.txt"
while read -r name; do mv "train/$name" development/; done < "$here/development.txt"

$cloze train causal train --config "$config" --dev development --output prose-en --dtype f16 --epochs 3 --batch 4 \
    --block 512 --learning-rate 2e-3 --schedule cosine --warmup 0.02 --weight-decay 0.1 --eval-every 1000 --seed 1 \
    --language en --license CC0-1.0 --source "100 novels in English, 1719 to 1923, in the public domain" \
    --description "Writes old English prose: a small decoder to learn with" --force ${steps:+--max-steps $steps}

python3 "$here/trigram.py" prose-en/tokenizer.json train held-out > trigram.txt
cat trigram.txt
$cloze score held-out --model ./prose-en --corpus > held-out.txt
cat held-out.txt
$cloze generate --model ./prose-en --text 'It was a' --temperature 0.8 --max-new-tokens 60
