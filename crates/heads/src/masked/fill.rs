//! Several masks filled one after the other: which is asked next, and what comes of the answer. The
//! model is the caller's, so that many texts can be asked about at once.
//!
//! ```
//! use cloze_heads::masked::{FillOrder, Filling, SampleParams};
//!
//! // Two masks, id 9, between other tokens; a "model" that always says 3.
//! let greedy = SampleParams::new().check()?;
//! let mut filling = Filling::new(&[7, 9, 9, 8], &[1, 2], 9, FillOrder::LeftToRight, 0);
//! while !filling.ask().is_empty() {
//!     let logits: Vec<f32> = filling.ask().iter().flat_map(|_| [0.0, 0.0, 0.0, 5.0]).collect();
//!     filling.take(&logits, &greedy, &[])?;
//! }
//! assert_eq!(filling.ids(), [7, 3, 3, 8]);
//! # Ok::<(), cloze_heads::HeadError>(())
//! ```
use cloze_core::random::{below, shuffle};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use super::{Guess, Logits, ValidSampleParams};
use crate::HeadError;

/// In which order masks are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOrder {
    /// From left to right, each in view of what stands before it and of the masks behind it.
    LeftToRight,
    /// The mask whose likeliest word is the likeliest of all comes next. Source: Ghazvininejad et al.,
    /// EMNLP 2019 (Mask-Predict), with one word at a time.
    Confident,
    /// Each mask once, in an order drawn by lot; then `steps` times a place drawn by lot is masked and
    /// drawn anew, in view of all the others: Gibbs sampling. Source: Wang & Cho 2019 (BERT has a mouth).
    Gibbs {
        /// Number of positions drawn anew.
        steps: usize,
    },
}

/// A text whose masks are being filled.
#[derive(Clone, Debug)]
pub struct Filling {
    ids: Vec<u32>,
    places: Vec<usize>,
    guesses: Vec<Option<Guess>>,
    /// Places, by their number, in the order of their turns; of Gibbs those that are not drawn yet.
    turns: Vec<usize>,
    mask: u32,
    decode: FillOrder,
    /// Number of positions that Gibbs still draws anew.
    again: usize,
    random: Pcg64,
    /// The numbers of the places asked about.
    now: Vec<usize>,
}

impl Filling {
    /// `ids` with masks, `mask`, at `places`, in the order they are to be told in; places beyond `ids`
    /// are none. The same seed gives the same words.
    #[must_use]
    pub fn new(ids: &[u32], places: &[usize], mask: u32, decode: FillOrder, seed: u64) -> Self {
        let mut ids = ids.to_vec();
        let places: Vec<usize> =
            places.iter().copied().filter(|&position| position < ids.len()).collect();
        for &position in &places {
            ids[position] = mask;
        }
        let mut random = Pcg64::seed_from_u64(seed);
        let mut turns: Vec<usize> = (0..places.len()).collect();
        turns.sort_by_key(|&i| places[i]);
        let mut again = 0;
        if let FillOrder::Gibbs { steps } = decode {
            shuffle(&mut turns, || random.next_u64());
            again = if places.is_empty() { 0 } else { steps };
        }
        let guesses = vec![None; places.len()];
        let mut this =
            Self { ids, places, guesses, turns, mask, decode, again, random, now: vec![] };
        this.turn();
        this
    }

    /// The tokens as they are now, masks where something is asked or not filled yet.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The places of [`ids`](Self::ids) whose logits are wanted next; none when all is done.
    #[must_use]
    pub fn ask(&self) -> Vec<usize> {
        self.now.iter().map(|&i| self.places[i]).collect()
    }

    /// Word filled in at each position, in the order the positions were given in, with its
    /// probability at that time; `None` where it is not filled yet.
    #[must_use]
    pub fn found(&self) -> &[Option<Guess>] {
        &self.guesses
    }

    /// Takes the logits of the places asked about, `[asked, vocabulary]`, and fills one of them; `never`
    /// are words that are not to be filled in. The penalty for repetition is for what stands at the
    /// other places.
    ///
    /// # Errors
    /// As [`Logits::new`] and [`ValidSampleParams::draw`]; [`HeadError::Part`] for logits that are no
    /// whole rows.
    pub fn take(
        &mut self,
        logits: &[f32],
        params: &ValidSampleParams,
        never: &[u32],
    ) -> Result<(), HeadError> {
        let asked = self.now.len();
        if asked == 0 {
            return Ok(());
        }
        if logits.is_empty() || !logits.len().is_multiple_of(asked) {
            return Err(HeadError::Part { part: "logits", expected: asked, found: logits.len() });
        }
        let width = logits.len() / asked;
        let said: Vec<u32> = self.guesses.iter().flatten().map(|guess| guess.id).collect();
        let mut best: Option<(usize, &[f32], f64)> = None;
        for (&i, row) in self.now.iter().zip(logits.chunks_exact(width)) {
            // Alone it is the best whatever it is.
            let sure = if asked == 1 {
                1.0
            } else {
                let greedy = super::SampleParams::new().check()?;
                let likeliest = greedy.distribution(row, &[], never)?;
                let id = likeliest.first().ok_or(HeadError::NoChoice)?.id;
                Logits::new(row)?.log_probability(id)?.exp()
            };
            if best.is_none_or(|(_, _, other)| sure > other) {
                best = Some((i, row, sure));
            }
        }
        let Some((i, row, _)) = best else { return Ok(()) };
        let id = params.draw(row, &said, never, &mut self.random)?;
        let probability = Logits::new(row)?.log_probability(id)?.exp();
        self.guesses[i] = Some(Guess { id, probability });
        self.ids[self.places[i]] = id;
        self.turns.retain(|&turn| turn != i);
        self.turn();
        Ok(())
    }

    /// Settles which places are asked about next.
    fn turn(&mut self) {
        self.now = match (self.decode, self.turns.first()) {
            (FillOrder::Confident, _) => self.turns.clone(),
            (_, Some(&next)) => vec![next],
            (FillOrder::LeftToRight, None) => vec![],
            (FillOrder::Gibbs { .. }, None) if self.again == 0 => vec![],
            (FillOrder::Gibbs { .. }, None) => {
                self.again -= 1;
                vec![below(self.random.next_u64(), self.places.len())]
            }
        };
        for &i in &self.now {
            self.ids[self.places[i]] = self.mask;
            self.guesses[i] = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masked::SampleParams;

    const MASK: u32 = 9;

    /// Logits by place: `[place][vocabulary of 4]`.
    fn run(
        filling: &mut Filling,
        params: SampleParams,
        model: impl Fn(&[u32], usize) -> [f32; 4],
    ) -> Vec<Vec<usize>> {
        let params = params.check().unwrap();
        let mut asked = vec![];
        while !filling.ask().is_empty() {
            let places = filling.ask();
            assert!(places.iter().all(|&position| filling.ids()[position] == MASK));
            let logits: Vec<f32> =
                places.iter().flat_map(|&position| model(filling.ids(), position)).collect();
            asked.push(places);
            filling.take(&logits, &params, &[]).unwrap();
        }
        asked
    }

    /// Logits that depend on the number of masks.
    fn counting(ids: &[u32], _: usize) -> [f32; 4] {
        let masks = ids.iter().filter(|&&id| id == MASK).count();
        let mut logits = [0.0; 4];
        logits[masks] = 1.0;
        logits
    }

    /// With three masks to be seen the answer is 3, then 2, then 1; ids need not be in order.
    #[test]
    fn left_to_right_sees_what_was_filled() {
        let mut filling =
            Filling::new(&[7, 0, 0, 8, 0], &[4, 1, 2], MASK, FillOrder::LeftToRight, 1);
        assert_eq!(filling.ids(), [7, MASK, MASK, 8, MASK]);
        let asked = run(&mut filling, SampleParams::new(), counting);
        assert_eq!(asked, [[1], [2], [4]]);
        assert_eq!(filling.ids(), [7, 3, 2, 8, 1]);
        let told: Vec<u32> = filling.found().iter().map(|g| g.unwrap().id).collect();
        assert_eq!(told, [1, 3, 2]);
        // softmax of 1, 0, 0, 0.
        let e = 1.0_f64.exp();
        assert!((filling.found()[0].unwrap().probability - e / (e + 3.0)).abs() < 1e-7);
    }

    /// Place 2 is the surest, then 0, then 1.
    #[test]
    fn the_surest_comes_first() {
        let sure = |_: &[u32], position: usize| [[0.0, 2.0], [0.0, 1.0], [0.0, 3.0]][position];
        let model = |ids: &[u32], position: usize| {
            let [a, b] = sure(ids, position);
            [a, b, 0.0, 0.0]
        };
        let mut filling = Filling::new(&[0; 3], &[0, 1, 2], MASK, FillOrder::Confident, 1);
        let asked = run(&mut filling, SampleParams::new(), model);
        assert_eq!(asked, [vec![0, 1, 2], vec![0, 1], vec![1]]);
    }

    /// Places asked for, and ids filled in, of six masks by 10 Gibbs steps.
    fn gibbs(seed: u64) -> (Vec<Vec<usize>>, Vec<u32>) {
        let places: Vec<usize> = (0..6).collect();
        let decode = FillOrder::Gibbs { steps: 10 };
        let mut filling = Filling::new(&[0; 6], &places, MASK, decode, seed);
        let asked = run(&mut filling, SampleParams::new().temperature(1.0), |_, _| [0.0; 4]);
        (asked, filling.ids().to_vec())
    }

    /// Each once, then as often as asked; the same seed the same, another another.
    #[test]
    fn gibbs_visits_every_place_and_then_some() {
        let (asked, ids) = gibbs(3);
        assert_eq!(asked.len(), 16);
        let mut first: Vec<usize> = asked[..6].concat();
        assert_ne!(first, [0, 1, 2, 3, 4, 5]);
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2, 3, 4, 5]);
        assert!(!ids.contains(&MASK));
        assert_eq!(gibbs(3), (asked.clone(), ids.clone()));
        assert_ne!(gibbs(4), (asked, ids));
    }

    /// A word that stands elsewhere is put down below the next best: 1.2 / 2 < 1.
    #[test]
    fn what_was_said_is_said_less() {
        let model = |_: &[u32], _: usize| [0.0, 1.2, 1.0, 0.0];
        let ids = |penalty| {
            let mut filling = Filling::new(&[0; 2], &[0, 1], MASK, FillOrder::LeftToRight, 0);
            run(&mut filling, SampleParams::new().repetition_penalty(penalty), model);
            filling.ids().to_vec()
        };
        assert_eq!(ids(1.0), [1, 1]);
        assert_eq!(ids(2.0), [1, 2]);
    }

    #[test]
    fn nothing_to_fill_is_done() {
        for decode in [FillOrder::LeftToRight, FillOrder::Confident, FillOrder::Gibbs { steps: 5 }]
        {
            let filling = Filling::new(&[1, 2], &[], MASK, decode, 0);
            assert!(filling.ask().is_empty() && filling.ids() == [1, 2]);
        }
        let greedy = SampleParams::new().check().unwrap();
        let mut filling = Filling::new(&[1, 2], &[0], MASK, FillOrder::Confident, 0);
        assert!(matches!(filling.take(&[], &greedy, &[]), Err(HeadError::Part { .. })));
        // What may not be said is not, though it is the likeliest.
        filling.take(&[5.0, 1.0, 0.0], &greedy, &[0]).unwrap();
        assert_eq!(filling.ids(), [1, 2]);
    }
}
