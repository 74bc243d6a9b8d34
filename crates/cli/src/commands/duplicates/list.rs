//! Ids of the texts that could be deleted.
use std::collections::HashMap;
use std::io::Write as _;

use cloze_search::duplicates::DuplicateGroup;

use crate::input::gather::Gathered;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;

/// An id that does not identify one text to delete.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not listed: the id {id:?} {why}")]
struct NotListed {
    path: String,
    line: u64,
    id: String,
    why: &'static str,
}

/// Writes the ids of all but the first of each group. An id that another text has, too, or that is not
/// one line, would make a deletion take too much: it is reported instead.
pub(super) fn write(
    gathered: &Gathered,
    groups: &[DuplicateGroup],
    messages: &Messages,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for input in &gathered.texts {
        *count.entry(&input.id).or_default() += 1;
    }
    for &index in groups.iter().flat_map(|group| &group.texts[1..]) {
        let Input { path, line, id, .. } = &gathered.texts[index];
        let why = if id.chars().any(char::is_control) {
            Some("is not one line")
        } else if count.get(id.as_str()).is_some_and(|count| *count > 1) {
            Some("is also that of another text")
        } else {
            None
        };
        if let Some(why) = why {
            let (path, id) = (path.clone(), id.clone());
            messages.failure(&NotListed { path, line: *line, id, why });
        } else {
            writeln!(out, "{id}")?;
        }
    }
    Ok(())
}
