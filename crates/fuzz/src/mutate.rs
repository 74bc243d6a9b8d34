//! Damaged variants of inputs: cuts, changed bits, and what parsers of JSON, tables and XML stumble over.
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

/// Pieces that replace or are put between others.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"18446744073709551615",
    b"-9223372036854775808",
    b"99999999999",
    b"0.1",
    b"\t",
    b"\n",
    b"\r\n",
    b"\n\n",
    b" ",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x00",
    b"<",
    b">",
    b"&",
    b"&#0;",
    b"B-",
    b"I-",
    b"O",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"[[[[[[[[[[[[[[[[",
    b"((((((((((((((((",
    b"(.*)*",
    b"\\p{L}{1000}",
];

/// Input number `index` of a target: a seed with up to eight changes. The same for the same numbers.
#[must_use]
pub fn input(seeds: &[Vec<u8>], run: u64, index: u64) -> Vec<u8> {
    let mut random = Pcg64::new(u128::from(index) << 64 | u128::from(run), 7);
    let mut bytes = choose(&mut random, seeds).clone();
    for _ in 0..=below(&mut random, 8) {
        change(&mut random, &mut bytes, seeds);
    }
    bytes
}

fn change(random: &mut Pcg64, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let start = below(random, bytes.len() + 1);
    let end = (start + below(random, 16)).min(bytes.len());
    match below(random, 9) {
        0 => bytes.truncate(start),
        1 | 2 => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte ^= 1 << below(random, 8);
            }
        }
        3 => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte = random.next_u32().to_le_bytes()[0];
            }
        }
        4 => drop(bytes.drain(start..end)),
        5 => drop(bytes.splice(start..end, choose(random, PIECES).iter().copied())),
        6 => drop(bytes.splice(start..start, choose(random, PIECES).iter().copied())),
        7 => {
            // A part again, a few times.
            let part = bytes[start..end].repeat(1 + below(random, 20));
            bytes.splice(start..start, part);
        }
        _ => {
            let other = choose(random, seeds);
            let from = below(random, other.len() + 1);
            let to = (from + below(random, 200)).min(other.len());
            bytes.splice(start..end, other[from..to].iter().copied());
        }
    }
}

fn below(random: &mut Pcg64, n: usize) -> usize {
    random.next_u32() as usize % n.max(1)
}

fn choose<'a, T>(random: &mut Pcg64, all: &'a [T]) -> &'a T {
    &all[below(random, all.len())]
}
