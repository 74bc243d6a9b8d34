//! Test support: an encoder made by hand, close comparison, fixtures
