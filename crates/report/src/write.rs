//! Lines of JSON on their way out.
use std::io::{self, Write};

use serde::Serialize;

/// Writes a line of JSON.
pub(crate) fn json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
