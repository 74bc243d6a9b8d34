"""Writes checksums.json beside this file: numbers of each kind with a checksum, as python-stdnum
accepts them, and near-misses (one character changed, or two neighbours swapped) that it refuses.

    pip install python-stdnum==2.2
    python make_checksums.py                # 500 of each, written to checksums.json
    python make_checksums.py --check 10000  # as many of each, through the example `check`

The second form runs `cargo run --example check`, which answers for each line `kind<TAB>number`
whether the validator of that kind accepts it, and reports what differs. Made with Python 3.11.

German pension insurance, Australian Medicare and vehicle numbers are not in python-stdnum: their
checksums are written here a second time, from their sources (VKVV § 2; METeOR 270101; 49 CFR 565).
"""

import argparse
import datetime
import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path

from stdnum import bitcoin, iban, luhn, numdb, verhoeff
from stdnum.au import abn, tfn
from stdnum.ca import sin
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs, utr
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.us import rtn

HERE = Path(__file__).parent
DIGITS = "0123456789"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
rng = random.Random(17)


def pick(alphabet, count):
    return "".join(rng.choice(alphabet) for _ in range(count))


def tried(make, valid):
    """A number made at random until it is valid."""
    while True:
        number = make()
        if valid(number):
            return number


def last(body, valid, alphabet=DIGITS):
    """`body` with the last character that makes it valid, if there is one."""
    return next((body + c for c in alphabet if valid(body + c)), None)


def with_last(make, valid, alphabet=DIGITS):
    while True:
        number = last(make(), valid, alphabet)
        if number:
            return number


ISSUERS = [("4", 16), ("4", 13), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15),
           ("37", 15), ("6011", 16), ("65", 16), ("3528", 16), ("36", 14), ("62", 17), ("50", 12),
           ("63", 19)]


def card():
    prefix, length = rng.choice(ISSUERS)
    return with_last(lambda: prefix + pick(DIGITS, length - 1 - len(prefix)), luhn.is_valid)


COUNTRIES = [line.split()[0] for line in (Path(iban.__file__).parent / "iban.dat").read_text().splitlines()
             if line[:2].isupper()]


def iban_number():
    while True:
        country = rng.choice(COUNTRIES)
        structure = numdb.get("iban").info(country)[0][1]["bban"]
        body = ""
        for part in structure.replace("!", "").replace("n", "n ").replace("a", "a ").replace("c", "c ").split():
            alphabet = {"n": DIGITS, "a": CAPITALS, "c": DIGITS + CAPITALS}[part[-1]]
            body += pick(alphabet, int(part[:-1]))
        number = country + iban.calc_check_digits(country + "00" + body) + body
        if iban.is_valid(number):
            return number


def birthday():
    return datetime.date(1921, 1, 1) + datetime.timedelta(days=rng.randrange(30000))


def pesel_number():
    day = birthday()
    month = day.month + (20 if day.year >= 2000 else 0)
    body = f"{day.year % 100:02}{month:02}{day.day:02}" + pick(DIGITS, 4)
    return body + pesel.calc_check_digit(body)


def codice_fiscale():
    while True:
        day = birthday()
        body = (pick(CAPITALS, 6) + f"{day.year % 100:02}" + "ABCDEHLMPRST"[day.month - 1]
                + f"{day.day + rng.choice((0, 40)):02}" + pick(CAPITALS, 1) + pick(DIGITS, 3))
        number = body + codicefiscale.calc_check_digit(body)
        if codicefiscale.is_valid(number):
            return number


def nir_number():
    department = rng.choice([f"{n:02}" for n in range(1, 96) if n != 20] + ["2A", "2B"])
    body = pick("12", 1) + f"{rng.randrange(100):02}{rng.randrange(1, 13):02}" + department + pick(DIGITS, 6)
    return body + nir.calc_check_digits(body)


def idnr_number():
    def make():
        digits = rng.sample(DIGITS, 9)
        digits.insert(rng.randrange(10), rng.choice(digits))
        return "".join(digits)
    return with_last(make, idnr.is_valid)


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bitcoin_address():
    if rng.random() < 0.5:
        payload = bytes([rng.choice((0, 5))]) + rng.randbytes(20)
        payload += hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
        number, text = int.from_bytes(payload, "big"), ""
        while number:
            number, rest = divmod(number, 58)
            text = BASE58[rest] + text
        return "1" * (len(payload) - len(payload.lstrip(b"\0"))) + text
    program = rng.randbytes(rng.choice((20, 32)))
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    data = [0] + [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]
    check = bitcoin.bech32_checksum(bitcoin._expand_hrp("bc") + data + [0] * 6) ^ 1
    data += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return "bc1" + "".join(BASE32[value] for value in data)


def svnr_is_valid(number):
    if len(number) != 12 or not (number[:8] + number[9:]).isdigit() or number[8] not in CAPITALS:
        return False
    digits = number[:8] + f"{ord(number[8]) - 64:02}" + number[9:]
    sums = [sum(map(int, str(int(d) * w))) for d, w in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1))]
    return (sum(sums) % 10 == int(digits[12]) and 1 <= int(number[2:4]) <= 62
            and 1 <= int(number[4:6]) <= 12)


def svnr():
    day = birthday()
    return with_last(lambda: pick(DIGITS, 2) + day.strftime("%d%m%y") + pick(CAPITALS, 1) + pick(DIGITS, 2),
                     svnr_is_valid)


def medicare_is_valid(number):
    return (len(number) == 10 and number.isdigit() and number[0] in "23456" and number[9] != "0"
            and sum(int(d) * w for d, w in zip(number, (1, 3, 7, 9, 1, 3, 7, 9))) % 10 == int(number[8]))


def medicare():
    body = pick("23456", 1) + pick(DIGITS, 7)
    return with_last(lambda: body, lambda n: medicare_is_valid(n + "1")) + pick("123456789", 1)


VALUES = dict(zip("ABCDEFGH", range(1, 9))) | dict(zip("JKLMN", range(1, 6))) | {"P": 7, "R": 9}
VALUES |= dict(zip("STUVWXYZ", range(2, 10))) | {d: int(d) for d in DIGITS}


def vin_is_valid(number):
    if len(number) != 17 or any(c not in VALUES for c in number):
        return False
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    return "0123456789X"[sum(VALUES[c] * w for c, w in zip(number, weights)) % 11] == number[8]


def vin():
    body = pick(list(VALUES), 17)
    return next(n for n in (body[:8] + c + body[9:] for c in "0123456789X") if vin_is_valid(n))


KINDS = {
    "aadhaar": (lambda: with_last(lambda: pick("23456789", 1) + pick(DIGITS, 10), aadhaar.is_valid), aadhaar.is_valid),
    "aba": (lambda: with_last(lambda: pick(DIGITS, 8), rtn.is_valid), rtn.is_valid),
    "abn": (lambda: (lambda body: abn.calc_check_digits(body) + body)(pick(DIGITS, 9)), abn.is_valid),
    "bitcoin": (bitcoin_address, bitcoin.is_valid),
    "bsn": (lambda: with_last(lambda: pick(DIGITS, 8), bsn.is_valid), bsn.is_valid),
    "card": (card, luhn.is_valid),
    "codice-fiscale": (codice_fiscale, lambda n: len(n) == 16 and codicefiscale.is_valid(n)),
    "dni": (lambda: with_last(lambda: pick(DIGITS, 8), dni.is_valid, CAPITALS), dni.is_valid),
    "iban": (iban_number, iban.is_valid),
    "luhn": (lambda: with_last(lambda: pick(DIGITS, rng.randrange(8, 20)), luhn.is_valid), luhn.is_valid),
    "medicare": (medicare, medicare_is_valid),
    "nhs": (lambda: with_last(lambda: pick(DIGITS, 9), nhs.is_valid), nhs.is_valid),
    "nie": (lambda: with_last(lambda: pick("XYZ", 1) + pick(DIGITS, 7), nie.is_valid, CAPITALS), nie.is_valid),
    "nir": (nir_number, nir.is_valid),
    "pesel": (pesel_number, pesel.is_valid),
    "sin": (lambda: with_last(lambda: pick("1234567", 1) + pick(DIGITS, 7), sin.is_valid), sin.is_valid),
    "sozialversicherung": (svnr, svnr_is_valid),
    "steuer-id": (idnr_number, idnr.is_valid),
    "tfn": (lambda: tried(lambda: pick(DIGITS, 9), tfn.is_valid), tfn.is_valid),
    "utr": (lambda: (lambda body: utr.calc_check_digit(body) + body)(pick(DIGITS, 9)), utr.is_valid),
    "vin": (vin, vin_is_valid),
}


def near_miss(number, valid):
    """One character changed to another of its kind, or two neighbours swapped, until it is refused."""
    while True:
        i = rng.randrange(len(number))
        if rng.random() < 0.5 and i:
            changed = number[:i - 1] + number[i] + number[i - 1] + number[i + 1:]
        else:
            old = number[i]
            alphabet = DIGITS if old.isdigit() else CAPITALS if old.isupper() else CAPITALS.lower()
            changed = number[:i] + rng.choice(alphabet) + number[i + 1:]
        if changed != number and not valid(changed):
            return changed


def generated(count):
    for kind, (make, valid) in KINDS.items():
        numbers = {}
        while len(numbers) < count:
            number = make()
            assert valid(number), (kind, number)
            numbers[number] = near_miss(number, valid)
        yield kind, list(numbers), list(numbers.values())


def check(count):
    """Asks the example for each number, and prints what is missed and what is accepted."""
    expected = [(kind, number, good) for kind, valid, invalid in generated(count)
                for numbers, good in ((valid, True), (invalid, False)) for number in numbers]
    lines = "".join(f"{kind}\t{number}\n" for kind, number, _ in expected)
    command = ["cargo", "run", "-q", "--offline", "-p", "cloze-recognize", "--example", "check"]
    answers = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout.split()
    assert len(answers) == len(expected)
    wrong = {}
    for (kind, number, good), answer in zip(expected, answers):
        missed, accepted = wrong.setdefault(kind, ([], []))
        if (answer == "true") != good:
            (missed if good else accepted).append(number)
    for kind, (missed, accepted) in wrong.items():
        print(f"{kind}: {len(missed)} of {count} missed, {len(accepted)} of {count} accepted",
              *missed[:3], *accepted[:3])
    sys.exit(any(missed or accepted for missed, accepted in wrong.values()))


parser = argparse.ArgumentParser()
parser.add_argument("--check", type=int)
args = parser.parse_args()
if args.check:
    check(args.check)
kinds = {kind: {"valid": valid, "invalid": invalid} for kind, valid, invalid in generated(500)}
text = ",\n".join(f'"{kind}": {json.dumps(numbers, separators=(",", ":"))}' for kind, numbers in kinds.items())
(HERE / "checksums.json").write_text("{" + text + "}\n")
