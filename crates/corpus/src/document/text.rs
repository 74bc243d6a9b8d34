//! The text of a document as it grows.
use crate::{NotReadReason, Origin};

/// A document that was read.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) text: String,
    pub(crate) origin: Origin,
    /// Parts that were not read, each with its reason.
    pub(crate) unread: Vec<(String, NotReadReason)>,
    /// Things beside the text that are not text, by kind, and their number.
    pub(crate) left_out: Vec<(&'static str, u64)>,
}

impl Document {
    /// Counts things of a kind that are left out.
    pub(crate) fn leave_out(&mut self, kind: &'static str, count: u64) {
        if count == 0 {
            return;
        }
        match self.left_out.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, n)) => *n += count,
            None => self.left_out.push((kind, count)),
        }
    }
}

/// Limits on a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of text.
    pub(crate) text: usize,
    /// Bytes that the parts of the document unpack to.
    pub(crate) unpacked: u64,
}

impl Limits {
    pub(crate) fn too_much_text(self) -> NotReadReason {
        NotReadReason::Limit(format!("{} bytes of text", self.text))
    }

    pub(crate) fn too_much_unpacked(self) -> NotReadReason {
        NotReadReason::Limit(format!("{} bytes unpacked", self.unpacked))
    }
}

/// Text in parts with names.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) document: Document,
    limits: Limits,
    /// Name of the part that begins with the next character.
    part: Option<String>,
}

impl Writer {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { document: Document::default(), limits, part: None }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Begins a part, where any text follows.
    pub(crate) fn begin(&mut self, part: String) {
        self.part = Some(part);
    }

    pub(crate) fn push(&mut self, text: &str) -> Result<(), NotReadReason> {
        let document = &mut self.document;
        if text.is_empty() {
            return Ok(());
        }
        if document.text.len() + text.len() > self.limits.text {
            return Err(self.limits.too_much_text());
        }
        if let Some(part) = self.part.take() {
            document.origin.parts.push((document.text.len(), part));
        }
        document.text.push_str(text);
        Ok(())
    }

    /// Ends the line, if it is not empty. Parts begin behind it.
    pub(crate) fn end_line(&mut self) -> Result<(), NotReadReason> {
        if self.document.text.is_empty() || self.document.text.ends_with('\n') {
            return Ok(());
        }
        let part = self.part.take();
        let pushed = self.push("\n");
        self.part = part;
        pushed
    }

    /// Ends the paragraph: a blank line follows.
    pub(crate) fn end_paragraph(&mut self) -> Result<(), NotReadReason> {
        self.end_line()?;
        if self.document.text.is_empty() || self.document.text.ends_with("\n\n") {
            return Ok(());
        }
        let part = self.part.take();
        let pushed = self.push("\n");
        self.part = part;
        pushed
    }

    pub(crate) fn unread(&mut self, part: impl Into<String>, reason: NotReadReason) {
        self.document.unread.push((part.into(), reason));
    }

    /// The document, without line ends at its end.
    pub(crate) fn finish(mut self) -> Document {
        let text = &mut self.document.text;
        text.truncate(text.trim_end_matches('\n').len());
        let end = text.len();
        self.document.origin.parts.retain(|(start, _)| *start < end);
        self.document
    }
}
