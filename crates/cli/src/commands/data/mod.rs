//! `cloze data`: checks of labelled data before training.
pub(crate) mod args;
pub(crate) mod check;
