//! Fonts of a PDF: the characters and widths of its codes. Source: ISO 32000-1, §9.6 to §9.10.
use std::collections::HashMap;

use lopdf::{Dictionary, Document as Pdf, Encoding, Object};

use super::cmap::{ToUnicode, code};

/// Width of a character whose font says none, in thousandths of its size.
const DEFAULT_WIDTH: f64 = 500.0;
/// Largest number of widths that are read of one font.
const MAX_WIDTHS: usize = 70_000;
/// Flag of a font whose characters are not those of Latin letters.
const SYMBOLIC: i64 = 4;

/// Font of simple codes, of one byte each, or of longer ones.
pub(super) struct Font {
    to_unicode: Option<ToUnicode>,
    codes: Codes,
    widths: HashMap<u32, f64>,
    default_width: f64,
}

enum Codes {
    /// Characters of each byte.
    Simple(Vec<String>),
    /// Two bytes each, whose characters `ToUnicode` alone knows.
    Wide,
    /// Text in an encoding of its own.
    Text(&'static encoding_rs::Encoding),
    /// Bytes whose characters are not known.
    Unknown,
}

/// A character with its width, in thousandths of the font's size.
pub(super) struct Glyph {
    /// Characters that it stands for; `None` where they are not known.
    pub(super) text: Option<String>,
    pub(super) width: f64,
    /// Whether it is the byte 32, which word spacing widens.
    pub(super) is_space: bool,
}

impl Font {
    pub(super) fn new(font: &Dictionary, pdf: &Pdf, limit: usize) -> Self {
        let stream = font.get_deref(b"ToUnicode", pdf).and_then(Object::as_stream).ok();
        let to_unicode = stream
            .and_then(|stream| stream.get_plain_content_with_limit(limit).ok())
            .map(|content| ToUnicode::parse(&content));
        let is_composite =
            font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|s| s == b"Type0");
        let codes =
            if is_composite { wide_codes(font, pdf) } else { simple_codes(font, pdf, limit) };
        let (widths, default_width) =
            if is_composite { wide_widths(font, pdf) } else { simple_widths(font, pdf) };
        Self { to_unicode, codes, widths, default_width }
    }

    /// The characters of a string.
    pub(super) fn glyphs(&self, bytes: &[u8]) -> Vec<Glyph> {
        if let (Codes::Text(encoding), None) = (&self.codes, &self.to_unicode) {
            let (text, malformed) = encoding.decode_without_bom_handling(bytes);
            let glyph = |c: char| Glyph {
                text: Some(c.to_string()).filter(|_| c != '\u{fffd}' || !malformed),
                width: self.default_width,
                is_space: false,
            };
            return text.chars().map(glyph).collect();
        }
        let mut glyphs = vec![];
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = self.code_length(rest).min(rest.len());
            let (one, behind) = rest.split_at(length);
            rest = behind;
            let code = code(one);
            let width = self.widths.get(&code).copied().unwrap_or(self.default_width);
            let is_space = one == b" ";
            glyphs.push(Glyph { text: self.text(code), width, is_space });
        }
        glyphs
    }

    fn code_length(&self, bytes: &[u8]) -> usize {
        match self.codes {
            Codes::Simple(_) | Codes::Unknown => 1,
            Codes::Wide | Codes::Text(_) => {
                let mapped = self.to_unicode.as_ref().and_then(|map| map.code_length(bytes));
                mapped.unwrap_or(2)
            }
        }
    }

    fn text(&self, code: u32) -> Option<String> {
        let mapped = self.to_unicode.as_ref().and_then(|map| map.text(code));
        mapped.or_else(|| match &self.codes {
            Codes::Simple(characters) => {
                let text = characters.get(usize::try_from(code).ok()?)?;
                (!text.is_empty()).then(|| text.clone())
            }
            _ => None,
        })
    }
}

/// Characters of the bytes of a simple font, by its encoding and the names of glyphs in it.
fn simple_codes(font: &Dictionary, pdf: &Pdf, limit: usize) -> Codes {
    let encoding = font.get_deref(b"Encoding", pdf).ok();
    let differs = encoding
        .and_then(|encoding| encoding.as_dict().ok())
        .is_some_and(|encoding| encoding.has(b"Differences"));
    if encoding.is_none() && has_own_codes(font, pdf) {
        return Codes::Unknown;
    }
    // Its map would be expanded code by code, of which it may have four thousand million.
    let mut bare = font.clone();
    bare.remove(b"ToUnicode");
    // The type is optional for others.
    bare.set("Type", Object::Name(b"Font".to_vec()));
    let Ok(encoding) = bare.get_font_encoding_with_limit(pdf, limit) else { return Codes::Unknown };
    match &encoding {
        Encoding::Differences(_) => {}
        // A glyph's name that is not known.
        _ if differs => return Codes::Unknown,
        Encoding::OneByteEncoding(_) => {}
        _ => return Codes::Unknown,
    }
    let characters = |byte: u8| encoding.bytes_to_string(&[byte]).unwrap_or_default();
    Codes::Simple((0..=255).map(characters).collect())
}

/// Whether a font in the file has codes that nothing but itself knows.
fn has_own_codes(font: &Dictionary, pdf: &Pdf) -> bool {
    let descriptor = font.get_deref(b"FontDescriptor", pdf).and_then(Object::as_dict).ok();
    let is_inside = |descriptor: &Dictionary| {
        [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"].iter().any(|key| descriptor.has(key))
    };
    let is_type3 = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|s| s == b"Type3");
    is_type3
        || descriptor.is_some_and(|descriptor| {
            let flags = descriptor.get(b"Flags").and_then(Object::as_i64).unwrap_or(0);
            is_inside(descriptor) && flags & SYMBOLIC != 0
        })
}

/// Codes of a composite font, by the name of its map.
fn wide_codes(font: &Dictionary, pdf: &Pdf) -> Codes {
    let name = font.get_deref(b"Encoding", pdf).and_then(Object::as_name).unwrap_or_default();
    let name = String::from_utf8_lossy(name).into_owned();
    let has = |part: &str| name.contains(part);
    if has("UCS2") || has("UTF16") {
        return Codes::Text(encoding_rs::UTF_16BE);
    }
    let known = [
        ("RKSJ", encoding_rs::SHIFT_JIS),
        ("GBK", encoding_rs::GBK),
        ("GB-EUC", encoding_rs::GBK),
        ("B5", encoding_rs::BIG5),
        ("KSC", encoding_rs::EUC_KR),
    ];
    match known.iter().find(|(part, _)| has(part)) {
        Some((_, encoding)) => Codes::Text(encoding),
        None => Codes::Wide,
    }
}

fn simple_widths(font: &Dictionary, pdf: &Pdf) -> (HashMap<u32, f64>, f64) {
    let first = font.get_deref(b"FirstChar", pdf).and_then(Object::as_i64).unwrap_or(0);
    let widths = font.get_deref(b"Widths", pdf).and_then(Object::as_array);
    let mut by_code = HashMap::new();
    if let (Ok(widths), Ok(first)) = (widths, u32::try_from(first)) {
        // Of a Type 3 font they are in a space of its own.
        let scale = font_matrix(font, pdf);
        for (code, width) in (first..).zip(widths.iter().take(256)) {
            let width = pdf.dereference(width).ok().and_then(|(_, w)| number(w));
            by_code.insert(code, width.unwrap_or(0.0) * scale);
        }
    }
    (by_code, DEFAULT_WIDTH)
}

/// Factor from a font's own units to thousandths.
fn font_matrix(font: &Dictionary, pdf: &Pdf) -> f64 {
    let matrix = font.get_deref(b"FontMatrix", pdf).and_then(Object::as_array).ok();
    let scale = matrix.and_then(|matrix| matrix.first()).and_then(number);
    scale.map_or(1.0, |scale| scale * 1000.0)
}

/// Source: ISO 32000-1, §9.7.4.3.
fn wide_widths(font: &Dictionary, pdf: &Pdf) -> (HashMap<u32, f64>, f64) {
    let descendants = font.get_deref(b"DescendantFonts", pdf).and_then(Object::as_array).ok();
    let descendant = descendants.and_then(|fonts| fonts.first());
    let descendant = descendant.and_then(|font| pdf.dereference(font).ok()?.1.as_dict().ok());
    let mut by_code = HashMap::new();
    let Some(font) = descendant else { return (by_code, 1000.0) };
    let default = font.get_deref(b"DW", pdf).ok().and_then(number).unwrap_or(1000.0);
    let widths = font.get_deref(b"W", pdf).and_then(Object::as_array);
    let mut widths = widths.map(|widths| widths.iter()).unwrap_or_default();
    let code = |object: &Object| u32::try_from(object.as_i64().ok()?).ok();
    while let (Some(first), Some(next)) = (widths.next(), widths.next()) {
        let Some(first) = code(first) else { break };
        let Ok((_, next)) = pdf.dereference(next) else { break };
        if let Ok(list) = next.as_array() {
            for (code, width) in (first..).zip(list) {
                by_code.insert(code, number(width).unwrap_or(default));
            }
        } else {
            let (Some(last), Some(width)) = (code(next), widths.next().and_then(number)) else {
                break;
            };
            let count = (last.saturating_sub(first) as usize).min(MAX_WIDTHS);
            by_code.extend((first..=last).take(count + 1).map(|code| (code, width)));
        }
        if by_code.len() > MAX_WIDTHS {
            break;
        }
    }
    (by_code, default)
}

/// A number, whole or not.
pub(super) fn number(object: &Object) -> Option<f64> {
    object.as_float().ok().map(f64::from)
}
