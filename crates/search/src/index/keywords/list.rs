//! Rows that have a word: for each, in order, two numbers of seven bits a byte (LEB128): the number
//! of rows between it and the one before, and the number of times it has the word.

/// The rows that have a word.
#[derive(Default)]
pub(super) struct List {
    bytes: Vec<u8>,
    /// Behind the last row that is in the bytes.
    next: u64,
    /// The row that is not yet in the bytes, and how often it has the word.
    row: u64,
    count: u64,
}

impl List {
    /// The word is there in `row` once more; rows come in order.
    pub(super) fn push(&mut self, row: u64) {
        if self.count > 0 && self.row != row {
            self.close();
        }
        self.row = row;
        self.count += 1;
    }

    fn close(&mut self) {
        put(&mut self.bytes, self.row - self.next);
        put(&mut self.bytes, self.count);
        (self.next, self.count) = (self.row + 1, 0);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.close();
        self.bytes
    }
}

/// The rows of a list, of `rows` that there are, and how often each has the word.
pub(super) fn decode(mut bytes: &[u8], rows: usize) -> Option<Vec<(usize, u32)>> {
    let (mut list, mut next) = (vec![], 0_usize);
    while !bytes.is_empty() {
        let row = next.checked_add(usize::try_from(take(&mut bytes)?).ok()?)?;
        let count = u32::try_from(take(&mut bytes)?).ok()?;
        if row >= rows || count == 0 {
            return None;
        }
        list.push((row, count));
        next = row + 1;
    }
    Some(list)
}

/// Adds a number in LEB128: seven bits a byte, the lowest first, the highest bit where more follow.
#[expect(clippy::cast_possible_truncation, reason = "seven bits")]
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes such a number off the front, of at most nine bytes, which no list has more of.
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 is 2 · 128 + 44: 0xac, 0x02.
    #[test]
    fn numbers_take_the_bytes_they_need() {
        let mut bytes = vec![];
        put(&mut bytes, 300);
        assert_eq!(bytes, [0xac, 0x02]);
        for number in [0, 1, 127, 128, 16383, 16384, u64::from(u32::MAX), (1 << 63) - 1] {
            bytes.clear();
            put(&mut bytes, number);
            let mut left = &bytes[..];
            assert_eq!((take(&mut left), left.len()), (Some(number), 0));
            assert_eq!(take(&mut &bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(take(&mut &[0xff; 20][..]), None);
    }

    /// Rows 2 and 3 of 4, then row 4, which is not there; a count of 0; half a pair.
    #[test]
    fn lists_stay_within_the_rows() {
        assert_eq!(decode(&[2, 1, 0, 9], 4), Some(vec![(2, 1), (3, 9)]));
        for bytes in [&[2, 1, 0, 9, 0, 1][..], &[4, 1], &[1, 0], &[1]] {
            assert_eq!(decode(bytes, 4), None, "{bytes:?}");
        }
    }
}
