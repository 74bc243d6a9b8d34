//! Rows of a buffer that change places: beams that go on, each from one of those before.

/// Gives row `i` of `data`, `[rows, heads, length, width]`, the first `len` places of what row `from[i]`
/// holds. Rows beyond the buffer, and a shape of another rank, are left as they are.
///
/// It copies, since the attention's operator takes the rows of a batch one behind the other, each whole: two
/// beams of one parent write their next tokens to places of their own. Rows that stay are not touched, nor is
/// what no token has written.
pub(super) fn gather(
    data: &mut [f32],
    shape: &[usize],
    from: &[usize],
    len: usize,
    scratch: &mut Vec<f32>,
) {
    let &[rows, heads, length, width] = shape else { return };
    let used = len.min(length) * width;
    let start = |row: usize, head: usize| (row * heads + head) * length * width;
    let moves = from.iter().copied().enumerate().take(rows);
    let moves: Vec<(usize, usize)> =
        moves.filter(|&(to, from)| to != from && from < rows).collect();
    // All are read before any is written: a row may be both.
    scratch.clear();
    for &(_, from) in &moves {
        for head in 0..heads {
            let start = start(from, head);
            scratch.extend_from_slice(&data[start..start + used]);
        }
    }
    let mut parts = scratch.chunks_exact(used.max(1));
    for (to, _) in moves {
        for head in 0..heads {
            let start = start(to, head);
            if let Some(part) = parts.next() {
                data[start..start + part.len()].copy_from_slice(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::gather;

    /// Three rows of two heads, three places of one number each; row r, head h, place p holds 100r + 10h + p.
    /// Rows 0 and 1 change places and 2 takes 0's, two places each; the third of each stays.
    #[test]
    fn rows_change_places_as_far_as_they_are_used() {
        let number =
            |r: u8, h: u8, p: u8| 100.0 * f32::from(r) + 10.0 * f32::from(h) + f32::from(p);
        let fill = |row: [[u8; 3]; 3]| -> Vec<f32> {
            let heads = row.iter().flat_map(|places| [0, 1].map(|h| (places, h)));
            heads
                .flat_map(|(places, h)| [0, 1, 2].map(|p| number(places[usize::from(p)], h, p)))
                .collect()
        };
        let mut data = fill([[0; 3], [1; 3], [2; 3]]);
        gather(&mut data, &[3, 2, 3, 1], &[1, 0, 0], 2, &mut vec![]);
        assert_eq!(data, fill([[1, 1, 0], [0, 0, 1], [0, 0, 2]]));
        let before = data.clone();
        for (shape, from, len) in [
            (&[3, 2, 3, 1][..], &[0, 1, 2][..], 3),
            (&[18], &[1], 3),
            (&[3, 2, 3, 1], &[2, 0, 1], 0),
        ] {
            gather(&mut data, shape, from, len, &mut vec![]);
            assert_eq!(data, before);
        }
        gather(&mut data, &[3, 2, 3, 1], &[0, 9, 2, 1], 3, &mut vec![]);
        assert_eq!(data, before);
    }
}
