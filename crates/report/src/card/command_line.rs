//! Command that trains the model again, as it was typed.
use super::markdown::code_block;

/// Writes the section; `command` is the command line, word by word.
#[must_use]
pub fn section(command: &[String]) -> String {
    let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
    format!("## Training command\n\n{}", code_block("sh", &format!("cloze {}", words.join(" "))))
}

/// Quotes one word for a shell (POSIX), whatever its characters.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
