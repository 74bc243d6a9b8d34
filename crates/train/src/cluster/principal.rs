//! Rows along the directions in which they differ most.
use cloze_core::Matrix;
use cloze_embed::correction::AllButTheTop;
use cloze_embed::{Accumulator, EmbedError, Spread};
use cloze_heads::HeadError;

use super::{check_rows, setting};
use crate::TrainError;

/// The principal components of `rows`, `[rows, dims]`, the widest first, without their mean; in the
/// units of the rows, so that distances are as they were, less what other components had in them. Fewer
/// columns where rows differ in fewer directions, one of zeros where they do not differ. Rows of no more
/// numbers than `dims` come back as they are.
///
/// # Errors
/// [`TrainError::NoExamples`] without rows; [`TrainError::NotFinite`]; [`TrainError::Setting`] for no
/// dimensions; [`TrainError::Head`] if there is no spectrum for them.
pub fn principal(rows: &Matrix, dims: usize) -> Result<Matrix, TrainError> {
    Ok(principal_with(rows, &Matrix::default(), dims)?.0)
}

/// The same, and `others` along the directions of `rows`, from the mean of these; as many columns for
/// both.
///
/// # Errors
/// As [`principal`]; [`TrainError::Head`] for others of another width.
pub fn principal_with(
    rows: &Matrix,
    others: &Matrix,
    dims: usize,
) -> Result<(Matrix, Matrix), TrainError> {
    check_rows(rows)?;
    if dims == 0 {
        return Err(setting("dims", 0, "at least 1"));
    }
    let width = rows.cols();
    let failed = |error: EmbedError| TrainError::from(HeadError::from(error));
    if others.rows() > 0 && others.cols() != width {
        return Err(failed(EmbedError::Width { expected: width, found: others.cols() }));
    }
    if width <= dims {
        return Ok((rows.clone(), others.clone()));
    }
    let mut gathered = Accumulator::new(width, Spread::Covariance);
    rows.iter().try_for_each(|row| gathered.push(row)).map_err(failed)?;
    let moments = gathered.finish();
    // Its widest directions, which are otherwise taken away.
    let top = match AllButTheTop::fit(&moments, Some(dims)) {
        Err(EmbedError::Rank { rank, .. }) => AllButTheTop::fit(&moments, Some(rank)),
        other => other,
    };
    let top = match top {
        Err(EmbedError::TooFew { .. } | EmbedError::NoSpread { .. }) => {
            let zeros = |n| Matrix::from_vec(1, vec![0.0; n]).unwrap_or_default();
            return Ok((zeros(rows.rows()), zeros(others.rows())));
        }
        other => other.map_err(failed)?,
    };
    let (directions, mean) = (top.directions(), moments.mean());
    Ok((project(rows, directions, mean), project(others, directions, mean)))
}

/// The rows, less `mean`, along the directions: `[rows, directions]`.
fn project(rows: &Matrix, directions: &Matrix, mean: &[f64]) -> Matrix {
    let mut components = Vec::with_capacity(rows.rows() * directions.rows());
    for row in rows {
        let centred: Vec<f64> =
            row.iter().zip(mean).map(|(x, mean)| f64::from(*x) - mean).collect();
        components.extend(directions.iter().map(|direction| component(direction, &centred)));
    }
    Matrix::from_vec(directions.rows(), components).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, reason = "as exact as the rows")]
fn component(direction: &[f32], centred: &[f64]) -> f32 {
    direction.iter().zip(centred).map(|(u, x)| f64::from(*u) * x).sum::<f64>() as f32
}
