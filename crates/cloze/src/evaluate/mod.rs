//! Results against gold data.
