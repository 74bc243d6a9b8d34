//! Files, and parts of them, that are not read, each with its reason.
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Encoding, Format};

/// A file of a folder that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file, or a hidden folder.
    pub path: PathBuf,
    /// Why it is left out.
    pub reason: SkipReason,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} file skipped", self.path.display(), self.reason)
    }
}

/// Why a file of a folder is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// A name with a leading dot.
    Hidden,
    /// Bytes that are no text, in a file of pictures, sound, films, fonts or programs.
    Binary,
    /// A pipe, a socket or a device.
    Special,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hidden => "hidden",
            Self::Binary => "binary",
            Self::Special => "special",
        })
    }
}

/// Why a file that was to be read, or a part of it, cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotReadReason {
    /// Bytes that are no text, and no document of a known kind.
    Binary,
    /// UTF-16 without a byte order mark, which was not asked for.
    Unmarked(Encoding),
    /// A kind of document that is not read, by its ending or its first bytes.
    Kind(&'static str),
    /// A kind that is read, but not by a build without a feature.
    NotBuilt {
        /// The kind.
        kind: &'static str,
        /// The feature.
        feature: &'static str,
    },
    /// A file with columns, whose rows are not written back.
    Columns(&'static str),
    /// A document under a password.
    Encrypted,
    /// Pictures without a text layer.
    NoText,
    /// A file inside a mail or a document.
    Attached,
    /// A font or a charset whose characters are not known.
    Characters(String),
    /// Bytes that are not of the kind the file says.
    Damaged(String),
    /// A document that is larger, deeper or more packed than allowed.
    Limit(String),
}

impl fmt::Display for NotReadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary => f.write_str("binary, and of no known kind"),
            Self::Unmarked(encoding) => write!(f, "{} without a byte order mark", encoding.name()),
            Self::Kind(kind) => write!(f, "{kind} is not among the kinds that are"),
            Self::NotBuilt { kind, feature } => {
                write!(f, "{kind} takes a build with the feature {feature:?}")
            }
            Self::Columns(kind) => write!(f, "rows of {kind} are not written back"),
            Self::Encrypted => f.write_str("it is encrypted"),
            Self::NoText => f.write_str("pictures without a text layer"),
            Self::Attached => f.write_str("attached"),
            Self::Characters(what) => write!(f, "the characters of {what} are not known"),
            Self::Damaged(what) => write!(f, "damaged ({what})"),
            Self::Limit(what) => write!(f, "more than {what}"),
        }
    }
}

/// Endings of files of pictures, sound, films, fonts and programs.
const NO_TEXT: [&str; 40] = [
    "png", "jpg", "jpeg", "gif", "bmp", "webp", "ico", "avif", "heic", "psd", "mp3", "wav", "ogg",
    "flac", "m4a", "aac", "opus", "mp4", "mov", "avi", "mkv", "webm", "mpg", "mpeg", "wmv", "ttf",
    "otf", "woff", "woff2", "eot", "exe", "dll", "so", "dylib", "o", "a", "obj", "class", "pyc",
    "wasm",
];

/// Whether a binary file of this name is one that nobody takes for a text.
pub(crate) fn holds_no_text(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    NO_TEXT.contains(&ending.as_str())
}

/// Endings of documents that are not read.
const KINDS: [(&str, &str); 24] = [
    ("doc", "Word 97"),
    ("dot", "Word 97"),
    ("xls", "Excel 97"),
    ("xlsb", "binary Excel"),
    ("ppt", "PowerPoint 97"),
    ("pptx", "PowerPoint"),
    ("odp", "OpenDocument Presentation"),
    ("ods", "OpenDocument Spreadsheet"),
    ("fodt", "flat OpenDocument"),
    ("rtf", "Rich Text Format"),
    ("msg", "Outlook's mail"),
    ("pst", "Outlook's mail folder"),
    ("mbox", "a folder of mails"),
    ("epub", "EPUB"),
    ("mobi", "Mobipocket"),
    ("pages", "Pages"),
    ("wpd", "WordPerfect"),
    ("ps", "PostScript"),
    ("zip", "an archive"),
    ("tar", "an archive"),
    ("tgz", "an archive"),
    ("7z", "an archive"),
    ("rar", "an archive"),
    ("bz2", "an archive"),
];

/// Kind of a document that is not read, by its ending.
pub(crate) fn unread_kind(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    KINDS.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
}

/// Kind of a file, by its first bytes.
pub(crate) enum Sniffed {
    Document(Format),
    Unread(&'static str),
}

impl Sniffed {
    pub(crate) fn of_head(head: &[u8]) -> Option<Self> {
        let has = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
        match head {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Document(Format::Pdf)),
            [b'P', b'A', b'R', b'1', ..] => Some(Self::Document(Format::Parquet)),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some(Self::Document(Format::Arrow)),
            [b'P', b'K', 3, 4, ..] => Some(if has(b"opendocument.text") {
                Self::Document(Format::Odt)
            } else if has(b"word/") {
                Self::Document(Format::Docx)
            } else if has(b"xl/") {
                Self::Document(Format::Xlsx)
            } else {
                Self::Unread("an archive")
            }),
            [0xD0, 0xCF, 0x11, 0xE0, ..] => Some(Self::Unread("a file of Office 97")),
            [b'{', b'\\', b'r', b't', b'f', ..] => Some(Self::Unread("Rich Text Format")),
            _ => None,
        }
    }
}
