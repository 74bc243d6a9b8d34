//! The text of a document as it grows.
use std::sync::Arc;

use super::MailSource;
use crate::{NotReadReason, Origin};

/// Text between two cells of a row; without the space behind it, text behind the last.
pub(crate) const BAR: &str = " | ";

/// A document that was read.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) text: String,
    pub(crate) origin: Origin,
    /// Parts that were not read, each with its reason.
    pub(crate) unread: Vec<(String, NotReadReason)>,
    /// Things beside the text that are not text, by kind, and their number.
    pub(crate) left_out: Vec<(&'static str, u64)>,
    /// Bytes of a mail that is to be rewritten.
    pub(crate) mail: Option<Arc<MailSource>>,
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
    /// Number of cells with text in each row that is open, outer to inner.
    rows: Vec<u32>,
    /// Text that is due before the next character of a row.
    gap: &'static str,
    /// Whether the next character is the first of its cell.
    new_cell: bool,
}

impl Writer {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            document: Document::default(),
            limits,
            part: None,
            rows: vec![],
            gap: "",
            new_cell: false,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Begins a part, where any text follows.
    pub(crate) fn begin(&mut self, part: String) {
        self.part = Some(part);
    }

    /// Begins a row of a table: a line with [bars](BAR) between its cells. Without them a tagger
    /// takes two cells for one name.
    pub(crate) fn begin_row(&mut self) -> Result<(), NotReadReason> {
        self.end_line()?;
        self.rows.push(0);
        self.gap = "";
        Ok(())
    }

    pub(crate) fn begin_cell(&mut self) {
        self.new_cell = true;
        if self.rows.last().is_some_and(|cells| *cells > 0) {
            self.gap = BAR;
        }
    }

    pub(crate) fn end_row(&mut self) -> Result<(), NotReadReason> {
        (self.gap, self.new_cell) = ("", false);
        if self.rows.pop().is_some_and(|cells| cells > 1) {
            self.push(BAR.trim_end())?;
        }
        self.end_line()
    }

    /// Whether a row of a table is open.
    pub(crate) fn in_row(&self) -> bool {
        !self.rows.is_empty()
    }

    pub(crate) fn push(&mut self, text: &str) -> Result<(), NotReadReason> {
        if text.is_empty() {
            return Ok(());
        }
        if let Some(cells) = self.rows.last_mut()
            && std::mem::take(&mut self.new_cell)
        {
            *cells += 1;
        }
        let gap = std::mem::take(&mut self.gap);
        if !gap.is_empty() {
            // The part begins behind it.
            let part = self.part.take();
            self.push(gap)?;
            self.part = part;
        }
        let document = &mut self.document;
        if document.text.len() + text.len() > self.limits.text {
            return Err(self.limits.too_much_text());
        }
        if let Some(part) = self.part.take() {
            document.origin.parts.push((document.text.len(), part));
        }
        document.text.push_str(text);
        Ok(())
    }

    /// Ends the line, if it is not empty; in a row a space is due. Parts begin behind it.
    pub(crate) fn end_line(&mut self) -> Result<(), NotReadReason> {
        if self.in_row() {
            if self.gap.is_empty() && !self.new_cell {
                self.gap = " ";
            }
            return Ok(());
        }
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
        let text = &self.document.text;
        if self.in_row() || text.is_empty() || text.ends_with("\n\n") {
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
