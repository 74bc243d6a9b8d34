#!/bin/sh
# Trains the personal data tagger further: `train.sh GRAPH_FOLDER DATA_FOLDER WORK_FOLDER [PROGRAM]`.
# GRAPH_FOLDER holds upstream's 4-bit graph; DATA_FOLDER `pii/presidio-synth` and `ner`. The new model is WORK_FOLDER/pii.
set -eu
graph=$1 data=$2 work=$3 cloze=${4:-cloze}
here=$(dirname "$0")

python3 "$here/dequantize.py" "$graph" "$work/upstream" --check
python3 "$here/generate.py" --output "$work/data" --count 6500 --seed 1 \
  --presidio "$data/pii/presidio-synth/synth_dataset_first_1000.json" --ner "$data/ner" --ner-count 2500
# Held out while training: the same templates with other values.
python3 "$here/generate.py" --output "$work/dev" --count 250 --seed 2

# Presidio's texts twice: they are few.
nice -n 10 "$cloze" train tag "$work/data/templates.conll" "$work/data/presidio.conll" "$work/data/presidio.conll" \
  "$work/data/ner.conll" --dev "$work/dev/templates.conll" --model "$work/upstream" --output "$work/trained" \
  --tune full --learning-rate 2e-4 --head-learning-rate 1e-3 --max-steps 260 --warmup 0.06 --epochs 1 --batch 16 --seed 0 --no-texts --force

mkdir -p "$work/pii"
for file in LICENSE config.json special_tokens_map.json tokenizer.json tokenizer_config.json; do
  from="$work/trained/$file"
  [ -f "$from" ] || from="$graph/$file"
  cp "$from" "$work/pii/$file"
done
python3 "$here/graph.py" "$work/trained" "$graph" "$work/pii/model.onnx"
for model in "$graph" "$work/trained" "$work/pii"; do
  "$cloze" eval redact "$work/data/presidio-dev.json" --model "$model" --recognizers all,-date,-date_named
done
