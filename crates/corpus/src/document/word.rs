//! A document of Word → its text. Source: ECMA-376, part 1, §17.
use super::archive::Archive;
use super::text::{Document, Limits, Writer};
use super::xml::{Node, Nodes};
use crate::NotReadReason;

/// Parts beside the body that have text, by the beginning of their name, and the name in places.
const PARTS: [(&str, &str); 5] = [
    ("header", "header"),
    ("footer", "footer"),
    ("footnotes", "footnotes"),
    ("endnotes", "endnotes"),
    ("comments", "comments"),
];

/// Reads a document.
pub(crate) fn read(raw: Vec<u8>, limits: Limits) -> Result<Document, NotReadReason> {
    let mut archive = Archive::open(raw, limits)?;
    let main = main_part(&mut archive)?;
    let missing = || NotReadReason::Damaged(format!("no part {main:?}"));
    let body = archive.xml(&main)?.ok_or_else(missing)?;
    let mut word = Word { writer: Writer::new(limits), paragraphs: 0, deletions: 0, symbols: 0 };
    word.part(&body, &main, None)?;
    let folder = main.rfind('/').map_or("", |end| &main[..=end]).to_owned();
    for name in archive.names() {
        let Some(file) = name.strip_prefix(folder.as_str()) else { continue };
        let Some(stem) = file.strip_suffix(".xml").filter(|stem| !stem.contains('/')) else {
            continue;
        };
        let number = |beginning: &str| {
            stem.strip_prefix(beginning).filter(|n| n.bytes().all(|b| b.is_ascii_digit()))
        };
        for (beginning, part) in PARTS {
            let Some(number) = number(beginning) else { continue };
            let part = if number.is_empty() { part.into() } else { format!("{part} {number}") };
            if let Some(text) = archive.xml(&name)? {
                word.part(&text, &name, Some(&part))?;
            }
        }
    }
    let Word { mut writer, deletions, symbols, .. } = word;
    for name in archive.names() {
        let Some(file) = name.strip_prefix(folder.as_str()) else { continue };
        if !name.ends_with('/') && (file.starts_with("embeddings/") || file.starts_with("afchunk"))
        {
            writer.unread(name.clone(), NotReadReason::Attached);
        }
    }
    let count = |part: &str| archive.count(&format!("{folder}{part}"));
    let counts = [
        ("picture", count("media/")),
        ("chart", count("charts/chart")),
        ("diagram", count("diagrams/data")),
        ("deleted passage", deletions),
        ("symbol", symbols),
    ];
    for (kind, count) in counts {
        writer.document.leave_out(kind, count);
    }
    Ok(writer.finish())
}

/// Name of the part with the body, as the relations of the file say.
fn main_part(archive: &mut Archive) -> Result<String, NotReadReason> {
    const RELATIONS: &str = "_rels/.rels";
    if let Some(relations) = archive.xml(RELATIONS)? {
        let mut nodes = Nodes::new(&relations, RELATIONS);
        while let Some(node) = nodes.next()? {
            if let Node::Start(element) = node
                && element.attribute("Type").is_some_and(|kind| kind.ends_with("/officeDocument"))
                && let Some(target) = element.attribute("Target")
            {
                return Ok(target.trim_start_matches('/').to_owned());
            }
        }
    }
    Ok("word/document.xml".to_owned())
}

struct Word {
    writer: Writer,
    paragraphs: u64,
    deletions: u64,
    symbols: u64,
}

impl Word {
    /// Writes a part of the file; `name` of one that is not the body, whose paragraphs are counted.
    fn part(&mut self, xml: &str, file: &str, name: Option<&str>) -> Result<(), NotReadReason> {
        self.writer.end_paragraph()?;
        let mut nodes = Nodes::new(xml, file);
        // Elements that are open and whose contents are left out, and that are text.
        let (mut hidden, mut shown): (u32, u32) = (0, 0);
        while let Some(node) = nodes.next()? {
            match node {
                Node::Start(element) => match element.name.as_str() {
                    // A text box stands there twice, for older programs.
                    "Fallback" => hidden += 1,
                    "del" | "moveFrom" => self.deletions += u64::from(hidden == 0),
                    "sym" => self.symbols += 1,
                    _ if hidden > 0 => {}
                    "p" => self.begin(name),
                    "t" => shown += 1,
                    "tab" | "ptab" => self.writer.push("\t")?,
                    "br" | "cr" => self.writer.push("\n")?,
                    "noBreakHyphen" => self.writer.push("\u{2011}")?,
                    "tr" => self.writer.begin_row()?,
                    "tc" => self.writer.begin_cell(),
                    _ => {}
                },
                Node::End(element) => match element.as_str() {
                    "Fallback" => hidden = hidden.saturating_sub(1),
                    _ if hidden > 0 => {}
                    "t" => shown = shown.saturating_sub(1),
                    "p" => self.writer.end_line()?,
                    "tr" => self.writer.end_row()?,
                    _ => {}
                },
                Node::Text(text) if shown > 0 && hidden == 0 => self.writer.push(&text)?,
                Node::Text(_) => {}
            }
        }
        Ok(())
    }

    fn begin(&mut self, name: Option<&str>) {
        self.paragraphs += u64::from(name.is_none());
        let counted = || format!("paragraph {}", self.paragraphs);
        self.writer.begin(name.map_or_else(counted, str::to_owned));
    }
}
