//! Rotation of queries and keys by their positions (Su et al. 2021), both ways. A head's number `i` and
//! the one half a head behind it are turned together, as transformers has it.
use super::vectorised;

/// Turns every head of `rows`, `[n, heads · 2 · half]`, by the angles of its row, whose cosines and
/// sines are `[n, half]`; back, where `back` says so: a rotation's gradient is turned the other way.
pub(crate) fn turn(
    rows: &mut [f32],
    width: usize,
    half: usize,
    [cosines, sines]: [&[f32]; 2],
    back: bool,
) {
    let sign = if back { -1.0 } else { 1.0 };
    vectorised(
        #[inline(always)]
        || {
            let angles = cosines.chunks_exact(half).zip(sines.chunks_exact(half));
            for (row, (cosines, sines)) in rows.chunks_exact_mut(width).zip(angles) {
                for head in row.chunks_exact_mut(2 * half) {
                    let (xs, ys) = head.split_at_mut(half);
                    let angles = cosines.iter().zip(sines);
                    for ((x, y), (cosine, sine)) in xs.iter_mut().zip(ys).zip(angles) {
                        let sine = sign * sine;
                        (*x, *y) = (*x * cosine - *y * sine, *y * cosine + *x * sine);
                    }
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::turn;

    /// A quarter turn takes 1 0 to 0 1 and 0 1 to −1 0; numbers 0 and 2 of a head of four go together.
    #[test]
    #[expect(clippy::float_cmp, reason = "small whole numbers")]
    fn pairs_are_half_a_head_apart() {
        let mut row = [1.0, 5.0, 0.0, 7.0];
        let angles: [&[f32]; 2] = [&[0.0, 1.0], &[1.0, 0.0]];
        turn(&mut row, 4, 2, angles, false);
        assert_eq!(row, [0.0, 5.0, 1.0, 7.0]);
        turn(&mut row, 4, 2, angles, false);
        assert_eq!(row, [-1.0, 5.0, 0.0, 7.0]);
        turn(&mut row, 4, 2, angles, true);
        assert_eq!(row, [0.0, 5.0, 1.0, 7.0]);
    }
}
