use cloze_core::Matrix;
use cloze_heads::classify::ClassifyHead;
use cloze_train::{ClassWeights, HeadParams, Kind, Labels, TrainError};

use crate::{assert_close, probabilities, reference};

/// Margins of the same hinge loss, to which linfa-svm comes less close than its `eps` says.
#[test]
fn scikit_learn_has_the_same_margins() {
    let reference = reference();
    let rows = Matrix::from_vec(6, reference.standard.clone()).unwrap();
    let labels = reference.labels(&reference.gold);
    let params = HeadParams::new().kind(Kind::Svm).tolerance(1e-6).check().unwrap();
    let fitted = params.fit(&rows, &labels, None).unwrap();
    let found: Vec<f64> = rows.iter().flat_map(|r| fitted.head.predict(r).unwrap()).collect();
    let worst = assert_close(&found, &reference.svm_margins, 1e-3, 1e-3);
    println!("at most {worst:e} off, {} steps", fitted.iterations);
}

#[test]
fn scikit_learn_has_the_same_naive_bayes() {
    let reference = reference();
    let rows = reference.matrix();
    let params = HeadParams::new().kind(Kind::NaiveBayes).check().unwrap();
    let head = params.fit(&rows, &reference.labels(&reference.gold), None).unwrap().head;
    let logits: Vec<f64> = rows.iter().flat_map(|r| head.predict(r).unwrap()).collect();
    assert_close(&logits, &reference.naive_bayes_joint, 1e-9, 1e-9);
    assert_close(&probabilities(&head, &rows), &reference.naive_bayes, 1e-9, 0.0);
}

#[test]
fn scikit_learn_has_the_same_centroids() {
    let reference = reference();
    let rows = reference.matrix();
    let params = HeadParams::new().kind(Kind::NearestCentroid).check().unwrap();
    let head = params.fit(&rows, &reference.labels(&reference.gold), None).unwrap().head;
    for (row, &expected) in rows.iter().zip(&reference.centroid) {
        let prediction = head.decode(&head.probabilities(&head.predict(row).unwrap()).unwrap());
        assert_eq!(prediction.unwrap().labels[0], reference.names[expected]);
    }
}

/// Centroids 0 and (1 + 3) / 2 = 2: −½ · 0² and 2x − 2; at 1 both are 0.
#[test]
fn centroids_by_hand() {
    let rows = Matrix::from_vec(1, vec![-1.0, 1.0, 1.0, 3.0]).unwrap();
    let labels = Labels::single(&["a", "a", "b", "b"]).unwrap();
    let params = HeadParams::new().kind(Kind::NearestCentroid).check().unwrap();
    let head = params.fit(&rows, &labels, None).unwrap().head;
    assert_eq!((head.weight(), head.bias()), (&[0.0, 2.0][..], &[0.0, -2.0][..]));
}

#[test]
fn what_cannot_be_fitted_is_an_error() {
    let fit = |params: HeadParams, data: Vec<f32>, labels: &[&str]| -> Result<_, TrainError> {
        let rows = Matrix::from_vec(2, data).unwrap();
        params.check()?.fit(&rows, &Labels::single(labels)?, None)
    };
    let new = HeadParams::new;
    let four = || vec![1.0, 2.0, 3.0, 5.0];
    for (error, expected) in [
        (fit(new(), four(), &["a", "b", "a"]), "2 rows for 3 examples"),
        (fit(new(), four(), &["a", "a"]), "expected at least 2 different labels, found 1"),
        (fit(new(), four(), &[]), "no examples"),
        (fit(new(), four(), &["a", ""]), "example 1 has a label that is empty"),
        (
            fit(new(), vec![0.0, 1.0, 2.0, f32::NAN], &["a", "b"]),
            "row 1, column 1 is NaN: expected a finite number",
        ),
        (
            fit(new(), vec![0.0, f32::INFINITY, 2.0, 1.0], &["a", "b"]),
            "row 0, column 1 is inf: expected a finite number",
        ),
        (fit(new().c(0.0), four(), &["a", "b"]), "C is 0: expected a finite number above 0"),
        (fit(new().c(f64::NAN), four(), &["a", "b"]), "C is NaN: expected a finite number above 0"),
        (
            fit(new().c(f64::INFINITY), four(), &["a", "b"]),
            "C is inf: expected a finite number above 0",
        ),
        (
            fit(new().tolerance(-1.0), four(), &["a", "b"]),
            "tolerance is -1: expected a finite number above 0",
        ),
        (
            fit(new().max_iterations(0), four(), &["a", "b"]),
            "max-iterations is 0: expected at least 1",
        ),
        (fit(new().threads(0), four(), &["a", "b"]), "threads is 0: expected at least 1"),
        (
            fit(
                new().class_weights(ClassWeights::PerLabel(vec![("c".into(), 1.0)])),
                four(),
                &["a", "b"],
            ),
            "no label \"c\"; there are a, b",
        ),
        (
            fit(new().kind(Kind::Svm).class_weights(ClassWeights::Balanced), four(), &["a", "b"]),
            "svm does not support class weights",
        ),
        (
            fit(new().kind(Kind::NaiveBayes), vec![1.0; 4], &["a", "b"]),
            "the solver stopped: all rows are the same",
        ),
    ] {
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
    let rows = Matrix::from_vec(1, vec![1.0, 2.0]).unwrap();
    let several = |sets: &[Vec<&str>]| new().check()?.fit(&rows, &Labels::multi(sets)?, None);
    let text = several(&[vec!["a", "b"], vec!["a"]]).unwrap_err().to_string();
    assert_eq!(text, "every example has the label \"a\"");
    assert!(several(&[vec!["a", "a"], vec![]]).is_ok());
    let half = Labels::single(&["a", "b"]).unwrap().subset(&[0, 0]);
    let text = new().check().unwrap().fit(&rows, &half, None).unwrap_err().to_string();
    assert_eq!(text, "label \"b\": expected at least 1 examples, found 0");
}

#[test]
fn what_a_kind_cannot_do_is_an_error() {
    let many = Matrix::from_vec(1, vec![0.5; 5001]).unwrap();
    let labels = Labels::single(&[vec!["a"; 5000], vec!["b"]].concat()).unwrap();
    let svm = HeadParams::new().kind(Kind::Svm).check().unwrap();
    assert_eq!(
        svm.fit(&many, &labels, None).unwrap_err().to_string(),
        "svm takes time and memory that grow with the square of the rows: expected at most 5000, found 5001"
    );
    let (rows, labels) =
        (Matrix::from_vec(1, vec![1.0, 2.0]).unwrap(), Labels::single(&["a", "b"]).unwrap());
    let logistic = HeadParams::new().check().unwrap();
    let head = |labels: [&str; 2], width: usize| {
        let labels = labels.map(String::from).to_vec();
        ClassifyHead::new("k", labels, vec![0.0; 2 * width], vec![0.0; 2]).unwrap()
    };
    let (fits, wide) = (head(["a", "b"], 1), head(["a", "b"], 3));
    for (params, start, expected) in [
        (&svm, &fits, "svm does not support an initial head"),
        (&logistic, &head(["a", "c"], 1), "the initial head has labels a, c: expected a, b"),
        (&logistic, &wide, "the initial head has width 3: expected 1"),
        (
            &logistic,
            &fits.clone().with_square(vec![0.0; 2]).unwrap(),
            "the initial head has squares some: expected none",
        ),
    ] {
        assert_eq!(params.fit(&rows, &labels, Some(start)).unwrap_err().to_string(), expected);
    }
    let several = Labels::multi(&[vec!["a"], vec!["b"]]).unwrap();
    assert_eq!(
        svm.fit(&rows, &several, None).unwrap_err().to_string(),
        "svm does not support several labels per example"
    );
}

/// As large and as small as f32 is, no number of a head is beyond range, or that is said.
#[test]
fn sizes_do_not_panic() {
    for scale in [f32::MAX, f32::MIN_POSITIVE, 1e-45, 0.0] {
        let rows = Matrix::from_vec(1, vec![-scale, scale, scale / 2.0]).unwrap();
        let labels = Labels::single(&["a", "b", "b"]).unwrap();
        for kind in [Kind::Logistic, Kind::Svm, Kind::NaiveBayes, Kind::NearestCentroid] {
            let fitted = HeadParams::new().kind(kind).check().unwrap().fit(&rows, &labels, None);
            println!(
                "{scale} {kind:?} {}",
                fitted.map_or_else(|e| e.to_string(), |f| f.converged.to_string())
            );
        }
    }
}
