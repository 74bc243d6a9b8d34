//! A learner of a line: `y = w · x + b`, half the squared error, the weight of an example times.
use cloze_core::Cancel;
use cloze_testkit::Random;
use cloze_tune::encoder::DropoutAt;
use cloze_tune::random::derive;
use cloze_tune::training::{
    Evaluate, Event, Learner, Outcome, ValidTrainingParams, ValidationScore, Watch,
};
use cloze_tune::{Id, Parameters, TuneError};

pub(crate) struct Point {
    pub(crate) x: Vec<f32>,
    pub(crate) y: f32,
    pub(crate) weight: f64,
    pub(crate) tokens: usize,
}

pub(crate) struct Line {
    pub(crate) parameters: Parameters,
    pub(crate) weight: Id,
    pub(crate) bias: Id,
    pub(crate) divisible: bool,
    /// Number of examples of each call.
    pub(crate) calls: Vec<usize>,
    /// And where dropout stood.
    pub(crate) seeds: Vec<u64>,
}

impl Line {
    pub(crate) fn new(width: usize) -> Self {
        let mut parameters = Parameters::default();
        parameters.add_frozen("frozen", &[1], vec![5.0]);
        let weight = parameters.add("weight", &[width], vec![0.25; width], true);
        let bias = parameters.add("bias", &[1], vec![0.0], false);
        Self { parameters, weight, bias, divisible: true, calls: vec![], seeds: vec![] }
    }

    pub(crate) fn numbers(&self) -> Vec<f32> {
        [self.parameters.value(self.weight), self.parameters.value(self.bias)].concat()
    }

    fn predict(&self, x: &[f32]) -> f32 {
        let weight = self.parameters.value(self.weight);
        let sum: f32 = weight.iter().zip(x).map(|(w, x)| w * x).sum();
        sum + self.parameters.value(self.bias)[0]
    }

    /// The mean loss, without dropout, as a score that is higher where it is lower.
    pub(crate) fn score(&mut self, examples: &[Point]) -> ValidationScore {
        let error = |p: &Point| f64::from(self.predict(&p.x) - p.y).powi(2) / 2.0;
        let loss = examples.iter().map(error).sum::<f64>() / examples.len() as f64;
        ValidationScore { metric: -loss, loss: Some(loss) }
    }
}

impl Learner for Line {
    type Example = Point;

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// The bias.
    fn head_start(&self) -> usize {
        2
    }

    fn tokens(&self, point: &Point) -> usize {
        point.tokens
    }

    fn weight(&self, point: &Point) -> f64 {
        point.weight
    }

    fn is_divisible(&self) -> bool {
        self.divisible
    }

    fn accumulate(
        &mut self,
        points: &[&Point],
        scale: f32,
        at: DropoutAt,
    ) -> Result<f64, TuneError> {
        self.calls.push(points.len());
        self.seeds.push(at.seed);
        let mut loss = 0.0;
        for (i, point) in points.iter().enumerate() {
            let mut x = point.x.clone();
            let DropoutAt { seed, rate } = at;
            if rate > 0.0 {
                let mut random = Random::new(derive(seed, i as u64));
                let keeps = |_: &f32| random.unit() >= f64::from(rate);
                let kept: Vec<_> = x.iter().map(keeps).collect();
                x.iter_mut().zip(kept).for_each(|(x, kept)| {
                    *x = if kept { *x / (1.0 - rate) } else { 0.0 };
                });
            }
            let error = self.predict(&x) - point.y;
            loss += point.weight * f64::from(error).powi(2) / 2.0;
            let by = scale * point.weight as f32 * error;
            let gradient = self.parameters.gradient_mut(self.weight);
            gradient.iter_mut().zip(&x).for_each(|(g, x)| *g += by * x);
            self.parameters.gradient_mut(self.bias)[0] += by;
        }
        Ok(loss)
    }
}

/// Points near the line `y = x₀ − 2 x₁ + … + 0.5`, of 1 to 5 tokens.
pub(crate) fn points(n: usize, width: usize, seed: u64) -> Vec<Point> {
    let mut random = Random::new(seed);
    let mut point = || {
        let x: Vec<_> = (0..width).map(|_| random.unit() as f32 * 2.0 - 1.0).collect();
        let sum: f32 = x.iter().zip([1.0, -2.0].iter().cycle()).map(|(x, w)| x * w).sum();
        Point { x, y: sum + 0.5, weight: 1.0, tokens: 1 + random.below(5) }
    };
    (0..n).map(|_| point()).collect()
}

/// Trains, evaluating by the mean loss of the examples themselves; and all events.
pub(crate) fn train(
    params: &ValidTrainingParams,
    line: &mut Line,
    examples: &[Point],
) -> Result<(Outcome, Vec<Event>), TuneError> {
    let mut evaluate = |line: &mut Line| Ok(line.score(examples));
    watched(params, line, examples, Some(&mut evaluate))
}

pub(crate) fn watched(
    params: &ValidTrainingParams,
    line: &mut Line,
    examples: &[Point],
    evaluate: Option<Evaluate<'_, Line>>,
) -> Result<(Outcome, Vec<Event>), TuneError> {
    let mut events = vec![];
    let mut observe = |event: &Event| {
        events.push(event.clone());
        Ok(())
    };
    let stop = Cancel::new();
    let evaluate = evaluate.map(|evaluate| evaluate as Evaluate<'_, Line>);
    let watch = Watch { evaluate, observe: &mut observe, stop: &stop, state: None };
    let outcome = params.train(line, examples, watch)?;
    Ok((outcome, events))
}
