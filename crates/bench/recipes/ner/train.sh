#!/bin/sh
# Trains `models/ner-en` anew: `sh train.sh DATA WORK`. DATA has the sets in `ner/SET` and `text/novels.tar.gz`, WORK
# gets what is made; the model is WORK/ner-en. Takes about an hour on two cores.
set -eu
data=$(realpath "$1") work=$2 here=$(realpath "$(dirname "$0")")
cloze=${CLOZE:-cloze}
mkdir -p "$work" && cd "$work"

columns() { python3 "$here/columns.py" "$@"; }
every() { awk -v n="$1" 'BEGIN { RS = ""; ORS = "\n\n" } NR % n == 1' "$2"; }
texts() { awk -F'\t' 'NF > 1 { printf "%s ", $1 } NF < 2 { print "" }' "$@"; }

ner=$data/ner
map=corporation=ORG,group=ORG,person=PER,location=LOC,product=MISC,creative-work=MISC
for file in wnut17train.conll emerging.dev.conll emerging.test.annotated; do
    columns "$ner/wnut17/$file" --map $map
    echo
done > wnut.conll
columns "$ner/btc/btc.train" > btc.conll
columns "$ner/btc/btc.dev" > btc-dev.conll
# Beside the handles that BTC has as `@` and a person, the same sentences with handles as one word without a label.
python3 "$here/augment.py" btc.conll --join-handles --share 0 --all > btc-joined-all.conll
every 3 btc-joined-all.conll > btc-joined.conll
columns "$ner/wikigold/wikigold.conll.txt" > wikigold.conll
columns "$ner/sec-filings/FIN5.txt" > sec.conll
columns "$ner/tweebank/train.bio" > tweebank.conll
python3 "$here/titles.py" "$ner/litbank/litbank.conll" > litbank-all.conll
every 3 litbank-all.conll > litbank.conll
for language in pt_bosque hr_set da_ddt sv_talbanken; do
    columns "$ner/uner-more/$language-ud-train.iob2" --token 2 --tag 3 --map OTH= > $language-all.conll
    every 3 $language-all.conll > $language.conll
done
python3 "$here/generate.py" -n 4000 --seed 1 > made.conll
python3 "$here/augment.py" wikigold.conll --seed 1 > wikigold-varied.conll
{ columns "$ner/uner-ewt/en_ewt-ud-dev.iob2" --token 2 --tag 3 --map OTH=; echo; columns "$ner/tweebank/dev.bio"; } > dev.conll

mkdir -p novels && tar xzf "$data/text/novels.tar.gz" -C novels
ls novels/original/* | awk 'NR % 5 < 2' | xargs cat > novels.txt
english="wnut.conll btc.conll wikigold.conll sec.conll tweebank.conll litbank-all.conll made.conll wikigold-varied.conll"
languages="pt_bosque.conll hr_set.conll da_ddt.conll sv_talbanken.conll"
texts $english > english.txt
texts $languages > languages.txt

python3 "$here/base.py" e5
python3 "$here/vocabulary.py" e5 e5-latin english.txt languages.txt --more novels.txt
$cloze train tag wnut.conll btc.conll btc-dev.conll btc-joined.conll wikigold.conll sec.conll tweebank.conll litbank.conll \
    made.conll wikigold-varied.conll $languages --dev dev.conll --drop-entities "$(cat "$here/nationalities.txt")" \
    --model ./e5-latin --tune full --learning-rate 2e-4 --epochs 1 --vary-case 0.02 --output ner-f32 --force
python3 "$here/vocabulary.py" ner-f32 ner-en-f32 english.txt --more novels.txt --least 20 --first 29000
$cloze model quantize ./ner-en-f32 --embeddings --output ner-en --force
