//! Heads: logits to labelled things
