#!/bin/sh
# Trains `models/ner-en` anew: `sh train.sh DATA WORK`. DATA has the sets in `ner/SET` and `text/novels.tar.gz`, WORK
# gets what is made; the model is WORK/ner-en. Takes about two hours on two cores.
set -eu
data=$(realpath "$1") work=$2 here=$(realpath "$(dirname "$0")")
cloze=${CLOZE:-cloze}
mkdir -p "$work" && cd "$work"

columns() { python3 "$here/columns.py" "$@"; }
every() { awk -v n="$1" 'BEGIN { RS = ""; ORS = "\n\n" } NR % n == 1' "$2"; }
texts() { awk -F'\t' 'NF > 1 { printf "%s ", $1 } NF < 2 { print "" }' "$@"; }
generate() { python3 "$here/generate.py" "$@"; }
augment() { python3 "$here/augment.py" "$@"; }
join() { python3 "$here/join.py" "$@"; }
both() { cat "$1"; echo; cat "$2"; }

# The sets, as words and tags.
ner=$data/ner
map=corporation=ORG,group=ORG,person=PER,location=LOC,product=MISC,creative-work=MISC
for file in wnut17train.conll emerging.dev.conll emerging.test.annotated; do
    columns "$ner/wnut17/$file" --map $map
    echo
done > wnut.conll
columns "$ner/btc/btc.train" > btc.conll
columns "$ner/btc/btc.dev" > btc-dev.conll
# Beside the handles that BTC has as `@` and a person, the same sentences with handles as one word without a label.
augment btc.conll --join-handles --share 0 --all > btc-joined-all.conll
every 3 btc-joined-all.conll > btc-joined.conll
columns "$ner/wikigold/wikigold.conll.txt" > wikigold.conll
columns "$ner/sec-filings/FIN5.txt" > sec.conll
columns "$ner/tweebank/train.bio" > tweebank.conll
columns "$ner/tweebank/dev.bio" > tweebank-dev.conll
python3 "$here/titles.py" "$ner/litbank/litbank.conll" > litbank.conll
for language in pt_bosque hr_set da_ddt sv_talbanken; do
    columns "$ner/uner-more/$language-ud-train.iob2" --token 2 --tag 3 --map OTH= > $language-train.conll
    columns "$ner/uner-more/$language-ud-dev.iob2" --token 2 --tag 3 --map OTH= > $language-dev.conll
done
columns "$ner/uner-ewt/en_ewt-ud-dev.iob2" --token 2 --tag 3 --map OTH= > ewt-dev.conll
both ewt-dev.conll tweebank-dev.conll > dev.conll

# First pass: sentences one by one, a third of the larger sets.
mkdir -p first
every 3 litbank.conll > first/litbank.conll
for language in pt_bosque hr_set da_ddt sv_talbanken; do every 3 $language-train.conll > first/$language.conll; done
generate -n 4000 --seed 1 > first/made.conll
augment wikigold.conll --seed 1 > first/wikigold.conll
posts="wnut.conll btc.conll btc-dev.conll btc-joined.conll tweebank.conll"

# Second pass: half of the sentences of running text in runs, other names, more of the larger sets.
mkdir -p second
for set in wikigold sec litbank; do join $set.conll > second/$set.conll; done
for language in pt_bosque hr_set da_ddt sv_talbanken; do
    both $language-train.conll $language-dev.conll > $language.conll
    join $language.conll > second/$language.conll
done
for set in litbank hr_set; do every 2 second/$set.conll > second/$set-half.conll; done
generate -n 7500 --seed 11 > made.conll
join made.conll --share 0.2 --most 3 > second/made.conll
augment second/wikigold.conll --seed 11 > second/wikigold-varied.conll
augment wnut.conll --seed 11 --share 0.5 > second/wnut-varied.conll
augment first/litbank.conll --seed 11 > second/litbank-varied.conll

# The encoder, with the pieces of its vocabulary that these texts and novels have.
mkdir -p novels && tar xzf "$data/text/novels.tar.gz" -C novels
ls novels/original/* | awk 'NR % 5 < 2' | xargs cat > novels.txt
english="wnut.conll btc.conll wikigold.conll sec.conll tweebank.conll litbank.conll made.conll first/made.conll first/wikigold.conll"
texts $english > english.txt
texts pt_bosque.conll hr_set.conll da_ddt.conll sv_talbanken.conll > languages.txt
python3 "$here/base.py" e5
python3 "$here/vocabulary.py" e5 e5-latin english.txt languages.txt --more novels.txt
python3 "$here/punctuation.py" e5-latin

tune() { $cloze train tag "$@" --dev dev.conll --drop-entities "$(cat "$here/nationalities.txt")" --tune full --batch 16 --epochs 1 --force; }
tune $posts wikigold.conll sec.conll first/litbank.conll first/made.conll first/wikigold.conll \
    first/pt_bosque.conll first/hr_set.conll first/da_ddt.conll first/sv_talbanken.conll \
    --model ./e5-latin --learning-rate 2e-4 --vary-case 0.02 --output ner-first
tune $posts second/wikigold.conll second/sec.conll second/litbank-half.conll second/made.conll second/wikigold-varied.conll \
    second/wnut-varied.conll second/litbank-varied.conll second/pt_bosque.conll second/hr_set-half.conll second/da_ddt.conll \
    second/sv_talbanken.conll --model ./ner-first --learning-rate 1.5e-4 --vary-case 0.04 --output ner-f32
python3 "$here/vocabulary.py" ner-f32 ner-en-f32 english.txt --more novels.txt --least 20 --first 27500
$cloze model quantize ./ner-en-f32 --embeddings --output ner-en --force
