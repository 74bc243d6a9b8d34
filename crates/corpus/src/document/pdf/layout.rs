//! Characters at places on a page → lines of text.
use super::super::text::Writer;
use crate::NotReadReason;

/// Affine map `[a b 0; c d 0; e f 1]` of row vectors. Source: ISO 32000-1, §8.3.3.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix(pub(super) [f64; 6]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// `self`, then `next`.
    #[expect(clippy::many_single_char_names, reason = "as the standard calls them")]
    pub(super) fn then(self, next: Self) -> Self {
        let ([a, b, c, d, e, f], [p, q, r, s, t, u]) = (self.0, next.0);
        Self([
            a * p + b * r,
            a * q + b * s,
            c * p + d * r,
            c * q + d * s,
            e * p + f * r + t,
            e * q + f * s + u,
        ])
    }

    pub(super) fn moved(self, x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y]).then(self)
    }
}

/// Gap between two characters that is a space, in font sizes.
const SPACE: f64 = 0.2;
/// Distance from line to line beyond which a paragraph ends, in font sizes.
const PARAGRAPH: f64 = 1.8;

/// End of the last character.
#[derive(Clone, Copy)]
struct End {
    x: f64,
    y: f64,
    size: f64,
}

/// Puts characters in lines, in the order they are drawn.
#[derive(Default)]
pub(super) struct Lines {
    last: Option<End>,
}

impl Lines {
    /// Begins a page.
    pub(super) fn begin(&mut self) {
        self.last = None;
    }

    /// Writes a character that stands at `from` and takes `width` along its line; both in the text's
    /// space, which `from` maps to the page's.
    pub(super) fn write(
        &mut self,
        text: &str,
        from: Matrix,
        width: f64,
        writer: &mut Writer,
    ) -> Result<(), NotReadReason> {
        let [along_x, along_y, up_x, up_y, x, y] = from.0;
        // Along the line, whatever way it runs.
        let length = along_x.hypot(along_y);
        let height = up_x.hypot(up_y);
        let size = if height.is_finite() && height > 1e-6 { height } else { 1.0 };
        let along = if length > 1e-9 { (along_x / length, along_y / length) } else { (1.0, 0.0) };
        if let Some(last) = self.last {
            let (dx, dy) = (x - last.x, y - last.y);
            let forward = dx * along.0 + dy * along.1;
            let across = (dy * along.0 - dx * along.1).abs();
            let size = size.max(last.size);
            let ends = writer.document.text.ends_with(char::is_whitespace) || text.starts_with(' ');
            if across > PARAGRAPH * size {
                writer.end_paragraph()?;
            } else if across > 0.5 * size || forward < -size {
                writer.end_line()?;
            } else if forward > SPACE * size && !ends {
                writer.push(" ")?;
            }
        }
        for c in text.chars() {
            match c {
                '\u{fb00}' => writer.push("ff")?,
                '\u{fb01}' => writer.push("fi")?,
                '\u{fb02}' => writer.push("fl")?,
                '\u{fb03}' => writer.push("ffi")?,
                '\u{fb04}' => writer.push("ffl")?,
                '\u{a0}' => writer.push(" ")?,
                c if c.is_control() => {}
                c => writer.push(c.encode_utf8(&mut [0; 4]))?,
            }
        }
        let end = End { x: x + width * along_x, y: y + width * along_y, size };
        self.last = Some(end).filter(|end| end.x.is_finite() && end.y.is_finite());
        Ok(())
    }
}
