//! The model card for people, `README.md`: Markdown with front matter, as Hugging Face has it (its
//! documentation and template of model cards, 2025).
use cloze_store::read::read_capped;
use cloze_store::{Location, StoreError};

/// The model card for people.
pub const README: &str = "README.md";
/// Text that the template has where nobody has written anything.
const UNWRITTEN: &str = "[more information needed]";

/// The largest `README.md` that is read.
const MAX_BYTES: u64 = 16 << 20;

/// The text of a folder's `README.md`; empty where there is none. Bytes that are no UTF-8 are replaced.
///
/// # Errors
/// [`StoreError`] for what is not a regular file, cannot be read or is too large.
pub fn read(folder: impl Into<Location>) -> Result<String, StoreError> {
    let path = folder.into().join(README);
    if !path.check_file().map_err(StoreError::Read)? {
        return Ok(String::new());
    }
    let bytes = read_capped(&path, MAX_BYTES)?;
    Ok(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
}

/// Checks that a folder's `README.md`, if there is one, can be read, without reading it.
///
/// # Errors
/// [`StoreError`] for what is not a regular file, cannot be opened or is too large.
pub(crate) fn check(folder: &Location) -> Result<(), StoreError> {
    let path = folder.join(README);
    if !path.check_file().map_err(StoreError::Read)? {
        return Ok(());
    }
    let bytes = path.open().and_then(|file| file.byte_len()).map_err(StoreError::Read)?;
    if bytes > MAX_BYTES {
        return Err(StoreError::TooLarge { path: path.to_path_buf(), bytes, max: MAX_BYTES });
    }
    Ok(())
}

/// Value of `key` in the front matter, if it is one plain or quoted value on its line. `None`
/// for nothing, and for `unknown`, which Hugging Face takes for a licence.
#[must_use]
pub fn front_matter(markdown: &str, key: &str) -> Option<String> {
    let (front, _) = markdown.strip_prefix("---\n")?.split_once("\n---")?;
    let value = front.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let value = value.trim().trim_matches(['"', '\'']);
    Some(value.to_owned()).filter(|value| !value.is_empty() && value != "unknown")
}

/// Text below the first heading that has one of `words` (lower case) among its own: up to the
/// next heading that is no deeper, comments left out. An empty section counts as missing.
#[must_use]
pub fn section(markdown: &str, words: &[&str]) -> Option<String> {
    let markdown = without_comments(markdown);
    let mut section: Option<(usize, Vec<&str>)> = None;
    let mut fence = None;
    for line in markdown.lines() {
        let heading = heading(line).filter(|_| fence.is_none());
        fence = after(line, fence);
        match (heading, &mut section) {
            (Some((level, _)), Some((of, lines))) if level <= *of => {
                if says_something(lines) {
                    break;
                }
                section = None;
            }
            (_, Some((_, lines))) => lines.push(line),
            (_, None) => {}
        }
        if let (Some((level, title)), None) = (heading, &section) {
            let title = title.to_lowercase();
            let mut title = title.split(|c: char| !c.is_alphanumeric());
            if title.any(|word| words.contains(&word)) {
                section = Some((level, vec![]));
            }
        }
    }
    let (_, lines) = section.filter(|(_, lines)| says_something(lines))?;
    Some(lines.join("\n").trim().to_owned())
}

/// Whether there is more than headings and gaps to fill in.
fn says_something(lines: &[&str]) -> bool {
    let text = lines.iter().map(|line| line.trim()).filter(|line| heading(line).is_none());
    text.into_iter().any(|line| !line.is_empty() && line.to_lowercase() != UNWRITTEN)
}

/// A heading's level and text (`CommonMark` 0.31, ATX headings).
fn heading(line: &str) -> Option<(usize, &str)> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    ((1..=6).contains(&level) && text.starts_with([' ', '\t'])).then_some((level, text))
}

/// The fence of the block of code that is open after `line`: its character and length.
fn after(line: &str, open: Option<(char, usize)>) -> Option<(char, usize)> {
    let line = line.trim_start();
    let Some(mark @ ('`' | '~')) = line.chars().next() else { return open };
    let length = line.chars().take_while(|c| *c == mark).count();
    match open {
        None => (length >= 3).then_some((mark, length)),
        Some((of, least)) => {
            let closes = of == mark && length >= least && line[length..].trim().is_empty();
            open.filter(|_| !closes)
        }
    }
}

fn without_comments(markdown: &str) -> String {
    let mut parts = markdown.split("<!--");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once("-->").map_or("", |(_, rest)| rest));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: [&str; 2] = ["limits", "limitations"];

    #[test]
    fn sections_are_found_by_a_word_of_their_heading() {
        let cases = [
            ("# m\n\n## Limits\n\nFew.\n\n## Use\n\nRun it.", Some("Few.")),
            (
                "## Bias, Risks, and Limitations\nFew.\n### More\nMany.\n",
                Some("Few.\n### More\nMany."),
            ),
            ("## Limits", None),
            ("## Limits\n\n## Use\n\nFew.", None),
            // The template of Hugging Face, not filled in.
            ("## Limitations\n\n<!-- What are they? -->\n\n[More Information Needed]\n", None),
            // A first one that is empty hides no second one.
            ("## Limits\n## Limits\nFew.", Some("Few.")),
            ("## Unlimited\n\nAll.", None),
            ("The limits are\n#limits\nnone.", None),
            // A comment in code is no heading, neither at its beginning nor at its end.
            ("```sh\n# limits\nls\n```\n", None),
            ("## Limits\n~~~~\n# a\n~~~\n# b\n~~~~\n# c\nd", Some("~~~~\n# a\n~~~\n# b\n~~~~")),
            ("## Límits\n\nNo.\n## 限界 limits 限\n\nいくつか。", Some("いくつか。")),
            ("", None),
        ];
        for (markdown, expected) in cases {
            assert_eq!(section(markdown, &LIMITS).as_deref(), expected, "{markdown}");
        }
    }

    #[test]
    fn front_matter_is_read_by_key() {
        let text =
            "---\nlicense_name: x\nlicense: \"mit\"\nempty:\nother: unknown\n---\nlicense: no\n";
        let cases = [("license", Some("mit")), ("empty", None), ("other", None), ("gone", None)];
        for (key, expected) in cases {
            assert_eq!(front_matter(text, key).as_deref(), expected, "{key}");
        }
        assert_eq!(front_matter("license: mit\n", "license"), None);
    }
}
