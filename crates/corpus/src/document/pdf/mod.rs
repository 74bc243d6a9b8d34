//! The text layer of a PDF → its text, page by page. Source: ISO 32000-1, §8 and §9.
mod cmap;
mod font;
mod layout;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document as Pdf, LoadOptions, Object, ObjectId};

use super::text::{Document, Limits, Writer};
use crate::NotReadReason;
use font::{Font, number};
use layout::{Lines, Matrix};

/// Largest number of drawings inside each other.
const MAX_FORMS: usize = 12;
/// Largest number of saved states.
const MAX_STATES: usize = 1_000;
/// Largest number of pages.
const MAX_PAGES: usize = 100_000;
/// Number of lines and areas from which a page may have letters that are drawn.
const MANY_PATHS: u64 = 20;

/// Operator that no drawing has.
const END: &[u8] = b"clozeEnd";

/// Reads a PDF.
pub(crate) fn read(raw: &[u8], limits: Limits) -> Result<Document, NotReadReason> {
    let limit = usize::try_from(limits.unpacked).unwrap_or(usize::MAX);
    let options = LoadOptions::with_max_decompressed_size(limit);
    let pdf = Pdf::load_mem_with_options(raw, options).map_err(|e| failed(e, limits))?;
    if pdf.is_encrypted() && !pdf.was_encrypted() {
        return Err(NotReadReason::Encrypted);
    }
    let pages: Vec<ObjectId> = pdf.page_iter().take(MAX_PAGES + 1).collect();
    if pages.is_empty() {
        return Err(NotReadReason::Damaged("no page".to_owned()));
    }
    if pages.len() > MAX_PAGES {
        return Err(NotReadReason::Limit(format!("{MAX_PAGES} pages")));
    }
    let mut reading = Reading {
        pdf: &pdf,
        writer: Writer::new(limits),
        lines: Lines::default(),
        left: limit,
        fonts: HashMap::new(),
        unknown: BTreeSet::new(),
        pictures: 0,
        paths: 0,
    };
    for (number, page) in (1..).zip(pages) {
        reading.page(number, page)?;
    }
    Ok(reading.writer.finish())
}

fn failed(error: lopdf::Error, limits: Limits) -> NotReadReason {
    use lopdf::{DecompressError, Error};
    match error {
        Error::InvalidPassword | Error::Decryption(_) | Error::UnsupportedSecurityHandler(_) => {
            NotReadReason::Encrypted
        }
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => {
            limits.too_much_unpacked()
        }
        error => NotReadReason::Damaged(error.to_string()),
    }
}

struct Reading<'p> {
    pdf: &'p Pdf,
    writer: Writer,
    lines: Lines,
    /// Number of bytes of drawings that may still be unpacked.
    left: usize,
    fonts: HashMap<usize, Rc<Font>>,
    /// Fonts of the page whose characters are not known.
    unknown: BTreeSet<String>,
    pictures: u64,
    paths: u64,
}

/// State of drawing. Source: ISO 32000-1, §8.4 and §9.3.
#[derive(Clone)]
struct State {
    page: Matrix,
    font: Option<(Rc<Font>, String)>,
    size: f64,
    character_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

impl Reading<'_> {
    fn page(&mut self, number: u32, id: ObjectId) -> Result<(), NotReadReason> {
        self.writer.end_paragraph()?;
        self.lines.begin();
        let before = self.writer.document.text.len();
        let part = format!("page {number}");
        self.writer.begin(part.clone());
        (self.pictures, self.paths) = (0, 0);
        let drawn = self.draw_page(id);
        match drawn {
            Ok(()) => {}
            Err(reason @ NotReadReason::Damaged(_)) => self.writer.unread(part.clone(), reason),
            Err(reason) => return Err(reason),
        }
        self.annotations(id, &part)?;
        for font in std::mem::take(&mut self.unknown) {
            self.writer.unread(part.clone(), NotReadReason::Characters(format!("font {font}")));
        }
        let is_blank = self.writer.document.text[before..].trim().is_empty();
        if is_blank && (self.pictures > 0 || self.paths >= MANY_PATHS) {
            self.writer.unread(part, NotReadReason::NoText);
        } else {
            self.writer.document.leave_out("picture", self.pictures);
        }
        Ok(())
    }

    fn draw_page(&mut self, id: ObjectId) -> Result<(), NotReadReason> {
        let limits = self.writer.limits();
        let failed = |error| failed(error, limits);
        let mut content = vec![];
        for id in self.pdf.get_page_contents(id) {
            let Ok(stream) = self.pdf.get_object(id).and_then(Object::as_stream) else { continue };
            let left = self.left.saturating_sub(content.len());
            content.extend(stream.get_plain_content_with_limit(left).map_err(failed)?);
            content.push(b'\n');
        }
        let fonts = self.pdf.get_page_fonts(id).map_err(failed)?;
        let (own, inherited) = self.pdf.get_page_resources(id).map_err(failed)?;
        let inherited = inherited.into_iter().filter_map(|id| self.pdf.get_dictionary(id).ok());
        let resources: Vec<&Dictionary> = own.into_iter().chain(inherited).collect();
        let state = State {
            page: Matrix::IDENTITY,
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        self.draw(content, &fonts, &resources, state, 0)
    }

    fn draw(
        &mut self,
        mut content: Vec<u8>,
        fonts: &BTreeMap<Vec<u8>, &Dictionary>,
        resources: &[&Dictionary],
        state: State,
        depth: usize,
    ) -> Result<(), NotReadReason> {
        let limits = self.writer.limits();
        self.left =
            self.left.checked_sub(content.len()).ok_or_else(|| limits.too_much_unpacked())?;
        let mut drawing =
            Drawing { state, saved: vec![], line: Matrix::IDENTITY, text: Matrix::IDENTITY };
        // The parser leaves out what comes after the first fault; then it does not come to this.
        content.extend_from_slice(b"\n");
        content.extend_from_slice(END);
        let mut is_whole = false;
        for operation in Content::decode_iter(&content) {
            let Operation { operator, operands } = operation.map_err(|e| failed(e, limits))?;
            is_whole |= operator.as_bytes() == END;
            match operator.as_str() {
                "Tf" => self.set_font(&mut drawing.state, &operands, fonts),
                "Tj" => self.show(&mut drawing, operands.first())?,
                "'" => {
                    drawing.next_line();
                    self.show(&mut drawing, operands.first())?;
                }
                "\"" => {
                    if let [words, characters, text] = operands.as_slice() {
                        drawing.state.word_space = number(words).unwrap_or(0.0);
                        drawing.state.character_space = number(characters).unwrap_or(0.0);
                        drawing.next_line();
                        self.show(&mut drawing, Some(text))?;
                    }
                }
                "TJ" => {
                    let parts = operands.first().and_then(|parts| parts.as_array().ok());
                    for part in parts.into_iter().flatten() {
                        match number(part) {
                            Some(back) => drawing.advance(-back / 1000.0 * drawing.state.size),
                            None => self.show(&mut drawing, Some(part))?,
                        }
                    }
                }
                "Do" => self.draw_object(&operands, resources, fonts, &drawing.state, depth)?,
                "BI" => self.pictures += 1,
                "f" | "F" | "f*" | "B" | "B*" | "b" | "b*" | "S" | "s" => self.paths += 1,
                operator => drawing.set(operator, &operands),
            }
        }
        if is_whole { Ok(()) } else { Err(NotReadReason::Damaged("its drawing".to_owned())) }
    }

    fn set_font(
        &mut self,
        state: &mut State,
        operands: &[Object],
        fonts: &BTreeMap<Vec<u8>, &Dictionary>,
    ) {
        let [name, size] = operands else { return };
        state.size = number(size).unwrap_or(0.0);
        let Ok(name) = name.as_name() else { return };
        let shown = String::from_utf8_lossy(name).into_owned();
        let Some(dictionary) = fonts.get(name) else {
            state.font = None;
            return;
        };
        let limit = usize::try_from(self.writer.limits().unpacked).unwrap_or(usize::MAX);
        let pdf = self.pdf;
        // By its place in memory, which stays while the document does.
        let key = std::ptr::from_ref(*dictionary).addr();
        let font =
            self.fonts.entry(key).or_insert_with(|| Rc::new(Font::new(dictionary, pdf, limit)));
        let base = dictionary.get(b"BaseFont").and_then(Object::as_name);
        let base = base.map_or(shown, |base| String::from_utf8_lossy(base).into_owned());
        state.font = Some((font.clone(), base));
    }

    /// Writes a string at the place of the text.
    fn show(&mut self, drawing: &mut Drawing, text: Option<&Object>) -> Result<(), NotReadReason> {
        let Some(bytes) = text.and_then(|text| text.as_str().ok()) else { return Ok(()) };
        let Some((font, name)) = drawing.state.font.clone() else {
            if !bytes.is_empty() {
                self.unknown.insert("that is not there".to_owned());
            }
            return Ok(());
        };
        for glyph in font.glyphs(bytes) {
            let State { page, size, rise, scale, .. } = drawing.state;
            let place =
                Matrix([size * scale, 0.0, 0.0, size, 0.0, rise]).then(drawing.text).then(page);
            let width = glyph.width / 1000.0;
            match &glyph.text {
                Some(text) => self.lines.write(text, place, width, &mut self.writer)?,
                None => {
                    self.unknown.insert(name.clone());
                }
            }
            let mut step = width * size + drawing.state.character_space;
            if glyph.is_space {
                step += drawing.state.word_space;
            }
            drawing.advance(step);
        }
        Ok(())
    }

    fn draw_object(
        &mut self,
        operands: &[Object],
        resources: &[&Dictionary],
        fonts: &BTreeMap<Vec<u8>, &Dictionary>,
        state: &State,
        depth: usize,
    ) -> Result<(), NotReadReason> {
        let Some(name) = operands.first().and_then(|name| name.as_name().ok()) else {
            return Ok(());
        };
        let pdf = self.pdf;
        let object = resources.iter().find_map(|resources| {
            let objects = resources.get_deref(b"XObject", pdf).ok()?.as_dict().ok()?;
            objects.get_deref(name, pdf).ok()?.as_stream().ok()
        });
        let Some(stream) = object else { return Ok(()) };
        if !stream.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Form")
        {
            self.pictures += 1;
            return Ok(());
        }
        if depth >= MAX_FORMS {
            return Err(NotReadReason::Limit(format!("{MAX_FORMS} drawings inside each other")));
        }
        let limits = self.writer.limits();
        let content =
            stream.get_plain_content_with_limit(self.left).map_err(|e| failed(e, limits))?;
        // A drawing takes from the page what it lacks, as older programs wrote it.
        let own = stream.dict.get_deref(b"Resources", pdf).and_then(Object::as_dict).ok();
        let inner: Vec<&Dictionary> = own.into_iter().chain(resources.iter().copied()).collect();
        let mut inner_fonts = fonts.clone();
        let of_form = own.and_then(|own| own.get_deref(b"Font", pdf).ok()?.as_dict().ok());
        for (name, font) in of_form.into_iter().flat_map(Dictionary::iter) {
            if let Ok((_, Object::Dictionary(font))) = pdf.dereference(font) {
                inner_fonts.insert(name.clone(), font);
            }
        }
        let matrix = stream.dict.get_deref(b"Matrix", pdf).and_then(Object::as_array).ok();
        let matrix = matrix.and_then(|numbers| matrix_of(numbers)).unwrap_or(Matrix::IDENTITY);
        let state = State { page: matrix.then(state.page), ..state.clone() };
        self.draw(content, &inner_fonts, &inner, state, depth + 1)
    }

    /// Writes notes on the page, and the values of fields.
    fn annotations(&mut self, id: ObjectId, part: &str) -> Result<(), NotReadReason> {
        let page = self.pdf.get_dictionary(id).ok();
        let notes = page.and_then(|page| page.get_deref(b"Annots", self.pdf).ok()?.as_array().ok());
        for note in notes.into_iter().flatten() {
            let note = self.pdf.dereference(note).ok().and_then(|(_, note)| note.as_dict().ok());
            let Some(note) = note else { continue };
            for key in [b"Contents".as_slice(), b"V"] {
                let Ok(value) = note.get_deref(key, self.pdf) else { continue };
                let Ok(text) = lopdf::decode_text_string(value) else { continue };
                let text = text.replace(['\r', '\0'], "\n");
                if !text.trim().is_empty() {
                    self.writer.end_line()?;
                    self.writer.begin(format!("{part}, note"));
                    self.writer.push(text.trim())?;
                    self.writer.end_line()?;
                }
            }
        }
        Ok(())
    }
}

/// A drawing, and the place of its text.
struct Drawing {
    state: State,
    saved: Vec<State>,
    line: Matrix,
    text: Matrix,
}

impl Drawing {
    fn set(&mut self, operator: &str, operands: &[Object]) {
        let numbers: Vec<f64> = operands.iter().filter_map(number).collect();
        let state = &mut self.state;
        match (operator, numbers.as_slice()) {
            ("q", _) if self.saved.len() < MAX_STATES => self.saved.push(state.clone()),
            ("Q", _) => {
                if let Some(saved) = self.saved.pop() {
                    self.state = saved;
                }
            }
            ("cm", _) => {
                if let Some(matrix) = matrix_of(operands) {
                    state.page = matrix.then(state.page);
                }
            }
            ("BT", _) => (self.line, self.text) = (Matrix::IDENTITY, Matrix::IDENTITY),
            ("Tm", _) => {
                if let Some(matrix) = matrix_of(operands) {
                    (self.line, self.text) = (matrix, matrix);
                }
            }
            ("Td", &[x, y]) => self.move_line(x, y),
            ("TD", &[x, y]) => {
                state.leading = -y;
                self.move_line(x, y);
            }
            ("T*", _) => self.next_line(),
            ("TL", &[leading]) => state.leading = leading,
            ("Tc", &[space]) => state.character_space = space,
            ("Tw", &[space]) => state.word_space = space,
            ("Tz", &[percent]) => state.scale = percent / 100.0,
            ("Ts", &[rise]) => state.rise = rise,
            _ => {}
        }
    }

    fn next_line(&mut self) {
        self.move_line(0.0, -self.state.leading);
    }

    fn move_line(&mut self, x: f64, y: f64) {
        self.line = self.line.moved(x, y);
        self.text = self.line;
    }

    /// Moves the text along its line, in units of the text's space.
    fn advance(&mut self, step: f64) {
        self.text = self.text.moved(step * self.state.scale, 0.0);
    }
}

fn matrix_of(operands: &[Object]) -> Option<Matrix> {
    let numbers: Vec<f64> = operands.iter().map(number).collect::<Option<_>>()?;
    numbers.try_into().ok().map(Matrix)
}
