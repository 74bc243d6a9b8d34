#!/bin/sh
# A larger tagger as a teacher: `sh teacher.sh DATA WORK`, where `train.sh DATA WORK` has been run. Fine-tunes all-mpnet-base-v2
# (WORK/teacher, 8 bits), has it label texts that have no labels, and trains a student on them, from `models/ner-en` (WORK/student).
# Takes three quarters of an hour on two cores. The card of `ner-en` says what both reach.
set -eu
data=$(realpath "$1") here=$(realpath "$(dirname "$0")")
cloze=${CLOZE:-cloze}
cd "$2"

every() { awk -v n="$1" 'BEGIN { RS = ""; ORS = "\n\n" } NR % n == 2' "$2"; }
tune() { $cloze train tag "$@" --drop-entities "$(cat "$here/nationalities.txt")" --tune full --batch 16 --epochs 1 --force; }

posts="wnut.conll btc.conll btc-dev.conll btc-joined.conll tweebank.conll"
prose="second/wikigold.conll second/sec.conll second/litbank-half.conll second/made.conll second/wikigold-varied.conll second/wnut-varied.conll
    second/litbank-varied.conll"
languages="second/pt_bosque.conll second/hr_set-half.conll second/da_ddt.conll second/sv_talbanken.conll"

python3 "$here/mpnet.py" mpnet
tune $posts wikigold.conll sec.conll first/litbank.conll first/pt_bosque.conll first/hr_set.conll first/da_ddt.conll first/sv_talbanken.conll \
    first/made.conll first/wikigold.conll --model ./mpnet --max-steps 300 --hold-out 0 --learning-rate 1e-4 --seed 1 --output teacher-first
tune $posts $prose --model ./teacher-first --max-steps 800 --hold-out 0 --learning-rate 1e-4 --seed 2 --output teacher-f32
$cloze model quantize ./teacher-f32 --output teacher --force

# Documents of 1961 and sentences of film reviews, which are in lower case.
mkdir -p semcor
tar xzf "$data/senses/semcor/semcor-noad.tar.gz" -C semcor
python3 "$here/unlabelled.py" documents $(find semcor -name '*.xml' | sort)
python3 "$here/unlabelled.py" reviews "$data"/classify/polarity/rt-polarity.??? "$data"/classify/subjectivity/*.5000
for texts in documents reviews; do
    for model in ./teacher ner-en; do
        $cloze tag $texts/*.conll --model $model --min-score 0.2 --format jsonl --output "$texts-${model#./}.jsonl" --force
    done
done
agree() { python3 "$here/agree.py" "$1"/*.conll --teacher "$1-teacher.jsonl" --student "$1-ner-en.jsonl" --weight "$2" --high "$3" --nothing "$4"; }

mkdir -p third
for set in $posts $prose $languages; do every 3 "$set" > "third/$(basename "$set")"; done
agree documents 0.7 0.6 0.25 > documents.conll
python3 "$here/join.py" documents.conll --seed 5 > third/documents.conll
agree reviews 0.85 0.65 0.1 > reviews.conll
awk 'BEGIN { RS = ""; ORS = "\n\n" } NR % 2' reviews.conll > third/reviews.conll
tune third/*.conll --model ner-en --dev dev.conll --learning-rate 1e-4 --vary-case 0.03 --seed 3 --output student
