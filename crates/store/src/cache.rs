//! The user's cache folder.
use std::path::PathBuf;

use etcetera::BaseStrategy as _;

/// Folder that cloze keeps in what it can make or fetch again: `$CLOZE_CACHE`, or `cloze` in the user's
/// cache folder; absolute. `None` if the machine has no home folder for the user.
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    let named = std::env::var_os("CLOZE_CACHE").filter(|folder| !folder.is_empty());
    let folder = match named {
        Some(folder) => folder.into(),
        None => etcetera::choose_base_strategy().ok()?.cache_dir().join("cloze"),
    };
    std::path::absolute(folder).ok()
}
