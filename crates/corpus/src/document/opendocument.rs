//! A text of `OpenDocument` → its text. Source: ISO/IEC 26300-1, §5 and §6.
use super::archive::Archive;
use super::text::{Document, Limits, Writer};
use super::xml::{Node, Nodes};
use crate::NotReadReason;

/// Largest number of spaces that one element stands for.
const MAX_SPACES: usize = 10_000;
/// Elements with a line of their own.
const PARAGRAPHS: [&str; 2] = ["p", "h"];
/// Elements of a style of pages that have text.
const STYLED: [&str; 8] = [
    "header",
    "footer",
    "header-left",
    "footer-left",
    "header-first",
    "footer-first",
    "footnote-body",
    "endnote-body",
];

/// Reads a document.
pub(crate) fn read(raw: Vec<u8>, limits: Limits) -> Result<Document, NotReadReason> {
    const CONTENT: &str = "content.xml";
    const STYLES: &str = "styles.xml";
    let mut archive = Archive::open(raw, limits)?;
    if archive.xml("META-INF/manifest.xml")?.is_some_and(|m| m.contains("encryption-data")) {
        return Err(NotReadReason::Encrypted);
    }
    let missing = || NotReadReason::Damaged(format!("no part {CONTENT:?}"));
    let content = archive.xml(CONTENT)?.ok_or_else(missing)?;
    let mut text = Text { writer: Writer::new(limits), paragraphs: 0, deletions: 0 };
    text.part(&content, CONTENT, true)?;
    if let Some(styles) = archive.xml(STYLES)? {
        text.writer.end_paragraph()?;
        text.part(&styles, STYLES, false)?;
    }
    let Text { mut writer, deletions, .. } = text;
    for name in archive.names() {
        if name.starts_with("Object ") && name.ends_with("/content.xml") {
            writer.unread(name, NotReadReason::Attached);
        }
    }
    writer.document.leave_out("picture", archive.count("Pictures/"));
    writer.document.leave_out("deleted passage", deletions);
    Ok(writer.finish())
}

struct Text {
    writer: Writer,
    paragraphs: u64,
    deletions: u64,
}

impl Text {
    fn part(&mut self, xml: &str, file: &str, is_body: bool) -> Result<(), NotReadReason> {
        let mut nodes = Nodes::new(xml, file);
        // Elements that are open: those with text, those whose contents are left out, paragraphs.
        let (mut within, mut hidden, mut paragraphs) = (0_u32, 0_u32, 0_u32);
        let mut part = String::new();
        let has_text = |name: &str| if is_body { name == "text" } else { STYLED.contains(&name) };
        // `text:text` is not there, but `office:text` is, and `style:header`.
        while let Some(node) = nodes.next()? {
            match node {
                Node::Start(element) => match element.name.as_str() {
                    "tracked-changes" => hidden += 1,
                    "deletion" => self.deletions += 1,
                    name if has_text(name) => {
                        within += 1;
                        name.clone_into(&mut part);
                    }
                    _ if within == 0 || hidden > 0 => {}
                    name if PARAGRAPHS.contains(&name) => {
                        if paragraphs > 0 {
                            // A note or a text box in a paragraph.
                            self.writer.end_line()?;
                        }
                        paragraphs += 1;
                        self.begin(is_body, &part);
                    }
                    "s" if paragraphs > 0 => {
                        let count =
                            element.attribute("c").and_then(|c| c.parse().ok()).unwrap_or(1);
                        self.writer.push(&" ".repeat(MAX_SPACES.min(count)))?;
                    }
                    "tab" if paragraphs > 0 => self.writer.push("\t")?,
                    "line-break" if paragraphs > 0 => self.writer.push("\n")?,
                    "table-row" => self.writer.begin_row()?,
                    "table-cell" => self.writer.begin_cell(),
                    _ => {}
                },
                Node::End(name) => match name.as_str() {
                    "tracked-changes" => hidden = hidden.saturating_sub(1),
                    name if has_text(name) => within = within.saturating_sub(1),
                    _ if within == 0 || hidden > 0 => {}
                    name if PARAGRAPHS.contains(&name) => {
                        paragraphs = paragraphs.saturating_sub(1);
                        self.writer.end_line()?;
                    }
                    "table-row" => self.writer.end_row()?,
                    _ => {}
                },
                Node::Text(text) if within > 0 && hidden == 0 && paragraphs > 0 => {
                    self.characters(&text)?;
                }
                Node::Text(_) => {}
            }
        }
        Ok(())
    }

    /// Writes characters, where spaces and line ends in a row stand for one space (§6.1.2).
    fn characters(&mut self, text: &str) -> Result<(), NotReadReason> {
        let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        let mut rest = text;
        while let Some(start) = rest.find(is_space) {
            self.writer.push(&rest[..start])?;
            let document = &self.writer.document.text;
            if !document.is_empty() && !document.ends_with([' ', '\n', '\t']) {
                self.writer.push(" ")?;
            }
            rest = rest[start..].trim_start_matches(is_space);
        }
        self.writer.push(rest)
    }

    fn begin(&mut self, is_body: bool, part: &str) {
        self.paragraphs += u64::from(is_body);
        let paragraph = || format!("paragraph {}", self.paragraphs);
        self.writer.begin(if is_body { paragraph() } else { part.to_owned() });
    }
}
