#!/bin/sh
# Chooses the settings of `cloze redact` for a model: sh choose.sh DATA FOLDER [MODEL]
#
# DATA is Presidio's evaluation data (synth_dataset_v2.json of presidio-research, or its first records); FOLDER
# gets the parts, the tables and the curves. The chosen settings belong into "redaction" of the model's
# cloze.json. The bound on wrong spans is a third more than the model has without it, far below the
# 5 % that are to hold elsewhere: these texts have more personal data, and so fewer places to be wrong, than most.
set -e
data=$1 folder=$2 model=${3:-pii}
strengths=0,0.5,1,1.5,2,2.5,3,3.5,4,5,6
mkdir -p "$folder"
python3 "$(dirname "$0")/split.py" "$data" "$folder/choose.json" "$folder/figures.json"
for part in choose figures; do
    cloze eval redact "$folder/$part.json" --model "$model" --sweep $strengths --sweep-windows full,128,64 \
        --max-wrong 0.02 --svg "$folder/$part.svg" --format markdown --output "$folder/$part.md" --force
done
