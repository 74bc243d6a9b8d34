//! Layers that share their numbers.

/// Groups of layers that share their numbers: ALBERT's. A text goes through all inner layers of a group,
/// and through each group several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sharing {
    /// `num_hidden_layers`: times that a text goes through a group.
    pub(crate) passes: usize,
    /// `num_hidden_groups`.
    pub(crate) groups: usize,
    /// `inner_group_num`: layers of a group.
    pub(crate) inner: usize,
}

impl Sharing {
    /// Group of layer `i` and its place there. Source: transformers 5.23,
    /// `AlbertTransformer.forward`, which divides floats.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "numbers of layers"
    )]
    pub(crate) fn place(self, i: usize) -> (usize, usize) {
        let passes_per_group = self.passes as f64 / self.groups as f64;
        (((i / self.inner) as f64 / passes_per_group) as usize, i % self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by transformers' `int(i / (layers / groups))`: 5 / 2 = 2.5, so 0 0 0 1 1; 12 / 5 = 2.4, so
    /// 0 0 0 1 1 2 2 2 3 3 4 4; 3 / 4 = 0.75, so 0 1 2 and no 3.
    #[test]
    fn layers_share_groups_as_transformers_has_them() {
        for (passes, groups, inner, expected) in [
            (5, 2, 1, &[0, 0, 0, 1, 1][..]),
            (12, 5, 1, &[0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]),
            (3, 4, 1, &[0, 1, 2]),
            (2, 1, 2, &[0, 0, 0, 0]),
            (2, 2, 3, &[0, 0, 0, 1, 1, 1]),
        ] {
            let sharing = Sharing { passes, groups, inner };
            let places: Vec<(usize, usize)> =
                (0..passes * inner).map(|i| sharing.place(i)).collect();
            assert_eq!(places.iter().map(|p| p.0).collect::<Vec<_>>(), expected);
            assert!(places.iter().enumerate().all(|(i, place)| place.1 == i % inner));
        }
    }
}
