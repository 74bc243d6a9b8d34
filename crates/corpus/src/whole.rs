//! A document as the pieces of an input: its text, then an error for each part that is not read.
#[cfg(feature = "documents")]
use std::collections::VecDeque;

use crate::decode::Decoded;
#[cfg(feature = "documents")]
use crate::document::{self, Document, Limits};
use crate::params::MailParams;
#[cfg(feature = "documents")]
use crate::record::{Frame, Record};
use crate::{CorpusError, Format, NotReadReason, Piece};

/// A document that is read at the first piece.
pub(crate) struct WholeDocument {
    format: Format,
    #[cfg(feature = "documents")]
    mails: MailParams,
    #[cfg(feature = "documents")]
    started: bool,
    #[cfg(feature = "documents")]
    unread: VecDeque<(String, NotReadReason)>,
    #[cfg(feature = "documents")]
    left_out: Vec<(&'static str, u64)>,
}

#[cfg(not(feature = "documents"))]
impl WholeDocument {
    pub(crate) fn new(format: Format, _: MailParams) -> Self {
        Self { format }
    }

    #[expect(clippy::unused_self, reason = "as with documents")]
    pub(crate) fn left_out(&self) -> &[(&'static str, u64)] {
        &[]
    }

    pub(crate) fn next(
        &mut self,
        decoded: &mut Decoded,
        _: usize,
    ) -> Result<Option<Piece>, CorpusError> {
        let reason = NotReadReason::NotBuilt { kind: self.format.name(), feature: "documents" };
        Err(CorpusError::NotRead { path: decoded.path().to_owned(), part: None, reason })
    }
}

#[cfg(feature = "documents")]
impl WholeDocument {
    pub(crate) fn new(format: Format, mails: MailParams) -> Self {
        Self { format, mails, started: false, unread: VecDeque::new(), left_out: vec![] }
    }

    pub(crate) fn left_out(&self) -> &[(&'static str, u64)] {
        &self.left_out
    }

    pub(crate) fn next(
        &mut self,
        decoded: &mut Decoded,
        max: usize,
    ) -> Result<Option<Piece>, CorpusError> {
        let path = decoded.path().to_owned();
        if let Some((part, reason)) = self.unread.pop_front() {
            return Err(CorpusError::NotRead { path, part: Some(part), reason });
        }
        if std::mem::replace(&mut self.started, true) {
            return Ok(None);
        }
        let limits = Limits::of_text(max);
        let raw = decoded.raw_rest(limits.unpacked)?;
        let failed = |reason| CorpusError::NotRead { path: path.clone(), part: None, reason };
        let read = document::read(self.format, raw, decoded.encoding(), limits, self.mails);
        let is_rewritten = self.format == Format::Eml && self.mails.rewrites;
        let (document, encoding) = read.map_err(|reason| {
            if is_rewritten {
                CorpusError::NotRewritten { path: path.clone(), part: None, reason }
            } else {
                failed(reason)
            }
        })?;
        decoded.set_encoding(encoding);
        let Document { text, origin, unread, left_out, mail } = document;
        if text.trim().is_empty() {
            let is_pictures = left_out.iter().any(|(kind, _)| *kind == "picture");
            let all_pages = unread.iter().all(|(_, reason)| *reason == NotReadReason::NoText);
            if (is_pictures && unread.is_empty() || !unread.is_empty() && all_pages)
                && self.format != Format::Html
            {
                return Err(failed(NotReadReason::NoText));
            }
        }
        // Of a mail that is rewritten nothing may be left as it is without a word.
        if mail.is_some()
            && let Some((_, reason)) = unread.first()
        {
            let parts: Vec<&str> = unread.iter().map(|(part, _)| part.as_str()).collect();
            let (part, reason) = (Some(parts.join(", ")), reason.clone());
            return Err(CorpusError::NotRewritten { path, part, reason });
        }
        (self.unread, self.left_out) = (unread.into(), left_out);
        let frame = match (self.format, mail) {
            (Format::Html, _) => Frame::Html,
            (_, Some(mail)) => Frame::Mail(mail),
            (format, None) => Frame::None(format),
        };
        let origin = Some(Box::new(origin));
        Ok(Some(Piece::Record(Record { line: 1, text, origin, frame, ..Record::default() })))
    }
}
