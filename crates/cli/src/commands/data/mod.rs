//! `cloze data`: labelled data, before anything is trained on it.
pub(crate) mod args;
pub(crate) mod check;
