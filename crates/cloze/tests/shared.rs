//! Needs of a service: every open model goes between threads.
fn is_shared<T: Send + Sync + 'static>() {}

#[test]
fn every_type_is_shared_between_threads() {
    is_shared::<cloze::Tagger>();
    is_shared::<cloze::SentenceEncoder>();
    is_shared::<cloze::TextClassifier>();
    is_shared::<cloze::PairClassifier>();
    is_shared::<cloze::Reranker>();
    is_shared::<cloze::MaskedLm>();
    is_shared::<cloze::Scorer>();
    is_shared::<cloze::NextSentence>();
    is_shared::<cloze::Senses>();
    is_shared::<cloze::TextIndex>();
    is_shared::<cloze::Cancel>();
    is_shared::<cloze::Error>();
}
