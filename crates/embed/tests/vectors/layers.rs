//! Tests of choosing and averaging hidden states.
use cloze_embed::{EmbedError, Layers, average};
use proptest::prelude::*;

#[test]
fn texts_and_what_they_mean_for_six_layers() {
    for (text, display, resolved) in [
        ("-1", "-1", &[6][..]),
        ("0", "0", &[0]),
        ("6", "6", &[6]),
        ("-7", "-7", &[0]),
        ("-1,-2,-3,-4", "-1,-2,-3,-4", &[6, 5, 4, 3]),
        (" 1 , +2 ", "1,2", &[1, 2]),
        ("first+last", "0,-1", &[0, 6]),
        ("1,-1", "1,-1", &[1, 6]),
        ("all", "all", &[0, 1, 2, 3, 4, 5, 6]),
    ] {
        let layers = Layers::parse(text).unwrap();
        assert_eq!(
            (layers.to_string().as_str(), layers.resolve(6).unwrap()),
            (display, resolved.to_vec())
        );
        let json = serde_json::to_string(&layers).unwrap();
        assert_eq!(json, format!("{display:?}"));
        assert_eq!(serde_json::from_str::<Layers>(&json).unwrap(), layers);
    }
    assert_eq!(Layers::default(), Layers::parse("-1").unwrap());
    assert_eq!(Layers::parse("all").unwrap().resolve(0).unwrap(), [0]);
}

#[test]
fn what_names_no_layers() {
    for text in ["", ",", "1,", "last", "first+last,1", "1;2", "-", "1.0", "99999999999", "all,1"] {
        let error = Layers::parse(text).unwrap_err();
        assert!(matches!(error, EmbedError::LayersText { .. }), "{text}: {error}");
        assert!(serde_json::from_value::<Layers>(text.into()).is_err());
    }
}

#[test]
fn layers_that_the_model_does_not_have() {
    for (text, expected) in [
        ("7", "no layer 7: the model has 6, so hidden states are 0 to 6, or -1 to -7 from the end"),
        (
            "-8",
            "no layer -8: the model has 6, so hidden states are 0 to 6, or -1 to -7 from the end",
        ),
        (
            "-2147483648",
            "no layer -2147483648: the model has 6, so hidden states are 0 to 6, or -1 to -7 from the end",
        ),
        ("2,-5", "layer -5 is named twice, which would weigh it double"),
        ("1,1", "layer 1 is named twice, which would weigh it double"),
    ] {
        let error = Layers::parse(text).unwrap().resolve(6).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    // With no layer at all the first is the last.
    assert!(matches!(
        Layers::parse("first+last").unwrap().resolve(0),
        Err(EmbedError::LayerTwice { found: -1 })
    ));
}

#[test]
fn averages() {
    assert_eq!(average(&[&[1.0, 2.0], &[3.0, 8.0], &[5.0, -1.0]]).unwrap(), [3.0, 3.0]);
    let odd = [-0.0, f32::NAN, f32::MIN_POSITIVE / 5.0];
    let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&average(&[&odd]).unwrap()), bits(&odd));
    // f32 could not hold the sum.
    assert_eq!(average(&[&[f32::MAX], &[f32::MAX]]).unwrap(), [f32::MAX]);
    assert_eq!(average(&[]).unwrap(), [0.0; 0]);
    assert!(matches!(
        average(&[&[1.0], &[1.0, 2.0]]),
        Err(EmbedError::Width { expected: 1, found: 2 })
    ));
}

proptest! {
    /// Numbers from the end are numbers from the front.
    #[test]
    fn both_ways_of_counting_agree(layer_count in 0..5_usize, back in 1..7_i32) {
        let found = Layers::parse(&format!("-{back}")).unwrap().resolve(layer_count);
        let all = Layers::parse("all").unwrap().resolve(layer_count).unwrap();
        let expected = all.iter().rev().nth(usize::try_from(back).unwrap() - 1);
        prop_assert_eq!(found.ok(), expected.map(|layer| vec![*layer]));
    }
}
