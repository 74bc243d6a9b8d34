#!/bin/sh
# Short trainings that differ in one thing, three seeds each: `sh levers.sh DATA WORK`, where `train.sh DATA WORK` has made
# its files (its models are not needed). A line of WORK/levers.tsv is a training: name, seed, micro F1 of PER, LOC and ORG on the dev part
# of Universal NER English EWT, the test part of the Broad Twitter Corpus, data/gold/names, and Tweebank's dev part. Trainings that
# have a line are passed over. STEPS is how long a training is, 300 steps of 16 sentences unless it says otherwise: 100 are too few for
# multilingual-e5-small, which then stays behind MiniLM. With 300 a training takes one or two minutes on two cores, all 39 about an hour.
set -eu
data=$(realpath "$1") here=$(realpath "$(dirname "$0")")
gold=$(realpath "$here/../../../../data/gold/names")
cloze=${CLOZE:-cloze} steps=${STEPS:-300}
cd "$2"

[ -d e5-joined ] || python3 "$here/vocabulary.py" e5 e5-joined english.txt languages.txt --more novels.txt
python3 "$here/columns.py" "$data/ner/btc/btc.test" > btc-test.conll

few="wnut.conll btc.conll wikigold.conll sec.conll"
more="btc-dev.conll btc-joined.conll tweebank.conll first/litbank.conll first/pt_bosque.conll first/hr_set.conll first/da_ddt.conll first/sv_talbanken.conll"
made="first/made.conll first/wikigold.conll"

f1() { cat "$@" | "$cloze" eval tag - --model ./lever --labels PER,LOC,ORG --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["micro"]["f1"])'; }
# lever NAME MODEL FILES [OPTIONS]
lever() {
    name=$1 model=$2 files=$3
    shift 3
    grep -qs "^$name	$seed	" levers.tsv && return
    rm -f lever.state # of a training that was stopped
    "$cloze" train tag $files --model "$model" --tune full --batch 16 --max-steps "$steps" --epochs 1 --hold-out 0 --seed "$seed" \
        --drop-entities "$(cat "$here/nationalities.txt")" --output lever --force --quiet "$@"
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$seed" "$(f1 ewt-dev.conll)" "$(f1 btc-test.conll)" "$(f1 "$gold"/*.conll)" "$(f1 tweebank-dev.conll)" >> levers.tsv
}

old="--head-learning-rate 1e-3"
# Each alone, and all together.
for seed in 1 2 3; do
    lever start minilm-l6-v2 "$few" $old
    lever rate minilm-l6-v2 "$few"
    lever sets minilm-l6-v2 "$few $more" $old
    lever made minilm-l6-v2 "$few $made" $old
    lever crf minilm-l6-v2 "$few" $old --crf
    lever base ./e5-latin "$few" $old
    lever together ./e5-latin "$few $more $made"
done
# All but one, and one more.
for seed in 1 2 3; do
    lever without-base minilm-l6-v2 "$few $more $made"
    lever without-rate ./e5-latin "$few $more $made" $old
    lever without-sets ./e5-latin "$few $made"
    lever without-made ./e5-latin "$few $more"
    lever without-apart ./e5-joined "$few $more $made"
    lever with-crf ./e5-latin "$few $more $made" --crf
done
