//! Threads that several open models share.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cloze_checkpoint::ModelFolder;
use cloze_encoder::observe::Observer;
use cloze_encoder::{
    Checked, Encoder, EncoderError, EncoderParams, EncodingCounts, Order, Output, PairCut, Runtime,
    RuntimeParams, Sequence, SharedThreads, TokenCounter,
};
use cloze_testkit::model;

const TEXTS: [&str; 6] = ["a b c", "d", "e f g h", "i", "j k l m n o p", "q r"];

/// Three models of two workers each, asked from three threads at once: as many windows are in hand at a
/// time as there are threads, at most.
fn most_at_once(shared: Option<&SharedThreads>) -> usize {
    // A batch for each window, so that there are enough for all workers.
    let params = EncoderParams::new().threads(Some(2)).batch_tokens(1);
    let params = params.shared_threads(shared.cloned());
    let encoders: Vec<Encoder> =
        (0..3).map(|_| super::open(&model("tiny"), params.clone())).collect();
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for encoder in &encoders {
            scope.spawn(|| {
                let windows = encoder.map_windows(&TEXTS, |_| {
                    let at_once = now.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(at_once, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    now.fetch_sub(1, Ordering::SeqCst);
                });
                assert_eq!(windows.unwrap().len(), TEXTS.len());
            });
        }
    });
    most.into_inner()
}

#[test]
fn models_together_work_on_no_more_threads_than_they_share() {
    assert_eq!(most_at_once(Some(&SharedThreads::new(2))), 2);
    // Each by itself they are six, of which some are late at times.
    assert!(most_at_once(None) > 2);
}

/// With and without, alone and together, while another model is at work and while none is.
#[test]
fn results_do_not_depend_on_sharing() {
    let alone = super::open(&model("tiny"), EncoderParams::new().threads(Some(1)));
    let expected: Vec<_> = super::encode(&alone, &TEXTS).iter().map(super::bits).collect();
    let threads = SharedThreads::new(2);
    let params = EncoderParams::new().shared_threads(Some(threads));
    let encoders: Vec<Encoder> =
        (0..2).map(|_| super::open(&model("tiny"), params.clone())).collect();
    let check = |encoder: &Encoder| {
        let together: Vec<_> = super::encode(encoder, &TEXTS).iter().map(super::bits).collect();
        assert_eq!(together, expected);
        for (text, expected) in TEXTS.iter().zip(&expected) {
            assert_eq!(super::bits(&super::encode_one(encoder, text)), *expected);
        }
    };
    check(&encoders[0]);
    std::thread::scope(|scope| {
        for encoder in &encoders {
            scope.spawn(|| (0..5).for_each(|_| check(encoder)));
        }
    });
}

/// A text that fails leaves its threads to the others.
#[test]
fn an_error_gives_the_threads_back() {
    let threads = SharedThreads::new(1);
    let params = EncoderParams::new().shared_threads(Some(threads));
    let encoder = super::open(&model("tiny"), params);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        encoder.map_windows(&["a"], |_| panic!("on purpose"))
    }));
    assert!(panicked.is_err());
    assert_eq!(super::encode_one(&encoder, "a b c").tokens.len(), 3);
}

#[test]
fn everything_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync + 'static>() {}
    shareable::<Runtime>();
    shareable::<RuntimeParams>();
    shareable::<ModelFolder>();
    shareable::<Encoder>();
    shareable::<EncoderParams>();
    shareable::<EncoderError>();
    shareable::<SharedThreads>();
    shareable::<Observer>();
    shareable::<TokenCounter>();
    shareable::<(EncodingCounts, Order, Output, PairCut, Sequence, Checked)>();
}
