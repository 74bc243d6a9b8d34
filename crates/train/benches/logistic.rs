//! Logistic regression on 60,000 rows of 384 numbers, beside linfa-logistic and scikit-learn, in
//! one run: `CLOZE_BENCH_PYTHON=python cargo bench -p cloze-train`
//!
//! `CLOZE_BENCH_PYTHON` is an interpreter with numpy and scikit-learn; without it, Rust runs alone.
//! `CLOZE_BENCH_LINFA=1` also runs linfa-logistic, `CLOZE_BENCH_TIGHT=1` scikit-learn to the minimum,
//! both of which take minutes. Support vector machines come after, on as few rows as they take. Rows look like an encoder's
//! vectors of length 1: a common direction, spreads by dimension that are log-normal, classes that
//! overlap. C is 1, with 2 and 4 classes.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "counts of rows are small")]
#![expect(clippy::cast_possible_truncation, reason = "made as f32")]

use std::process::Command;
use std::time::Instant;

use cloze_core::Matrix;
use cloze_testkit::Random;
use cloze_train::{HeadParams, Kind, Labels};
use linfa::prelude::*;
use linfa_logistic::{LogisticRegression, MultiLogisticRegression};
use ndarray::{Array1, Array2};

const ROWS: usize = 60_000;
const WIDTH: usize = 384;

fn normal(random: &mut Random) -> f64 {
    // Box & Muller 1958.
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.unit()).cos()
}

fn data(classes: usize) -> (Vec<f32>, Vec<usize>) {
    let mut random = Random::new(classes as u64);
    let spread: Vec<f64> = (0..WIDTH).map(|_| random.log_normal(1.0)).collect();
    let mut direction = |scale: f64| -> Vec<f64> {
        spread.iter().map(|s| s * scale * normal(&mut random)).collect()
    };
    let common = direction(1.0);
    let centres: Vec<_> = (0..classes).map(|_| direction(0.12)).collect();
    let (mut rows, mut gold) = (Vec::with_capacity(ROWS * WIDTH), vec![]);
    for _ in 0..ROWS {
        // Shares fall: the first class is the most frequent.
        let class = (0..classes - 1).find(|_| random.unit() < 0.5).unwrap_or(classes - 1);
        let row: Vec<f64> = (0..WIDTH)
            .map(|d| common[d] + centres[class][d] + spread[d] * normal(&mut random))
            .collect();
        let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        rows.extend(row.iter().map(|x| (x / norm) as f32));
        gold.push(class);
    }
    (rows, gold)
}

fn linfa(rows: &[f32], gold: &[usize], classes: usize) -> Result<(), Box<dyn std::error::Error>> {
    let wide = rows.iter().map(|x| f64::from(*x)).collect();
    let x = Array2::from_shape_vec((gold.len(), WIDTH), wide)?;
    let set = Dataset::new(x, Array1::from_vec(gold.to_vec()));
    for tolerance in [1e-4 * ROWS as f64, 1e-4] {
        let start = Instant::now();
        if classes == 2 {
            let params = LogisticRegression::default().alpha(1.0).max_iterations(2000);
            let _ = params.gradient_tolerance(tolerance).fit(&set)?;
        } else {
            let params = MultiLogisticRegression::default().alpha(1.0).max_iterations(2000);
            let _ = params.gradient_tolerance(tolerance).fit(&set)?;
        }
        println!("linfa-logistic tol={tolerance:e}\t{:.3}", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for classes in [2, 4] {
        let (rows, gold) = data(classes);
        println!("{ROWS} rows, {WIDTH} wide, {classes} classes, C = 1: seconds, iterations, loss");
        if let Some(python) = std::env::var_os("CLOZE_BENCH_PYTHON") {
            let folder = tempfile::tempdir()?;
            let bytes: Vec<u8> = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
            fs_err::write(folder.path().join("rows.f32"), bytes)?;
            let bytes: Vec<u8> = gold.iter().map(|&g| g as u8).collect();
            fs_err::write(folder.path().join("gold.u8"), bytes)?;
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/logistic.py");
            let mut command = Command::new(python);
            command.arg(script).arg(folder.path());
            command.args([ROWS.to_string(), WIDTH.to_string(), "1".into()]).status()?;
        }
        let names = ["a", "b", "c", "d"];
        let labels: Vec<_> = gold.iter().map(|&g| names[g]).collect();
        let labels = Labels::single(&labels)?;
        let x = Matrix::from_vec(WIDTH, rows.clone()).ok_or("rows of one width")?;
        for (threads, tolerance) in [(1, 1e-6), (2, 1e-6), (2, 1e-4), (2, 1e-8)] {
            let params = HeadParams::new().threads(threads).tolerance(tolerance);
            let start = Instant::now();
            let fitted = params.check()?.fit(&x, &labels, None)?;
            println!(
                "cloze, {threads} threads, tol={tolerance:e}\t{:.3}\t{}\t{:.12}",
                start.elapsed().as_secs_f64(),
                fitted.iterations,
                fitted.loss.unwrap_or_default(),
            );
        }
        for n in [1000, 2000, 4000] {
            let part: Vec<_> = gold[..n].iter().map(|&g| names[g]).collect();
            let x =
                Matrix::from_vec(WIDTH, rows[..n * WIDTH].to_vec()).ok_or("rows of one width")?;
            let params = HeadParams::new().kind(Kind::Svm).tolerance(1e-3).check()?;
            let start = Instant::now();
            let fitted = params.fit(&x, &Labels::single(&part)?, None)?;
            let seconds = start.elapsed().as_secs_f64();
            println!("cloze, svm, {n} rows, tol=1e-3\t{seconds:.3}\t{}", fitted.iterations);
        }
        if std::env::var_os("CLOZE_BENCH_LINFA").is_some() {
            linfa(&rows, &gold, classes)?;
        }
    }
    Ok(())
}
