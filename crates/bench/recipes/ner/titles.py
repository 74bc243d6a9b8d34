"""Writes a CoNLL file whose persons have no titles: `python3 titles.py litbank.conll > names.conll`.

LitBank marks `Lord Chancellor` and `Mr. Tulkinghorn` as persons; here titles are no part of a name, and alone they are none.
"""
import sys

import words

TITLES = set("""
mr mrs ms miss mister master madam madame monsieur mademoiselle mlle mme m. messrs herr frau fräulein signor signora signorina
señor señora don doña dom sir dame lord lady duke duchess earl count countess baron baroness viscount viscountess marquis
marquess marchioness prince princess king queen emperor empress tsar czar czarina sultan pasha rajah shah khan
pope cardinal archbishop bishop abbot abbé abbe father brother sister mother friar reverend rev rabbi saint st
dr doctor prof professor dean chancellor president senator governor mayor judge justice squire minister secretary
general colonel col major capt captain lieutenant lieut lt sergeant corporal private admiral commodore commander
inspector constable detective officer sheriff marshal uncle aunt auntie aunty cousin granny grandma grandpa grandfather
grandmother papa mamma mama old young little poor dear the
""".split())


def is_title(word):
    return word.lower().rstrip(".") in TITLES or word.lower() in TITLES


def untitled(sentence):
    tagged = list(sentence)
    for start, end, label in words.entities([tag for _, tag in sentence]):
        if label != "PER":
            continue
        first = start
        while first < end and is_title(sentence[first][0]):
            first += 1
        for i in range(start, end):
            tag = "O" if i < first else "B-PER" if i == first else "I-PER"
            tagged[i] = (sentence[i][0], tag)
    return tagged


if __name__ == "__main__":
    words.write([untitled(sentence) for sentence in words.read(sys.argv[1])], sys.stdout)
